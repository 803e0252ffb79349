import Postgres

/// How fast a backlog goes away.
enum Drain: Measure {
    static let name = "drain"
    static let summary = "changes a second of a backlog of decommissions and of discoveries, beside worker and set"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        let count = bench.scale.backlog
        var decommissions: [Double] = []
        var discoveries: [Double] = []
        for _ in 0..<bench.scale.rounds {
            let assets = try await world.linkedAssets(count)
            decommissions.append(
                Double(assets.count) / (try await world.drainTime { try await world.move(assets, to: "Retired") }))
            try await world.move(assets, to: "In use")
            try await world.quiet()

            let found = try await world.stockedAssets(count)
            discoveries.append(Double(found.count) / (try await world.drainTime { try await world.discover(found) }))
            try await world.forget(found)
            try await world.quiet()
        }
        return [
            Finding(name, "decommissions", unit: "changes/s", decommissions),
            Finding(name, "discoveries", unit: "changes/s", discoveries),
        ]
    }
}

extension World {
    /// Discovers machines that stand in the register so far: one statement writes their CIs, one their adapters.
    func discover(_ assets: [Int64]) async throws {
        _ = try await connection.pipeline([
            Statement(
                """
                WITH found AS (
                    INSERT INTO cmdb.ci (ci_id, ci_class, name, serial_number, uuid, asset_tag, manufacturer, model,
                        last_discovered_at, discovery_source)
                    SELECT $2 + a.asset_id, 'linux_server', a.name, lower(a.serial_number), a.uuid, NULL, a.manufacturer,
                        a.model, now(), 'agent'
                    FROM itam.asset AS a WHERE a.asset_id = ANY ($1::bigint[])
                    RETURNING ci_id, serial_number)
                INSERT INTO cmdb.ci_serial_number (ci_id, type, value)
                SELECT ci_id, 'system', serial_number FROM found
                """, [.int8Array(assets), .int8(Self.discovered)]),
            Statement(
                """
                INSERT INTO cmdb.ci_network_adapter (ci_id, name, mac)
                SELECT $2 + a.asset_id, 'eth' || n, m
                FROM itam.asset AS a CROSS JOIN LATERAL unnest(a.mac_addresses) WITH ORDINALITY AS m (m, n)
                WHERE a.asset_id = ANY ($1::bigint[])
                """, [.int8Array(assets), .int8(Self.discovered)]),
        ])
    }

    /// Takes the CIs of such a discovery away again.
    func forget(_ assets: [Int64]) async throws {
        _ = try await connection.query(
            "DELETE FROM cmdb.ci WHERE ci_id = ANY ($1::bigint[])",
            [.int8Array(assets.map { Self.discovered + $0 })])
    }

    /// Numbers of CIs that measures make are above those of the fleet.
    static let discovered: Int64 = 1_000_000_000
}
