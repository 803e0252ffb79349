import Postgres

/// From the commit of a change to the commit of its link, by the server's own commit times.
enum Latency: Measure {
    static let name = "latency"
    static let summary = "commit of a change to committed link at 10, 100 and 1,000 changes/s, beside bare"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        try await requireCommitTimes(world)
        let bare = try await BareListener.start(world)
        var findings: [Finding] = []
        for rate in [10.0, 100, 1_000] {
            let count = Int(rate * bench.scale.seconds)
            var ours: [[Double]] = []
            var theirs: [[Double]] = []
            for _ in 0..<bench.scale.rounds {
                ours.append(try await daemon(world, rate: rate, count: count))
                theirs.append(try await bare.latencies(rate: rate, count: count))
            }
            for (text, share, limit) in [("p50", 0.5, 2.0), ("p99", 0.99, 4.0)] {
                findings.append(
                    Finding(
                        name, "\(text) at \(Int(rate)) changes/s", unit: "ms", ours.map { $0.quantile(share) },
                        beside: "bare", theirs.map { $0.quantile(share) }, target: .ratioAtMost(limit)))
            }
        }
        await bare.stop()
        return findings
    }

    /// Without them, the times of commits cannot be known.
    static func requireCommitTimes(_ world: World) async throws {
        let rows = try await world.connection.query("SELECT current_setting('track_commit_timestamp') = 'on'")
        guard try rows.first?.bool(0) == true else {
            throw BenchError("set track_commit_timestamp = on in postgresql.conf and restart the server")
        }
    }

    /// Decommissions at a rate, each by a commit of its own; the milliseconds until each one's link is flagged.
    static func daemon(_ world: World, rate: Double, count: Int) async throws -> [Double] {
        let ids = try await world.linkedAssets(count)
        let before = try await world.connection.query("SELECT coalesce(max(audit_id), 0) FROM assetlink_internal.audit")
        let sessions = try await world.writers(for: rate)
        let pace = Pace(rate: rate, sessions: sessions)
        let change: @Sendable (Int64) -> Statement = { id in
            Statement(
                "UPDATE itam.asset SET state = 'Retired', substate = NULL WHERE asset_id = $1", [.int8(id)])
        }
        try await pace.write(ids, change)
        try await world.quiet()
        let rows = try await world.connection.query(
            """
            SELECT extract(epoch FROM pg_xact_commit_timestamp(a.xmin) - pg_xact_commit_timestamp(s.xmin))::float8 * 1000
            FROM unnest($1::bigint[]) AS k (id)
            JOIN itam.asset AS s ON s.asset_id = k.id
            CROSS JOIN LATERAL (
                SELECT xmin FROM assetlink_internal.audit
                WHERE asset_source = 'itam' AND asset_id = k.id::text AND audit_id > $2
                ORDER BY audit_id LIMIT 1) AS a
            """, [.int8Array(ids), .int8(try before.first?.int8(0) ?? 0)])
        let times = try rows.map { try $0.float8OrNil(0) ?? 0 }
        guard times.count == ids.count else {
            throw BenchError("\(ids.count) changes were written and \(times.count) links followed")
        }
        for session in sessions { await session.close() }
        try await world.move(ids, to: "In use")
        try await world.quiet()
        return times
    }
}

extension World {
    /// Sessions enough for single-row commits at a rate.
    func writers(for rate: Double) async throws -> [PostgresConnection] {
        var sessions: [PostgresConnection] = []
        for _ in 0..<(rate <= 10 ? 1 : rate <= 100 ? 4 : 16) { sessions.append(try await session()) }
        return sessions
    }
}
