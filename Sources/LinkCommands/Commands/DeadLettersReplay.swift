package import ArgumentParser
import Postgres

/// Puts a rejected event back into its feed.
package struct DeadLettersReplay: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Put a rejected event or record back into its feed.",
        discussion: """
            Correct the cause first, or it comes back as a new one.

            Example: assetlinkctl dead-letters replay 3 --reason 'serials corrected'

            JSON: schema assetlinkctl/dead-letters-replay.v1, fields act (its number), taken_up, notes, effect and cis.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Argument(help: "Its number; assetlinkctl dead-letters lists them.") var id: Int64

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        try await Act(
            command: "dead-letters-replay",
            call: Statement("SELECT assetlink.replay_dead_letter($1, $2, $3)", [.int8(id)] + act.parameters),
            done: "Event \(id) was put back into its feed."
        ).run(session, act.waiting)
    }
}
