package import ArgumentParser
import LinkCore
import LinkRules

/// What one rule set has that another has not.
package struct RulesDiff: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare a rule file, or a version, with the rules in force.",
        discussion: """
            Ends with 0 when nothing differs, with 1 when something does.

              assetlinkctl rules diff new.yaml
              assetlinkctl rules diff --from 7
              assetlinkctl rules diff --from 7 --to 9

            Example: assetlinkctl rules diff rules.yaml

            JSON: schema assetlinkctl/rules-diff.v1, fields changes (kind, subject, before, after).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Option(help: "From this version instead of the rules in force.") var from: Int64?
    @Option(help: "To this version instead of a file or the rules in force.") var to: Int64?
    @Argument(help: "The rule file.") var file: String?

    /// What the parser makes.
    package init() {}

    /// Two of the three.
    package func validate() throws {
        if file != nil, to != nil { throw ValidationError("Give a file or --to, not both.") }
        if file == nil, to == nil, from == nil { throw ValidationError("Give a file, --from or --to.") }
    }

    /// Compares them.
    package func execute(_ session: Session) async throws -> CommandExit {
        let old = try await RuleSource.version(from, session)
        let new: RuleSet
        if let file {
            new = try RuleSource.soundFile(file).completed(by: old)
        } else {
            new = try await RuleSource.version(to, session)
        }
        let changes = RuleDiff.changes(from: old, to: new)
        if session.json {
            let list = changes.map { change -> JSON in
                .object([
                    ("kind", .string(change.kind.rawValue)), ("subject", .string(change.subject)),
                    ("before", .text(change.before)), ("after", .text(change.after)),
                ])
            }
            session.answer("rules-diff", [("changes", .array(list))])
        } else {
            for change in changes { Self.show(change, session) }
            if changes.isEmpty { session.console.remark("Nothing differs.") }
        }
        return changes.isEmpty ? .success : .problems
    }

    static func show(_ change: RuleChange, _ session: Session) {
        let text =
            switch (change.before, change.after) {
            case (let before?, let after?): "\(before) → \(after)"
            case (let before?, nil): before
            case (nil, let after): after ?? ""
            }
        let line = "\(change.kind.mark) \(change.subject)" + (text.isEmpty ? "" : ": \(text)")
        session.console.say(line.harmless)
    }
}
