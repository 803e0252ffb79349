package import ArgumentParser
import LinkCore
import LinkRules

/// The class tree, or what one class has and from where.
package struct RulesShow: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the class tree, or the rule of a class and from where each part comes.",
        discussion: """
            Example: assetlinkctl rules show server

            JSON: schema assetlinkctl/rules-show.v1, fields version and classes; of a class schema \
            assetlinkctl/rules-show-class.v1, fields version, class, path, rule_from, rule, aged_after_days, \
            aged_from and suspect_limits.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Option(help: "Show this file instead of the rules in force.") var file: String?
    @Option(help: "Show this version instead of the rules in force.") var version: Int64?
    @Argument(help: "The class.") var name: String?

    /// What the parser makes.
    package init() {}

    /// Shows it.
    package func execute(_ session: Session) async throws -> CommandExit {
        var rules = try await RuleSource.version(version, session)
        if let file { rules = try RuleSource.soundFile(file).completed(by: rules) }
        guard let name else {
            showTree(rules, session)
            return .success
        }
        guard let derivation = Derivation(of: name.lowercased(), in: rules) else {
            throw Failure(
                .problems, "There is no class \(name).",
                hint: Derivation.advice(for: name.lowercased(), in: rules)
                    + " A CI of an unknown class is treated as ci.")
        }
        show(derivation, rules, session)
        return .success
    }

    private func showTree(_ rules: RuleSet, _ session: Session) {
        let classes = rules.classes.compactMap { Derivation(of: $0.name, in: rules) }
        if session.json {
            let list = classes.map { item -> JSON in
                .object([
                    ("class", .string(item.path[0].name)), ("parent", .text(item.path[0].parent)),
                    ("rule_from", .text(item.source)), ("excluded", .bool(item.rule == nil)),
                    ("aged_after_days", .integer(Int64(item.agedAfterDays))),
                ])
            }
            session.answer("rules-show", [("version", .integer(rules.version)), ("classes", .array(list))])
            return
        }
        session.console.say("Rules, version \(rules.version).")
        let sorted = classes.sorted { key($0).lexicographicallyPrecedes(key($1)) }
        session.show(
            Table(
                [
                    .text("CLASS", narrowest: 16), .text("RULE", narrowest: 10), .number("ENTRIES"),
                    .number("AGED AFTER"),
                ],
                sorted.map { item in
                    [
                        String(repeating: "  ", count: item.path.count - 1) + item.path[0].name,
                        item.rule == nil
                            ? "excluded"
                                + (item.source == item.path[0].name ? "" : " as \(item.source ?? "by default")")
                            : item.source == item.path[0].name ? "its own" : "of \(item.source ?? "")",
                        item.rule.map { String($0.entries.count) }, "\(item.agedAfterDays) d",
                    ]
                }))
    }

    /// From the root down, siblings by name.
    private func key(_ item: Derivation) -> [String] { item.path.reversed().map(\.name) }

    private func show(_ item: Derivation, _ rules: RuleSet, _ session: Session) {
        let name = item.path[0].name
        if session.json {
            session.answer(
                "rules-show-class",
                [
                    ("version", .integer(rules.version)), ("class", .string(name)),
                    ("path", .array(item.path.map { .string($0.name) })), ("rule_from", .text(item.source)),
                    ("rule", item.rule.map { .raw(DocumentValue.rule($0).json) } ?? .null),
                    ("aged_after_days", .integer(Int64(item.agedAfterDays))), ("aged_from", .text(item.agedSource)),
                    (
                        "suspect_limits",
                        .array(
                            item.suspectLimits.map {
                                .object([
                                    ("kind", .string($0.kind.rawValue)), ("holders", .integer(Int64($0.most))),
                                    ("from", .text($0.source)),
                                ])
                            })
                    ),
                ])
            return
        }
        session.console.say("\(item.path.map(\.name).joined(separator: " < ")), version \(rules.version)".harmless)
        let from = item.source.map { $0 == name ? "its own" : "of class \($0), whole" }
        guard let rule = item.rule else {
            session.tell(
                "Excluded: \(item.source.map { "class \($0) says \"none\"" } ?? "no class up to the root has a rule").")
            return
        }
        session.tell("Rule: \(from ?? "").")
        session.show(
            Table(
                [.number("PRIORITY"), .text("COMPARES", narrowest: 30)],
                rule.entries.map { [String($0.priority), $0.summary] }))
        let required = rule.required.map(\.signature).joined(separator: ", ")
        if !required.isEmpty { session.tell("Required (\(from ?? "")): \(required).") }
        for related in rule.related {
            session.tell(
                "Related (\(from ?? "")): \(related.className) by \(related.attributes.joined(separator: ", ")).")
        }
        let aged = item.agedSource.map { $0 == name ? "its own" : "of class \($0)" } ?? "by default"
        session.tell("Links show as aged after \(item.agedAfterDays) days without discovery (\(aged)).")
        let limits = item.suspectLimits.map { limit in
            let from = limit.source.map { $0 == name ? "its own" : "of class \($0)" } ?? "of the kind"
            return limit.most == 0
                ? "\(limit.kind.rawValue) never (\(from))" : "\(limit.kind.rawValue) \(limit.most) (\(from))"
        }
        if !limits.isEmpty {
            session.tell("A value is suspect when more CIs read it: \(limits.joined(separator: ", ")).")
        }
    }
}
