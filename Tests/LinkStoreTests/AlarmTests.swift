import LinkTesting
import Postgres
import Testing

/// `assetlink.alarm`: what somebody should look at, and who holds it.
@Suite struct AlarmTests {
    /// A database where nothing is too short to be named, with a session that reads.
    private func database(_ name: String = #function) async throws -> PostgresConnection {
        let connection = try await migratedConnection(name, file: #fileID)
        try await connection.script(
            "UPDATE assetlink.setting SET value = '0' WHERE name = 'long_transaction_seconds'; SET ROLE assetlink_reader"
        )
        return connection
    }

    /// Stands for the daemon: who began before a batch is known to be as old as that.
    private func writeBatch(_ connection: PostgresConnection) async throws {
        try await secondSession(connection).script(
            """
            INSERT INTO assetlink_internal.batch (batch_id, epoch, snapshot, committed_at, rule_set_version, changes,
                audit_rows, previous_digest, digest)
            SELECT coalesce((SELECT max(batch_id) FROM assetlink_internal.batch), 0) + 1, 1, pg_current_snapshot(), now(), 1,
                0, 0, '', ''
            """)
    }

    private func alarms(_ connection: PostgresConnection, _ alarm: String) async throws -> [String] {
        try await connection.query(
            """
            SELECT concat_ws(' ', a.severity, a.subject) FROM assetlink.alarm AS a
            WHERE a.alarm = $1 AND a.subject NOT LIKE '%of database%' ORDER BY 1
            """, [.text(alarm)]
        ).map { try $0.text(0) }
    }

    @Test func anOpenWriterIsNamed() async throws {
        let reader = try await database()
        let writer = try await secondSession(reader)
        try await writer.script("BEGIN; INSERT INTO itam.asset (serial_number) VALUES ('S1')")
        let row = try #require(
            try await writer.query("SELECT pg_backend_pid()::text, pg_current_xact_id()::text").first)
        let (pid, xid) = (try row.text(0), try row.text(1))
        #expect(try await alarms(reader, "open_writer") == [])
        try await writeBatch(reader)
        let found = try await alarms(reader, "open_writer")
        #expect(found.count == 1 && found[0].hasPrefix("warning pid \(pid), xid \(xid), "))
        try await writer.script("COMMIT")
        #expect(try await alarms(reader, "open_writer") == [])
    }

    @Test func aPreparedTransactionIsNamed() async throws {
        let reader = try await database()
        let writer = try await secondSession(reader)
        guard try await text(writer, "SHOW max_prepared_transactions") != "0" else { return }
        let name = try #require(try await text(writer, "SELECT current_database()::text"))
        try await writer.script(
            "BEGIN; INSERT INTO itam.asset (serial_number) VALUES ('S1'); PREPARE TRANSACTION '\(name)'")
        let found = try await alarms(reader, "open_writer")
        #expect(found.count == 1 && found[0].hasPrefix("warning prepared transaction '\(name)', xid "))
        // The oldest of the whole cluster, whoever's it is.
        #expect(
            try await text(reader, "SELECT count(*)::text FROM assetlink.alarm WHERE alarm = 'oldest_prepared_xact'")
                == "1")
        try await writer.script("COMMIT PREPARED '\(name)'")
        #expect(try await alarms(reader, "open_writer") == [])
    }

    @Test func whoLocksLinksAndWhoReadsAnOldLogIsNamed() async throws {
        let reader = try await database()
        let person = try await secondSession(reader)
        try await person.script(
            "INSERT INTO itam.asset (serial_number) VALUES ('S1'); SELECT assetlink_internal.switch_log()")
        try await person.script(
            """
            BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK assetlink_internal.link IN ROW SHARE MODE;
            SELECT count(*) FROM assetlink_internal.change_log_0
            """)
        try await secondSession(reader).script("SELECT pg_current_xact_id()")
        try await writeBatch(reader)
        #expect(try await alarms(reader, "locked_links").count == 1)
        #expect(try await alarms(reader, "log_reader").count == 1)
        try await person.script("ROLLBACK")
        #expect(try await alarms(reader, "locked_links") + alarms(reader, "log_reader") == [])
    }

    @Test func missingAndDisabledTriggersAreErrors() async throws {
        let reader = try await database()
        let owner = try await secondSession(reader)
        #expect(try await alarms(reader, "capture") == [])
        try await owner.script("ALTER TABLE itam.asset DISABLE TRIGGER USER")
        #expect(try await alarms(reader, "capture") == ["error source itam"])
        // What a restore with --disable-triggers leaves behind: it fires again, but for streamed changes no more.
        try await owner.script("ALTER TABLE itam.asset ENABLE TRIGGER USER")
        #expect(try await alarms(reader, "capture") == ["warning source itam"])
        try await owner.script("ALTER TABLE itam.asset RENAME TO equipment")
        #expect(try await alarms(reader, "capture") == ["warning source itam"])
        try await owner.script("DROP TABLE itam.equipment CASCADE")
        #expect(try await alarms(reader, "capture") == ["error source itam"])
    }

    /// Fails closed: the writer is told who refuses and what to do, the change is not half done.
    @Test(arguments: [
        "ALTER TABLE assetlink_internal.change_log_0 OWNER TO postgres",
        "REVOKE ALL ON assetlink_internal.change_log_0 FROM assetlink_owner",
        "REVOKE ALL ON SEQUENCE assetlink_internal.log_current FROM assetlink_owner",
        "DROP SEQUENCE assetlink_internal.log_current CASCADE",
    ])
    func aLogThatCannotBeWrittenRefusesWriters(_ edit: String) async throws {
        let reader = try await database("aLogThatCannotBeWritten")
        let owner = try await secondSession(reader)
        try await owner.script(edit)
        let writer = try await secondSession(reader)
        // From PostgreSQL 18 on a sequence that may not be read has no value. It is a hint only: readers look everywhere.
        let isHintOnly = edit.hasPrefix("REVOKE ALL ON SEQUENCE") && reader.serverVersion >= 180_000
        do {
            _ = try await writer.query("INSERT INTO itam.asset (serial_number) VALUES ('S1')")
            #expect(isHintOnly, "the writer was let through")
        } catch {
            #expect(!isHintOnly)
            #expect(error.message.hasPrefix("assetlink cannot log this change of itam.asset: "))
            #expect(error.hint?.contains("assetlinkctl status") == true)
        }
        #expect(try await text(writer, "SELECT count(*)::text FROM itam.asset") == (isHintOnly ? "1" : "0"))
        if isHintOnly {
            let logged = """
                SELECT EXISTS (SELECT FROM assetlink_internal.change_log_0
                    WHERE topic = 'record' AND key = (SELECT asset_id::text FROM itam.asset))::text
                """
            #expect(try await text(owner, logged) == "true")
        }
        guard !edit.hasPrefix("DROP") else { return }
        #expect(try await alarms(reader, "capture_refused").contains { $0.contains("capture_3_0") })
    }
}
