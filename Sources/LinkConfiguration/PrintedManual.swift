import LinkService
import LinkStore

/// The manual pages assetlinkd(8) and assetlinkd.yaml(5), made of ``Setting/all`` and `DaemonExit`.
package enum PrintedManual {
    /// The program: assetlinkd(8).
    package static var program: String {
        var text =
            heading("ASSETLINKD", 8) + #"""
                .SH NAME
                assetlinkd \- keeps CMDB configuration items linked to ITAM hardware assets
                .SH SYNOPSIS
                .B assetlinkd
                [\fB\-\-config\fR \fIFILE\fR] [\fIOPTION\fR]...
                .SH DESCRIPTION
                Hears of every change of assets and configuration items in a PostgreSQL database, and keeps the links between
                them in it. Settings come from a file, which
                .BR assetlinkd.yaml (5)
                describes, from the environment, which wins over it, and from flags, which win over both.
                .SH OPTIONS
                .TP
                .B \-\-config \fIFILE\fR
                The configuration file.
                .TP
                .B \-\-print\-config
                Print the settings in force and where each came from, without secrets, and end.
                .TP
                .B \-\-print\-example
                Print a file with every setting, and end.
                .TP
                .B \-\-print\-manual\fR, \fB\-\-print\-file\-manual
                Print this page, or the page of the file, and end.
                .TP
                .B \-\-version
                Print the version, and end.

                """#
        for setting in Setting.all {
            guard let flag = setting.flag else { continue }
            let value = setting.kind == .yesOrNo ? "" : " \\fI\(valueName(setting))\\fR"
            let effect = "\\fB\(roff(setting.key))\\fR\(setting.kind == .yesOrNo ? " to false" : "")"
            text += ".TP\n.B \(roff(flag))\(value)\n\(roff(setting.help)) Sets \(effect).\n"
        }
        text += #"""
            .SH SIGNALS
            .TP
            .B SIGHUP
            Read file and environment again: all of it takes effect, or none and the log says why.
            .TP
            .B SIGTERM\fR, \fBSIGINT
            End when the batch under way is done, and give the lease up; a second one ends it at once. Nothing is lost
            either way.
            .SH EXIT STATUS
            .TP
            .B 0
            It was asked to stop, and has given the lease up.
            .TP
            .B 1
            Something unforeseen; the log has it.

            """#
        for exit in DaemonExit.allCases { text += ".TP\n.B \(exit.rawValue)\n\(roff(sentence(exit.meaning)))\n" }
        text += #"""
            .TP
            .B 64
            Wrong arguments.
            .TP
            .B 130\fR, \fB143
            A second SIGINT, or SIGTERM.
            .SH FILES
            .TP
            .I /etc/assetlinkd/assetlinkd.yaml
            What the unit assetlinkd.service reads; assetlinkd@NAME.service reads NAME.yaml beside it.
            .TP
            .I /etc/assetlinkd/environment
            Variables for the unit and the timers; NAME.environment for an instance.
            .TP
            .I /etc/assetlinkd/credentials
            Where a password lies that a drop\-in hands on by LoadCredential=pg\-password:FILE; root's alone.
            .TP
            .I /usr/share/assetlinkd/sql/migrations
            The schema, for
            .B assetlinkctl migrate\fR.
            .SH SEE ALSO
            .BR assetlinkd.yaml (5),
            .BR assetlinkctl (1)

            """#
        return text
    }

    /// Its file: assetlinkd.yaml(5).
    package static var file: String {
        var text =
            heading("ASSETLINKD.YAML", 5) + #"""
                .SH NAME
                assetlinkd.yaml \- configuration of assetlinkd
                .SH DESCRIPTION
                Sections of plain values are all of YAML that is taken; an unknown section or name is refused, and so is a value
                that is out of its range: everything that is wrong is said at once. A variable of the environment wins over the
                file, a flag over both.
                .B assetlinkd \-\-print\-config
                shows what is in force,
                .B assetlinkctl config check \fIFILE\fR
                what is wrong with a file before it is used.
                .SH SETTINGS

                """#
        PrintedConfiguration.sections { section, settings in
            text += ".SS \(roff(String(section)))\n"
            for setting in settings {
                text += ".TP\n.B \(roff(setting.key))\n\(roff(setting.help))\n"
                text += "\(roff(PrintedConfiguration.facts(setting))).\n"
            }
        }
        text += #"""
            .SH EXAMPLES
            .nf
            database:
              connection: "host=/run/postgresql dbname=inventory user=assetlinkd"
            health:
              address: "127.0.0.1:9187"
            .fi
            .SH SEE ALSO
            .BR assetlinkd (8),
            .BR assetlinkctl (1)

            """#
        return text
    }

    private static func heading(_ name: String, _ section: Int) -> String {
        ".TH \(name) \(section) \"\" \"assetlinkd \(Schema.programVersion)\" "
            + (section == 5 ? "\"File Formats\"\n" : "\"System Administration\"\n")
    }

    private static func valueName(_ setting: Setting) -> String {
        switch setting.kind {
        case .text: "CONNINFO"
        case .path: "FILE"
        case .address: "ADDRESS"
        case .choice: "LEVEL"
        case .seconds: "SECONDS"
        case .count: "NUMBER"
        case .yesOrNo: ""
        }
    }

    private static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }

    private static func roff(_ text: String) -> String {
        text.map { $0 == "-" ? "\\-" : $0 == "\\" ? "\\e" : "\($0)" }.joined()
    }
}
