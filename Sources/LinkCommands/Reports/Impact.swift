package import ArgumentParser
import Postgres

/// What happens if an asset is retired.
package struct Impact: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Tell what stands on an asset, before it is retired.",
        discussion: """
            The verdict is safe (all that stands on it is retired, or has not been discovered for long), in_service \
            (something was discovered lately), or unknown (nothing is linked to it, or something was never discovered). \
            Ends with 0 when it is safe, 1 when it is in service, 10 when nobody can tell.

            Example: assetlinkctl impact T-1001 --json && retire T-1001

            JSON: schema assetlinkctl/impact.v1, fields asset (of assetlink.asset_state), verdict, reasons, conflicts \
            (open ones of the asset and the CIs) and rows (of assetlink.decommission_impact).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: LimitOptions
    @Argument(help: ArgumentHelp("The asset: source/id, its id, asset tag or serial number.", valueName: "asset"))
    var asset: String

    /// What the parser makes.
    package init() {}

    /// Tells it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let reference = try await RecordReference.find(asset, .asset, session)
        let facts = try await ImpactFacts(reference, session)
        if session.json {
            session.answer("impact", facts.fields)
        } else {
            try facts.show(session, limit: list.limit)
        }
        return switch facts.verdict {
        case "safe": .success
        case "in_service": .problems
        default: .unknown
        }
    }
}
