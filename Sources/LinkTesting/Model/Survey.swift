import LinkCore

/// A CI that is not deleted, with what its rule reads of it.
struct SurveyedCI {
    let key: RecordKey
    let record: CIRecord
    /// `nil` where its class is excluded.
    let rule: IdentificationRule?
    let isRetired: Bool
    let isOnRing: Bool
    /// One for each entry of the rule that is for it.
    var sightings: [EntrySightings]

    var parent: RecordKey? { record.parentCIID.flatMap { $0.isEmpty ? nil : RecordKey(key.source, $0) } }

    var hasDependentEntry: Bool { sightings.contains { $0.entry.isDependent } }

    /// Active, and of a class that has a rule.
    var isInScope: Bool { !isRetired && rule != nil }
}

/// An asset, or the tombstone of one.
struct SurveyedAsset {
    let key: RecordKey
    let record: AssetRecord
    let isDeleted: Bool
    let phase: LifecyclePhase
    let isComposite: Bool
    let isOnRing: Bool

    var isEligible: Bool { !isDeleted && !phase.isEnded }

    /// What a dependent entry makes part of its key; an asset on a ring of parents qualifies for none.
    var dependsOn: RecordKey? { isOnRing ? nil : record.parent(in: key.source) }
}

extension AssetRecord {
    func parent(in source: String) -> RecordKey? {
        parentAssetID.flatMap { $0.isEmpty ? nil : RecordKey(source, $0) }
    }
}

/// The world as sections 2 to 5 see it: who is eligible, active, suspect, on a ring, and what every rule reads.
struct Survey {
    let world: World
    let reader: RecordReader
    private(set) var cis: [RecordKey: SurveyedCI] = [:]
    private(set) var assets: [RecordKey: SurveyedAsset] = [:]
    private(set) var suspects: Set<WorldValue> = []
    /// What every entry reads of every asset, by signature.
    private var assetSightings: [String: [RecordKey: EntrySightings]] = [:]
    /// Only to find the holders of a value quickly: by signature and value.
    private var holders: [String: [ExactText: Set<RecordKey>]] = [:]

    init(_ world: World) {
        self.world = world
        reader = RecordReader(world.ruleSet)
        surveyAssets()
        surveyCIs()
        suspects = findSuspects()
        for var ci in cis.values {
            ci.sightings = ci.sightings.map(suppressed)
            cis[ci.key] = ci
        }
        var entries: [String: PreparedEntry] = [:]
        for sightings in cis.values.flatMap(\.sightings) { entries[sightings.entry.signature] = sightings.entry }
        for entry in entries.values { readAssets(entry) }
    }

    /// All assets, ended ones and tombstones too, that share keys of the entry, and which.
    func sharing(_ keys: Set<EntryKey>, of entry: PreparedEntry) -> [RecordKey: Set<EntryKey>] {
        var found: [RecordKey: Set<EntryKey>] = [:]
        for key in keys {
            let own = entry.isDependent ? key.dropFirst() : key[...]
            guard let value = own.first(where: { $0 != "" }) else { continue }
            for holder in holders[entry.signature]?[value] ?? [] {
                guard let asset = assets[holder], let sightings = assetSightings[entry.signature]?[holder] else {
                    continue
                }
                if sightings.keys(parent: asset.dependsOn).contains(key) { found[holder, default: []].insert(key) }
            }
        }
        return found
    }

    func sightings(of entry: PreparedEntry, asset: RecordKey) -> EntrySightings? {
        assetSightings[entry.signature]?[asset]
    }

    private mutating func surveyAssets() {
        let lifecycle = LifecycleMap(world.ruleSet.lifecycle)
        let living = world.assets.filter { !$0.value.isDeleted }
        for (key, asset) in world.assets {
            let isOnRing = isOnRing(key) { living[$0]?.record.parent(in: key.source) }
            assets[key] = SurveyedAsset(
                key: key, record: asset.record, isDeleted: asset.isDeleted,
                phase: lifecycle.phase(rawState: asset.record.lifecycleRaw, source: key.source).phase,
                isComposite: world.isComposite(key), isOnRing: isOnRing)
        }
    }

    private mutating func surveyCIs() {
        let lifecycle = LifecycleMap(world.ruleSet.lifecycle)
        let classes = ClassTree(world.ruleSet.classes)
        var rules: [String?: (rule: IdentificationRule?, entries: [PreparedEntry])] = [:]
        for (key, ci) in world.cis where !ci.isDeleted {
            let ciClass = ci.record.ciClass
            if rules[ciClass] == nil {
                let rule = classes.rule(of: ciClass)
                rules[ciClass] = (rule, (rule?.entries ?? []).map(PreparedEntry.init))
            }
            let (rule, entries) = rules[ciClass] ?? (nil, [])
            cis[key] = SurveyedCI(
                key: key, record: ci.record, rule: rule,
                isRetired: lifecycle.ciRetired(rawState: ci.record.lifecycleRaw, source: key.source).retired,
                isOnRing: isOnRing(key) { parent(ofCI: $0) },
                sightings: entries.filter { reader.applies($0, to: ci.record) }
                    .map { reader.sightings(of: $0, in: ci.record) })
        }
    }

    private func parent(ofCI key: RecordKey) -> RecordKey? {
        guard let ci = world.cis[key], !ci.isDeleted, let parent = ci.record.parentCIID, !parent.isEmpty else {
            return nil
        }
        return RecordKey(key.source, parent)
    }

    private mutating func readAssets(_ entry: PreparedEntry) {
        var all: [RecordKey: EntrySightings] = [:]
        var holders: [ExactText: Set<RecordKey>] = [:]
        for asset in assets.values {
            let sightings = suppressed(reader.sightings(of: entry, in: asset.record))
            all[asset.key] = sightings
            for case (_, .usable(let value)) in sightings.all {
                holders[value, default: []].insert(asset.key)
            }
        }
        assetSightings[entry.signature] = all
        self.holders[entry.signature] = holders
    }
}

/// Whether going from parent to parent comes back to where it began.
private func isOnRing(_ start: RecordKey, parent: (RecordKey) -> RecordKey?) -> Bool {
    var visited: Set<RecordKey> = []
    var current = parent(start)
    while let next = current, visited.insert(next).inserted {
        if next == start { return true }
        current = parent(next)
    }
    return false
}
