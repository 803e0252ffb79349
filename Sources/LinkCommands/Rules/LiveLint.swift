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

    /// A list that an entry reads, of the given types if any, on either side; of CIs those of the rule's classes.
    private static let filled = """
        SELECT EXISTS (
                SELECT FROM assetlink_internal.ci c
                WHERE c.deleted_at IS NULL AND c.class = ANY ($4::text[]) AND CASE $1
                    WHEN 'serials' THEN
                        c.serial_number <> '' AND ($3::text[] IS NULL OR 'standard' = ANY ($3))
                        OR \(members("c.serials"))
                    WHEN 'mac_addresses' THEN jsonb_typeof(c.network_adapters) = 'array' AND c.network_adapters <> '[]'
                    ELSE \(members("c.attributes -> $2")) END),
            EXISTS (
                SELECT FROM assetlink_internal.asset a
                WHERE a.standing <> 2 AND CASE $1
                    WHEN 'serials' THEN a.serial_number <> '' OR cardinality(a.other_serials) > 0
                    WHEN 'mac_addresses' THEN cardinality(a.mac_addresses) > 0
                    ELSE \(members("a.attributes -> $2")) END)
        """

    private static func members(_ list: String) -> String {
        """
        EXISTS (
            SELECT FROM jsonb_array_elements(CASE jsonb_typeof(\(list)) WHEN 'array' THEN \(list) ELSE '[]' END) e
            WHERE $3 IS NULL OR lower(btrim(e ->> 'type')) = ANY ($3))
        """
    }

    /// An attribute that an entry reads, on either side, as for ``filled``.
    private static func shown(_ pair: AttributePair) -> String {
        func value(_ attribute: Attribute, _ table: String, _ parameter: String) -> String {
            if case .member = attribute { return "\(table).attributes ->> \(parameter)" }
            return "\(table).\(attribute.signature)"
        }
        return """
            SELECT EXISTS (
                    SELECT FROM assetlink_internal.ci c
                    WHERE c.deleted_at IS NULL AND c.class = ANY ($1::text[])
                        AND btrim(\(value(pair.ci, "c", "$2::text"))) <> '' AND $2 <> ''),
                EXISTS (
                    SELECT FROM assetlink_internal.asset a
                    WHERE a.standing <> 2 AND btrim(\(value(pair.asset, "a", "$3::text"))) <> '' AND $3 <> '')
            """
    }

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
                problems += try await self.problems(of: rule, index, classes, session)
            }
        }
        return problems
    }

    private func problems(
        of rule: IdentificationRule, _ index: Int, _ classes: [String], _ session: Session
    ) async throws -> [RuleProblem] {
        let entry = rule.entries[index]
        let place = places[.entry(rule.name, index)]
        let about = "class \(rule.name), entry \(entry.priority)"
        let empty = try await empty(entry, classes, session)
        if let (code, what) = empty {
            return [
                RuleProblem(
                    .warning, code, at: place, about: about, what,
                    remedy: "Have the binding of a source show it, or leave the entry out.")
            ]
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

    /// The first of what an entry compares that one side never shows.
    private func empty(
        _ entry: IdentifierEntry, _ classes: [String], _ session: Session
    ) async throws -> (RuleProblem.Code, String)? {
        func sides(_ row: Row?) throws -> String? {
            let empty = [("CI of the rule", try row?.bool(0)), ("asset", try row?.bool(1))].filter { $0.1 != true }
            return empty.isEmpty ? nil : "no " + empty.map(\.0).joined(separator: " and no ")
        }
        if let lookup = entry.lookup {
            var member = ""
            if case .member(let name) = lookup.list { member = name }
            let types = lookup.types?.sorted()
            let row = try await session.query(
                Self.filled,
                [
                    .text(lookup.list.signature), .text(member), types.map { .texts($0) } ?? .null, .texts(classes),
                ]
            ).first
            if let sides = try sides(row) {
                let kinds = types.map { " of type \($0.joined(separator: ", "))" } ?? ""
                return (.emptyList, "\(sides) has anything in \(lookup.list.signature)\(kinds)")
            }
        }
        for pair in entry.attributes {
            func member(_ attribute: Attribute) -> String {
                if case .member(let name) = attribute { return name }
                return attribute.signature
            }
            let row = try await session.query(
                Self.shown(pair), [.texts(classes), .text(member(pair.ci)), .text(member(pair.asset))]
            ).first
            if let sides = try sides(row) {
                let name = pair.ci == pair.asset ? pair.ci.signature : "\(pair.ci.signature) = \(pair.asset.signature)"
                return (.emptyAttribute, "\(sides) shows a value of \(name)")
            }
        }
        return nil
    }

    private func inForceEntry(_ name: String, _ signature: String) -> IdentifierEntry? {
        for item in inForce.classes where item.name == name {
            if case .own(let rule) = item.rule { return rule.entries.first { $0.signature == signature } }
        }
        return nil
    }
}
