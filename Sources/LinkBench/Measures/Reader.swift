import Postgres

/// The same with somebody's report open all the time.
enum Reader: Measure {
    static let name = "reader"
    static let summary = "drain and latency with a reader's transaction held open, beside without"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        try await Latency.requireCommitTimes(world)
        let count = bench.scale.backlog
        var rates: (without: [Double], with: [Double]) = ([], [])
        var delays: (without: [[Double]], with: [[Double]]) = ([], [])
        let reader = try await world.session()
        for _ in 0..<bench.scale.rounds {
            try await reader.script("COMMIT")
            rates.without.append(try await rate(world, count))
            delays.without.append(try await latency(world, bench))
            // Old by the time that the measure begins.
            try await reader.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM assetlink.coverage")
            _ = try await rate(world, count)
            rates.with.append(try await rate(world, count))
            delays.with.append(try await latency(world, bench))
        }
        await reader.close()
        func finding(_ share: Double, _ text: String) -> Finding {
            Finding(
                name, "\(text) at 100 changes/s, reader", unit: "ms", delays.with.map { $0.quantile(share) },
                beside: "no reader", delays.without.map { $0.quantile(share) }, target: .ratioAtMost(1.1))
        }
        return [
            Finding(
                name, "decommissions and back, reader", unit: "changes/s", rates.with, beside: "no reader",
                rates.without,
                target: .ratioAtLeast(1 / 1.1)),
            finding(0.5, "p50"), finding(0.99, "p99"),
        ]
    }

    private static func rate(_ world: World, _ count: Int) async throws -> Double {
        let assets = try await world.linkedAssets(count)
        var seconds = 0.0
        for state in ["Retired", "In use"] {
            seconds += try await world.drainTime { try await world.move(assets, to: state) }
        }
        return Double(assets.count * 2) / seconds
    }

    private static func latency(_ world: World, _ bench: Bench) async throws -> [Double] {
        try await Latency.daemon(world, rate: 100, count: Int(100 * bench.scale.seconds))
    }
}
