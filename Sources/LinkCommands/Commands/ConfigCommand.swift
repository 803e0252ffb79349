package import ArgumentParser
import LinkConfiguration

/// The daemon's settings.
package struct ConfigCommand: AsyncParsableCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "config", abstract: "The daemon's configuration.", subcommands: [ConfigCheck.self])

    /// What the parser makes.
    package init() {}
}

/// What is wrong with a configuration file, before a daemon is started or reloaded with it.
package struct ConfigCheck: PlainCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the daemon's configuration file, and show what would be in force.",
        discussion: """
            Reads the file and the environment as assetlinkd would, with the environment winning, and says everything that \
            is wrong at once, without quoting a value. Needs no database. Ends with 1 where something is wrong.

            Example: assetlinkctl config check /etc/assetlinkd/assetlinkd.yaml
            """)

    @Argument(help: "The file.") var file: String

    /// What the parser makes.
    package init() {}

    /// Checks it.
    package func run(_ console: Console) async throws -> CommandExit {
        do throws(Configured.Problems) {
            let configured = try ConfigurationSource(file: file, flags: [:]).read()
            let text = PrintedConfiguration.inForce(configured)
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) { console.say(String(line)) }
            return .success
        } catch {
            for problem in error.list { console.remark(problem.harmless) }
            return .problems
        }
    }
}
