import Glibc
import LinkService
import LinkSimulation
import Testing

/// The service loop over a simulated database, a million steps a run.
///
/// `ASSETLINK_SIMULATION=storm:17:20000` replays one run and prints its last events.
@Suite(.serialized) struct SimulationTests {
    /// Steps of one run.
    private static let steps = 20_000

    private func run(_ plan: Plan, seed: UInt64, steps: Int) throws -> Simulation {
        let simulation = Simulation(plan, seed: seed)
        do throws(Violation) {
            try simulation.run(steps: steps)
        } catch {
            Issue.record("ASSETLINK_SIMULATION=\(plan.name):\(seed):\(steps) shows it again: \(error)")
            let replay = Simulation(plan, seed: seed, isTracing: true)
            try? replay.run(steps: steps)
            print(replay.lastWords.joined(separator: "\n"))
            throw error
        }
        return simulation
    }

    @Test func keptSeedsHold() throws {
        for kept in keptSeeds {
            let plan = try #require(Plan.all.first { $0.name == kept.plan })
            _ = try run(plan, seed: kept.seed, steps: kept.steps)
        }
    }

    @Test func aMillionSteps() throws {
        if let wanted = getenv("ASSETLINK_SIMULATION").map({ String(cString: $0) }) {
            let parts = wanted.split(separator: ":")
            let plan = try #require(Plan.all.first { $0.name == parts.first ?? "" })
            _ = try run(
                plan, seed: try #require(UInt64(parts.dropFirst().first ?? "")),
                steps: try #require(Int(parts.dropFirst(2).first ?? "20000")))
            return
        }
        let first = UInt64.random(in: 0..<1_000_000_000)
        print("simulation: seeds from \(first)")
        let clock = ContinuousClock()
        let start = clock.now
        var steps = 0
        for plan in Plan.all {
            var (changes, calm, longest, time) = (0, 0, Duration.zero, Duration.zero)
            for round in 0..<10 {
                let simulation = try run(plan, seed: first + UInt64(round), steps: Self.steps)
                steps += simulation.stepsTaken
                changes += simulation.changes
                calm += simulation.calmChanges
                longest = max(longest, simulation.longestCalm)
                time += simulation.time
            }
            print(
                """
                simulation: \(plan.name): \(changes) changes in \(time.components.seconds) s of virtual time; \
                nothing stood in the way of \(calm), the slowest took effect after \(longest)
                """)
            #expect(calm > 0)
        }
        let time = clock.now - start
        let rate = Double(steps) / (Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18)
        print("simulation: \(steps) steps in \(time), \(Int(rate)) a second")
        #expect(steps >= 1_000_000)
    }
}
