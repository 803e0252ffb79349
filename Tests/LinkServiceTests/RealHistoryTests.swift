import LinkService
import LinkTesting
import SampleFleet
import Testing

/// Seventeen years of two data centres through a running daemon: at the end of each year its tables say what is decided
/// from scratch.
@Suite struct RealHistoryTests {
    @Test(.timeLimit(.minutes(15))) func monthByMonth() async throws {
        guard let lines = RealData.lines("identity_history.ndjson") else { return }
        var histories: [HistoryNode] = []
        for (number, line) in lines.enumerated() {
            if let node = try HistoryNode.parse(line, line: number + 1) { histories.append(node) }
        }
        #expect(histories.count == 2_943)
        var history = RealHistory(histories, seed: 17)
        let bench = try await Bench()
        var configuration = bench.configuration()
        configuration.housekeepingInterval = .seconds(5)
        var compared = 0
        try await bench.withDaemon(configuration) {
            var tables = try await RealTables(bench.connection)
            for month in history.months {
                let before = history.changes
                history.play(Month(index: month), to: &tables)
                if history.changes > before { try await tables.commit() }
                try await bench.quiet()
                guard month % 12 == 11 || month == history.months.upperBound else { continue }
                try await tables.compare("\(Month(index: month))")
                compared += 1
            }
            print(
                "history: \(history.months.count) months, \(history.changes) changes, compared \(compared) times; "
                    + "at the end \(try await tables.coverage())")
        }
        #expect(compared == 18)
    }
}
