package import ArgumentParser

/// Why a CI is what it is.
package struct Explain: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Tell why a CI is linked, orphaned, conflicted or excluded, and what to do.",
        discussion: """
            JSON: schema assetlinkctl/explain.v1, fields ci (assetlink.ci_state), summary, rule, evidence \
            (assetlink.ci_evidence), conflicts, links, decisions, audit (newest first), \
            suggestions (assetlink.suggest_assets) and remedy.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Argument(help: ArgumentHelp("The CI: source/id, its id, or its name.", valueName: "ci")) var ci: String

    /// What the parser makes.
    package init() {}

    /// Explains it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let explanation = try await Explanation(try await RecordReference.find(ci, .ci, session), session)
        if session.json {
            session.answer("explain", try explanation.fields)
        } else {
            try explanation.show(session)
        }
        return .success
    }
}
