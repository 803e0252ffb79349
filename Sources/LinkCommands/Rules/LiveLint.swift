import LinkCore
import LinkRules
import LinkStore
import Postgres

/// What the live data say about rules.
struct LiveLint {
    /// The rules to check.
    let rules: RuleSet
    /// Those by which the stored keys were made.
    let inForce: RuleSet
    let places: [RuleSubject: Place]

    /// A list that an entry reads, on either side.
    private static let filled = """
        SELECT EXISTS (
                SELECT FROM assetlink_internal.ci c
                WHERE c.deleted_at IS NULL AND CASE $1
                    WHEN 'serials' THEN jsonb_typeof(c.serials) = 'array' AND c.serials <> '[]' OR c.serial_number <> ''
                    WHEN 'mac_addresses' THEN jsonb_typeof(c.network_adapters) = 'array' AND c.network_adapters <> '[]'
                    ELSE jsonb_typeof(c.attributes -> $2) = 'array' AND c.attributes -> $2 <> '[]' END),
            EXISTS (
                SELECT FROM assetlink_internal.asset a
                WHERE a.standing <> 2 AND CASE $1
                    WHEN 'serials' THEN a.serial_number <> '' OR cardinality(a.other_serials) > 0
                    WHEN 'mac_addresses' THEN cardinality(a.mac_addresses) > 0
                    ELSE jsonb_typeof(a.attributes -> $2) = 'array' AND a.attributes -> $2 <> '[]' END)
        """

    /// Links that an entry ever made; and the CIs of its rule that share a key of it with an eligible asset now.
    private static let matched = """
        SELECT EXISTS (
                SELECT FROM assetlink_internal.link l
                WHERE l.rule = $1 AND l.entry_priority = $2),
            (SELECT count(DISTINCT c.ci_ref)
             FROM assetlink_internal.key_space s
             JOIN assetlink_internal.ci_key k ON k.space_id = s.space_id
             JOIN assetlink_internal.ci c ON c.ci_ref = k.ci_ref AND c.deleted_at IS NULL AND c.rule = $1
             WHERE s.signature = $3
                AND EXISTS (
                    SELECT FROM assetlink_internal.asset_key a
                    WHERE a.space_id = k.space_id AND a.key = k.key AND a.standing = 0))
        """

    private static let used =
        "SELECT EXISTS (SELECT FROM assetlink_internal.ci c WHERE c.deleted_at IS NULL AND c.class = ANY ($1::text[]))"

    /// All of them, in the order of the rules.
    func problems(_ session: Session) async throws -> [RuleProblem] {
        var problems: [RuleProblem] = []
        for item in rules.classes {
            guard case .own(let rule) = item.rule else { continue }
            let classes = Derivation.classes(having: rule.name, in: rules)
            if try await session.query(Self.used, [.texts(classes)]).first?.bool(0) != true {
                problems.append(
                    RuleProblem(
                        .warning, .unusedRule, at: places[.ruleClass(rule.name)], about: "class \(rule.name)",
                        "no CI is of a class that has this rule: \(classes.joined(separator: ", "))",
                        remedy: "assetlink.unmapped shows what classes the sources write."))
                continue
            }
            for index in rule.entries.indices {
                problems += try await self.problems(of: rule, index, session)
            }
        }
        return problems
    }

    private func problems(
        of rule: IdentificationRule, _ index: Int, _ session: Session
    ) async throws -> [RuleProblem] {
        let entry = rule.entries[index]
        let place = places[.entry(rule.name, index)]
        let about = "class \(rule.name), entry \(entry.priority)"
        if let list = entry.lookup?.list {
            var member = ""
            if case .member(let name) = list { member = name }
            let row = try await session.query(Self.filled, [.text(list.signature), .text(member)]).first
            let sides = [("CI", try row?.bool(0)), ("asset", try row?.bool(1))].filter { $0.1 != true }.map(\.0)
            if !sides.isEmpty {
                return [
                    RuleProblem(
                        .warning, .emptyList, at: place, about: about,
                        "no \(sides.joined(separator: " and no ")) has anything in \(list.signature)",
                        remedy: "Have the binding of a source show it, or leave the entry out.")
                ]
            }
        }
        // An entry that is not in force has made no keys and could have matched nothing.
        guard let known = inForceEntry(rule.name, entry.signature) else { return [] }
        let alone = CIClass(name: "ci", parent: nil, rule: .own(rule))
        let compiled = CompiledRuleSet(RuleSet(version: 0, classes: [alone]))
        let signature = compiled.rule(of: "ci").map { compiled.spaces[$0.entries[index].space].signature }
        let row = try await session.query(
            Self.matched, [.text(rule.name), .int4(Int32(known.priority)), .text(signature ?? "")]
        ).first
        guard try row?.bool(0) == false else { return [] }
        let would = try row?.int8(1) ?? 0
        return [
            RuleProblem(
                .warning, .neverMatched, at: place, about: about,
                "it never made a link; \(counted(would, "CI")) share a key of it with an asset that could be linked",
                remedy: would == 0
                    ? "Check that both sides show what it compares; if they never will, leave it out."
                    : "Stronger entries decide those CIs first, or they are in conflict: assetlinkctl explain shows one."
            )
        ]
    }

    private func inForceEntry(_ name: String, _ signature: String) -> IdentifierEntry? {
        for item in inForce.classes where item.name == name {
            if case .own(let rule) = item.rule { return rule.entries.first { $0.signature == signature } }
        }
        return nil
    }
}
