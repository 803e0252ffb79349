package import ArgumentParser
import Postgres

/// Columns of sources that hold the ids of active links.
package struct SourcesWriteBack: ParsableCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "write-back",
        abstract: "Let a column of a source's own table hold the id that each row is linked to.",
        subcommands: [WriteBackList.self, WriteBackFailures.self, WriteBackSet.self, WriteBackUnset.self],
        defaultSubcommand: WriteBackList.self)

    /// What the parser makes.
    package init() {}
}

/// The sources that have it.
package struct WriteBackList: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the sources with write-back, and how it fares.",
        discussion: """
            Example: assetlinkctl sources write-back

            JSON: schema assetlinkctl/write-back.v1, fields rows (of assetlink.write_back), more and next.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "write-back", from: "assetlink.write_back",
            cells: [
                (.text("SOURCE", narrowest: 8), "source"),
                (.text("COLUMN", narrowest: 12), "relation || '.' || quote_ident(column_name)"),
                (.text("IDS OF", narrowest: 6), "counterpart"), (.fixed("STATE"), "state"),
                (.number("PENDING"), "pending"), (.number("FAILED"), "failed"),
                (.text("WHAT IS WRONG", narrowest: 14), "error_text"),
            ], order: [.text("source")],
            nothing: "No source has write-back. Set one with assetlinkctl sources write-back set.")
        listing.advice = ("source", "remedy")
        return try await listing.run(session, list)
    }
}

/// The rows that could not be written.
package struct WriteBackFailures: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "failures", abstract: "List the rows that could not be written, oldest first.",
        discussion: """
            Each is tried again by itself, with growing distance.

            Example: assetlinkctl sources write-back failures --source cmdb

            JSON: schema assetlinkctl/write-back-failures.v1, fields rows (of assetlink.write_back_failure), more and \
            next.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: "Only those of this source.") var source: String?

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "write-back-failures", from: "assetlink.write_back_failure",
            cells: [
                (.fixed("SINCE"), Expression.minute("since")), (.text("SOURCE", narrowest: 8), "source"),
                (.text("ID", narrowest: 6), "id"), (.number("ATTEMPTS"), "attempts"),
                (.text("CODE", narrowest: 6), "error_code"), (.text("WHAT IS WRONG", narrowest: 16), "error_text"),
            ], order: [.time("since"), .text("source"), .text("id")], nothing: "No row that could not be written.")
        listing.filter("source = ?", source)
        return try await listing.run(session, list)
    }
}

/// Switches it on.
package struct WriteBackSet: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Name the column that holds the id that a row of the source is linked to.",
        discussion: """
            The column is the daemon's from then on: rows of all known records are brought up to date, whatever they \
            held, and hold null without an active link. No binding may read it. Whoever calls this owns the table or may \
            grant its column, and is a member of assetlink_integrator.

            Example: assetlinkctl sources write-back set cmdb asset_id --reason 'shown in the portal'

            JSON: schema assetlinkctl/write-back-set.v1, fields act (its number), taken_up, notes, effect and cis.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Argument(help: "The source; assetlinkctl sources lists them.") var source: String
    @Argument(help: "The column of its own table.") var column: String
    @Option(help: ArgumentHelp("Only ids of this source of the other side.", valueName: "source"))
    var counterpart: String?

    /// What the parser makes.
    package init() {}

    /// Sets it.
    package func execute(_ session: Session) async throws -> CommandExit {
        try await Act(
            command: "write-back-set",
            call: Statement(
                "SELECT assetlink.set_write_back($1, $2, $3, $4, $5)",
                [.text(source), .text(column), .text(act.reason), counterpart.map { .text($0) } ?? .null, act.person]),
            done: "The daemon writes ids into column \(column) of \(source).",
            notes: ["assetlinkctl sources write-back shows how far it is."]
        ).run(session, act.waiting)
    }
}

/// Switches it off.
package struct WriteBackUnset: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "End the write-back of a source; what its column holds stays.",
        discussion: """
            Example: assetlinkctl sources write-back unset cmdb --reason 'the portal reads assetlink.link'

            JSON: schema assetlinkctl/write-back-unset.v1, fields act (its number), taken_up, notes, effect and cis.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Argument(help: "The source; assetlinkctl sources write-back lists them.") var source: String

    /// What the parser makes.
    package init() {}

    /// Ends it.
    package func execute(_ session: Session) async throws -> CommandExit {
        try await Act(
            command: "write-back-unset",
            call: Statement("SELECT assetlink.unset_write_back($1, $2, $3)", [.text(source)] + act.parameters),
            done: "Nothing is written back to \(source) any more.",
            notes: ["What its column holds stays as it is; empty it, or read assetlink.link."]
        ).run(session, act.waiting)
    }
}
