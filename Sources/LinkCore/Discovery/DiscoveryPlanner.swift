/// Decides the items of a payload, each after its parent: pure, whoever reads and writes.
package struct DiscoveryPlanner: Sendable {
    private let rules: CompiledRuleSet
    /// When the payload came: the time of items that say none.
    private let submittedAt: Timestamp
    private var population: IdentityPopulation
    private var known: [String: KnownCI] = [:]
    /// Which item of the payload a CI is.
    private var taken: [String: Int] = [:]

    package init(source: String, reader: ValueReader, submittedAt: Timestamp) {
        rules = reader.rules
        self.submittedAt = submittedAt
        population = IdentityPopulation(source: source, reader: reader)
    }

    /// More values are known to be suspect.
    package mutating func read(by reader: ValueReader) { population.read(by: reader) }

    /// Makes a CI known as it is now.
    package mutating func add(_ ci: KnownCI) {
        known[ci.id] = ci
        population.put(ci.id, ci.record)
    }

    /// Whether a CI is known already.
    package func knows(_ id: String) -> Bool { known[id] != nil }

    /// An item of the payload was identified before.
    package mutating func take(_ id: String, by item: Int) { taken[id] = item }

    /// What is known of CIs, and no item yet.
    package func forAnotherPayload() -> DiscoveryPlanner {
        var other = self
        other.taken = [:]
        return other
    }

    /// The keys by which an item's CI is looked for among all; dependent ones are looked for within the parent.
    package func keys(of item: DiscoveryItem) -> (independent: [MatchKey], isDependent: Bool) {
        guard let rule = rules.rule(of: rules.resolve(item.className).name) else { return ([], false) }
        let entries = population.read(item.record, rule: rule).entries
        return (
            entries.filter { !$0.entry.isDependent }.flatMap(\.keys),
            entries.contains { $0.entry.isDependent && !$0.keys.isEmpty }
        )
    }

    /// Decides an item; what it becomes is known to the items after it.
    package mutating func decide(_ number: Int, _ item: DiscoveryItem, parent: ParentIdentity) -> DiscoveryOutcome {
        var outcome: DiscoveryOutcome
        do throws(DiscoveryProblem) {
            outcome = try identify(number, item, parent)
        } catch {
            outcome = DiscoveryOutcome(error)
        }
        if outcome.code != nil {
            outcome.watch = keys(of: item).independent
            return outcome
        }
        guard let id = outcome.ciID else { return outcome }
        taken[id] = number
        if let write = outcome.write { add(write.ci) }
        return outcome
    }

    private mutating func identify(
        _ number: Int, _ item: DiscoveryItem, _ parent: ParentIdentity
    ) throws(DiscoveryProblem) -> DiscoveryOutcome {
        let (className, isKnown) = rules.resolve(item.className)
        guard isKnown else {
            throw DiscoveryProblem(
                .ruleMissing, "There is no class \(DiscoveryProblem.quoted(item.className)), and so no rule.")
        }
        if let id = item.knownID, let ci = known[id] { return try update(number, item, ci, className, nil) }
        guard let rule = rules.rule(of: className) else {
            throw DiscoveryProblem(.ruleMissing, "The class \(className) has no identification rule.")
        }
        let reading = population.read(item.record, rule: rule)
        var outcome: DiscoveryOutcome
        switch population.identify(reading, parent: parent) {
        case .match(let id, let match):
            guard let ci = known[id] else { return DiscoveryOutcome(.noChange) }
            outcome = try update(number, item, ci, className, match)
        case .several(let ids, let match):
            outcome = DiscoveryOutcome(
                DiscoveryProblem(
                    .multipleDuplicateRecords, "\(ids.count) CIs match by entry \(match.priority): nothing is written.")
            )
            outcome.match = match
            outcome.matches = ids
        case .contradicted(let id, let match):
            outcome = DiscoveryOutcome(
                DiscoveryProblem(
                    .multiMatch,
                    "CI \(id) matches by entry \(match.priority), but stronger identifiers say that it is another."))
            outcome.match = match
            outcome.matches = [id]
        case .noMatch:
            try require(rule, item.record)
            outcome = try insert(number, item, rule, parent)
        case .noParent:
            throw DiscoveryProblem(
                .missingDependency,
                parent == .none
                    ? "It is identified within its parent, and no relation names one."
                    : "It is identified within its parent, which is not identified itself.")
        case .noKey(let why):
            try require(rule, item.record)
            throw DiscoveryProblem(.missingMatchingAttributes, why)
        }
        if let id = item.knownID, outcome.code == nil {
            outcome.detail = "There is no CI \(DiscoveryProblem.quoted(id)): identified by its values."
        }
        return outcome
    }

    private mutating func insert(
        _ number: Int, _ item: DiscoveryItem, _ rule: CompiledRule, _ parent: ParentIdentity
    ) throws(DiscoveryProblem) -> DiscoveryOutcome {
        var outcome = DiscoveryOutcome(.inserted)
        var write = CIWrite(inserting: item, as: "new:\(number)")
        if case .known(let id) = parent { write.ci.record.parentCIID = id }
        try relate(item, rule, &write)
        write.see(at: item.seenAt ?? submittedAt, by: item.sourceName)
        outcome.ciID = write.ci.id
        outcome.rule = rule.name
        outcome.write = write
        return outcome
    }

    private mutating func update(
        _ number: Int, _ item: DiscoveryItem, _ ci: KnownCI, _ className: String, _ match: EntryMatch?
    ) throws(DiscoveryProblem) -> DiscoveryOutcome {
        if let other = taken[ci.id], other != number {
            throw DiscoveryProblem(.duplicatePayloadRecords, "Item \(other) of the payload is the same CI.")
        }
        var outcome = DiscoveryOutcome(.noChange)
        outcome.ciID = ci.id
        outcome.match = match
        outcome.rule = match?.rule
        let seenAt = item.seenAt ?? submittedAt
        if let last = ci.record.lastDiscoveredAt, seenAt < last {
            outcome.isOlder = true
            outcome.detail = "It is older than the CI's last discovery."
            return outcome
        }
        var write = CIWrite(updating: ci, with: item)
        let (old, isKnown) = rules.resolve(ci.record.ciClass)
        if !isKnown || (old != className && rules.isClass(className, within: old)) {
            write.reclassify(item.className)
        } else if !rules.isClass(old, within: className) {
            throw DiscoveryProblem(.reclassificationNotAllowed, "CI \(ci.id) is of class \(old), not \(className).")
        }
        let rule = rules.rule(of: rules.resolve(write.ci.record.ciClass).name)
        if let rule { try require(rule, write.ci.record) }
        try relate(item, rule, &write)
        write.see(at: seenAt, by: item.sourceName)
        outcome.state = write.isChanged ? .updated : .noChange
        outcome.write = write
        return outcome
    }

    /// What the rule requires must be there, in the item or in the CI that it is.
    private func require(_ rule: CompiledRule, _ record: CIRecord) throws(DiscoveryProblem) {
        for attribute in rule.required {
            let value = Canonical.read(record[attribute], as: attribute.kind, aliases: rules.source.manufacturerAliases)
            guard case .empty = value else { continue }
            throw DiscoveryProblem(.requiredAttributeEmpty, "The rule \(rule.name) requires \(attribute.signature).")
        }
    }

    /// Rows of the CI: the same by the values of their entry is the same row.
    private func relate(
        _ item: DiscoveryItem, _ rule: CompiledRule?, _ write: inout CIWrite
    ) throws(DiscoveryProblem) {
        var seen: Set<[String]> = []
        for row in item.related {
            guard let entry = rule?.related.first(where: { Self.isSame($0.className, row.className) }) else {
                throw DiscoveryProblem(
                    .relatedRuleMissing,
                    "The rule has no related entry for \(DiscoveryProblem.quoted(row.className)).")
            }
            guard let key = row.key(by: entry.attributes) else {
                throw DiscoveryProblem(
                    .missingMatchingAttributes,
                    "A related \(entry.className) has none of \(entry.attributes.joined(separator: ", ")).")
            }
            guard seen.insert([entry.className] + key).inserted else {
                throw DiscoveryProblem(.duplicateRelatedPayload, "A related \(entry.className) is there twice.")
            }
            let same = write.ci.related.indices.filter { index in
                let other = write.ci.related[index]
                return Self.isSame(other.className, entry.className)
                    && RelatedItem.key(other.values, by: entry.attributes) == key
            }
            guard same.count <= 1 else {
                throw DiscoveryProblem(
                    .invalidInputData, "Several related \(entry.className) of CI \(write.ci.id) are the same one.")
            }
            write.put(row, as: entry.className, at: same.first)
        }
    }

    private static func isSame(_ a: String, _ b: String) -> Bool {
        WhiteSpace.trimmed(a).lowercased() == WhiteSpace.trimmed(b).lowercased()
    }
}

extension CIWrite {
    /// A related row: new, or the one at a place of what is known, with what the payload says laid over it.
    fileprivate mutating func put(_ row: RelatedItem, as className: String, at place: Int?) {
        var values: [JSONMember] = []
        if let place, case .object(let members) = ci.related[place].values { values = members }
        var isOther = place == nil
        for value in row.values {
            if case .null = value.value { continue }
            if let at = values.firstIndex(where: { $0.name.utf8.elementsEqual(value.name.utf8) }) {
                guard !values[at].value.isSame(as: value.value) else { continue }
                values[at] = value
            } else {
                values.append(value)
            }
            isOther = true
        }
        guard isOther else { return }
        isChanged = true
        let changed = KnownRelated(
            id: place.flatMap { ci.related[$0].id }, className: className, values: .object(values))
        if let place { ci.related[place] = changed } else { ci.related.append(changed) }
        related.append(changed)
    }
}
