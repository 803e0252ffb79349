package import ArgumentParser
import Postgres

/// Takes trust back.
package struct Distrust: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Take the trust in an identifier back: it is suspect again while too many hold it.",
        discussion: """
            Example: assetlinkctl distrust serial SN-3 --reason 'it was a placeholder after all'

            JSON: schema assetlinkctl/distrust.v1, fields act (its number), taken_up, notes, effect (of assetlink.audit) and \
            cis (of assetlink.ci_state).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Argument(help: "The kind: serial, uuid, mac, asset_tag or cloud_resource_id.") var kind: TrustedKind
    @Argument(help: "The value, as assetlinkctl suspects shows it.") var value: String

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        try await Act(
            command: "distrust",
            call: Statement(
                "SELECT assetlink.distrust_identifier($1, $2, $3, $4)",
                [.text(kind.rawValue), .text(value)] + act.parameters),
            done: "The \(kind.rawValue) \(value) is no longer trusted."
        ).run(session, act.waiting)
    }
}
