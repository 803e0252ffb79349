package import ArgumentParser
import Postgres

/// Reads all of a source again.
package struct Resync: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Read all of a source again and repair what differs.",
        discussion: """
            The daemon reads it in the bulk lane, while changes go on; assetlinkctl status shows open ranges meanwhile.

            Example: assetlinkctl resync itam --reason 'a trigger was off'

            JSON: schema assetlinkctl/resync.v1, fields act (its number), taken_up, notes, effect and cis.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Argument(help: "The source; assetlinkctl sources lists them.") var source: String

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        try await Act(
            command: "resync",
            call: Statement("SELECT assetlink.resync($1, $2, $3)", [.text(source)] + act.parameters),
            done: "The daemon reads all of \(source) again."
        ).run(session, act.waiting)
    }
}
