import LinkTesting
import Testing

/// Rings of asset parents stay rings whatever reads their members again.
@Suite struct EngineRingTests {
    /// Each reads asset 2 again without a change of its record.
    @Test(arguments: [
        "SELECT assetlink.set_composite('itam', '2', true, 'a test')",
        "INSERT INTO assetlink.placeholder (kind, value) VALUES ('serial', 'NEVER SEEN')",
        "SELECT assetlink.trust_identifier('serial', 'HOT', 'a test')",
    ])
    func readAgain(how sql: String) async throws {
        let bench = try await EngineBench("\(sql.hashValue.magnitude)")
        // Asset 2 stands in asset 1 at position 0, and asset 1 in asset 2; six hold one serial number, so it is suspect.
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number, other_serials, position)
            SELECT n, 'CHS100' || n, CASE WHEN n > 1 THEN '{HOT}'::text[] ELSE '{}' END, '0' FROM generate_series(1, 7) AS n;
            UPDATE itam.asset SET parent_asset_id = 3 - asset_id WHERE asset_id <= 2;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number, position)
            VALUES (1, 'chassis', 'CHS1001', NULL), (2, 'module', NULL, '0');
            INSERT INTO cmdb.ci_relationship VALUES (1, 2, 'contains');
            """)
        try await bench.drain()
        #expect(try await bench.state(1) == "linked to 1")
        #expect(try await bench.state(2) == "orphaned no_matching_asset")
        try await bench.run(sql)
        try await bench.drain()
        #expect(try await bench.state(2) == "orphaned no_matching_asset")
        // The ring broken: now it stands there.
        try await bench.run("UPDATE itam.asset SET parent_asset_id = NULL WHERE asset_id = 1")
        try await bench.drain()
        let state = try await bench.state(2)
        #expect(state == "linked to 2")
        try await bench.check()
    }
}
