/// Where an item's parent stands when the item is identified.
package enum ParentIdentity: Hashable, Sendable {
    /// The payload names none.
    case none
    /// It is not identified (yet).
    case unknown
    /// The CI that it is.
    case known(String)
}

/// What the entries of an item's rule say in the population of CIs.
package enum Identity: Hashable, Sendable {
    /// Exactly one CI, by this entry.
    case match(String, EntryMatch)
    /// Several CIs hold a key of the entry.
    case several([String], EntryMatch)
    /// One CI holds a key of the entry, and stronger identifiers say otherwise.
    case contradicted(String, EntryMatch)
    /// No CI, though there was a key to look for.
    case noMatch
    /// A dependent entry has its own values, and the parent is not identified.
    case noParent
    /// There is nothing to look for; in words, why.
    case noKey(String)
}

/// The entry that decided.
package struct EntryMatch: Hashable, Sendable {
    package var rule: String
    package var priority: Int
    package var signature: String
    package var keys: [MatchKey]
}

/// CIs that discovered items are compared with: the decision for assets (``Case``) over another population.
///
/// A member is read by the *item's* rule: what two classes call by the same name need not be the same entry.
package struct IdentityPopulation: Sendable {
    private struct Index: Sendable {
        var readings: [AssetRef: CIReading] = [:]
        var holders: [MatchKey: Set<AssetRef>] = [:]
        var keys: [AssetRef: [MatchKey]] = [:]
    }

    private var reader: ValueReader
    private let source: String
    private var ids: [String] = []
    private var refs: [String: AssetRef] = [:]
    private var records: [CIRecord] = []
    private var indexes: [String: Index] = [:]
    private var rules: [String: CompiledRule] = [:]

    package init(source: String, reader: ValueReader) {
        self.source = source
        self.reader = reader
    }

    /// Reads everything anew from now on.
    package mutating func read(by reader: ValueReader) {
        self.reader = reader
        indexes = [:]
        rules = [:]
    }

    /// Adds a CI, or replaces what was known of it.
    package mutating func put(_ id: String, _ record: CIRecord) {
        let ref: AssetRef
        if let known = refs[id] {
            ref = known
            records[Int(ref)] = record
        } else {
            ref = AssetRef(ids.count)
            refs[id] = ref
            ids.append(id)
            records.append(record)
        }
        for name in indexes.keys { index(ref, name) }
    }

    /// Reads an item by a rule, as ``identify(_:rule:parent:)`` does.
    package func read(_ record: CIRecord, rule: CompiledRule) -> CIReading {
        CIReading(record, source: source, reader: reader, by: rule)
    }

    /// The CI that an item is.
    package mutating func identify(_ reading: CIReading, parent: ParentIdentity) -> Identity {
        guard let rule = reading.rule else { return .noKey("The class has no identification rule.") }
        prepare(rule)
        let link: ParentLink =
            switch parent {
            case .none, .unknown: .notLinked
            case .known(let id): .linked(id)
            }
        let item = Case(reading: reading, parent: link)
        guard let index = indexes[rule.name] else { return .noMatch }
        let verdict = item.identify { key in
            KeyView(eligible: (index.holders[key] ?? []).sorted())
        } values: { ref, kind, entry in
            let theirs = index.readings[ref]?.entries.first { $0.entry.priority == entry.priority }
            return Set((theirs?.values ?? []).filter { $0.kind == kind }.compactMap(\.usable))
        }
        return identity(verdict, item, index)
    }

    private func identity(_ verdict: Verdict, _ item: Case, _ index: Index) -> Identity {
        let match = EntryMatch(
            rule: verdict.rule ?? "", priority: verdict.entry?.priority ?? 0,
            signature: verdict.entry?.signature ?? "", keys: verdict.matchedOn)
        switch verdict.outcome {
        case .claim(let ref): return .match(ids[Int(ref)], match)
        case .conflicted(.contradictingEvidence):
            return .contradicted(verdict.candidate.map { ids[Int($0)] } ?? "", match)
        case .conflicted:
            let entry = item.reading.entries.first { $0.entry.priority == match.priority }
            let all = Set(entry.map { item.keys(of: $0) }?.flatMap { index.holders[$0] ?? [] } ?? [])
            return .several(all.sorted().map { ids[Int($0)] }, match)
        case .orphaned(let reason):
            // What it is can only be told within its parent.
            let needsParent = item.reading.entries.contains { $0.entry.isDependent && !$0.keys.isEmpty }
            if needsParent, item.parent == .notLinked { return .noParent }
            switch reason {
            case .noMatchingAsset: return .noMatch
            case .suspectIdentifier: return .noKey("Its identifiers are suspect: too many records hold them.")
            case .placeholderIdentifier: return .noKey("Its identifiers are placeholders or cannot be read.")
            default: return .noKey("It has no value that the rule \(item.reading.rule?.name ?? "") reads.")
            }
        case .excluded: return .noKey("The class has no identification rule.")
        }
    }

    private mutating func prepare(_ rule: CompiledRule) {
        guard indexes[rule.name] == nil else { return }
        indexes[rule.name] = Index()
        rules[rule.name] = rule
        for ref in ids.indices { index(AssetRef(ref), rule.name) }
    }

    private mutating func index(_ ref: AssetRef, _ name: String) {
        guard let rule = rules[name] else { return }
        for key in indexes[name]?.keys.removeValue(forKey: ref) ?? [] { indexes[name]?.holders[key]?.remove(ref) }
        indexes[name]?.readings[ref] = nil
        let record = records[Int(ref)]
        let reading = CIReading(record, source: source, reader: reader, by: rule)
        // A retired CI is to CIs what a written-off asset is to assets.
        guard !reading.isRetired else { return }
        let parent: ParentLink = record.parentCIID.map { .linked($0) } ?? .notLinked
        let keys = Case(reading: reading, parent: parent).allKeys
        for key in keys { indexes[name]?.holders[key, default: []].insert(ref) }
        indexes[name]?.keys[ref] = keys
        indexes[name]?.readings[ref] = reading
    }
}
