package import ArgumentParser

/// Has a CI decided again.
package struct Requeue: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Have a CI read and decided again.",
        discussion: """
            Example: assetlinkctl requeue web-01 --reason 'look again'

            JSON: schema assetlinkctl/requeue.v1, fields act (its number), taken_up, notes, effect (of assetlink.audit) and \
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
            command: "requeue",
            call: DecisionAction.requeue.call(reference, reason: act.reason, person: act.person),
            done: "CI \(reference.words) was read and decided again."
        ).run(session, act.waiting)
    }
}
