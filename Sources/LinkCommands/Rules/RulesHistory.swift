package import ArgumentParser

/// Every version of the rules.
package struct RulesHistory: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "history", abstract: "List the versions of the rules, newest first.",
        discussion: """
            Example: assetlinkctl rules history

            JSON: schema assetlinkctl/rules-history.v1, fields rows (of assetlink.rule_set, without documents), more and next.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        try await Listing(
            "rules-history",
            from: """
                (SELECT version, made_at, made_by, made_as, reason, restores, in_force, digest, act_id
                FROM assetlink.rule_set) r
                """,
            cells: [
                (.number("VERSION"), "version || CASE WHEN in_force THEN ' *' ELSE '' END"),
                (.fixed("MADE"), Expression.minute("made_at")), (.text("BY", narrowest: 8), "made_by"),
                (
                    .text("HOW", narrowest: 8),
                    """
                    CASE made_as WHEN 'edit_rules' THEN 'by hand' WHEN 'activate_rule_set' THEN 'activated'
                    WHEN 'rollback_rule_set' THEN 'rollback to ' || restores ELSE 'shipped' END
                    """
                ), (.text("WHY", narrowest: 12), "reason"),
            ], order: [.number("version")], descending: true, nothing: "There is no version."
        ).run(session, list)
    }
}
