import LinkTesting
package import Postgres

/// A database with a fleet, the session of the measure, and the daemon that keeps it linked.
package final class World {
    let site: Site
    let name: String
    package let connection: PostgresConnection
    private(set) var daemon: DaemonProcess?
    let cis: Int
    let assets: Int
    /// Where the random choice of records goes on: no record is taken twice in a row.
    private var draws: Int64 = 0

    init(_ site: Site, name: String) async throws {
        self.site = site
        self.name = name
        connection = try await site.connect(name)
        cis = Int(try await connection.query("SELECT count(*) FROM cmdb.ci").first?.int8(0) ?? 0)
        assets = Int(try await connection.query("SELECT count(*) FROM itam.asset").first?.int8(0) ?? 0)
    }

    /// One more session.
    package func session() async throws(PostgresError) -> PostgresConnection { try await site.connect(name) }

    /// Starts the daemon; it leads at once.
    func startDaemon() throws {
        guard daemon == nil else { return }
        daemon = try DaemonProcess(database: site.conninfo(name))
    }

    /// Stops it and waits until it has ended.
    func stopDaemon() throws {
        defer { daemon = nil }
        try daemon?.stop()
    }

    /// Stops the daemon and leaves the database.
    func close() async throws {
        try stopDaemon()
        await connection.close()
    }

    /// The daemon that is running.
    func running() throws -> DaemonProcess {
        guard let daemon else { throw BenchError("the daemon is not running") }
        return daemon
    }

    /// Waits until everything written so far is taken in.
    package func quiet() async throws {
        try await Eventually.quiet(on: connection, within: .seconds(6 * 3_600))
    }

    /// Waits until a daemon that has just been started has taken everything in.
    func quietFromTheStart() async throws {
        try await Eventually.holds(
            "SELECT EXISTS (SELECT FROM assetlink_internal.batch)", on: connection, within: .seconds(300))
        try await quiet()
    }

    /// The seconds that the body takes until everything it wrote is taken in.
    func drainTime(_ change: () async throws -> Void) async throws -> Double {
        let clock = ContinuousClock()
        try await change()
        let start = clock.now
        try await quiet()
        return (clock.now - start).inSeconds
    }

    /// A number of a query of one cell.
    package func number(_ sql: String) async throws -> Double {
        let rows = try await connection.query(Statement("SELECT (\(sql))::float8", prepared: false))
        return try rows.first?.float8OrNil(0) ?? 0
    }

    /// Chance picks: ids of linked assets of which each has one CI, in no order, other ones with every call.
    func linkedAssets(_ count: Int) async throws -> [Int64] {
        try await pick(
            count,
            """
            SELECT a.key::bigint FROM assetlink_internal.ci_decision AS d
            JOIN assetlink_internal.asset AS a ON a.asset_ref = d.claim_asset
            WHERE d.state = 'linked' AND a.ci_count = 1 AND a.lifecycle_raw = 'In use'
                AND NOT EXISTS (SELECT FROM itam.asset AS p WHERE p.parent_asset_id = a.key::bigint)
            """, order: "key")
    }

    /// As ``linkedAssets(_:)``, whose identifiers nobody else has: what becomes of them is the same for all.
    func plainAssets(_ count: Int) async throws -> [Int64] {
        try await pick(
            count,
            """
            SELECT a.key::bigint FROM assetlink_internal.ci_decision AS d
            JOIN assetlink_internal.asset AS a ON a.asset_ref = d.claim_asset
            WHERE d.state = 'linked' AND d.entry_priority = 10 AND a.ci_count = 1 AND a.lifecycle_raw = 'In use'
                AND NOT EXISTS (SELECT FROM itam.asset AS p WHERE p.parent_asset_id = a.key::bigint)
                AND NOT EXISTS (
                    SELECT FROM assetlink_internal.asset_key AS k
                    JOIN assetlink_internal.asset_key AS o ON o.space_id = k.space_id AND o.key = k.key
                    WHERE k.asset_ref = a.asset_ref AND o.asset_ref <> a.asset_ref)
                AND NOT EXISTS (
                    SELECT FROM assetlink_internal.asset_key AS k
                    JOIN assetlink_internal.ci_key AS o ON o.space_id = k.space_id AND o.key = k.key
                    WHERE k.asset_ref = a.asset_ref AND o.ci_ref <> d.ci_ref)
                AND NOT EXISTS (
                    SELECT FROM assetlink_internal.ci_key AS k
                    JOIN assetlink_internal.asset_key AS o ON o.space_id = k.space_id AND o.key = k.key
                    WHERE k.ci_ref = d.ci_ref AND o.asset_ref <> a.asset_ref)
                -- Without the last of too many holders their value can be trusted again, and all of them are read.
                AND NOT EXISTS (
                    SELECT FROM assetlink_internal.asset_value AS v
                    JOIN assetlink_internal.suspect_value AS s ON s.kind = v.kind AND s.value = v.value
                    WHERE v.asset_ref = a.asset_ref)
            """, order: "key")
    }

    /// Ids of assets in stock that no CI is linked to and whose serial number is theirs alone.
    func stockedAssets(_ count: Int) async throws -> [Int64] {
        try await pick(
            count,
            """
            SELECT a.key::bigint FROM assetlink_internal.asset AS a
            JOIN assetlink_internal.asset_key AS k USING (asset_ref)
            JOIN assetlink_internal.key_space AS s ON s.space_id = k.space_id AND s.signature = 'serial_number'
            WHERE a.ci_count = 0 AND a.standing = 0 AND NOT EXISTS (
                SELECT FROM assetlink_internal.asset_key AS o
                WHERE o.space_id = k.space_id AND o.key = k.key AND o.asset_ref <> a.asset_ref)
                AND NOT EXISTS (
                SELECT FROM assetlink_internal.key_space AS z
                JOIN assetlink_internal.ci_key AS c ON c.space_id = z.space_id AND c.key = k.key)
            """, order: "key")
    }

    private func pick(_ count: Int, _ sql: String, order: String) async throws -> [Int64] {
        draws += 1
        let rows = try await connection.query(
            "SELECT x.key FROM (\(sql)) AS x (key) ORDER BY hashint8extended(x.\(order), $1) LIMIT $2",
            [.int8(draws), .int8(Int64(count))])
        guard rows.count > 0 else { throw BenchError("the world is too small for this measure") }
        return try rows.map { try $0.int8(0) }
    }

    /// What tells a changed machine from a decommissioned one: moves assets to a state, in one statement.
    func move(_ ids: [Int64], to state: String) async throws {
        _ = try await connection.query(
            "UPDATE itam.asset SET state = $2, substate = NULL WHERE asset_id = ANY ($1::bigint[])",
            [.int8Array(ids), .text(state)])
    }
}

extension Duration {
    /// As seconds.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// A measure that cannot be taken, and why.
package struct BenchError: Error, CustomStringConvertible {
    /// What is wrong and what to do.
    package let description: String

    package init(_ description: String) { self.description = description }
}
