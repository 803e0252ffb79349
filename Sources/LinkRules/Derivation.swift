package import LinkCore

/// What a class has, and from where (domain.md section 4).
package struct Derivation: Sendable {
    /// The class itself, then its ancestors up to the root.
    package var path: [CIClass]
    /// The class whose rule it has, or that excludes it; `nil` when none up to the root says anything.
    package var source: String?
    /// The rule; `nil` = excluded.
    package var rule: IdentificationRule?
    /// Days without discovery after which a link shows as aged.
    package var agedAfterDays: Int
    /// The class that says so; `nil` = by default.
    package var agedSource: String?
    /// K by kind for the readers of a value, and the class that sets it; `nil` = it is the kind's.
    package var suspectLimits: [(kind: IdentifierKind, most: Int, source: String?)]

    /// The derivation of a class, or `nil` when there is no such class.
    package init?(of name: String, in ruleSet: RuleSet) {
        let classes = Dictionary(ruleSet.classes.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
        path = []
        var next = classes[name]
        while let here = next, !path.contains(where: { $0.name == here.name }) {
            path.append(here)
            next = here.parent.flatMap { classes[$0] }
        }
        guard !path.isEmpty else { return nil }
        let says = path.first { $0.rule != .inherited }
        source = says?.name
        if case .own(let own)? = says?.rule { rule = own }
        let aged = path.first { $0.agedAfterDays != nil }
        agedAfterDays = aged?.agedAfterDays ?? 60
        agedSource = aged?.name
        let path = path
        suspectLimits = IdentifierKind.allCases.compactMap { kind in
            for item in path {
                if let most = item.suspectLimits[kind] { return (kind, most, item.name) }
            }
            return ruleSet.suspectLimits[kind].map { (kind, $0, nil) }
        }
    }

    /// The classes that have the rule of a class, itself first.
    package static func classes(having source: String, in ruleSet: RuleSet) -> [String] {
        ruleSet.classes.map(\.name).filter { Derivation(of: $0, in: ruleSet)?.source == source }
            .sorted { ($0 == source ? 0 : 1, $0) < ($1 == source ? 0 : 1, $1) }
    }

    /// The name nearest to one that is no class.
    package static func advice(for name: String, in ruleSet: RuleSet) -> String {
        Nearest.advice(for: name, in: ruleSet.classes.map(\.name).sorted())
    }
}

extension IdentifierEntry {
    /// What it compares and for whom, in words.
    package var summary: String {
        let pairs = attributes.map { pair in
            pair.ci == pair.asset ? pair.ci.signature : "\(pair.ci.signature) = asset's \(pair.asset.signature)"
        }
        var text = pairs.joined(separator: " and ")
        if case .regular(_, allowNull: true) = comparison { text += ", nulls allowed" }
        if let lookup {
            let list = lookup.types.map { "\(lookup.list.signature) of type \($0.sorted().joined(separator: ", "))" }
            let what = list ?? lookup.list.signature
            text += (text.isEmpty ? "" : " with ") + (lookup.exactCount ? "all of \(what)" : "any of \(what)")
        }
        if isDependent { text += ", within the parent's asset" }
        if !when.isEmpty { text += "; when \(Self.words(when))" }
        if !among.isEmpty { text += "; among assets whose \(Self.words(among))" }
        return text
    }

    private static func words(_ conditions: [Condition]) -> String {
        conditions.map { "\($0.attribute.signature) is \($0.values.sorted().joined(separator: " or "))" }
            .joined(separator: " and ")
    }
}
