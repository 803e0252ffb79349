/// The settings as text: what is in force, and the example; made of ``Setting/all``, as ``PrintedManual`` is.
package enum PrintedConfiguration {
    /// What is in force, as a file that says the same; secrets are not shown.
    package static func inForce(_ configured: Configured) -> String {
        var text = "# What assetlinkd was told, and what it takes where it was told nothing.\n"
        sections { section, settings in
            text += "\n\(section):\n"
            for setting in settings {
                let shown = setting.show(configured.settings)
                let value = setting.isSecret && !shown.isEmpty ? quoted("***") : scalar(setting, shown)
                text += "  \(setting.name): \(value)  # \(configured.origins[setting.key] ?? .initial)\n"
            }
        }
        return text
    }

    /// A file that says nothing yet: every setting with its meaning and its default, commented out.
    package static var example: String {
        var text = """
            # Configuration of assetlinkd: /etc/assetlinkd/assetlinkd.yaml, read by assetlinkd --config FILE.
            # A variable of the environment wins over this file, a flag over both. SIGHUP reads it again: all of it takes effect, or
            # none of it and the log says why. Sections of plain values are all of YAML that is taken.

            """
        sections { section, settings in
            text += "\n\(section):\n"
            for setting in settings {
                for line in wrapped(setting.help, 110) { text += "  # \(line)\n" }
                text += "  # \(facts(setting))\n"
                text += "  # \(setting.name): \(scalar(setting, setting.initial))\n\n"
            }
            text.removeLast()
        }
        return text
    }

    /// What is taken, the default, and where else it can be said.
    static func facts(_ setting: Setting) -> String {
        var facts = [
            setting.range, "default: \(setting.initial.isEmpty ? "empty" : setting.initial)", setting.variable,
        ]
        if let flag = setting.flag { facts.append(flag) }
        if setting.isSecret { facts.append("never shown") }
        if setting.needsRestart { facts.append("at the next start") }
        return facts.joined(separator: "; ")
    }

    /// The settings by sections, in their order.
    static func sections(_ body: (Substring, [Setting]) -> Void) {
        var rest = Setting.all[...]
        while let first = rest.first {
            let settings = Array(rest.prefix { $0.section == first.section })
            body(first.section, settings)
            rest = rest.dropFirst(settings.count)
        }
    }

    /// Text is always quoted: whatever it is, it means itself.
    private static func scalar(_ setting: Setting, _ value: String) -> String {
        switch setting.kind {
        case .text, .path, .address, .choice: quoted(value)
        case .yesOrNo, .seconds, .count: value
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text {
            switch character {
            case "\"", "\\": result += "\\\(character)"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default: result.append(character)
            }
        }
        return result + "\""
    }

    private static func wrapped(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
