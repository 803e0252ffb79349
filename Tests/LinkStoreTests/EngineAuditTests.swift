import LinkStore
import Postgres
import Testing

/// Domain.md section 9: one row per transition, in the transaction that brings it about; none for what changes nothing.
@Suite struct EngineAuditTests {
    private static let pair = """
        INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S');
        INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1, 'server', 's');
        """

    @Test func oneRowPerTransition() async throws {
        let bench = try await EngineBench()
        var seen: [String] = []
        for change in [
            Self.pair, "INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (2, 'server', 'S')",
            "SELECT assetlink.pin('cmdb', '2', 'itam', '1', 'it is this one')",
            "UPDATE itam.asset SET state = 'retired'",
        ] {
            let last = try await bench.value("SELECT coalesce(max(batch_id), 0) FROM assetlink_internal.batch") ?? ""
            try await bench.run(change)
            let reports = try await bench.drain()
            #expect(reports.count == 1)
            seen += try await bench.rows(
                """
                SELECT concat_ws(' ', a.action, a.ci_id, a.from_state, '>', a.to_state, a.reason)
                FROM assetlink_internal.audit AS a JOIN assetlink_internal.batch AS b USING (batch_id)
                WHERE batch_id > \(last) AND a.at = b.committed_at AND a.rule_set_version = b.rule_set_version
                ORDER BY 1
                """)
            seen.append("\(reports[0].auditRows) rows")
        }
        #expect(
            seen == [
                "ci_state 1 > linked", "link 1 > active linked", "2 rows",
                "ci_state 1 linked > conflicted duplicate_ci", "ci_state 2 > conflicted duplicate_ci",
                "conflict > open duplicate_ci", "link 1 active > stale in_conflict", "4 rows",
                "ci_state 1 conflicted > conflicted asset_already_linked", "ci_state 2 conflicted > linked",
                "conflict > open asset_already_linked", "conflict open > closed by_operator", "link 2 > active linked",
                "pin 2 > it is this one", "6 rows",
                "ci_state 1 conflicted > orphaned asset_decommissioned",
                "ci_state 2 linked > orphaned asset_decommissioned", "conflict open > closed resolved",
                "link 1 stale > stale asset_decommissioned", "link 2 active > stale asset_decommissioned", "5 rows",
            ])
        #expect(try await bench.rows("SELECT problem FROM assetlink.audit_verify()") == [])
    }

    @Test func whoAndWhyIsSaid() async throws {
        let bench = try await EngineBench()
        try await bench.run(Self.pair)
        try await bench.drain()
        #expect(
            try await bench.rows(
                """
                SELECT concat_ws(' ', actor, evidence ->> 'rule', evidence ->> 'entry', evidence ->> 'matched_on',
                    evidence #>> '{ci,0,r}', evidence #>> '{asset,0,r}', cause ->> 'by')
                FROM assetlink.audit WHERE action = 'link'
                """) == [#"assetlinkd hardware 10 [["S"]] s S trigger"#])
        try await bench.run("SELECT assetlink.block('cmdb', '1', 'itam', '1', 'told by Ann')")
        try await bench.drain()
        #expect(
            try await bench.rows(
                """
                SELECT concat_ws(' ', action, actor = session_user, reason) FROM assetlink.audit
                WHERE action <> 'ci_state'
                """
            )
                == ["link f linked", "block t told by Ann", "link t blocked_by_operator"])
    }

    @Test func whatChangesNothingWritesNone() async throws {
        let bench = try await EngineBench()
        try await bench.run(Self.pair)
        try await bench.drain()
        let before = try await bench.value("SELECT count(*) FROM assetlink_internal.audit")
        // Noise does not even reach the log; discovery is no change; a column that no rule reads decides nothing.
        try await bench.run("UPDATE cmdb.ci SET last_discovered_at = now(); UPDATE itam.asset SET owner = 'Ann'")
        #expect(try await bench.drain().isEmpty)
        try await bench.run("UPDATE cmdb.ci SET model = 'M'; UPDATE itam.asset SET location = 'R1', name = 'N'")
        let reports = try await bench.drain()
        #expect(reports.map(\.changes) == [2] && reports.map(\.auditRows) == [0])
        // Back and forth within one transaction; the same again; the record rewritten as it is.
        try await bench.run("UPDATE cmdb.ci SET serial_number = 'X1'; UPDATE cmdb.ci SET serial_number = 's'")
        try await bench.run("SELECT assetlink.resync('cmdb', 'test')")
        try await bench.drain()
        try await bench.check()
        #expect(
            try await bench.value("SELECT count(*) FROM assetlink_internal.audit WHERE action <> 'resync'") == before)
    }

    @Test func anOlderOrRepeatedEventIsCountedNotAudited() async throws {
        let bench = try await EngineBench()
        func publish(_ serial: String, _ version: String) async throws -> [BatchReport] {
            try await bench.run(
                """
                SELECT assetlink.publish_asset(
                    '{"asset_id": "1", "serial_number": "\(serial)", "version": "\(version)"}')
                """)
            return try await bench.drain()
        }
        _ = try await publish("NEW", "2026-02-01T00:00:00Z")
        let before = try await bench.value("SELECT count(*) FROM assetlink_internal.audit")
        let older = try await publish("OLD", "2026-01-01T00:00:00Z")
        #expect(older.map(\.ignored) == [1] && older.map(\.auditRows) == [0])
        let again = try await publish("NEW", "2026-02-01T00:00:00Z")
        #expect(again.map(\.ignored) == [0] && again.map(\.auditRows) == [0])
        #expect(try await bench.value("SELECT serial_number FROM assetlink.asset_state") == "NEW")
        #expect(try await bench.value("SELECT count(*) FROM assetlink_internal.audit") == before)
        #expect(try await bench.value("SELECT sum(ignored) FROM assetlink_internal.batch") == "1")
    }

    @Test(arguments: [
        "UPDATE assetlink_internal.audit SET actor = 'nobody' WHERE action = 'link'",
        "DELETE FROM assetlink_internal.audit WHERE action = 'link'",
        """
        UPDATE assetlink_internal.audit AS a SET reason = b.reason FROM assetlink_internal.audit AS b
        WHERE (a.action, b.action) IN (('link', 'ci_state'), ('ci_state', 'link'))
        """,
        "INSERT INTO assetlink_internal.audit SELECT * FROM assetlink_internal.audit LIMIT 1",
        "DELETE FROM assetlink_internal.batch WHERE batch_id = 2",
        "UPDATE assetlink_internal.audit SET evidence = replace(evidence, '\"S\"', '\"T\"')",
        "UPDATE assetlink_internal.audit SET at = at + interval '1 microsecond'",
    ])
    func tamperingIsFound(_ change: String) async throws {
        let bench = try await EngineBench()
        try await bench.run(Self.pair)
        try await bench.drain()
        #expect(try await bench.rows("SELECT problem FROM assetlink.audit_verify()") == [])
        if !change.hasPrefix("INSERT") {
            #expect(await refusal(bench.connection, change)?.sqlState == "23001")
        }
        try await bench.run(
            """
            ALTER TABLE assetlink_internal.audit DISABLE TRIGGER never_rewritten;
            ALTER TABLE assetlink_internal.batch DISABLE TRIGGER never_rewritten;
            ALTER TABLE assetlink_internal.audit ALTER audit_id DROP IDENTITY;
            ALTER TABLE assetlink_internal.audit DROP CONSTRAINT audit_pkey;
            """)
        try await bench.run(change)
        #expect(try await bench.rows("SELECT problem FROM assetlink.audit_verify()") != [])
    }
}
