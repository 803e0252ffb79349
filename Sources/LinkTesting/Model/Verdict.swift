import LinkCore

/// The one asset that a CI's best entry, or its pin, points at.
struct Claim {
    let asset: RecordKey
    let method: LinkMethod
    /// The rest is `nil` for a pin.
    var rule: String?
    var rank: Int?
    var matchedOn: [[String]]?
}

/// What steps 1 to 5 of section 6 make of one CI, before claims are settled.
enum Verdict {
    case excluded(StateReason)
    case orphaned(StateReason)
    /// With the unblocked candidates.
    case conflicted(ConflictIdentity, candidates: Set<RecordKey>)
    case claim(Claim)
}

/// The decision for one CI, given what its parent is linked to (domain.md section 6, steps 1 to 5).
struct Evaluation {
    let survey: Survey
    let ci: SurveyedCI
    let rule: IdentificationRule
    /// The asset that dependent entries look under.
    private let parentLink: RecordKey?
    /// By entry: the assets of bound sources, in whatever phase, that share keys with the CI, and which keys.
    private var matches: [[RecordKey: Set<EntryKey>]] = []
    private var hasKey = false

    init(_ survey: Survey, _ ci: SurveyedCI, _ rule: IdentificationRule, parentLink: RecordKey?) {
        self.survey = survey
        self.ci = ci
        self.rule = rule
        self.parentLink = ci.isOnRing ? nil : parentLink
        for sightings in ci.sightings {
            let keys = sightings.keys(parent: self.parentLink)
            if !keys.isEmpty { hasKey = true }
            let sharing = survey.sharing(keys, of: sightings.entry)
            matches.append(
                sharing.filter { survey.world.isBound(ciSource: ci.key.source, assetSource: $0.key.source) })
        }
    }

    static func verdict(_ survey: Survey, _ ci: SurveyedCI, parentLink: RecordKey?) -> Verdict {
        if ci.isRetired { return .excluded(.ciRetired) }
        guard let rule = ci.rule else { return .excluded(.classExcluded) }
        if let pinned = survey.pinnedAsset(of: ci) { return .claim(Claim(asset: pinned, method: .manual)) }
        return Evaluation(survey, ci, rule, parentLink: parentLink).byEntries()
    }

    /// Steps 3 to 5: what the entries say, whatever a pin says.
    func byEntries() -> Verdict {
        if rule.required.contains(where: { survey.reader.isEmpty($0, in: ci.record) }) { return .orphaned(.incomplete) }
        for (index, entry) in ci.sightings.map(\.entry).enumerated() {
            let candidates = matches[index].filter { isEligible($0.key) && !isBlocked($0.key) }
            if candidates.count > 1 {
                let keys = candidates.values.reduce(into: Set<EntryKey>()) { $0.formUnion($1) }.sorted(by: isBefore)
                let identity = ConflictIdentity.duplicateAsset(signature: entry.signature, key: keys[0].texts)
                return .conflicted(identity, candidates: Set(candidates.keys))
            }
            if let (asset, keys) = candidates.first {
                if contradicts(asset, at: index) {
                    return .conflicted(.contradictingEvidence(ci: ci.key), candidates: [asset])
                }
                let matchedOn = keys.sorted(by: isBefore).map(\.texts)
                return .claim(
                    Claim(
                        asset: asset, method: .automatic, rule: rule.name, rank: entry.priority, matchedOn: matchedOn))
            }
        }
        return .orphaned(orphanReason)
    }

    /// The one candidate of the first entry that has any, whatever is required and whatever the guard says (section 12).
    var firstCandidate: RecordKey? {
        for found in matches {
            let candidates = found.keys.filter { isEligible($0) && !isBlocked($0) }
            if !candidates.isEmpty { return candidates.count == 1 ? candidates.first : nil }
        }
        return nil
    }

    /// The contradiction guard: stronger entries read a kind on both sides, and nothing of it agrees.
    private func contradicts(_ asset: RecordKey, at index: Int) -> Bool {
        let stronger = ci.sightings[..<index]
        let kinds = IdentifierKind.allCases.filter { kind in
            kind.isIdentifying && stronger.contains { $0.entry.compares(kind) }
        }
        return kinds.contains { kind in
            var ours: Set<ExactText> = []
            var theirs: Set<ExactText> = []
            for sightings in ci.sightings[...index] {
                ours.formUnion(sightings.usable(kind))
                theirs.formUnion(survey.sightings(of: sightings.entry, asset: asset)?.usable(kind) ?? [])
            }
            return !ours.isEmpty && !theirs.isEmpty && ours.isDisjoint(with: theirs)
        }
    }

    /// Step 5: the first reason that holds.
    private var orphanReason: StateReason {
        let sharing = Set(matches.flatMap(\.keys))
        let eligible = sharing.filter(isEligible)
        let values = ci.sightings.flatMap(\.all).map(\.sighting)
        let hasDependentKey = ci.sightings.contains { $0.entry.isDependent && $0.hasOwnKey }
        if !eligible.isEmpty && eligible.allSatisfy(isBlocked) { return .blockedByOperator }
        if sharing.contains(where: isEnded) { return .assetDecommissioned }
        if sharing.contains(where: isDeleted) { return .assetDeleted }
        if hasKey { return .noMatchingAsset }
        if hasDependentKey && ci.isOnRing { return .parentCycle }
        if hasDependentKey && parentLink == nil { return .parentNotLinked }
        if values.contains(.suspect) { return .suspectIdentifier }
        if values.contains(.placeholder) { return .placeholderIdentifier }
        return .noIdentifier
    }

    private func isEligible(_ asset: RecordKey) -> Bool { survey.assets[asset]?.isEligible == true }
    private func isDeleted(_ asset: RecordKey) -> Bool { survey.assets[asset]?.isDeleted == true }
    private func isEnded(_ asset: RecordKey) -> Bool { !isDeleted(asset) && !isEligible(asset) }
    private func isBlocked(_ asset: RecordKey) -> Bool {
        survey.world.blocks.contains(WorldPair(ci: ci.key, asset: asset))
    }
}

extension Survey {
    /// The asset of the CI's pin, unless the pin is void.
    func pinnedAsset(of ci: SurveyedCI) -> RecordKey? {
        guard let asset = world.pins[ci.key], assets[asset]?.isEligible == true else { return nil }
        return asset
    }
}

private func isBefore(_ left: EntryKey, _ right: EntryKey) -> Bool { left.isBefore(right) }
