import LinkTesting
import Postgres
import Testing

/// A remote system that feeds us by PostgreSQL's own logical replication; needs `wal_level = logical`.
@Suite struct FeedsReplicationTests {
    @Test func appliedChangesAreCaptured() async throws {
        let subscriber = try await shop()
        guard try await text(subscriber, "SHOW wal_level") == "logical" else { return }
        let name = try #require(try await text(subscriber, "SELECT current_database()::text"))
        let remote = try await TestServer.shared().createDatabase(named: "\(name)_remote")
        let publisher = try await PostgresConnection.connect(ConnectionSettings(remote), logger: quietLogger)
        try await publisher.script(
            """
            CREATE SCHEMA shop;
            CREATE TABLE shop.hardware (id bigint PRIMARY KEY, tag text, note text);
            CREATE TABLE shop.port (hardware_id bigint, mac text, speed integer);
            ALTER TABLE shop.port REPLICA IDENTITY FULL;
            CREATE PUBLICATION feeds FOR TABLE shop.hardware, shop.port;
            INSERT INTO shop.hardware SELECT n, 'first', 'n' FROM generate_series(1, 3) AS n;
            """)
        try await publisher.script("SELECT pg_create_logical_replication_slot('\(name)', 'pgoutput')")
        var log = try await LogReader(subscriber)
        try await subscriber.script(
            "ALTER TABLE shop.hardware DROP CONSTRAINT hardware_pkey; ALTER TABLE shop.hardware ADD PRIMARY KEY (id)")
        try await subscriber.script(
            "CREATE SUBSCRIPTION \(name) CONNECTION '\(remote.replacing("'", with: "''"))' PUBLICATION feeds WITH (create_slot = false)"
        )
        // The initial copy: row triggers fire for it, so each row is logged once.
        #expect(try await rows(&log, 3) == [.record("1"), .record("2"), .record("3")])
        while try await text(subscriber, "SELECT bool_and(srsubstate = 'r')::text FROM pg_subscription_rel") != "true" {
            await Task.yield()
        }
        try await publisher.script(
            """
            UPDATE shop.hardware SET note = 'noise';
            UPDATE shop.hardware SET tag = 'second' WHERE id = 1;
            UPDATE shop.hardware SET id = 4 WHERE id = 2;
            DELETE FROM shop.hardware WHERE id = 3;
            INSERT INTO shop.port VALUES (9, 'm', 1);
            """)
        #expect(
            try await rows(&log, 5) == [.record("1"), .record("2"), .record("3"), .record("4"), .record("9")])
        try await publisher.script("UPDATE shop.port SET speed = 2; TRUNCATE shop.hardware")
        #expect(try await rows(&log, 1) == [.marker("truncate")])
        try await subscriber.script("DROP SUBSCRIPTION \(name)")
    }

    /// Looks until that many rows have come.
    private func rows(_ log: inout LogReader, _ count: Int) async throws -> [Logged] {
        var logged: [Logged] = []
        while logged.count < count {
            logged += try await log.drain()
            await Task.yield()
        }
        return logged.sorted { ($0.key ?? "") < ($1.key ?? "") }
    }
}
