import LinkTesting
import Postgres
import Testing

/// `status`, the sources, and what waits for a person.
@Suite struct StatusTests {
    @Test func withoutADaemonItIsDegraded() async throws {
        let outcome = await run("status", "-d", try await smallFleet())
        #expect(outcome.code == 1)
        #expect(
            outcome.out.prefix(2) == ["degraded", "  !  No daemon is at work. → start one: systemctl start assetlinkd"])
        #expect(outcome.out.contains("Coverage    20.0 %, 1 of 5 eligible CIs; target 90 %: missed"))
    }

    @Test func withADaemonItIsHealthy() async throws {
        let database = try await smallFleet()
        try await execute(lease, database)
        let outcome = await run("status", "-d", database)
        #expect(outcome.code == 0)
        #expect(outcome.out.first == "healthy")
        #expect(outcome.out[1] == "Daemon      host-1, version 1.2.3")
        let json = await run("status", "--json", "-d", database)
        #expect(
            json.text.hasPrefix(
                #"{"schema": "assetlinkctl/status.v1", "healthy": true, "problems": [], "daemon": {"leader":"host-1""#))
        for field in ["coverage", "sources"] { #expect(json.text.contains("\"\(field)\": ")) }
    }

    @Test func whatTheLeaderResumedAfterIsNamed() async throws {
        let database = try await smallFleet()
        let details = #"{"resumed_after": "failover", "leading_since": "2026-04-05T06:07:08Z"}"#
        try await execute(lease + "UPDATE assetlink_internal.lease SET details = details || '\(details)'", database)
        let outcome = await run("status", "-d", database, width: 120)
        #expect(
            outcome.out.contains(
                "Resumed     after a failover: the server is on another timeline, leading since 2026-04-05 06:07:08"))
        #expect(!outcome.text.contains("Connection"))
    }

    @Test func everyTroubleIsNamed() async throws {
        let database = try await smallFleet()
        try await execute(lease + trouble, database)
        let outcome = await run("status", "-d", database, width: 120)
        #expect(outcome.code == 1)
        #expect(
            outcome.out.prefix(4) == [
                "degraded",
                "  !  Source itam is held, as its changes would end many links. → assetlinkctl held, then held approve "
                    + "itam or held drop",
                "     itam", "  !  Source cmdb is broken. → assetlinkctl sources check cmdb",
            ])
        #expect(outcome.out[4] == "  !  1 rejected event. → assetlinkctl dead-letters")
        let sources = await run("sources", "-d", database, width: 120)
        #expect(sources.text.contains("held") && sources.text.contains("a column is gone"))
        let held = await run("held", "-d", database, width: 120)
        #expect(held.out[1].hasPrefix("itam    A-1     2026-04-05 06:07  too many at once"))
        let letters = await run("dead-letters", "-d", database, width: 120)
        #expect(letters.out.count == 2)
        #expect(letters.out[1].contains("itam_asset  A-7     22P02  not valid JSON"))
    }

    /// Writers that are not heard of make it degraded; whoever merely holds something up is named.
    @Test func alarmsAreShown() async throws {
        let database = try await smallFleet()
        try await execute(
            lease + "UPDATE assetlink.setting SET value = '0' WHERE name = 'long_transaction_seconds'", database)
        let person = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
        try await person.script("BEGIN; LOCK assetlink_internal.link IN ROW SHARE MODE; SELECT pg_current_xact_id()")
        // Who began before a batch is known to be as old as that: a batch sees who came before one that is over.
        try await execute("SELECT pg_current_xact_id()", database)
        try await execute(
            """
            INSERT INTO assetlink_internal.batch (batch_id, epoch, snapshot, committed_at, rule_set_version, changes,
                audit_rows, previous_digest, digest)
            SELECT coalesce((SELECT max(batch_id) FROM assetlink_internal.batch), 0) + 1, 1, pg_current_snapshot(), now(), 1,
                0, 0, '', ''
            """, database)
        let waits = await run("status", "-d", database, width: 200)
        #expect(waits.code == 0)
        // Transactions of other tests on this server hold things up too.
        #expect(waits.out[0] == "healthy" && waits.out.contains { $0.hasPrefix("  ?  locked_links, pid ") })
        try await person.script("ROLLBACK; ALTER TABLE cmdb.ci DISABLE TRIGGER USER")
        let misses = await run("status", "-d", database, width: 200)
        #expect(misses.code == 1)
        #expect(misses.out.contains { $0.hasPrefix("  !  capture, source cmdb: trigger assetlink_") })
        #expect(misses.text.contains("assetlinkctl sources check cmdb"))
        let json = await run("status", "--json", "-d", database)
        #expect(json.text.contains(#"{"alarm":"capture","severity":"error""#))
        await person.close()
    }

    @Test func checkOfASource() async throws {
        let database = try await smallFleet()
        let outcome = await run("sources", "check", "itam", "-d", database)
        #expect(outcome.text.contains("status: ok"))
        let unknown = await run("sources", "check", "itan", "-d", database)
        #expect(unknown.code == 1)
        #expect(unknown.err.first == "assetlinkctl: There is no source 'itan'.")
        let json = await run("sources", "check", "itam", "--json", "-d", database)
        #expect(json.text.hasPrefix(#"{"schema": "assetlinkctl/sources-check.v1", "source": "itam", "ok": "#))
    }

    @Test func actsAreRecordedAndWaitForTheDaemon() async throws {
        let database = try await smallFleet()
        try await execute(lease + trouble, database)
        let resync = await run("resync", "itam", "--reason", "test", "--wait", "0", "-d", database)
        #expect(resync.code == 0)
        #expect(resync.text.hasPrefix("Recorded as act "))
        #expect(resync.err.isEmpty)
        let late = await run("held", "approve", "itam", "--reason", "test", "--wait", "0.05", "-d", database)
        #expect(late.errors.contains("has not taken it up yet"))
        let json = await run("held", "drop", "itam", "--reason", "test", "--wait", "0", "--json", "-d", database)
        #expect(json.text.contains(#""taken_up": false"#))
        let nothing = await run("held", "approve", "cmdb", "--reason", "test", "-d", database)
        #expect(nothing.code == 1)
        let replay = await run("dead-letters", "replay", "999", "--reason", "test", "-d", database)
        #expect(replay.code == 1)
        #expect(replay.err.first == "assetlinkctl: There is no dead letter 999.")
    }
}

private let lease = """
    INSERT INTO assetlink_internal.lease (holder, epoch, expires_at, details)
    VALUES ('host-1', 1, now() + interval '1 hour', '{"version": "1.2.3"}');
    """

private let trouble = """
    INSERT INTO assetlink_internal.source_status (source_id, status, detail, since)
    SELECT source_id, CASE name WHEN 'itam' THEN 'held' ELSE 'broken' END,
        CASE name WHEN 'itam' THEN 'too many at once' ELSE 'a column is gone' END, now()
    FROM assetlink_internal.source WHERE name IN ('itam', 'cmdb');
    INSERT INTO assetlink_internal.held_change (source_id, key, held_at, batch_id)
    SELECT source_id, 'A-1', '2026-04-05T06:07:08Z', 1 FROM assetlink_internal.source WHERE name = 'itam';
    INSERT INTO assetlink_internal.dead_letter (feed, key, raw, error_code, error_text)
    VALUES ('itam_asset', 'A-7', '{', '22P02', 'not valid JSON');
    """
