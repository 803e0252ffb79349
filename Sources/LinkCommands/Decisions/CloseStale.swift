package import ArgumentParser
import Postgres

/// Closes a stale link.
package struct CloseStale: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "close-stale", abstract: "Close a stale link for good.",
        discussion: """
            assetlinkctl stale lists them. What is active ends by a block of the pair, or by what its records say.

            Example: assetlinkctl close-stale 702 --reason 'scrapped'

            JSON: schema assetlinkctl/close-stale.v1, fields act (its number), taken_up, notes, effect (of assetlink.audit) and \
            cis (of assetlink.ci_state).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Argument(help: "The number of the link.") var link: Int64

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        try await Act(
            command: "close-stale",
            call: Statement("SELECT assetlink.close_stale_link($1, $2, $3)", [.int8(link)] + act.parameters),
            done: "Link \(link) is closed."
        ).run(session, act.waiting)
    }
}
