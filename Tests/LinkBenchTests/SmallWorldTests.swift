import LinkBench
import LinkTesting
import Testing

/// The benchmark runs, on a world too small to say anything.
@Suite(.serialized) struct SmallWorldTests {
    private func report(_ names: [String] = []) async throws -> Report {
        let site = try await Site(database: nil, logger: quietLogger)
        let scale = Scale(cis: 300, seed: 7, rounds: 1, seconds: 0.5)
        return try await Bench(scale, site: site, logger: quietLogger, note: { _ in }).run(names)
    }

    @Test(.timeLimit(.minutes(5))) func everyMeasureGivesFigures() async throws {
        let report = try await report()
        #expect(report.assets == 300)
        for name in Bench.measureNames {
            #expect(report.findings.contains { $0.measure == name }, "\(name) found nothing")
        }
        for finding in report.findings {
            let figures = finding.values + finding.baselineValues
            #expect(finding.values.count == 1, "\(finding.measure), \(finding.what)")
            #expect(figures.allSatisfy { $0.isFinite && $0 >= 0 }, "\(finding.measure), \(finding.what): \(figures)")
        }
        let isMarked = report.table.contains("debug build: figures say nothing")
        #expect(isMarked == isDebugBuild)
        #expect(!(isDebugBuild && report.json.contains("verdict")))
    }
}
