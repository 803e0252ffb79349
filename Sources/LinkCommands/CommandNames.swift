import ArgumentParser
import LinkRules

/// The tree of commands by their names, for what the parser does not do by itself.
enum CommandNames {
    /// What is wrong with the words that should name a command: the nearest one is said.
    static func problem(in words: [String], below root: any ParsableCommand.Type = Assetlinkctl.self) -> String? {
        var command = root
        var path: [String] = []
        for word in words {
            let known = command.configuration.subcommands
            guard !known.isEmpty, !word.hasPrefix("-") else { return nil }
            if path.isEmpty, word == "help" { return nil }
            guard let next = known.first(where: { name(of: $0) == word }) else {
                let names = known.map { name(of: $0) } + (path.isEmpty ? ["help"] : [])
                let hint = Nearest.hint(to: word, among: names, "Commands")
                return "There is no command \((path + [word]).joined(separator: " ").harmless). \(hint)"
            }
            command = next
            path.append(word)
        }
        return nil
    }

    /// A hint for a value that is none of a few: the nearest of those that the parser names.
    static func hint(in message: String) -> String? {
        guard let line = message.split(separator: "\n").first, line.contains("is invalid for") else { return nil }
        let quoted = line.split(separator: "'", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
        guard let wrong = quoted.first else { return nil }
        let listed = message.split(separator: "\n").filter { $0.hasPrefix("  - ") }.map { String($0.dropFirst(4)) }
        return Nearest.find(wrong, among: listed + quoted.dropFirst(2)).map { "Did you mean '\($0)'?" }
    }

    /// How a command is called.
    static func name(of command: any ParsableCommand.Type) -> String { command._commandName }
}
