package import ArgumentParser
import LinkRules

/// The rules as a file.
package struct RulesExport: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the rules in force, or an older version, as a rule file.",
        discussion: """
            Example: assetlinkctl rules export > rules.yaml

            Always YAML, the same for the same rules; --json writes the document as the database keeps it.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Option(help: "This version instead of the rules in force.") var version: Int64?

    /// What the parser makes.
    package init() {}

    /// Writes it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let document = DocumentValue(try await RuleSource.version(version, session))
        if session.json {
            session.console.say(document.json)
        } else {
            session.console.say(String(document.yaml.dropLast()))
        }
        return .success
    }
}
