package import ArgumentParser

/// Ends a block.
package struct Unblock: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "End the block of a CI and an asset.",
        discussion: """
            Example: assetlinkctl unblock web-01 T-1001 --reason 'it was right'

            JSON: schema assetlinkctl/unblock.v1, fields act (its number), taken_up, notes, effect (of assetlink.audit) and \
            cis (of assetlink.ci_state).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Argument(help: ArgumentHelp("The CI: source/id, its id, or its name.", valueName: "ci")) var ci: String
    @Argument(
        help: ArgumentHelp("The asset: source/id, its id, asset tag or serial number.", valueName: "asset"))
    var asset: String

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let pair = try await RecordReference.findPair(ci, asset, command: "unblock", session)
        return try await Act(
            command: "unblock",
            call: DecisionAction.unblock.call(
                pair.ci, pair.asset, reason: act.reason, person: act.person),
            done: "CI \(pair.ci.words) and asset \(pair.asset.words) are no longer blocked."
        ).run(session, act.waiting)
    }
}
