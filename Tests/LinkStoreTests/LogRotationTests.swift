import LinkTesting
import Postgres
import Testing

/// The change log's rotation and the doorbell, as writers meet them (engine points 6 and 7).
@Suite struct LogRotationTests {
    /// A snapshot as empty_log wants it.
    private func emptyLog(_ which: Int, _ snapshot: String) -> String {
        """
        SELECT assetlink_internal.empty_log(\(which), pg_snapshot_xmax('\(snapshot)'),
            ARRAY(SELECT pg_snapshot_xip('\(snapshot)')))::text
        """
    }

    private func snapshot(_ connection: PostgresConnection) async throws -> String {
        try #require(try await text(connection, "SELECT pg_current_snapshot()::text"))
    }

    private func count(_ connection: PostgresConnection, _ which: Int) async throws -> String? {
        try await text(connection, "SELECT count(*)::text FROM assetlink_internal.change_log_\(which)")
    }

    @Test func rotationGoesRound() async throws {
        let connection = try await migratedConnection()
        for current in [1, 2] {
            #expect(try await text(connection, "SELECT assetlink_internal.switch_log()::text") == "true")
            try await connection.script("SELECT assetlink.delete_ci('\(current)')")
            #expect(try await count(connection, current) == "1")
        }
        // The next one is not empty yet.
        #expect(try await text(connection, "SELECT assetlink_internal.switch_log()::text") == "false")
        let base = try await snapshot(connection)
        #expect(try await text(connection, emptyLog(0, base)) == "true")
        #expect(try await text(connection, emptyLog(2, base)) == "false", "the current table is never emptied")
        #expect(try await text(connection, "SELECT assetlink_internal.switch_log()::text") == "true")
        #expect(try await text(connection, "SELECT last_value::text FROM assetlink_internal.log_current") == "0")
    }

    /// The mistake of "the cursor has passed the switch": a writer with an older snapshot still writes to the old table.
    @Test func repeatableReadWriterOfAnOlderSnapshotLosesNothing() async throws {
        let connection = try await migratedConnection()
        let writer = try await secondSession(connection)
        // It has a snapshot and an xid from before the switch, and reads the pointer as of now all the same.
        try await writer.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_current_xact_id()")
        let early = try await secondSession(connection)
        try await early.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT assetlink.delete_ci('early')")
        #expect(try await text(connection, "SELECT assetlink_internal.switch_log()::text") == "true")
        let base = try await snapshot(connection)
        // A writer under way in the old table holds its lock.
        #expect(try await text(connection, emptyLog(0, base)) == "false")
        try await early.script("COMMIT")
        // It committed after the base snapshot: still needed, although its xid is lower than the base's xmax.
        #expect(try await text(connection, emptyLog(0, base)) == "false")
        try await writer.script("SELECT assetlink.delete_ci('late'); COMMIT")
        #expect(try await text(connection, "SELECT key FROM assetlink_internal.change_log_1") == "late")
        #expect(try await text(connection, emptyLog(0, snapshot(connection))) == "true")
        #expect(try await count(connection, 0) == "0")
        #expect(try await count(connection, 1) == "1")
    }

    @Test func emptyingNeedsReadCommitted() async throws {
        let connection = try await migratedConnection()
        try await connection.script("SELECT assetlink_internal.switch_log()")
        let base = try await snapshot(connection)
        try await connection.script("BEGIN ISOLATION LEVEL REPEATABLE READ")
        #expect(await refusal(connection, emptyLog(0, base))?.message == "empty_log needs READ COMMITTED")
        try await connection.script("ROLLBACK")
        #expect(await refusal(connection, "SELECT assetlink_internal.empty_log(3, '1', '{}')")?.sqlState == "22023")
    }

    @Test func repeatableReadWriterSeesTheArmedBell() async throws {
        let connection = try await shop()
        let writer = try await secondSession(connection)
        try await writer.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM shop.hardware")
        try await connection.listen(on: ["assetlink_wake"]) { notifications in
            try await connection.script("SELECT setval('assetlink_internal.bell', 1, true)")
            try await writer.script("INSERT INTO shop.hardware (id) VALUES (1); COMMIT")
            for try await _ in notifications { break }
        }
    }

    @Test func unarmedBellIsSilent() async throws {
        let connection = try await shop()
        try await connection.listen(on: ["assetlink_wake", "done"]) { notifications in
            try await connection.script(
                """
                INSERT INTO shop.hardware (id) VALUES (1);
                SELECT assetlink.delete_ci('1');
                SELECT setval('assetlink_internal.bell', 1, true);
                UPDATE shop.hardware SET note = 'noise';
                SELECT setval('assetlink_internal.bell', 1, false);
                NOTIFY done;
                """)
            for try await event in notifications {
                #expect("\(event)".contains("done"))
                break
            }
        }
    }

    @Test func preparedTransactionsWorkWhileTheBellIsNotArmed() async throws {
        let connection = try await shop()
        guard try await text(connection, "SHOW max_prepared_transactions") != "0" else { return }
        let write = "BEGIN; INSERT INTO shop.hardware (id) VALUES (1); INSERT INTO shop.port VALUES (1, 'm', 1)"
        try await connection.script("\(write); PREPARE TRANSACTION 'feeds'")
        #expect(try await text(connection, "SELECT assetlink_internal.switch_log()::text") == "true")
        let base = try await snapshot(connection)
        #expect(try await text(connection, emptyLog(0, base)) == "false", "a prepared transaction holds its lock")
        try await connection.script("COMMIT PREPARED 'feeds'")
        #expect(try await text(connection, emptyLog(0, base)) == "false")
        #expect(try await text(connection, emptyLog(0, snapshot(connection))) == "true")
    }
}
