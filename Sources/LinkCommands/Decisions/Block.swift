package import ArgumentParser

/// Parts a CI and an asset by hand.
package struct Block: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Decide that this CI is never this asset: its link to it ends.",
        discussion: """
            A block ends a pin of the pair. Other assets may match then.

            Example: assetlinkctl block web-01 T-1001 --reason 'the chassis, not the blade'

            JSON: schema assetlinkctl/block.v1, fields act (its number), taken_up, notes, effect (of assetlink.audit) and \
            cis (of assetlink.ci_state).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @OptionGroup var until: UntilOptions
    @Argument(help: ArgumentHelp("The CI: source/id, its id, or its name.", valueName: "ci")) var ci: String
    @Argument(
        help: ArgumentHelp("The asset: source/id, its id, asset tag or serial number.", valueName: "asset"))
    var asset: String

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let pair = try await RecordReference.findPair(ci, asset, command: "block", session)
        return try await Act(
            command: "block",
            call: DecisionAction.block.call(
                pair.ci, pair.asset, reason: act.reason, person: act.person, until: until.parameter),
            done: "CI \(pair.ci.words) is never asset \(pair.asset.words).",
            notes: try await DecisionNotes.ofBlock(pair.ci, pair.asset, session)
        ).run(session, act.waiting)
    }
}
