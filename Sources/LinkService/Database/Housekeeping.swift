import CoreMetrics
package import LinkStore
import Logging
import Postgres

/// What time brings about becomes a change in the log (domain.md, first paragraph), and old things are put away.
package struct Housekeeping {
    let connection: PostgresConnection
    let configuration: DaemonConfiguration
    let logger: Logger
    var meters = ServiceMeters.none

    /// Rows of one kind that a round puts away; links wait no longer for it than for a batch.
    private static let mostPutAway: Int32 = 1_000

    /// Expired pins and blocks, tombstones and stale links whose time is over, failed records whose next try is due.
    private static let due = [
        """
        SELECT assetlink_internal.log_change('expiry', NULL, p.act_id::text, 'expiry')
        FROM assetlink_internal.pair_in_force AS p WHERE p.expires_at <= clock_timestamp()
        """,
        """
        SELECT assetlink_internal.log_change('tombstone', NULL, a.asset_ref::text, 'expiry')
        FROM assetlink.setting AS s
        CROSS JOIN LATERAL (
            -- From the tombstones to their keys, which are many more.
            SELECT t.asset_ref
            FROM (
                SELECT asset_ref, deleted_at FROM assetlink_internal.asset
                WHERE deleted_at < clock_timestamp() - s.value::numeric * interval '1 day' OFFSET 0) AS t
            WHERE (SELECT true FROM assetlink_internal.asset_key AS y WHERE y.asset_ref = t.asset_ref LIMIT 1)
            ORDER BY t.deleted_at LIMIT 1000) AS a
        WHERE s.name = 'tombstone_days' AND s.value::numeric > 0
        """,
        """
        SELECT assetlink_internal.log_change('link', NULL, l.link_id::text, 'expiry')
        FROM assetlink.setting AS s
        CROSS JOIN LATERAL (
            SELECT link_id FROM assetlink_internal.link
            WHERE status = 'stale' AND stale_at < clock_timestamp() - s.value::numeric * interval '1 day'
            ORDER BY stale_at LIMIT 1000) AS l
        WHERE s.name = 'stale_retention_days' AND s.value::numeric > 0
        """,
        """
        WITH due AS (
            UPDATE assetlink_internal.dead_letter
            SET next_attempt_at = clock_timestamp() + least(interval '1 day', interval '1 minute' * power(2, least(attempts, 12)))
            WHERE replayed_at IS NULL AND next_attempt_at <= clock_timestamp() AND source_id IS NOT NULL
            RETURNING source_id, key)
        SELECT assetlink_internal.log_change('record', source_id, key, 'retry') FROM due WHERE key IS NOT NULL
        """,
        "SELECT assetlink_internal.retry_discovery()",
    ]

    /// One round; each piece in a transaction of its own.
    func run(_ position: Snapshot, _ ranges: [BulkRange]) async throws {
        for statement in Self.due { try await attempt { _ = try await connection.query(Statement(statement)) } }
        #if DEBUG
            Failpoint.inHousekeeping.reach()
        #endif
        try await attempt { try await recheckBrokenSources() }
        try await attempt { try await rotateLog(position, ranges) }
        try await attempt { try await putAway() }
    }

    /// What is over by the settings of retention goes; as shipped, nothing is.
    private func putAway() async throws {
        let rows = try await connection.query(
            Statement("SELECT what, removed FROM assetlink_internal.put_away($1)", [.int4(Self.mostPutAway)]))
        for row in rows {
            let (kind, removed) = (try row.text(0), Int(try row.int8(1)))
            guard removed > 0 else { continue }
            meters.putAway[kind]?.increment(by: removed)
            logger.info("history was put away", metadata: ["kind": "\(kind)", "rows": "\(removed)"])
        }
    }

    /// What the server refuses is said and tried again in the next round: links do not wait for it.
    private func attempt(_ piece: () async throws -> Void) async throws {
        do { try await piece() } catch let error as PostgresError
            where error.code == .server && !error.isConnectionFailure
        {
            logger.error("a piece of housekeeping failed", metadata: ["error": "\(error)"])
        }
    }

    /// A source whose query plans again is read again, whole: its keys had to wait.
    private func recheckBrokenSources() async throws {
        let rows = try await connection.query(
            Statement(
                """
                SELECT s.source_id, s.name, s.query
                FROM assetlink_internal.source AS s JOIN assetlink_internal.source_status AS t USING (source_id)
                WHERE t.status = 'broken' AND s.detached_at IS NULL
                """))
        for row in rows {
            let (id, name, query) = (try row.int4(0), try row.text(1), try row.text(2))
            do {
                _ = try await connection.query(
                    Statement("SELECT FROM (\(query)\n) AS b LIMIT 0", prepared: false))
            } catch {
                guard error.code == .server else { throw error }
                continue
            }
            _ = try await connection.pipeline([
                Statement(
                    "DELETE FROM assetlink_internal.source_status WHERE source_id = $1 AND status = 'broken'",
                    [.int4(id)]),
                Statement("DELETE FROM assetlink_internal.held_change WHERE source_id = $1", [.int4(id)]),
                Statement("SELECT assetlink_internal.log_change('source', $1, NULL, 'repaired')", [.int4(id)]),
            ])
            logger.notice("the query of a source runs again; it is read whole", metadata: ["source": "\(name)"])
        }
    }

    /// Writers move on to the next table when this one is large; the others are emptied when nobody needs them
    /// (engine point 6).
    ///
    /// Neither ever waits for a lock.
    private func rotateLog(_ position: Snapshot, _ ranges: [BulkRange]) async throws {
        let rows = try await connection.query(
            Statement(
                """
                SELECT c.last_value, (
                    SELECT max(e.seq) - min(e.seq)
                    FROM generate_series(0, 2) AS t (n)
                    CROSS JOIN LATERAL (
                        (SELECT seq, 0 AS n FROM assetlink_internal.change_log_0 ORDER BY xid DESC, seq DESC LIMIT 1)
                        UNION ALL (SELECT seq, 0 FROM assetlink_internal.change_log_0 ORDER BY xid, seq LIMIT 1)
                        UNION ALL (SELECT seq, 1 FROM assetlink_internal.change_log_1 ORDER BY xid DESC, seq DESC LIMIT 1)
                        UNION ALL (SELECT seq, 1 FROM assetlink_internal.change_log_1 ORDER BY xid, seq LIMIT 1)
                        UNION ALL (SELECT seq, 2 FROM assetlink_internal.change_log_2 ORDER BY xid DESC, seq DESC LIMIT 1)
                        UNION ALL (SELECT seq, 2 FROM assetlink_internal.change_log_2 ORDER BY xid, seq LIMIT 1)
                    ) AS e
                    WHERE t.n = c.last_value AND e.n = t.n)
                FROM assetlink_internal.log_current AS c
                """))
        guard let row = rows.first else { return }
        let current = try row.int8(0)
        if let span = try row.int8OrNil(1), span >= Int64(configuration.logTableRows) {
            _ = try await connection.query(Statement("SELECT assetlink_internal.switch_log()"))
            #if DEBUG
                Failpoint.inLogRotation.reach()
            #endif
        }
        let base = Self.base(position, ranges)
        for table in 0..<3 where Int64(table) != current {
            _ = try await connection.query(
                Statement(
                    "SELECT assetlink_internal.empty_log($1, $2::text::xid8, $3::text[]::xid8[])",
                    [.int4(Int32(table)), .text(String(base.bound)), .texts(base.running.map { String($0) })]))
        }
    }

    /// What is as old as every snapshot that anybody still reads from: two of them may have the same bound and other
    /// transactions under way.
    package static func base(_ position: Snapshot, _ ranges: [BulkRange]) -> (bound: UInt64, running: [UInt64]) {
        let snapshots = ranges.compactMap { $0.from.flatMap { Snapshot($0) } } + [position]
        let bound = snapshots.reduce(position.xmax) { min($0, $1.xmax) }
        return (bound, Set(snapshots.flatMap(\.inProgress)).sorted())
    }
}
