package import ArgumentParser
import Postgres

/// Lets a value that many hold identify.
package struct Trust: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Declare a suspect identifier real: it gives match keys however many hold it.",
        discussion: """
            Example: assetlinkctl trust serial SN-3 --reason 'one number for each stack'

            JSON: schema assetlinkctl/trust.v1, fields act (its number), taken_up, notes, effect (of assetlink.audit) and \
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
            command: "trust",
            call: Statement(
                "SELECT assetlink.trust_identifier($1, $2, $3, $4)",
                [.text(kind.rawValue), .text(value)] + act.parameters),
            done: "The \(kind.rawValue) \(value) is trusted."
        ).run(session, act.waiting)
    }
}
