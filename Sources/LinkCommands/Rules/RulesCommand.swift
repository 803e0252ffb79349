package import ArgumentParser

/// The identification rules: what they are, were and could be.
package struct RulesCommand: AsyncParsableCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "See, check, compare and change the identification rules.",
        discussion: """
            A rule file is YAML: classes with their rules, placeholders, life-cycle states, manufacturers, suspect \
            limits. A section that a file has not stays as it is. "rules export" writes what is in force.
            """,
        subcommands: [
            RulesLint.self, RulesShow.self, RulesExport.self, RulesDiff.self, RulesPreview.self, RulesActivate.self,
            RulesHistory.self, RulesRollback.self,
        ])

    /// What the parser makes.
    package init() {}
}
