/// An entry with its key space and what the guard needs of it; a class, as every reading holds several.
package final class CompiledEntry: Sendable {
    package let entry: IdentifierEntry
    /// Pairs in the order of the key.
    package let pairs: [AttributePair]
    /// Index into ``CompiledRuleSet/spaces``.
    package let space: Int
    /// What it compares: the identity of the entry whatever rule it stands in.
    package let signature: String
    /// The identifying kinds that it reads.
    package let identifyingKinds: Set<IdentifierKind>
    /// What a CI must show for the entry to be in its rule.
    package let when: [CompiledCondition]

    package var priority: Int { entry.priority }
    package var isDependent: Bool { entry.isDependent }

    init(
        entry: IdentifierEntry, pairs: [AttributePair], space: Int, signature: String,
        identifyingKinds: Set<IdentifierKind>, when: [CompiledCondition]
    ) {
        self.entry = entry
        self.pairs = pairs
        self.space = space
        self.signature = signature
        self.identifyingKinds = identifyingKinds
        self.when = when
    }
}

/// A rule ready to be applied; a class, as every reading holds one.
package final class CompiledRule: Sendable {
    /// As it was written.
    let source: IdentificationRule
    package let name: String
    package let entries: [CompiledEntry]
    package let required: [Attribute]
    package let related: [RelatedEntry]
    package let hasDependentEntries: Bool

    init(_ source: IdentificationRule, entries: [CompiledEntry]) {
        self.source = source
        self.entries = entries
        name = source.name
        required = source.required
        related = source.related
        hasDependentEntries = entries.contains(where: \.isDependent)
    }
}

/// A rule set made ready once, so that no record pays for reading rule text; a class, so that none pays for a copy.
package final class CompiledRuleSet: Sendable {
    package let source: RuleSet
    package let spaces: [KeySpace]
    /// What assets must show to have keys of each space.
    package let among: [[CompiledCondition]]
    package let placeholders: PlaceholderIndex
    package let lifecycle: LifecycleMap
    private let rules: [String: CompiledRule?]
    private let agedAfter: [String: Int]
    private let parents: [String: String]
    /// By class and kind, the class whose K counts, where one does.
    private let limitClasses: [String: [IdentifierKind: String]]
    private let limits: [IdentifierKind: [SuspectLimit]]

    /// The version named in every audit row.
    package var version: Int64 { source.version }

    package init(_ ruleSet: RuleSet) {
        source = ruleSet
        placeholders = PlaceholderIndex(ruleSet.placeholders, aliases: ruleSet.manufacturerAliases)
        lifecycle = LifecycleMap(ruleSet.lifecycle)
        var spaces: [KeySpace] = []
        var index: [KeySpace: Int] = [:]
        let byName = Dictionary(ruleSet.classes.map { (Self.key($0.name), $0) }, uniquingKeysWith: { a, _ in a })
        var compiled: [IdentificationRule: CompiledRule] = [:]
        var rules: [String: CompiledRule?] = [:]
        var aged: [String: Int] = [:]
        var limitClasses: [String: [IdentifierKind: String]] = [:]

        func compile(_ rule: IdentificationRule) -> CompiledRule {
            if let known = compiled[rule] { return known }
            let entries = rule.entries.map { entry in
                let (space, pairs) = KeySpace.of(entry)
                if index[space] == nil {
                    index[space] = spaces.count
                    spaces.append(space)
                }
                var kinds = Set(pairs.map(\.kind).filter(\.isIdentifying))
                if let kind = entry.lookup?.list.kind, kind.isIdentifying { kinds.insert(kind) }
                return CompiledEntry(
                    entry: entry, pairs: pairs, space: index[space] ?? 0, signature: entry.signature,
                    identifyingKinds: kinds,
                    when: entry.when.map { CompiledCondition($0, aliases: ruleSet.manufacturerAliases) })
            }
            let result = CompiledRule(rule, entries: entries)
            compiled[rule] = result
            return result
        }

        for name in byName.keys.sorted() {
            var at = byName[name]
            var seen: Set<String> = []
            var rule: CompiledRule??
            while let here = at, seen.insert(here.name).inserted {
                if aged[name] == nil, let days = here.agedAfterDays { aged[name] = days }
                for kind in here.suspectLimits.keys where limitClasses[name]?[kind] == nil {
                    limitClasses[name, default: [:]][kind] = Self.key(here.name)
                }
                if rule == nil {
                    switch here.rule {
                    case .inherited: break
                    case .none: rule = .some(nil)
                    case .own(let own): rule = .some(compile(own))
                    }
                }
                at = here.parent.flatMap { byName[Self.key($0)] }
            }
            rules[name] = .some(rule ?? nil)
        }
        self.spaces = spaces
        among = spaces.map { space in
            space.among.map { CompiledCondition($0, aliases: ruleSet.manufacturerAliases) }
        }
        self.rules = rules
        self.agedAfter = aged
        parents = byName.compactMapValues { $0.parent.map(Self.key) }
        self.limitClasses = limitClasses
        var limits = ruleSet.suspectLimits.mapValues { [SuspectLimit(className: "", most: $0)] }
        for name in byName.keys.sorted() {
            for (kind, most) in byName[name]?.suspectLimits ?? [:] {
                limits[kind, default: []].append(SuspectLimit(className: name, most: most))
            }
        }
        self.limits = limits.mapValues { $0.filter { $0.most > 0 } }.filter { !$0.value.isEmpty }
    }

    /// The class that a record is treated as: its own, or `ci` when unknown or empty (section 4).
    package func resolve(_ raw: String?) -> (name: String, isKnown: Bool) {
        let name = Self.key(raw ?? "")
        if !name.isEmpty, rules[name] != nil { return (name, true) }
        return ("ci", false)
    }

    /// The classes by name, in lower case.
    var classNames: [String] { rules.keys.sorted() }

    /// Whether there is a class of that name.
    func knows(_ className: String) -> Bool { rules[className] != nil }

    /// The kinds whose values can become suspect.
    package var watchedKinds: [IdentifierKind] { IdentifierKind.allCases.filter { limits[$0] != nil } }

    /// The class above another in the tree.
    func parent(of className: String) -> String? { parents[className] }

    /// Class names are compared trimmed and without case.
    private static func key(_ name: String) -> String { WhiteSpace.trimmed(name).lowercased() }

    /// The rule in force for a class; `nil` = excluded.
    package func rule(of className: String) -> CompiledRule? { rules[className] ?? nil }

    /// Days without discovery after which a link of the class shows as aged.
    package func agedAfterDays(_ className: String) -> Int { agedAfter[className] ?? 60 }

    /// K of a kind for assets, and for CIs whose class sets none; 0 = off.
    package func suspectLimit(_ kind: IdentifierKind) -> Int { source.suspectLimits[kind] ?? 0 }

    /// Every K of a kind that is not off: the readers of a value are counted for each by themselves.
    package func suspectLimits(_ kind: IdentifierKind) -> [SuspectLimit] { limits[kind] ?? [] }

    /// Whether values of this kind can become suspect.
    package func canBeSuspect(_ kind: IdentifierKind) -> Bool { limits[kind] != nil }

    /// The class whose K a reader of the class counts for; empty = that of the kind.
    package func limitClass(_ kind: IdentifierKind, of className: String) -> String {
        limitClasses[className]?[kind] ?? ""
    }

    /// Names of the rules that have dependent entries.
    package var dependentRules: [String] {
        Set(rules.values.compactMap { $0 }.filter(\.hasDependentEntries).map(\.name)).sorted()
    }

    /// Members of `attributes` that some rule reads.
    package var attributeMembers: Set<String> {
        var names: Set<String> = []
        func add(_ attribute: Attribute) {
            if case .member(let name) = attribute { names.insert(name) }
        }
        for rule in rules.values.compactMap({ $0 }) {
            rule.required.forEach(add)
            for entry in rule.entries {
                for pair in entry.pairs {
                    add(pair.ci)
                    add(pair.asset)
                }
                for condition in entry.entry.when + entry.entry.among { add(condition.attribute) }
            }
        }
        return names
    }

    /// Members of `attributes` that some rule reads as lists.
    package var listMembers: Set<String> {
        var names: Set<String> = []
        for entry in rules.values.compactMap({ $0 }).flatMap(\.entries) {
            if case .member(let name)? = entry.entry.lookup?.list { names.insert(name) }
        }
        return names
    }
}

/// K for the CIs of one class and of those below it that set none, or of all others (domain.md section 3).
package struct SuspectLimit: Hashable, Sendable {
    /// The class that sets it; empty = the kind's, for CIs of every other class.
    package let className: String
    /// The most readers of one source that are not suspect.
    package let most: Int
}

/// A condition with its values in canonical form.
package struct CompiledCondition: Sendable {
    private let attribute: Attribute
    /// As bytes: `String` takes a composed and a decomposed letter as equal.
    private let values: Set<[UInt8]>
    private let aliases: [String: String]

    /// Reads the values as the attribute's kind; one that cannot be read is met by nothing.
    init(_ condition: Condition, aliases: [String: String]) {
        attribute = condition.attribute
        values = Set(condition.values.compactMap { Self.read($0, as: condition.attribute.kind, aliases) })
        self.aliases = aliases
    }

    /// Whether a record that shows this raw value of the attribute is one of those meant.
    ///
    /// A placeholder is a value like any other here, and nothing is suspect: which records an entry is for does not
    /// depend on other records.
    func isMet(_ raw: (Attribute) -> String?) -> Bool {
        Self.read(raw(attribute), as: attribute.kind, aliases).map(values.contains) ?? false
    }

    private static func read(_ raw: String?, as kind: IdentifierKind, _ aliases: [String: String]) -> [UInt8]? {
        guard case .value(let canonical) = Canonical.read(raw, as: kind, aliases: aliases) else { return nil }
        return Array(canonical.lowercased().utf8)
    }
}

extension KeySpace {
    /// The space of an entry and its pairs in the order of the key (by asset attribute, then CI attribute).
    static func of(_ entry: IdentifierEntry) -> (KeySpace, [AttributePair]) {
        let pairs = entry.orderedAttributes
        var allowsNull = false
        if case .regular(_, let nulls) = entry.comparison { allowsNull = nulls }
        var types: Set<String>?
        if case .member? = entry.lookup?.list { types = entry.lookup?.types }
        let space = KeySpace(
            attributes: pairs.map(\.asset), allowsNull: allowsNull, list: entry.lookup?.list, types: types,
            exactCount: entry.lookup?.exactCount ?? false, isDependent: entry.isDependent,
            among: entry.among.sorted { $0.attribute.text.utf8.lexicographicallyPrecedes($1.attribute.text.utf8) })
        return (space, pairs)
    }
}
