import LinkService
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// How long after the commit of a decommission the link is seen stale.
    @Suite struct LagTests {
        @Test func ofADaemonAsleep() async throws {
            try await measure("asleep, woken by the bell") { try await $0.asleep() }
        }

        @Test func ofABusyDaemon() async throws {
            try await measure("still lingering") { _ in }
        }

        private func measure(
            _ what: String, _ name: String = #function, before: (Bench) async throws -> Void
        ) async throws {
            let bench = try await Bench(name)
            let count = 60
            try await bench.makePairs(1...count)
            try await bench.withDaemon(bench.bellOnly()) {
                let clock = ContinuousClock()
                var lags: [Duration] = []
                for number in 1...count {
                    try await before(bench)
                    try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id = \(number)")
                    let committed = clock.now
                    let question = "SELECT status = 'stale' FROM assetlink.link WHERE ci_source = 'cmdb' AND ci_id = $1"
                    while try await bench.connection.query(question, [.text("\(number)")]).first?.boolOrNil(0) != true {
                        try #require(clock.now - committed < .seconds(30))
                    }
                    lags.append(clock.now - committed)
                }
                lags.sort()
                let figures = "median \(lags[count / 2]), p95 \(lags[count * 95 / 100]), most \(lags[count - 1])"
                print("lag from commit to stale link, \(what): \(figures)")
                // Generous: the machine may be busy with something else.
                #expect(lags[count / 2] < .seconds(1))
            }
        }
    }
}
