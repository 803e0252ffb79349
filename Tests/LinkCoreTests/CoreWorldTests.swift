import LinkCore
import LinkTesting
import Testing

/// The core decides random worlds as the reference model does.
@Suite struct CoreWorldTests {
    /// Where the two differ, a line each.
    private func differences(_ world: World, _ rules: CompiledRuleSet) -> [String] {
        let core = CoreNaiveDecision(world, rules: rules)
        let model = ReferenceModel.decide(world)
        var lines: [String] = []
        for key in Set(core.states.keys).union(model.ciStates.keys).sorted() {
            let (ours, theirs) = (core.states[key], model.ciStates[key])
            if ours != theirs { lines.append("\(key): core \(text(ours)), model \(text(theirs))") }
        }
        lines += core.conflicts.subtracting(model.conflicts).map { "only the core: \($0)" }
        lines += model.conflicts.subtracting(core.conflicts).map { "only the model: \($0)" }
        lines += core.pinDisagrees.symmetricDifference(model.pinDisagrees).map { "pin disagrees: \($0)" }
        return lines
    }

    private func text(_ outcome: CIOutcome?) -> String {
        guard let outcome else { return "nothing" }
        let parts: [String?] = [
            outcome.state.rawValue, outcome.reason?.rawValue, outcome.asset?.description, outcome.method?.rawValue,
            outcome.rule, outcome.entryPriority.map(String.init), outcome.matchedOn.map { "\($0)" },
        ]
        return parts.compactMap { $0 }.joined(separator: " ")
    }

    /// Twenty seeds in each block; each a world, decided, changed and decided again, twice.
    @Test(arguments: 0..<10) func decidesAsTheModel(_ block: UInt64) {
        for seed in block * 20..<block * 20 + 20 {
            var choice = SplitMix64(seed: seed)
            // Every third world has everything; the others reach what that would hide.
            let features = Set(WorldFeature.allCases.filter { _ in seed % 3 == 0 || choice.percent(60) })
            var generator = WorldGenerator(seed: seed, features: features)
            var world = generator.world(size: 24)
            for step in 0..<3 {
                // Changes may edit the rules.
                let found = differences(world, CompiledRuleSet(world.ruleSet))
                #expect(found.isEmpty, "seed \(seed), step \(step):\n\(found.joined(separator: "\n"))")
                for _ in 0..<8 { _ = generator.change(&world) }
            }
        }
    }

    @Test func theWorldsReachEveryReason() {
        var reasons: Set<StateReason> = []
        var methods: Set<LinkMethod> = []
        for seed in UInt64(1)...60 {
            var generator = WorldGenerator(seed: seed)
            let world = generator.world(size: 60)
            let core = CoreNaiveDecision(world, rules: CompiledRuleSet(world.ruleSet))
            reasons.formUnion(core.states.values.compactMap(\.reason))
            methods.formUnion(core.states.values.compactMap(\.method))
        }
        #expect(reasons == Set(StateReason.allCases), "\(Set(StateReason.allCases).subtracting(reasons))")
        #expect(methods == Set(LinkMethod.allCases))
    }

    /// Conditions and lists in attributes decide in the worlds that all the comparisons are made on.
    @Test func theWorldsReachEveryEntryType() {
        var deciding: Set<String> = []
        for seed in UInt64(1)...300 {
            var generator = WorldGenerator(seed: seed)
            let world = generator.world(size: 60)
            for outcome in ReferenceModel.decide(world).ciStates.values {
                if let rule = outcome.rule, let entry = outcome.entryPriority { deciding.insert("\(rule) \(entry)") }
            }
        }
        for wanted in ["array 10", "array 20", "array 22", "brand_server 10", "brand_server 20", "brand_server 25"] {
            #expect(deciding.contains(wanted), "\(wanted) is not in \(deciding.sorted())")
        }
    }
}
