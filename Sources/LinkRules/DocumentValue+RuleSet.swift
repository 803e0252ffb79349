package import LinkCore

/// The sections of a rule file.
package enum RuleSection: String, Sendable, CaseIterable {
    case classes, placeholders, lifecycle, manufacturers
    case suspectLimits = "suspect_limits"
}

extension DocumentValue {
    /// The document of a rule set: everything but its version and the numbers of placeholders, which are the database's.
    ///
    /// - Parameter sections: which to write; a section that is left out stays as it is when the file is activated.
    package init(_ ruleSet: RuleSet, sections: Set<RuleSection> = Set(RuleSection.allCases)) {
        let all: [(name: String, value: DocumentValue)] = RuleSection.allCases.filter(sections.contains).map {
            section in
            let value: DocumentValue =
                switch section {
                case .classes: Self.classes(ruleSet.classes)
                case .placeholders: Self.placeholders(ruleSet.placeholders)
                case .lifecycle: Self.lifecycle(ruleSet.lifecycle)
                case .manufacturers: Self.manufacturers(ruleSet.manufacturerAliases)
                case .suspectLimits: Self.limits(ruleSet.suspectLimits)
                }
            return (section.rawValue, value)
        }
        self = .map(all)
    }

    private static func limits(_ limits: [IdentifierKind: Int]) -> DocumentValue {
        .map(IdentifierKind.allCases.compactMap { kind in limits[kind].map { (kind.rawValue, .number($0)) } })
    }

    /// Parents before children, siblings by name; what hangs in the air comes last.
    private static func classes(_ classes: [CIClass]) -> DocumentValue {
        let children = Dictionary(grouping: classes.sorted { $0.name < $1.name }, by: \.parent)
        var ordered: [CIClass] = []
        var seen: Set<String> = []
        func visit(_ item: CIClass) {
            guard seen.insert(item.name).inserted else { return }
            ordered.append(item)
            for child in children[item.name] ?? [] { visit(child) }
        }
        for item in children[nil] ?? [] { visit(item) }
        for item in classes.sorted(by: { $0.name < $1.name }) { visit(item) }
        return .map(
            ordered.map { item in
                let rule: DocumentValue? =
                    switch item.rule {
                    case .inherited: nil
                    case .none: .text("none")
                    case .own(let rule): self.rule(rule)
                    }
                return (
                    item.name,
                    .map(of: [
                        "parent": item.parent.map { .text($0) },
                        "aged_after_days": item.agedAfterDays.map { .number($0) },
                        "suspect_limits": item.suspectLimits.isEmpty ? nil : limits(item.suspectLimits), "rule": rule,
                    ])
                )
            })
    }

    /// A rule as `ci_class.rule` has it.
    package static func rule(_ rule: IdentificationRule) -> DocumentValue {
        .map(of: [
            "required": rule.required.isEmpty ? nil : .texts(rule.required.map(\.signature)),
            "entries": .list(rule.entries.map(entry)),
            "related": rule.related.isEmpty
                ? nil
                : .list(
                    rule.related.map { .map(of: ["class": .text($0.className), "attributes": .texts($0.attributes)]) }),
        ])
    }

    /// An entry of a rule.
    package static func entry(_ entry: IdentifierEntry) -> DocumentValue {
        let type =
            switch entry.comparison {
            case .regular: "regular"
            case .lookup: "lookup"
            case .hybrid: "hybrid"
            }
        var allowsNull = false
        if case .regular(_, let nulls) = entry.comparison { allowsNull = nulls }
        let attributes = entry.attributes.map { pair -> DocumentValue in
            pair.ci == pair.asset
                ? .text(pair.ci.signature)
                : .map(of: ["ci": .text(pair.ci.signature), "asset": .text(pair.asset.signature)])
        }
        return .map(of: [
            "priority": .number(entry.priority), "type": .text(type),
            "attributes": attributes.isEmpty ? nil : .list(attributes),
            "list": entry.lookup.map { .text($0.list.signature) },
            "types": entry.lookup?.types.map { .texts($0.sorted()) },
            "exact_count": entry.lookup?.exactCount == true ? .flag(true) : nil,
            "allow_null": allowsNull ? .flag(true) : nil, "dependent": entry.isDependent ? .flag(true) : nil,
            "when": conditions(entry.when), "among": conditions(entry.among),
        ])
    }

    private static func conditions(_ conditions: [Condition]) -> DocumentValue? {
        guard !conditions.isEmpty else { return nil }
        return .map(
            conditions.map { ($0.attribute.signature, .texts($0.values.sorted())) }.sorted { $0.0 < $1.0 })
    }

    private static func placeholders(_ all: [Placeholder]) -> DocumentValue {
        let kinds = Dictionary(grouping: all, by: \.kind)
        return .map(
            IdentifierKind.allCases.compactMap { kind in
                guard let list = kinds[kind] else { return nil }
                let sorted = list.sorted {
                    ($0.isPattern ? 1 : 0, $0.value, $0.manufacturer ?? "")
                        < ($1.isPattern ? 1 : 0, $1.value, $1.manufacturer ?? "")
                }
                return (kind.rawValue, .list(sorted.map(placeholder)))
            })
    }

    private static func placeholder(_ item: Placeholder) -> DocumentValue {
        if !item.isPattern, item.manufacturer == nil, item.note == nil { return .text(item.value) }
        return .map(
            [
                (item.isPattern ? "pattern" : "value", .text(item.value))
            ]
                + [("manufacturer", item.manufacturer), ("note", item.note)].compactMap { name, text in
                    text.map { (name, .text($0)) }
                })
    }

    private static func lifecycle(_ all: [LifecycleMapping]) -> DocumentValue {
        func sides(_ rows: [LifecycleMapping]) -> [(name: String, value: DocumentValue)] {
            [LifecycleMapping.Side.asset, .ci].compactMap { side in
                let meanings = Dictionary(grouping: rows.filter { $0.side == side }, by: \.meaning)
                guard !meanings.isEmpty else { return nil }
                return (
                    side.rawValue,
                    .map(
                        meanings.sorted { $0.key < $1.key }.map {
                            ($0.key, .texts(Set($0.value.map { $0.rawState.lowercased() }).sorted()))
                        })
                )
            }
        }
        let sources = Dictionary(grouping: all.filter { $0.source != nil }, by: { $0.source ?? "" })
        var members = sides(all.filter { $0.source == nil })
        if !sources.isEmpty {
            members.append(
                ("sources", .map(sources.sorted { $0.key < $1.key }.map { ($0.key, .map(sides($0.value))) })))
        }
        return .map(members)
    }

    private static func manufacturers(_ aliases: [String: String]) -> DocumentValue {
        let names = Dictionary(grouping: aliases.keys.sorted()) { aliases[$0] ?? "" }
        return .map(names.sorted { $0.key < $1.key }.map { ($0.key, .texts($0.value)) })
    }
}
