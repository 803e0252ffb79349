import Postgres

/// A serial number that operators trust, on very many machines, whose asset comes and goes.
enum SharedValue: Measure {
    static let name = "shared-value"
    static let summary = "a trusted value of 50,000 CIs (at most a twentieth) toggling its asset, and what others wait"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        try await Latency.requireCommitTimes(world)
        let holders = min(50_000, bench.scale.cis / 20)
        try await world.connection.script(
            """
            INSERT INTO itam.asset (asset_id, serial_number, state) VALUES (2000000000, 'BENCH-SHARED', 'In use');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT 2000000000 + n, 'linux_server', 'BENCH-SHARED' FROM generate_series(1, \(holders)) AS n
            """)
        // Only a suspect value can be trusted.
        try await world.quiet()
        try await world.connection.script("SELECT assetlink.trust_identifier('serial', 'BENCH-SHARED', 'bench')")
        try await world.quiet()
        let count = Int(50 * bench.scale.seconds)
        var normal: [Double] = []
        var toggling: [Double] = []
        var seconds: [Double] = []
        var most: [Double] = []
        let session = try await world.session()
        for _ in 0..<bench.scale.rounds {
            normal.append(try await Latency.daemon(world, rate: 50, count: count).quantile(0.99))
            let place = try world.running().batches().end
            let clock = ContinuousClock()
            let start = clock.now
            // Both ways while the others are written; Latency waits until all of it is taken in.
            try await world.move([2_000_000_000], to: "Retired")
            async let back: Void = toggleBack(session)
            toggling.append(try await Latency.daemon(world, rate: 50, count: count).quantile(0.99))
            try await back
            try await world.quiet()
            seconds.append((clock.now - start).inSeconds)
            most.append(Double(try world.running().batches(since: place).lines.map(\.auditRows).max() ?? 0))
        }
        await session.close()
        try await world.connection.script(
            """
            SELECT assetlink.distrust_identifier('serial', 'BENCH-SHARED', 'bench');
            DELETE FROM cmdb.ci WHERE ci_id > 2000000000;
            DELETE FROM itam.asset WHERE asset_id = 2000000000
            """)
        try await world.quiet()
        return [
            Finding(
                name, "p99 of others at 50 changes/s, \(holders) holders", unit: "ms", toggling, beside: "normal",
                normal,
                target: .ratioAtMost(3)),
            Finding(name, "until there and back is taken in", unit: "s", seconds),
            // A batch takes 5,000 records of a range, each with a row for its state, its link and its conflict at most.
            Finding(name, "audit rows of the largest batch", unit: "", most, target: .atMost(20_000)),
        ]
    }

    private static func toggleBack(_ session: PostgresConnection) async throws {
        _ = try await session.query("UPDATE itam.asset SET state = 'In use' WHERE asset_id = 2000000000")
    }
}
