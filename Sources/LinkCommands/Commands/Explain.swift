package import ArgumentParser

/// Why a CI is what it is.
package struct Explain: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Tell why a CI or an asset is linked or not, and what to do.",
        discussion: """
            Answers for records that are not there too: deleted, rejected, held back, or not yet read. Ends with 1 where \
            nothing was ever heard of the record.

            Examples:
              assetlinkctl explain web-01
              assetlinkctl explain --asset T-1001

            JSON: schema assetlinkctl/explain.v1, fields ci (assetlink.ci_state), summary, rule, evidence \
            (assetlink.ci_evidence), conflicts, links, decisions, audit (newest first), waits (assetlink.record_waits), \
            suggestions (assetlink.suggest_assets), advice (assetlink.orphan_advice) and remedy. Of an asset: schema \
            assetlinkctl/explain-asset.v1, fields asset (assetlink.asset_state), summary, evidence \
            (assetlink.asset_evidence), candidates (assetlink.asset_candidates), conflicts, links, decisions, audit, waits \
            and remedy. Of a record that is not there: schema assetlinkctl/explain-absent.v1, fields side, source, id, summary, \
            conflicts, links, decisions, audit and waits.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Flag(help: "The record is an asset.") var asset = false
    @Argument(
        help: ArgumentHelp(
            "A CI (source/id, its id, or its name); with --asset an asset (source/id, its id, tag or serial number).",
            valueName: "record"))
    var record: String

    /// What the parser makes.
    package init() {}

    /// Explains it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let side: RecordReference.Side = asset ? .asset : .ci
        let command = asset ? "explain-asset" : "explain"
        let reference: RecordReference
        do {
            reference = try await RecordReference.find(record, side, session)
        } catch let failure as Failure {
            guard let absence = try await Absence.find(record, side, session) else { throw failure }
            try absence.show(session)
            return .success
        }
        if asset {
            let explanation = try await AssetExplanation(reference, session)
            if session.json { session.answer(command, try explanation.fields) } else { try explanation.show(session) }
        } else {
            let explanation = try await Explanation(reference, session)
            if session.json { session.answer(command, try explanation.fields) } else { try explanation.show(session) }
        }
        return .success
    }
}
