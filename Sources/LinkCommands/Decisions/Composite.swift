package import ArgumentParser
import Postgres

/// Lets several CIs be one asset.
package struct Composite: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract:
            "Mark an asset as composite (a stack, a chassis registered as one): every CI that claims it is linked.",
        discussion: """
            Example: assetlinkctl composite T-1001 --reason 'a stack of three switches'

            JSON: schema assetlinkctl/composite.v1, fields act (its number), taken_up, notes, effect (of assetlink.audit) and \
            cis (of assetlink.ci_state).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Flag(help: "Take the mark back: one CI only.") var off = false
    @Argument(
        help: ArgumentHelp("The asset: source/id, its id, asset tag or serial number.", valueName: "asset"))
    var asset: String

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let reference = try await RecordReference.find(asset, .asset, session)
        return try await Act(
            command: "composite",
            call: Statement(
                "SELECT assetlink.set_composite($1, $2, $3, $4, $5)",
                [.text(reference.source), .text(reference.id), .bool(!off)] + act.parameters),
            done: "Asset \(reference.words) \(off ? "is no longer marked as composite" : "is composite").",
            notes: off ? [] : try await DecisionNotes.ofComposite(reference, session)
        ).run(session, act.waiting)
    }
}
