import LinkCore

/// What a generated world may contain; without a feature its paths are never taken.
package enum WorldFeature: String, Hashable, Sendable, CaseIterable {
    /// Parents on both sides, rings and dangling ones among them.
    case parents
    /// Classes whose rules have dependent entries, positions.
    case dependent
    case pins, blocks, suspects, trusted, composites
    /// Raw states of all kinds, unmapped ones among them.
    case lifecycle
    case tombstones
    /// Spaces, case, placeholders, malformed values.
    case dirt
    /// Two sources a side, the second CI source bound to the second asset source only.
    case sources
    /// Virtual machines with their host's serial, and other excluded or unknown classes.
    case excluded
    /// Classes with hybrid, allow-null and exact entries and required attributes.
    case entryTypes
    /// Edits of the rule tables.
    case rules
    /// Pins and blocks with an end, requeues, stale links closed by hand or by time.
    case ends
}

extension Set<WorldFeature> {
    package static var all: Self { Set(WorldFeature.allCases) }
}

/// Random worlds in which everything collides, and random changes of them; the same seed gives the same run.
package struct WorldGenerator: Sendable {
    package let seed: UInt64
    package let features: Set<WorldFeature>
    var random: SplitMix64
    /// How many machines there are to describe; records of both sides describe them, well or badly.
    var machines = 1

    package init(seed: UInt64, features: Set<WorldFeature> = .all) {
        self.seed = seed
        self.features = features
        random = SplitMix64(seed: seed)
    }

    /// A world of about that many assets and as many CIs.
    package mutating func world(size: Int) -> World {
        machines = max(4, size * 2 / 5)
        var world = World(ruleSet: GeneratedRules.ruleSet(features))
        if features.contains(.sources) { world.bindings = ["cmdb": nil, "edge": ["lab"]] }
        for _ in 0..<size {
            let asset = assetKey()
            world.assets[asset] = WorldAsset(
                self.asset(asset), isDeleted: features.contains(.tombstones) && random.percent(8))
            let ci = ciKey()
            world.cis[ci] = WorldCI(self.ci(ci), isDeleted: features.contains(.tombstones) && random.percent(5))
        }
        let keys = Keys(world)
        for _ in 0..<size / 8 {
            for change in [decision(world, keys), judgement(keys)] {
                if let change { world.apply(change) }
            }
        }
        return world
    }

    /// A random change, applied to the world.
    package mutating func change(_ world: inout World) -> WorldChange {
        let change = nextChange(world)
        world.apply(change)
        return change
    }

    /// The records of a world in an order that is the same in every run.
    private struct Keys {
        let cis: [RecordKey]
        let assets: [RecordKey]

        init(_ world: World) {
            cis = world.cis.keys.sorted()
            assets = world.assets.keys.sorted()
        }
    }

    private mutating func nextChange(_ world: World) -> WorldChange {
        let keys = Keys(world)
        switch random.below(100) {
        case 0..<12: if let change = decision(world, keys) { return change }
        case 12..<18: if let change = judgement(keys) { return change }
        case 18..<26: if features.contains(.tombstones), let change = removal(world, keys) { return change }
        case 26..<33: if features.contains(.rules) { return .edit(random.pick(RuleEdit.allCases)) }
        case 33..<40: if let change = closing(world, keys) { return change }
        case 40..<45: if features.contains(.lifecycle), let change = turn(world, keys) { return change }
        case 45..<68:
            let key = keys.assets.isEmpty || random.percent(25) ? assetKey() : pick(keys.assets)
            return .upsertAsset(key, changed(key, world))
        default: break
        }
        let key = keys.cis.isEmpty || random.percent(25) ? ciKey() : pick(keys.cis)
        return .upsertCI(key, changed(key, world))
    }

    /// Often one of the first few: links have a history only where things happen again.
    private mutating func pick(_ keys: [RecordKey]) -> RecordKey {
        random.percent(40) ? keys[random.below(min(keys.count, 5))] : random.pick(keys)
    }

    /// An asset ends, or comes back; a deleted one may come back as one that has ended.
    private mutating func turn(_ world: World, _ keys: Keys) -> WorldChange? {
        let isDeleted = random.percent(30)
        let some = keys.assets.filter { world.assets[$0]?.isDeleted == isDeleted }
        guard !some.isEmpty else { return nil }
        let key = pick(some)
        guard var record = world.assets[key]?.record else { return nil }
        record.lifecycleRaw = isDeleted || record.lifecycleRaw == nil ? random.pick(["retired", "disposed"]) : nil
        return .upsertAsset(key, record)
    }

    /// A pin or a block set or taken back.
    private mutating func decision(_ world: World, _ keys: Keys) -> WorldChange? {
        guard !keys.cis.isEmpty, !keys.assets.isEmpty else { return nil }
        let ci = pick(keys.cis)
        // Mostly an asset of the same machine: what an operator would say something about.
        let alike = RecordKey(assetKey().source, "a" + ci.id.dropFirst())
        let isAlike = world.assets[alike] != nil && random.percent(75)
        let pair = WorldPair(ci: ci, asset: isAlike ? alike : random.pick(keys.assets))
        if features.contains(.pins), random.percent(50) {
            let pins = world.pins.map { WorldPair(ci: $0, asset: $1) }.sorted { $0.ci < $1.ci }
            return !pins.isEmpty && random.percent(35) ? .unpin(random.pick(pins)) : .pin(pair, ends: isToEnd())
        }
        guard features.contains(.blocks) else { return nil }
        let blocks = world.blocks.sorted { ($0.ci, $0.asset) < ($1.ci, $1.asset) }
        return !blocks.isEmpty && random.percent(35) ? .unblock(random.pick(blocks)) : .block(pair, ends: isToEnd())
    }

    private mutating func isToEnd() -> Bool { features.contains(.ends) && random.percent(50) }

    /// What has an end comes to it, or somebody wants a CI looked at again.
    private mutating func closing(_ world: World, _ keys: Keys) -> WorldChange? {
        guard features.contains(.ends), !keys.cis.isEmpty else { return nil }
        let ending = world.ending.sorted { ($0.ci, $0.asset) < ($1.ci, $1.asset) }
        if !ending.isEmpty, random.percent(45) { return .expire(random.pick(ending)) }
        // Mostly of a machine whose asset is gone or has ended: what may have a stale link.
        let gone = keys.assets.filter { key in
            world.assets[key].map { $0.isDeleted || ["retired", "disposed"].contains($0.record.lifecycleRaw) } ?? false
        }
        let alike = gone.flatMap { asset in keys.cis.filter { $0.id.dropFirst() == asset.id.dropFirst() } }
        let ci = !alike.isEmpty && random.percent(80) ? random.pick(alike) : random.pick(keys.cis)
        return random.pick([.requeue(ci), .closeStale(ci), .retire(ci)])
    }

    /// Two records of a side exchange an identifier: one transaction, and every count stays as it was.
    package mutating func swap(_ world: inout World) -> [WorldChange] {
        let keys = Keys(world)
        var changes: [WorldChange] = []
        if random.percent(50) {
            let living = keys.assets.filter { world.assets[$0]?.isDeleted == false }
            guard living.count > 1 else { return [] }
            let (first, second) = (random.pick(living), random.pick(living))
            guard var one = world.assets[first]?.record, var other = world.assets[second]?.record else { return [] }
            exchange(&one.serialNumber, &other.serialNumber, or: &one.uuid, &other.uuid)
            changes = [.upsertAsset(first, one), .upsertAsset(second, other)]
        } else {
            let living = keys.cis.filter { world.cis[$0]?.isDeleted == false }
            guard living.count > 1 else { return [] }
            let (first, second) = (random.pick(living), random.pick(living))
            guard var one = world.cis[first]?.record, var other = world.cis[second]?.record else { return [] }
            exchange(&one.serialNumber, &other.serialNumber, or: &one.parentCIID, &other.parentCIID)
            changes = [.upsertCI(first, one), .upsertCI(second, other)]
        }
        for change in changes { world.apply(change) }
        return changes
    }

    private mutating func exchange(
        _ one: inout String?, _ other: inout String?, or third: inout String?, _ fourth: inout String?
    ) {
        if random.percent(60) { (one, other) = (other, one) } else { (third, fourth) = (fourth, third) }
    }

    /// A composite mark or a trusted value.
    private mutating func judgement(_ keys: Keys) -> WorldChange? {
        if features.contains(.composites), !keys.assets.isEmpty, random.percent(50) {
            return .setComposite(random.pick(keys.assets), random.percent(50))
        }
        guard features.contains(.trusted) else { return nil }
        let hot = WorldValue(.serial, ExactText(GeneratedRules.hotSerial))
        let other = WorldValue(.serial, ExactText("SN-\(random.below(machines))"))
        return .trust(random.percent(60) ? hot : other, random.percent(50))
    }

    private mutating func removal(_ world: World, _ keys: Keys) -> WorldChange? {
        let tombstones = keys.assets.filter { world.assets[$0]?.isDeleted == true }
        if random.percent(30), !tombstones.isEmpty { return .forgetAsset(random.pick(tombstones)) }
        let cis = keys.cis.filter { world.cis[$0]?.isDeleted == false }
        if random.percent(40), !cis.isEmpty { return .deleteCI(random.pick(cis)) }
        let assets = keys.assets.filter { world.assets[$0]?.isDeleted == false }
        return assets.isEmpty ? nil : .deleteAsset(random.pick(assets))
    }
}
