import LinkCore
import LinkTesting
import Testing

/// The generator, and what must hold of the model in any world.
@Suite struct ModelGeneratorTests {
    private static let seeds: [UInt64] = [1, 2, 3, 5, 8, 13, 21, 34]

    @Test(arguments: seeds) func oneSeedIsOneRun(_ seed: UInt64) {
        var first = WorldGenerator(seed: seed)
        var second = WorldGenerator(seed: seed)
        var world = first.world(size: 20)
        var twin = second.world(size: 20)
        for _ in 0..<30 { #expect(first.change(&world) == second.change(&twin)) }
        #expect(ReferenceModel.decide(world) == ReferenceModel.decide(twin))
    }

    @Test(arguments: seeds) func decidingIsIndependentOfOrder(_ seed: UInt64) {
        var generator = WorldGenerator(seed: seed)
        let world = generator.world(size: 30)
        var reordered = world
        reordered.assets = [:]
        reordered.cis = [:]
        reordered.assets.reserveCapacity(4096)
        for key in world.assets.keys.sorted(by: >) { reordered.assets[key] = world.assets[key] }
        for key in world.cis.keys.sorted(by: >) { reordered.cis[key] = world.cis[key] }
        reordered.ruleSet.classes.reverse()
        reordered.ruleSet.placeholders.reverse()
        #expect(ReferenceModel.decide(world) == ReferenceModel.decide(reordered))
    }

    @Test(arguments: seeds) func fieldsThatNoRuleReadsChangeNothing(_ seed: UInt64) {
        var generator = WorldGenerator(seed: seed)
        let world = generator.world(size: 30)
        var renamed = world
        for key in world.assets.keys {
            renamed.assets[key]?.record.model = "another"
            renamed.assets[key]?.record.lifecycleSince = 1
            renamed.assets[key]?.record.attributes["colour"] = "red"
        }
        for key in world.cis.keys {
            renamed.cis[key]?.record.model = "another"
            renamed.cis[key]?.record.discoverySource = "another"
            renamed.cis[key]?.record.lastDiscoveredAt = 1
            renamed.cis[key]?.record.attributes["colour"] = "red"
        }
        #expect(ReferenceModel.decide(world) == ReferenceModel.decide(renamed))
    }

    @Test(arguments: seeds) func whatHoldsOfEveryOutcome(_ seed: UInt64) {
        var generator = WorldGenerator(seed: seed)
        var world = generator.world(size: 30)
        for _ in 0..<20 {
            _ = generator.change(&world)
            let outcome = ReferenceModel.decide(world)
            #expect(outcome.ciStates.count == world.cis.values.filter { !$0.isDeleted }.count)
            #expect(outcome.assetStates.count == world.assets.values.filter { !$0.isDeleted }.count)
            for ci in outcome.ciStates.values {
                #expect((ci.state == .linked) == (ci.reason == nil))
                #expect((ci.state == .linked) == (ci.asset != nil))
                #expect((ci.method == .automatic) == (ci.matchedOn?.isEmpty == false))
            }
            for asset in outcome.activeLinks.values { #expect(outcome.assetStates[asset]?.state == .linked) }
            let conflicted = outcome.ciStates.filter { $0.value.state == .conflicted }.keys
            let members = outcome.conflictMembers.values.reduce(into: Set<RecordKey>()) { $0.formUnion($1.cis) }
            #expect(members.isSuperset(of: conflicted))
        }
    }

    @Test func generatedWorldsReachEverything() {
        var reasons: Set<StateReason> = []
        var transitions: Set<String> = []
        var dependentLinks = 0
        for seed in UInt64(1)...60 {
            var generator = WorldGenerator(seed: seed)
            var world = generator.world(size: 40)
            var history = ModelHistory()
            for _ in 0..<6 {
                let outcome = ReferenceModel.decide(world)
                reasons.formUnion(outcome.ciStates.values.compactMap(\.reason))
                dependentLinks += outcome.ciStates.values.filter { $0.matchedOn?.first?[0].contains("/") == true }.count
                for transition in history.take(outcome, of: world).values { transitions.insert("\(transition)") }
                for _ in 0..<10 { _ = generator.change(&world) }
            }
        }
        #expect(reasons == Set(StateReason.allCases))
        #expect(dependentLinks > 0)
        #expect(transitions.count > 12, "\(transitions.sorted())")
    }

    @Test func withoutFeaturesThereIsNothingOfThem() {
        var generator = WorldGenerator(seed: 4, features: [])
        var world = generator.world(size: 60)
        for _ in 0..<200 { _ = generator.change(&world) }
        #expect(world.pins.isEmpty && world.blocks.isEmpty && world.composites.isEmpty && world.trusted.isEmpty)
        #expect(world.assets.values.allSatisfy { !$0.isDeleted && $0.record.parentAssetID == nil })
        #expect(Set(world.cis.keys.map(\.source)) == ["cmdb"])
        #expect(world.ruleSet.suspectLimits.isEmpty)
    }
}
