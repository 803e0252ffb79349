import Postgres

/// A suspect serial number of very many machines that operators trust, and trust no more.
enum Flip: Measure {
    static let name = "flip"
    static let summary = "a suspect value of 100,000 CIs (at most ten times the world) trusted and distrusted again"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        try await Latency.requireCommitTimes(world)
        let holders = min(100_000, bench.scale.cis * 10)
        try await world.connection.script(
            """
            INSERT INTO itam.asset (asset_id, serial_number, state) VALUES (2100000000, 'BENCH-FLIP', 'In use');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT 2100000000 + n, 'linux_server', 'BENCH-FLIP' FROM generate_series(1, \(holders)) AS n
            """)
        try await world.quiet()
        var (seconds, batches, audit, memory, wal): ([Double], [Double], [Double], [Double], [Double]) =
            ([], [], [], [], [])
        var (normal, during): ([Double], [Double]) = ([], [])
        let count = Int(50 * bench.scale.seconds)
        for _ in 0..<bench.scale.rounds {
            normal.append(try await Latency.daemon(world, rate: 50, count: count).quantile(0.99))
            let daemon = try world.running()
            let place = try daemon.batches().end
            ProcessFigures.forgetPeak(daemon.pid)
            let before = try await world.walBytes()
            for act in ["trust_identifier", "distrust_identifier"] {
                seconds.append(
                    try await world.drainTime {
                        try await world.connection.script("SELECT assetlink.\(act)('serial', 'BENCH-FLIP', 'bench')")
                    })
            }
            wal.append((try await world.walBytes() - before) / Double(2 * holders))
            let lines = try daemon.batches(since: place).lines
            batches.append(Double(lines.count) / 2)
            audit.append(Double(lines.map(\.auditRows).max() ?? 0))
            // Once more, with others at work.
            try await world.connection.script(
                "SELECT assetlink.trust_identifier('serial', 'BENCH-FLIP', 'bench')")
            during.append(try await Latency.daemon(world, rate: 50, count: count).quantile(0.99))
            try await world.connection.script(
                "SELECT assetlink.distrust_identifier('serial', 'BENCH-FLIP', 'bench')")
            try await world.quiet()
            memory.append(Double(try ProcessFigures.memory(daemon.pid, "VmHWM")) / 1_024)
        }
        try await world.connection.script(
            """
            DELETE FROM cmdb.ci WHERE ci_id > 2100000000;
            DELETE FROM itam.asset WHERE asset_id = 2100000000
            """)
        try await world.quiet()
        return [
            Finding(name, "\(holders) holders, one way", unit: "s", seconds),
            Finding(name, "batches", unit: "", batches),
            Finding(name, "audit rows of the largest batch", unit: "", audit, target: .atMost(20_000)),
            Finding(name, "WAL a holder", unit: "kB", wal.map { $0 / 1_024 }),
            Finding(name, "daemon's memory, most", unit: "MB", memory, target: .atMost(96)),
            Finding(
                name, "p99 of others at 50 changes/s meanwhile", unit: "ms", during, beside: "normal", normal,
                target: .ratioAtMost(5)),
        ]
    }
}

extension World {
    /// How much the server has written ahead so far.
    func walBytes() async throws -> Double { try await number("SELECT pg_current_wal_lsn() - '0/0'") }
}
