import LinkStore
import LinkTesting
import Postgres
import Testing

/// How many changes wait, as the service manager is told.
@Suite struct BacklogTests {
    @Test func whatWaitsIsCounted() async throws {
        let connection = try await migratedConnection()
        try await connection.script(
            """
            TRUNCATE assetlink_internal.change_log_0, assetlink_internal.change_log_1, assetlink_internal.change_log_2;
            INSERT INTO assetlink_internal.change_log_0 (topic, source_id, key, cause)
            SELECT 'record', 1, n::text, 'x' FROM generate_series(1, 25) AS n;
            """)
        var backlog = try await Backlog.count(connection)
        #expect(backlog.changes == 25 && "\(backlog)" == "25")
        // The newest batch has seen all of them, and left those behind the tenth for a range; the others are of known
        // extent, and not.
        try await connection.script(
            """
            INSERT INTO assetlink_internal.batch (batch_id, epoch, snapshot, ranges, committed_at, rule_set_version, changes,
                audit_rows, previous_digest, digest)
            SELECT 1, 1, s.now, jsonb_build_array(
                    jsonb_build_object('kind', 'log', 'from', '3:3:', 'to', s.now::text, 'after', l.xid || '/' || l.seq),
                    jsonb_build_object('kind', 'reevaluate', 'total', 100, 'done', 30),
                    jsonb_build_object('kind', 'read', 'done', 5)), now(), 1, 0, 0, '', ''
            FROM (SELECT pg_current_snapshot() AS now) AS s
            CROSS JOIN (SELECT xid, seq FROM assetlink_internal.change_log_0 ORDER BY xid, seq OFFSET 9 LIMIT 1) AS l;
            """)
        backlog = try await Backlog.count(connection)
        #expect("\(backlog)" == "15 and 70 records by new rules, 1 bulk range")
        try await connection.script(
            """
            INSERT INTO assetlink_internal.change_log_1 (topic, source_id, key, cause)
            SELECT 'record', 1, n::text, 'x' FROM generate_series(1, 12000) AS n;
            """)
        #expect("\(try await Backlog.count(connection))".hasPrefix("more than 10000 and 70"))
        await connection.close()
    }
}
