package import ArgumentParser
import FoundationEssentials

/// The manual page.
package struct Manual: PlainCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Write the manual page, made from the commands themselves, to standard output.",
        discussion: """
            Examples:
              assetlinkctl manual > /usr/local/share/man/man1/assetlinkctl.1
              assetlinkctl --generate-completion-script bash > /etc/bash_completion.d/assetlinkctl
            """)

    /// What the parser makes.
    package init() {}

    /// Writes it.
    package func run(_ console: Console) async throws -> CommandExit {
        console.say(try ManualPage(of: Assetlinkctl._dumpHelp()).text)
        return .success
    }
}

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

    /// Makes it of what the parser says about its commands.
    init(of dump: String) throws {
        let root = try JSONDecoder().decode(Tool.self, from: Data(dump.utf8)).command
        var lines = [
            ".TH \(root.commandName.uppercased()) 1", ".SH NAME",
            "\(root.commandName) \\- \(Self.plain(root.abstract ?? ""))", ".SH SYNOPSIS",
            ".B \(root.commandName)", ".I command", "[options]", ".SH DESCRIPTION",
        ]
        lines += Self.prose(root.discussion)
        lines.append(".SH COMMANDS")
        for command in root.subcommands ?? [] { lines += Self.section(command, path: root.commandName) }
        text = lines.joined(separator: "\n")
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
