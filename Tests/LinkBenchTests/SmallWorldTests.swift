import LinkBench
import LinkTesting
import Testing

/// The benchmark runs, on a world too small to say anything.
@Suite struct SmallWorldTests {
    /// One run for all tests: each measure in one short round.
    private static let report = Task {
        let site = try await Site(database: nil, logger: quietLogger)
        let scale = Scale(cis: 300, seed: 7, rounds: 1, seconds: 0.4)
        return try await Bench(scale, site: site, logger: quietLogger, note: { _ in }).run([])
    }

    /// The measures compare every state and link with the daemon's after each baseline: a baseline that computes
    /// something else fails the run.
    @Test(.timeLimit(.minutes(5))) func everyMeasureGivesFigures() async throws {
        let report = try await Self.report.value
        #expect(report.assets == 300)
        for name in Bench.measureNames {
            #expect(report.findings.contains { $0.measure == name }, "\(name) found nothing")
        }
        for finding in report.findings {
            #expect(!finding.values.isEmpty, "\(finding.measure), \(finding.what)")
            #expect(finding.baseline == nil || finding.baselineValues.count == finding.values.count, "\(finding)")
            let strange = (finding.values + finding.baselineValues).filter { !$0.isFinite }
            #expect(strange.isEmpty, "\(finding)")
        }
        for baseline in ["batch", "worker", "set", "bare", "join", "trigger"] {
            let figures = report.findings.filter { $0.baseline == baseline }.flatMap(\.baselineValues)
            #expect(figures.contains { $0 > 0 }, "\(baseline) took no time")
        }
    }

    @Test(.timeLimit(.minutes(5))) func aDebugBuildPassesNoJudgement() async throws {
        let report = try await Self.report.value
        #expect(report.table.contains("debug build: figures say nothing") == isDebugBuild)
        #expect(report.json.contains("verdict") != isDebugBuild)
    }

    @Test(.timeLimit(.minutes(5))) func aLargerBatchTakesNoMoreStatementsTripsOrLogRows() async throws {
        let findings = try await Self.report.value.findings.filter { $0.measure == "round-trips" }
        #expect(findings.count == 3)
        for finding in findings {
            #expect(finding.values.count == 2, "\(finding.what)")
            let (small, large) = (finding.values.first ?? 0, finding.values.last ?? .infinity)
            #expect(small > 0 && large <= small, "\(finding.what): \(finding.values)")
        }
    }
}
