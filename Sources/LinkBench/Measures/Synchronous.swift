import Postgres

/// What a writer waits for when links are made in its own transaction, beside capture.
enum Synchronous: Measure {
    static let name = "synchronous"
    static let summary = "a decommission's statement and commit with capture, beside relinking in its trigger (trigger)"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        let store = try await BaselineStore.make(in: world, filled: true)
        let assets = try await world.plainAssets(50)
        try world.stopDaemon()
        try await world.connection.script(BaselineSQL.trigger)
        let session = try await world.session()
        try await session.script(BaselineSQL.workerSession)
        var ours = Cost()
        var theirs = Cost()
        for _ in 0..<bench.scale.rounds {
            try await world.connection.script("ALTER TABLE itam.asset DISABLE TRIGGER bench_relink")
            try await ours.add(session, assets, seconds: bench.scale.seconds / 4)
            try await world.connection.script("ALTER TABLE itam.asset ENABLE TRIGGER bench_relink")
            try await theirs.add(session, assets, seconds: bench.scale.seconds / 4)
        }
        await session.close()
        try await world.connection.script("DROP TRIGGER bench_relink ON itam.asset")
        try world.startDaemon()
        try await world.quiet()
        // Both have seen every asset come back last.
        try await store.requireSame("the trigger")
        return [
            Finding(name, "statement and commit", unit: "ms", ours.time, beside: "trigger", theirs.time),
            Finding(name, "CPU of the writer's session", unit: "µs", ours.cpu, beside: "trigger", theirs.cpu),
        ]
    }

    /// One value a round, per statement.
    private struct Cost {
        var time: [Double] = []
        var cpu: [Double] = []

        /// Decommissions assets one by one and brings each back, until the time is over.
        mutating func add(_ session: PostgresConnection, _ assets: [Int64], seconds: Double) async throws {
            let clock = ContinuousClock()
            let used = ProcessFigures.cpu(session.backendPID) ?? 0
            let start = clock.now
            var count = 0
            while clock.now - start < .seconds(seconds) || count < assets.count {
                for state in ["Retired", "In use"] {
                    _ = try await session.query(
                        "UPDATE itam.asset SET state = $2 WHERE asset_id = $1",
                        [.int8(assets[count / 2 % assets.count]), .text(state)])
                    count += 1
                }
            }
            time.append((clock.now - start).inSeconds * 1e3 / Double(count))
            cpu.append(((ProcessFigures.cpu(session.backendPID) ?? 0) - used) * 1e6 / Double(count))
        }
    }
}
