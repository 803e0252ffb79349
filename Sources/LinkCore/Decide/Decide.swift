extension Case {
    /// The decision for one CI by its own evidence (domain.md section 6, steps 1 to 5).
    ///
    /// - Parameters:
    ///   - view: what holds a key, less what is blocked for this CI.
    ///   - identity: the usable identifying values of an asset that a view named.
    package func decide(
        view: (MatchKey) -> KeyView, identity: (AssetRef) -> AssetIdentity
    ) -> Verdict {
        if reading.isRetired { return Verdict(.excluded(.ciRetired)) }
        guard let rule = reading.rule else { return Verdict(.excluded(.classExcluded)) }
        guard let pin else {
            if reading.isIncomplete { return Verdict(.orphaned(.incomplete)) }
            return decideByEntries(rule, view: view) { identity($0).values(of: $1, readBy: $2) }
        }
        var verdict = Verdict(.claim(pin))
        verdict.isManual = true
        verdict.candidate = pin
        // Where the entries point is found out all the same (section 8), whatever is required or the guard says
        // (section 12).
        let other = decideByEntries(rule, view: view) { identity($0).values(of: $1, readBy: $2) }.candidate
        if let other, other != pin { verdict.pinDisagrees = other }
        return verdict
    }

    /// Where the entries point in any population that shares their keys: assets, or CIs for a discovered item.
    ///
    /// - Parameters:
    ///   - view: what holds a key.
    ///   - values: the usable identifying values of a kind that an entry reads of a member.
    func identify(
        view: (MatchKey) -> KeyView, values: (AssetRef, IdentifierKind, CompiledEntry) -> Set<String>
    ) -> Verdict {
        guard let rule = reading.rule else { return Verdict(.excluded(.classExcluded)) }
        return decideByEntries(rule, view: view, values: values)
    }

    private func decideByEntries(
        _ rule: CompiledRule, view: (MatchKey) -> KeyView,
        values: (AssetRef, IdentifierKind, CompiledEntry) -> Set<String>
    ) -> Verdict {
        var seen = Seen()
        for (number, entry) in reading.entries.enumerated() {
            let views = keys(of: entry).map { (key: $0, view: view($0)) }
            for item in views { seen.note(item.view) }
            let candidates = Set(views.flatMap(\.view.eligible))
            guard let candidate = candidates.first else { continue }
            let shared = views.filter { !$0.view.eligible.isEmpty }.map(\.key).sorted(by: MatchKey.precedes)
            var verdict: Verdict
            if candidates.count > 1 {
                verdict = Verdict(.conflicted(.duplicateAsset))
                verdict.matchedOn = Array(shared.prefix(1))
            } else if contradicts(at: number, { values(candidate, $0, $1) }) {
                verdict = Verdict(.conflicted(.contradictingEvidence))
                verdict.candidate = candidate
                verdict.matchedOn = shared
            } else {
                verdict = Verdict(.claim(candidate))
                verdict.candidate = candidate
                verdict.matchedOn = shared
            }
            verdict.rule = rule.name
            verdict.entry = CompiledEntryRef(entry.entry)
            return verdict
        }
        return Verdict(.orphaned(orphanReason(seen)))
    }

    /// The contradiction guard: a weaker entry may not link where stronger evidence disagrees.
    private func contradicts(at number: Int, _ their: (IdentifierKind, CompiledEntry) -> Set<String>) -> Bool {
        let stronger = reading.entries[..<number]
        let kinds = stronger.reduce(into: Set<IdentifierKind>()) { $0.formUnion($1.entry.identifyingKinds) }
        let upTo = reading.entries[...number]
        return kinds.contains { kind in
            var ours: Set<KindValue> = []
            var theirs: Set<KindValue> = []
            for entry in upTo where entry.entry.identifyingKinds.contains(kind) {
                let values = entry.values.filter { $0.kind == kind }.compactMap(\.usable)
                ours.formUnion(values.map { KindValue(kind, $0) })
                theirs.formUnion(their(kind, entry.entry).map { KindValue(kind, $0) })
            }
            return !ours.isEmpty && !theirs.isEmpty && ours.isDisjoint(with: theirs)
        }
    }

    /// What the views of all keys showed, for the reason of an orphan.
    private struct Seen {
        var hasKey = false
        var blocked = false
        var ended = false
        var deleted = false

        mutating func note(_ view: KeyView) {
            hasKey = true
            blocked = blocked || view.hasBlocked
            ended = ended || view.hasEnded
            deleted = deleted || view.hasDeleted
        }
    }

    /// The first reason that holds (section 6, step 5).
    private func orphanReason(_ seen: Seen) -> StateReason {
        if seen.blocked { return .blockedByOperator }
        if seen.ended { return .assetDecommissioned }
        if seen.deleted { return .assetDeleted }
        if seen.hasKey { return .noMatchingAsset }
        let hasDependentNeeds = reading.entries.contains { $0.entry.isDependent && !$0.keys.isEmpty }
        if hasDependentNeeds {
            switch parent {
            case .ring: return .parentCycle
            case .notLinked: return .parentNotLinked
            case .linked: break
            }
        }
        let suppressions = reading.entries.flatMap(\.values).compactMap(\.suppression)
        if suppressions.contains(.suspect) { return .suspectIdentifier }
        let hasBad = suppressions.contains { suppression in
            switch suppression {
            case .malformed, .placeholder: true
            case .empty, .suspect: false
            }
        }
        return hasBad ? .placeholderIdentifier : .noIdentifier
    }
}
