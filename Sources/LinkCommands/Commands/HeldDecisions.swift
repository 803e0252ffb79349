package import ArgumentParser
import Postgres

/// Lets held changes through.
package struct HeldApprove: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Let the held changes of a source through: the links they end will end.",
        discussion:
            "JSON: schema assetlinkctl/held-approve.v1, fields act (its number), taken_up, notes, effect and cis.")

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Argument(help: "The source.") var source: String

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        try await Act(
            command: "held-approve",
            call: Statement("SELECT assetlink.approve_held($1, $2, $3)", [.text(source)] + act.parameters),
            done: "The held changes of \(source) go through."
        ).run(session, act.waiting)
    }
}

/// Forgets held changes.
package struct HeldDrop: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Forget the held changes of a source until its next resync.",
        discussion: "JSON: schema assetlinkctl/held-drop.v1, fields act (its number), taken_up, notes, effect and cis.")

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Argument(help: "The source.") var source: String

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        try await Act(
            command: "held-drop",
            call: Statement("SELECT assetlink.drop_held($1, $2, $3)", [.text(source)] + act.parameters),
            done: "The held changes of \(source) are forgotten."
        ).run(session, act.waiting)
    }
}
