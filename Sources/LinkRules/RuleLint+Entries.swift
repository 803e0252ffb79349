import LinkCore

extension RuleLint {
    /// An entry after one that matches whatever it matches never decides.
    mutating func checkReach(of rule: IdentificationRule) {
        for (index, entry) in rule.entries.enumerated() {
            guard let earlier = rule.entries[..<index].first(where: { $0.covers(entry) }) else { continue }
            note(
                .unreachableEntry, index, of: rule,
                "it can never decide: entry \(earlier.priority) (\(earlier.summary)) matches whatever it matches",
                "Give it the lower priority number, or leave it out.")
        }
    }

    /// What many machines share should not decide before what only one has.
    mutating func checkStrength(of rule: IdentificationRule) {
        for (index, entry) in rule.entries.enumerated() where entry.isWeak {
            let stronger = rule.entries[(index + 1)...].first { $0.readsIdentifier && !$0.isDependent }
            guard let stronger else { continue }
            note(
                .weakBeforeStrong, index, of: rule,
                "it compares only what many machines share, before entry \(stronger.priority) (\(stronger.summary))",
                "Put it after the entries that read identifiers: the guard then stops it where they disagree.")
        }
    }

    /// An exact count says "all or nothing"; an entry that takes one member says the opposite.
    mutating func checkExactCount(of rule: IdentificationRule) {
        for (index, entry) in rule.entries.enumerated() {
            guard let exact = entry.lookup, exact.exactCount else { continue }
            let other = rule.entries.first { $0 != entry && $0.takesOneMember(of: exact) }
            guard let other else { continue }
            note(
                .lookupAgainstRegular, index, of: rule,
                "what its exact count refuses, entry \(other.priority) (\(other.summary)) accepts",
                "Decide whether one shared member is enough, and keep the entry that says so.")
        }
    }

    /// Options that do nothing, and conditions that nothing meets.
    mutating func checkOptions(of rule: IdentificationRule) {
        for (index, entry) in rule.entries.enumerated() {
            if entry.lookup?.list == .macAddresses, entry.lookup?.types != nil {
                note(
                    .typesWithoutEffect, index, of: rule, "MAC addresses have no types: \"types\" does nothing",
                    "Leave it out.")
            }
            for condition in entry.when + entry.among { checkCondition(condition, index, rule) }
        }
    }

    private mutating func checkCondition(_ condition: Condition, _ index: Int, _ rule: IdentificationRule) {
        let kind = condition.attribute.kind
        for value in condition.values.sorted() {
            if case .value = Canonical.read(value, as: kind, aliases: ruleSet.manufacturerAliases) { continue }
            note(
                .impossibleCondition, index, of: rule,
                "\"\(value)\" cannot be read as a value of \(condition.attribute.signature): nothing meets it",
                "Write it as the records show it.")
        }
        guard condition.attribute == .ciClass, rule.name != "ci" else { return }
        let classes = Set(Derivation.classes(having: rule.name, in: ruleSet))
        if classes.isDisjoint(with: condition.values.map { $0.trimmed.lowercased() }) {
            note(
                .impossibleCondition, index, of: rule,
                "no class that has this rule is \(condition.values.sorted().joined(separator: " or "))",
                "Classes with the rule: \(classes.sorted().joined(separator: ", ")).")
        }
    }
}

extension IdentifierEntry {
    /// Whether it matches every asset that another entry matches, whatever the records show.
    fileprivate func covers(_ other: IdentifierEntry) -> Bool {
        if isDependent && !other.isDependent { return false }
        guard Self.holds(when, whenever: other.when), Self.holds(among, whenever: other.among) else { return false }
        let theirs = Set(other.attributes)
        if case .regular(_, allowNull: true) = other.comparison {
            guard case .regular(_, allowNull: true) = comparison else { return false }
            return Set(attributes) == theirs
        }
        guard theirs.isSuperset(of: attributes) else { return false }
        if case .regular(_, allowNull: true) = comparison, !attributes.contains(where: \.kind.isIdentifying) {
            return false
        }
        guard let lookup else { return true }
        guard let members = other.lookup else {
            // The serial number is a member of the list, of type standard.
            return lookup.list == .serials && !lookup.exactCount && lookup.types?.contains("standard") ?? true
                && theirs.contains(AttributePair(.serialNumber))
        }
        guard lookup.list == members.list else { return false }
        if lookup.exactCount { return members.exactCount && lookup.types == members.types }
        guard let types = lookup.types, lookup.list != .macAddresses else { return true }
        return members.types.map(types.isSuperset) ?? false
    }

    /// Whether records that meet the others meet these.
    private static func holds(_ conditions: [Condition], whenever others: [Condition]) -> Bool {
        conditions.allSatisfy { ours in
            others.contains { $0.attribute == ours.attribute && ours.values.isSuperset(of: $0.values) }
        }
    }

    /// It reads values of a kind.
    func reads(_ kind: IdentifierKind) -> Bool {
        attributes.contains { $0.kind == kind } || lookup?.list.kind == kind
    }

    /// It reads a serial number or the like.
    fileprivate var readsIdentifier: Bool {
        attributes.contains(where: \.kind.isIdentifying) || lookup?.list.kind.isIdentifying == true
    }

    /// It reads only what many machines have alike; a member of `attributes` may be anything.
    fileprivate var isWeak: Bool {
        guard !isDependent, lookup == nil else { return false }
        return attributes.allSatisfy { pair in
            switch pair.asset {
            case .name, .manufacturer, .model, .position, .lifecycleRaw, .ciClass, .assetClass: true
            case .serialNumber, .uuid, .assetTag, .cloudResourceID, .member: false
            }
        }
    }

    /// It is content with one member of a list of which another entry wants all.
    fileprivate func takesOneMember(of exact: Lookup) -> Bool {
        guard !isDependent, when.isEmpty, among.isEmpty else { return false }
        if let lookup, attributes.isEmpty, lookup.list == exact.list, !lookup.exactCount {
            guard let ours = lookup.types, let theirs = exact.types else { return true }
            return !ours.isDisjoint(with: theirs)
        }
        return lookup == nil && exact.list == .serials && attributes == [AttributePair(.serialNumber)]
            && exact.types?.contains("standard") ?? true
    }
}
