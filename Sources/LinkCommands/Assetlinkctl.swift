package import ArgumentParser
import LinkStore

/// The program: reads and steers assetlinkd through its database.
package struct Assetlinkctl: AsyncParsableCommand {
    /// Its help and its commands.
    package static let configuration = CommandConfiguration(
        commandName: "assetlinkctl",
        abstract: "See and steer the links between CMDB CIs and ITAM assets.",
        discussion: """
            Examples:
              assetlinkctl status
              assetlinkctl explain web-01
              assetlinkctl orphans --reason no_matching_asset --limit 10
              assetlinkctl coverage --by-class --json -d service=cmdb

            \(CommandExit.explanation)
            """,
        version: Schema.programVersion,
        subcommands: [
            Migrate.self, Status.self, Coverage.self, Explain.self, Orphans.self, Conflicts.self, Stale.self,
            Unlinked.self, Suspects.self, Links.self, Pin.self,
            Unpin.self, Block.self, Unblock.self, Requeue.self, CloseStale.self, Composite.self, Trust.self,
            Distrust.self,
            Decisions.self, History.self, Changes.self, Impact.self,
            Discover.self, Audit.self, Sources.self, Resync.self, DeadLetters.self, Held.self, RulesCommand.self,
            Verify.self, Rebase.self, Retention.self,
            FleetCommand.self, ConfigCommand.self, SupportBundle.self, Manual.self,
        ])

    /// What the parser makes.
    package init() {}

    /// Runs a command line and returns the program's exit code.
    package static func run(_ arguments: [String], on console: Console) async -> Int32 {
        let parsed: any ParsableCommand
        if let problem = CommandNames.problem(in: arguments) {
            console.remark("assetlinkctl: \(problem)")
            return CommandExit.usage.rawValue
        }
        do {
            parsed = try parseAsRoot(arguments)
        } catch {
            return parserSays(error, console)
        }
        do {
            switch parsed {
            case let command as any PlainCommand: return try await command.run(console).rawValue
            case var command as any AsyncParsableCommand:
                console.interruption.note("What it wrote so far stays.")
                try await command.run()
            case var command:
                // The parser's own, as help.
                do { try command.run() } catch { return parserSays(error, console) }
            }
            return 0
        } catch  where console.interruption.signal != nil {
            sayInterrupted(console)
            return console.interruption.exitCode
        } catch  where error is ExitCode || error is ValidationError || error is CleanExit {
            return parserSays(error, console)
        } catch {
            let failure = Failure(error)
            console.remark("assetlinkctl: \(failure.message.harmless)")
            if let hint = failure.hint { console.remark("  → \(hint.harmless)") }
            return failure.exit.rawValue
        }
    }

    /// Help, or a wrong argument, in the parser's words.
    private static func parserSays(_ error: any Error, _ console: Console) -> Int32 {
        let code = exitCode(for: error)
        let text = fullMessage(for: error, columns: min(console.width, 100))
        if code == .success { console.say(text) } else if !text.isEmpty { console.remark(text) }
        if code != .success, let hint = CommandNames.hint(in: message(for: error)) { console.remark(hint) }
        return code.rawValue
    }
}
