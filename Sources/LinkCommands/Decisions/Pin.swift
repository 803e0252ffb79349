package import ArgumentParser

/// Joins a CI and an asset by hand.
package struct Pin: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Decide that this CI is this asset, whatever its rule says.",
        discussion: """
            A CI has one pin; a new one replaces the older, and ends a block of the pair.

            Example: assetlinkctl pin web-01 T-1001 --reason 'checked in the rack' --until 2027-01-31

            JSON: schema assetlinkctl/pin.v1, fields act (its number), taken_up, notes, effect (of assetlink.audit) and \
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
        let pair = try await RecordReference.findPair(ci, asset, command: "pin", session)
        return try await Act(
            command: "pin",
            call: DecisionAction.pin.call(
                pair.ci, pair.asset, reason: act.reason, person: act.person, until: until.parameter),
            done: "CI \(pair.ci.words) is pinned to asset \(pair.asset.words).",
            notes: try await DecisionNotes.ofPin(pair.ci, pair.asset, session)
        ).run(session, act.waiting)
    }
}
