import Glibc
import LinkFaults
import LinkTesting

/// Scenarios in a random order, again and again until the time is over; what came of each is printed at once.
struct SoakRun {
    let scenarios: [Scenario]
    let seed: UInt64
    let limit: Duration
    let effort: Stage.Effort

    /// What came of all of them.
    struct Report {
        var passed = 0
        var failures = 0
        /// As `name: reason`.
        var skipped: [String] = []
        /// As `--seed … --only …`.
        var failed: [String] = []

        /// For the end of the run.
        var summary: String {
            var lines = ["\(passed) passed, \(failures) failed, \(skipped.count) skipped"]
            lines += skipped.map { "skipped \($0)" }
            lines += failed.map { "failed: \($0)" }
            return lines.joined(separator: "\n")
        }
    }

    func run() async -> Report {
        var report = Report()
        var random = SplitMix64(seed: seed)
        for scenario in scenarios {
            if let obstacle = scenario.obstacle { report.skipped.append("\(scenario.name): \(obstacle)") }
        }
        let able = scenarios.filter { $0.obstacle == nil }
        let end = ContinuousClock.now + limit
        var round = 0
        while !able.isEmpty, round == 0 || ContinuousClock.now < end {
            for scenario in able.shuffled(using: &random) {
                guard round == 0 || ContinuousClock.now < end else { break }
                // A scenario's own seed: it can be run again alone.
                let own = scenarios.count == 1 && round == 0 ? seed : UInt64(random.below(1_000_000))
                await perform(scenario, own, &report)
            }
            round += 1
        }
        return report
    }

    /// Prints at once, wherever it goes.
    static func say(_ text: String) {
        print(text)
        fflush(nil)
    }

    private func perform(_ scenario: Scenario, _ seed: UInt64, _ report: inout Report) async {
        let start = ContinuousClock.now
        let stage = await scenario.run(seed: seed, effort: effort)
        let lasted = (ContinuousClock.now - start).components.seconds
        let word = stage.problems.isEmpty ? "passed" : "FAILED"
        Self.say("\(word) \(scenario.name), seed \(seed), \(lasted) s\(stage.notes.map { "; \($0)" }.joined())")
        for problem in stage.problems { Self.say("    \(problem)") }
        if stage.problems.isEmpty {
            report.passed += 1
        } else {
            report.failures += 1
            report.failed.append("--only \(scenario.name) --seed \(seed)")
        }
    }
}
