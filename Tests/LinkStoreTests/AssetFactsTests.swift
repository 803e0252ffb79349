import LinkTesting
import Postgres
import Testing

/// What the ITAM knows of an asset stands beside its CI, is read when somebody looks, and wakes nobody.
@Suite struct AssetFactsTests {
    @Test func factsAreReadAsTheyAreNow() async throws {
        let connection = try await migratedConnection()
        try await connection.script(
            """
            INSERT INTO itam.asset (asset_id, asset_tag, owner, cost_centre, warranty_end)
            VALUES (1, 'T-1', 'ann', '4711', '2030-01-31');
            INSERT INTO assetlink_internal.asset (asset_ref, source_id, key, asset_tag, digest, phase, lifecycle_mapped,
                standing, composite, first_seen_at, ci_count, since, attributes)
            SELECT 1, source_id, '1', 'T-1', '', 'in_use', true, 0, false, now(), 1, now(), '{"location": "hall 3"}'
            FROM assetlink_internal.source WHERE name = 'itam';
            INSERT INTO assetlink_internal.ci (ci_ref, source_id, key, digest, class, class_known, lifecycle_mapped, retired,
                first_seen_at)
            SELECT n, source_id, n::text, '', 'server', true, true, false, now()
            FROM assetlink_internal.source, generate_series(1, 2) n WHERE name = 'cmdb';
            INSERT INTO assetlink_internal.ci_decision (ci_ref, source_id, state, reason, since, claim_asset, link_id,
                link_asset, link_status)
            SELECT 1, source_id, 'linked', NULL, now(), 1, 1, 1, 'active'
            FROM assetlink_internal.source WHERE name = 'cmdb'
            UNION ALL
            SELECT 2, source_id, 'orphaned', 'no_identifier', now(), NULL, NULL, NULL, NULL
            FROM assetlink_internal.source WHERE name = 'cmdb';
            """)
        func facts() async throws -> [String?] {
            try await connection.query(
                """
                SELECT concat_ws(' ', v.ci_id, v.asset_id, v.owner, v.location, v.cost_centre, v.warranty_end, v.facts_problem)
                FROM assetlink.ci_with_asset v ORDER BY v.ci_id
                """
            ).map { try $0.textOrNil(0) }
        }
        #expect(try await facts() == ["1 1 ann hall 3 4711 2030-01-31", "2"])

        let logged = "SELECT count(*)::text FROM assetlink_internal.pending_change WHERE key = '1'"
        let before = try await connection.query(logged).first?.text(0)
        try await connection.script("UPDATE itam.asset SET owner = 'bob', warranty_end = NULL")
        #expect(try await facts() == ["1 1 bob hall 3 4711", "2"])
        #expect(try await connection.query(logged).first?.text(0) == before)

        // A table that changed shape takes the facts away, not the view.
        try await connection.script("ALTER TABLE itam.asset RENAME COLUMN cost_centre TO cost_center")
        #expect(try await facts() == ["1 1 hall 3 column a.cost_centre does not exist", "2"])
        try await connection.script(
            "SELECT assetlink.set_asset_facts('itam', 'SELECT asset_id, cost_center AS cost_centre FROM itam.asset;')")
        #expect(try await facts() == ["1 1 hall 3 4711", "2"])
        try await connection.script("SELECT assetlink.set_asset_facts('itam', NULL)")
        #expect(try await facts() == ["1 1 hall 3", "2"])
        await connection.close()
    }

    @Test(arguments: [
        ("itma", "SELECT 1", "42704"), ("itam_events", "SELECT 1", "42704"), ("cmdb", "SELECT 1", "42704"),
        ("itam", "SELECT tag FROM itam.asset", "22023"), ("itam", "SELECT asset_id FROM itam.assets", "22023"),
        ("itam", "DELETE FROM itam.asset", "22023"),
    ])
    func wrongFactsAreRefused(_ source: String, _ query: String, _ state: String) async throws {
        let connection = try await migratedConnection()
        let error = await #expect(throws: PostgresError.self) {
            _ = try await connection.query(
                "SELECT assetlink.set_asset_facts($1, $2)", [.text(source), .text(query)])
        }
        #expect(error?.sqlState == state && error?.hint != nil, "\(String(describing: error))")
        let kept = try await connection.query(
            "SELECT f.query FROM assetlink_internal.source_facts f JOIN assetlink_internal.source s USING (source_id)"
        ).first?.text(0)
        #expect(kept?.hasPrefix("SELECT a.asset_id, a.owner") == true)
        await connection.close()
    }
}
