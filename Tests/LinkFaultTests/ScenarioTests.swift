import LinkFaults
import Testing

/// The short form of every scenario, one after the other: each has several processes and looks at the clock.
@Suite(.serialized) struct ScenarioTests {
    /// The seed of all short forms; the soak takes others.
    private static let seed: UInt64 = 1

    @Test(.timeLimit(.minutes(5)), arguments: Catalogue.all.map(\.name)) func scenario(name: String) async throws {
        let scenario = try #require(Catalogue.all.first { $0.name == name })
        if let obstacle = scenario.obstacle {
            print("skipped \(name): \(obstacle)")
            return
        }
        let start = ContinuousClock.now
        let stage = await scenario.run(seed: Self.seed, effort: .short)
        print("\(name), seed \(Self.seed), \(ContinuousClock.now - start)\(stage.notes.map { "; \($0)" }.joined())")
        #expect(stage.problems.isEmpty, "\(stage.problems.joined(separator: "\n"))")
    }

    @Test func namesAreDifferent() {
        #expect(Set(Catalogue.all.map(\.name)).count == Catalogue.all.count)
    }
}
