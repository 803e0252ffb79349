import FoundationEssentials
import LinkStore

/// A page in man(7)'s language, with a section for each command.
struct ManualPage {
    /// The page.
    let text: String

    private struct Tool: Decodable {
        let command: Command
    }

    private struct Command: Decodable {
        let commandName: String
        let abstract: String?
        let discussion: String?
        let arguments: [Argument]?
        let subcommands: [Command]?
        let shouldDisplay: Bool?
    }

    private struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String
        }

        let kind: String
        let names: [Name]?
        let valueName: String?
        let abstract: String?
        let discussion: String?
        let defaultValue: String?
        let allValues: [String]?
        let isOptional: Bool
        let isRepeating: Bool
        let shouldDisplay: Bool
    }

    /// Makes one page of what the parser says about its commands.
    init(of dump: String) throws {
        let root = try Self.root(of: dump)
        var lines = Self.head(root.commandName, root)
        lines.append(".SH COMMANDS")
        for command in root.subcommands ?? [] { lines += Self.section(command, path: root.commandName) }
        text = lines.joined(separator: "\n")
    }

    /// A page for the program, which names the others, and one for each of its commands, by the names of their files.
    static func pages(of dump: String) throws -> [(name: String, text: String)] {
        let root = try root(of: dump)
        let commands = (root.subcommands ?? []).filter { ($0.shouldDisplay ?? true) && $0.commandName != "help" }
        var lines = head(root.commandName, root) + [".SH COMMANDS"]
        for command in commands {
            lines += [
                ".TP", ".BR \(plain("\(root.commandName)-\(command.commandName)")) (1)", plain(command.abstract ?? ""),
            ]
        }
        lines += [".SH SEE ALSO", ".BR assetlinkd (8),", ".BR assetlinkd.yaml (5)"]
        var pages = [("\(root.commandName).1", lines.joined(separator: "\n"))]
        for command in commands {
            let name = "\(root.commandName)-\(command.commandName)"
            let sections = section(command, path: root.commandName)
            // Its head is in the synopsis.
            let lines =
                [heading(name), ".SH NAME", "\(plain(name)) \\- \(plain(command.abstract ?? ""))", ".SH SYNOPSIS"]
                + [".B \(plain("\(root.commandName) \(command.commandName)"))", ".I \(synopsis(command))"]
                + [".SH DESCRIPTION"] + sections.dropFirst()
                + [".SH SEE ALSO", ".BR \(root.commandName) (1)"]
            pages.append(("\(name).1", lines.joined(separator: "\n")))
        }
        return pages
    }

    private static func root(of dump: String) throws -> Command {
        try JSONDecoder().decode(Tool.self, from: Data(dump.utf8)).command
    }

    private static func heading(_ name: String) -> String {
        ".TH \(plain(name.uppercased())) 1 \"\" \"assetlinkd \(Schema.programVersion)\" \"User Commands\""
    }

    private static func head(_ name: String, _ root: Command) -> [String] {
        [
            heading(name), ".SH NAME", "\(name) \\- \(plain(root.abstract ?? ""))", ".SH SYNOPSIS",
            ".B \(name)", ".I command", "[options]", ".SH DESCRIPTION",
        ] + prose(root.discussion)
    }

    /// What follows a command's name.
    private static func synopsis(_ command: Command) -> String {
        let arguments = (command.arguments ?? []).filter(\.shouldDisplay)
        let words = arguments.filter { $0.kind == "positional" }.map {
            let word = "<\($0.valueName ?? "value")>" + ($0.isRepeating ? " ..." : "")
            return $0.isOptional ? "[\(word)]" : word
        }
        let children = command.subcommands ?? []
        return plain((children.isEmpty ? words : ["[command]"] + words).joined(separator: " ") + " [options]")
    }

    private static func section(_ command: Command, path: String) -> [String] {
        guard command.shouldDisplay ?? true, command.commandName != "help" else { return [] }
        let path = "\(path) \(command.commandName)"
        let arguments = (command.arguments ?? []).filter { $0.shouldDisplay && $0.names?.first?.name != "h" }
        let positional = arguments.filter { $0.kind == "positional" }.map { "<\($0.valueName ?? "value")>" }
        var lines = [".SS \(plain(([path] + positional).joined(separator: " ")))", plain(command.abstract ?? "")]
        lines += [".PP"] + prose(command.discussion)
        for argument in arguments { lines += item(argument) }
        for child in command.subcommands ?? [] { lines += section(child, path: path) }
        return lines
    }

    private static func item(_ argument: Argument) -> [String] {
        let names = (argument.names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name }
        let value = argument.kind == "flag" ? "" : "<\(argument.valueName ?? "value")>"
        let head = ([names.joined(separator: ", ")] + [value]).filter { !$0.isEmpty }.joined(separator: " ")
        var text = argument.abstract ?? ""
        if let discussion = argument.discussion, !discussion.isEmpty { text += " \(discussion)" }
        if let values = argument.allValues, !values.isEmpty { text += " One of \(values.joined(separator: ", "))." }
        if let value = argument.defaultValue, argument.kind != "flag" { text += " (default: \(value))" }
        return [".TP", ".B \(plain(head))", plain(text)]
    }

    /// Paragraphs; lines that are set in are shown as they are.
    private static func prose(_ text: String?) -> [String] {
        guard let text, !text.isEmpty else { return [] }
        var lines: [String] = []
        var isExample = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isSetIn = line.hasPrefix("  ")
            if isSetIn != isExample { lines.append(isSetIn ? ".nf" : ".fi") }
            isExample = isSetIn
            lines.append(line.isEmpty ? ".PP" : plain(String(line)))
        }
        if isExample { lines.append(".fi") }
        return lines
    }

    /// Text that the language takes for text.
    private static func plain(_ text: String) -> String {
        var line = ""
        for character in text {
            switch character {
            case "\\": line += "\\e"
            case "-": line += "\\-"
            case "\n": line += " "
            default: line.append(character)
            }
        }
        return line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line
    }
}
