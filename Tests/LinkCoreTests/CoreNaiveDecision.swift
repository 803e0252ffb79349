import LinkCore
import LinkTesting

/// A world decided by the core alone: everything is read, indexed and decided again in every pass, nothing remembered.
struct CoreNaiveDecision {
    private(set) var states: [RecordKey: CIOutcome] = [:]
    private(set) var conflicts: Set<ConflictIdentity> = []
    private(set) var pinDisagrees: Set<RecordKey> = []

    private struct Asset {
        let key: RecordKey
        let standing: Standing
        let isComposite: Bool
        let identity: AssetIdentity
    }

    private struct CI {
        let key: RecordKey
        let parent: RecordKey?
        let isOnRing: Bool
        let reading: CIReading
    }

    private let world: World
    private var assets: [Asset] = []
    private var cis: [CI] = []
    private var refs: [RecordKey: AssetRef] = [:]
    private var holders: [MatchKey: [AssetRef]] = [:]

    /// - Parameter rules: the world's rule set, made ready.
    init(_ world: World, rules: CompiledRuleSet) {
        self.world = world
        let suspects = Self.suspects(world, rules)
        let reader = ValueReader(rules: rules) { suspects.contains($0) }
        readAssets(reader)
        readCIs(reader)
        // Every pass gets one level of parents more right; the pass that changes nothing is the answer.
        for _ in 0...world.assets.count + 1 {
            let before = states
            decideAll()
            if states == before { return }
        }
    }

    /// The values that too many read or hold, counted from readings that suspect nothing.
    private static func suspects(_ world: World, _ rules: CompiledRuleSet) -> Set<KindValue> {
        let reader = ValueReader(rules: rules) { _ in false }
        var readers: [String: [KindValue: Int]] = [:]
        var holders: [KindValue: Int] = [:]
        var suspects: Set<KindValue> = []
        for (key, ci) in world.cis where !ci.isDeleted {
            let reading = CIReading(ci.record, source: key.source, reader: reader)
            guard reading.isCounted else { continue }
            for value in reading.reads {
                let group = rules.limitClass(value.kind, of: reading.className)
                let most = rules.suspectLimits(value.kind).first { $0.className == group }?.most ?? Int.max
                readers["\(key.source)/\(group)", default: [:]][value, default: 0] += 1
                if readers["\(key.source)/\(group)"]?[value] ?? 0 > most { suspects.insert(value) }
            }
        }
        for (key, asset) in world.assets where !asset.isDeleted && !world.isComposite(key) {
            let reading = AssetReading(asset.record, source: key.source, reader: reader)
            guard !reading.phase.isEnded else { continue }
            for value in reading.holds { holders[value, default: 0] += 1 }
        }
        for (value, count) in holders where rules.suspectLimit(value.kind) > 0 {
            if count > rules.suspectLimit(value.kind) { suspects.insert(value) }
        }
        return suspects.filter { !world.trusted.contains(WorldValue($0.kind, ExactText($0.value))) }
    }

    private mutating func readAssets(_ reader: ValueReader) {
        let living = world.assets.filter { !$0.value.isDeleted }
        for key in world.assets.keys.sorted() {
            guard let asset = world.assets[key] else { continue }
            let ref = AssetRef(assets.count)
            let reading = AssetReading(asset.record, source: key.source, reader: reader)
            refs[key] = ref
            assets.append(
                Asset(
                    key: key, standing: asset.isDeleted ? .deleted : reading.phase.isEnded ? .ended : .eligible,
                    isComposite: world.isComposite(key), identity: reading.identity))
            let isOnRing = isOnRing(key) { parent(living[$0]?.record.parentAssetID, $0) }
            for var matchKey in reading.keys {
                if reader.rules.spaces[matchKey.space].isDependent {
                    guard !isOnRing, let parent = parent(asset.record.parentAssetID, key) else { continue }
                    matchKey.values.insert(parent.description, at: 0)
                }
                holders[matchKey, default: []].append(ref)
            }
        }
    }

    private mutating func readCIs(_ reader: ValueReader) {
        let living = world.cis.filter { !$0.value.isDeleted }
        for key in living.keys.sorted() {
            guard let record = living[key]?.record else { continue }
            cis.append(
                CI(
                    key: key, parent: parent(record.parentCIID, key),
                    isOnRing: isOnRing(key) { parent(living[$0]?.record.parentCIID, $0) },
                    reading: CIReading(record, source: key.source, reader: reader)))
        }
    }

    private mutating func decideAll() {
        let links = states.compactMapValues(\.asset)
        var claims: [ConflictIdentity: [(ci: CI, claim: Claim, verdict: Verdict)]] = [:]
        (states, conflicts, pinDisagrees) = ([:], [], [])
        for (number, ci) in cis.enumerated() {
            let verdict = decide(ci, links: links)
            if verdict.pinDisagrees != nil { pinDisagrees.insert(ci.key) }
            switch verdict.outcome {
            case .excluded(let reason): states[ci.key] = CIOutcome(state: .excluded, reason: reason)
            case .orphaned(let reason): states[ci.key] = CIOutcome(state: .orphaned, reason: reason)
            case .conflicted(let reason):
                states[ci.key] = CIOutcome(state: .conflicted, reason: reason)
                conflicts.insert(identity(of: verdict, ci))
            case .claim(let asset):
                let table = ConflictIdentity.duplicateCI(asset: assets[Int(asset)].key, ciSource: ci.key.source)
                let claim = Claim(
                    ci: CIRef(number), isManual: verdict.isManual, rank: verdict.entry?.priority ?? 0)
                claims[table, default: []].append((ci, claim, verdict))
            }
        }
        for (table, claimants) in claims { settle(claimants, table) }
    }

    private func decide(_ ci: CI, links: [RecordKey: RecordKey]) -> Verdict {
        let pin = world.pins[ci.key].flatMap { refs[$0] }.flatMap { assets[Int($0)].standing == .eligible ? $0 : nil }
        let linked = ci.parent.flatMap { links[$0] }
        let parent: ParentLink = ci.isOnRing ? .ring : linked.map { .linked($0.description) } ?? .notLinked
        return Case(reading: ci.reading, pin: pin, parent: parent)
            .decide(view: { view(of: $0, for: ci.key) }, identity: { assets[Int($0)].identity })
    }

    private func view(of key: MatchKey, for ci: RecordKey) -> KeyView {
        var view = KeyView()
        for ref in holders[key] ?? [] {
            let asset = assets[Int(ref)]
            guard world.isBound(ciSource: ci.source, assetSource: asset.key.source) else { continue }
            switch asset.standing {
            case .ended: view.hasEnded = true
            case .deleted: view.hasDeleted = true
            case .eligible where world.blocks.contains(WorldPair(ci: ci, asset: asset.key)): view.hasBlocked = true
            case .eligible: if view.eligible.count < 2 { view.eligible.append(ref) }
            }
        }
        return view
    }

    private func identity(of verdict: Verdict, _ ci: CI) -> ConflictIdentity {
        guard verdict.outcome == .conflicted(.duplicateAsset) else { return .contradictingEvidence(ci: ci.key) }
        return .duplicateAsset(
            signature: verdict.entry?.signature ?? "", key: verdict.matchedOn.first.map(texts) ?? [])
    }

    private mutating func settle(
        _ claimants: [(ci: CI, claim: Claim, verdict: Verdict)], _ table: ConflictIdentity
    ) {
        guard case .duplicateCI(let key, let source) = table, let ref = refs[key] else { return }
        // Two are enough, however many there are.
        let strongest = claimants.map(\.claim).sorted(by: Claim.isStronger).prefix(2)
        let settlement = Settlement(isComposite: assets[Int(ref)].isComposite, strongest: Array(strongest))
        for (ci, claim, verdict) in claimants {
            switch settlement.conflict(of: claim) {
            case nil:
                states[ci.key] = CIOutcome(
                    state: .linked, asset: key, method: claim.isManual ? .manual : .automatic, rule: verdict.rule,
                    entryPriority: verdict.entry?.priority,
                    matchedOn: claim.isManual ? nil : verdict.matchedOn.map(texts))
            case let reason?:
                states[ci.key] = CIOutcome(state: .conflicted, reason: reason)
                conflicts.insert(
                    reason == .duplicateCI ? table : .assetAlreadyLinked(asset: key, ciSource: source))
            }
        }
    }

    private func texts(_ key: MatchKey) -> [String] { key.values.map { $0 ?? "" } }

    private func parent(_ id: String?, _ child: RecordKey) -> RecordKey? {
        id.flatMap { $0.isEmpty ? nil : RecordKey(child.source, $0) }
    }

    private func isOnRing(_ start: RecordKey, _ parent: (RecordKey) -> RecordKey?) -> Bool {
        var next = parent(start)
        var steps = 0
        while let here = next, here != start, steps <= world.assets.count + world.cis.count {
            next = parent(here)
            steps += 1
        }
        return next == start
    }
}
