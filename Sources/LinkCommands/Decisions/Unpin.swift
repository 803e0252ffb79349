package import ArgumentParser

/// Ends a pin.
package struct Unpin: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "End the pin of a CI, which is then decided by its rule again.",
        discussion: """
            Example: assetlinkctl unpin web-01 --reason 'its serial is corrected'

            JSON: schema assetlinkctl/unpin.v1, fields act (its number), taken_up, notes, effect (of assetlink.audit) and \
            cis (of assetlink.ci_state).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Argument(help: ArgumentHelp("The CI: source/id, its id, or its name.", valueName: "ci")) var ci: String

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let reference = try await RecordReference.find(ci, .ci, session)
        return try await Act(
            command: "unpin",
            call: DecisionAction.unpin.call(reference, reason: act.reason, person: act.person),
            done: "CI \(reference.words) is no longer pinned."
        ).run(session, act.waiting)
    }
}
