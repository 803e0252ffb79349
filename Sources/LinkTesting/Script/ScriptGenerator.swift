/// Random scripts: a world that is written in some order, and then a stream of everything that can happen.
package struct ScriptGenerator {
    private var world: World
    private var generator: WorldGenerator
    private var random: SplitMix64
    private var script = Script()

    private init(seed: UInt64) {
        random = SplitMix64(seed: seed &+ 1_000_000)
        // Where everything collides, little is linked, and what hangs on links is never reached: some worlds are calmer.
        var features = Set<WorldFeature>.all
        for feature in [WorldFeature.sources, .dirt, .suspects, .excluded, .composites] {
            if random.percent(35) { features.remove(feature) }
        }
        generator = WorldGenerator(seed: seed, features: features)
        world = script.emptyWorld
    }

    /// The script of a seed: a world of about so many assets and as many CIs, and then so many steps.
    package static func script(seed: UInt64, size: Int, steps: Int) -> Script {
        var generator = ScriptGenerator(seed: seed)
        generator.choose()
        generator.writeWorld(size: size)
        for _ in 0..<steps { generator.step() }
        return generator.script
    }

    private mutating func choose() {
        script.live = random.pick([5_000, 7, 25])
        script.bulk = random.pick([5_000, 5, 40])
        script.holders = random.pick([2_000, 2])
        script.tables = Set(["itam", "lab", "cmdb", "edge"].filter { _ in random.percent(60) })
        script.removing = Set(Script.ciSources.filter { _ in random.percent(25) })
    }

    /// The records come in transactions of some size; those that are deleted or decided about are so afterwards.
    private mutating func writeWorld(size: Int) {
        let start = generator.world(size: size)
        var changes: [WorldChange] = []
        for (key, asset) in start.assets.sorted(by: { $0.key < $1.key }) {
            changes.append(.upsertAsset(key, asset.record))
        }
        for (key, ci) in start.cis.sorted(by: { $0.key < $1.key }) { changes.append(.upsertCI(key, ci.record)) }
        changes.shuffle(using: &random)
        while !changes.isEmpty {
            let count = min(changes.count, 1 + random.below(12))
            write(Array(changes.suffix(count)))
            changes.removeLast(count)
            if random.percent(8) { script.steps.append(.batches(1 + random.below(3))) }
        }
        script.steps.append(.check)
        for key in start.assets.keys.sorted() where start.assets[key]?.isDeleted == true { write([.deleteAsset(key)]) }
        for key in start.cis.keys.sorted() where start.cis[key]?.isDeleted == true { write([.deleteCI(key)]) }
        for (ci, asset) in start.pins.sorted(by: { $0.key < $1.key }) { write([.pin(WorldPair(ci: ci, asset: asset))]) }
        for pair in start.blocks.sorted(by: { ($0.ci, $0.asset) < ($1.ci, $1.asset) }) { write([.block(pair)]) }
        for asset in start.composites.sorted() { write([.setComposite(asset, true)]) }
        for value in start.trusted.sorted(by: { $0.canonical < $1.canonical }) { write([.trust(value, true)]) }
    }

    private mutating func write(_ changes: [WorldChange]) {
        for change in changes { world.apply(change) }
        script.steps.append(.write(changes))
    }

    private mutating func step() {
        switch random.below(100) {
        case 0..<34: script.steps.append(.write(transaction()))
        case 34..<48: script.steps.append(.hold(1 + random.below(3), generator.change(&world)))
        case 48..<54: script.steps.append(.commit(1 + random.below(3)))
        case 54..<56: script.steps.append(.rollback(1 + random.below(3)))
        case 56..<57: script.steps.append(.prepare(1 + random.below(3)))
        case 57..<77: script.steps.append(.batches(random.pick([1, 1, 1, 2, 5])))
        case 77..<80: script.steps.append(.during(transaction()))
        case 80..<83: script.steps.append(.stumble(1 + random.below(12)))
        case 83..<85: script.steps.append(.kill(1 + random.below(12)))
        case 85..<87: script.steps.append(.lose(1 + random.below(12)))
        case 87..<90: script.steps.append(.restart)
        case 90..<91: script.steps.append(.unseen(transaction()))
        case 91..<92: script.steps.append(.rotate)
        case 92..<94: if let change = sourceChange() { script.steps.append(change) }
        default: script.steps.append(.check)
        }
    }

    private mutating func transaction() -> [WorldChange] {
        if random.percent(12) {
            let swap = generator.swap(&world)
            if !swap.isEmpty { return swap }
        }
        return (0...random.pick([0, 0, 0, 1, 3])).map { _ in generator.change(&world) }
    }

    /// Something that befalls a source with tables.
    private mutating func sourceChange() -> Step? {
        guard !script.tables.isEmpty else { return nil }
        let source = random.pick(script.tables.sorted())
        if world.detached[source] != nil { return attachment(of: source, []) }
        switch random.below(10) {
        case 0..<2: return note([.truncate(source)])
        case 2..<4: return note([.truncate(source)] + refill(source))
        case 4: return note([.resync(source)])
        case 5..<7: return note([.detach(source, keep: true)])
        case 7: return note([.detach(source, keep: false)])
        default: return attachment(of: source, [.detach(source, keep: true)])
        }
    }

    private mutating func attachment(of source: String, _ before: [WorldChange]) -> Step {
        note(before + [.attach(source, sees: random.pick([nil, ["lab"], ["itam"], ["itam", "lab"], []]))])
    }

    private mutating func note(_ changes: [WorldChange]) -> Step {
        for change in changes { world.apply(change) }
        return .write(changes)
    }

    /// Most of the rows that a source has, as they are.
    private mutating func refill(_ source: String) -> [WorldChange] {
        var changes: [WorldChange] = []
        for key in world.rows(of: source) where !random.percent(15) {
            if let asset = world.assets[key] {
                changes.append(.upsertAsset(key, asset.record))
            } else if let ci = world.cis[key] {
                changes.append(.upsertCI(key, ci.record))
            }
        }
        return changes
    }
}
