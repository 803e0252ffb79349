import LinkStore
import Testing

/// Domain.md section 7: what an asset's end makes of links, and rows that need a history of their own.
@Suite struct EngineLinkEndTests {
    @Test(arguments: [
        ("UPDATE itam.asset SET state = 'retired'", "asset_decommissioned"),
        ("DELETE FROM itam.asset", "asset_deleted"),
    ])
    func theEndOfTheAsset(_ change: String, _ reason: String) async throws {
        let bench = try await EngineLinkTableTests.bench()
        let since = try await bench.value("SELECT max(stale_at) FROM assetlink.link WHERE ci_source = 'cmdb'")
        #expect(
            try await bench.links(after: change) == [
                "cmdb 1 to 1: active > stale, \(reason)", "cmdb 2 to 2: stale > stale, \(reason)",
                "cut 1 to 1: active > closed, \(reason)", "cut 2 to 2: stale > closed, \(reason)",
            ])
        // The reason of a stale link changes, not the time since when it is stale.
        #expect(
            try await bench.value("SELECT stale_at FROM assetlink.link WHERE ci_source = 'cmdb' AND ci_id = '2'")
                == since)
        #expect(try await bench.value("SELECT count(*) FROM assetlink.link WHERE stale_reason = '\(reason)'") == "2")
    }

    @Test func theReasonOfAStaleLinkFollowsItsAsset() async throws {
        let bench = try await EngineLinkTableTests.bench()
        try await bench.run("UPDATE itam.asset SET state = 'retired'")
        try await bench.drain()
        let since = try await bench.value("SELECT max(stale_at) FROM assetlink.link WHERE ci_id = '1'")
        #expect(
            try await bench.links(after: "DELETE FROM itam.asset").sorted() == [
                "cmdb 1 to 1: stale > stale, asset_deleted", "cmdb 2 to 2: stale > stale, asset_deleted",
            ])
        // Back to life, and CI 2 is not alone on its asset.
        #expect(
            try await bench.links(after: "INSERT INTO itam.asset (asset_id, serial_number) VALUES (2, 'S2')")
                == ["cmdb 2 to 2: stale > stale, in_conflict"])
        #expect(try await bench.value("SELECT max(stale_at) FROM assetlink.link WHERE ci_id = '1'") == since)
        #expect(
            try await bench.links(after: "INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S1')")
                == ["cmdb 1 to 1: stale > active, restored", "cut 1 to 1: nothing > active, linked"])
    }

    @Test func whateverEndsAStaleLinkOfAnEndedAsset() async throws {
        let bench = try await EngineLinkTableTests.bench()
        try await bench.run(
            "DELETE FROM cmdb.ci WHERE ci_id = 3; INSERT INTO itam.asset (asset_id, serial_number) VALUES (9, 'N9')")
        try await bench.drain()
        try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id < 3")
        try await bench.drain()
        // Its identifier means nothing while the asset is ended: flagged is flagged.
        #expect(try await bench.links(after: "UPDATE cmdb.ci SET serial_number = 'elsewhere' WHERE ci_id = 1") == [])
        #expect(
            try await bench.links(after: "UPDATE cmdb.ci SET serial_number = 'N9' WHERE ci_id = 1") == [
                "cmdb 1 to 1: stale > closed, superseded", "cmdb 1 to 9: nothing > active, succeeded",
                "cut 1 to 9: nothing > active, linked",
            ])
        #expect(
            try await bench.links(after: "SELECT assetlink.block('cmdb', '2', 'itam', '2', 'test')")
                == ["cmdb 2 to 2: stale > closed, blocked_by_operator"])
    }

    /// CI 1 in slot 1 of CI 10, asset 1 in slot 1 of asset 10.
    ///
    /// The like for CIs 2 and 20, and a rival of CI 2.
    @Test func theParentIsNotLinkedAnyMore() async throws {
        let bench = try await EngineBench(cut: true)
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number, parent_asset_id, position)
            VALUES (10, 'P10', NULL, NULL), (20, 'P20', NULL, NULL), (1, NULL, 10, 'slot 1'), (2, NULL, 20, 'slot 1');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number, position) VALUES (10, 'chassis', 'P10', NULL),
                (20, 'chassis', 'P20', NULL), (1, 'module', NULL, 'slot 1'), (2, 'module', NULL, 'slot 1');
            INSERT INTO cmdb.ci_relationship VALUES (10, 1), (20, 2);
            """)
        try await bench.drain()
        #expect(
            try await bench.links(
                after: """
                    INSERT INTO cmdb.ci (ci_id, ci_class, position) VALUES (3, 'module', 'slot 1');
                    INSERT INTO cmdb.ci_relationship VALUES (20, 3);
                    """) == ["cmdb 2 to 2: active > stale, in_conflict", "cut 2 to 2: active > stale, in_conflict"])
        let seen = try await bench.links(after: "UPDATE cmdb.ci SET serial_number = NULL WHERE ci_class = 'chassis'")
        for source in ["cmdb", "cut"] {
            #expect(
                seen.filter { $0.hasPrefix(source) } == [
                    "\(source) 1 to 1: active > closed, parent_not_linked",
                    "\(source) 10 to 10: active > closed, identifier_changed",
                    "\(source) 2 to 2: stale > closed, parent_not_linked",
                    "\(source) 20 to 20: active > closed, identifier_changed",
                ])
        }
    }

    private static let narrow = """
        UPDATE assetlink_internal.source SET asset_sources = ARRAY(
            SELECT source_id FROM assetlink_internal.source WHERE name = 'itam_events')
        WHERE name IN ('cmdb', 'cut');
        SELECT assetlink_internal.log_change('source', source_id, NULL, 'attach') FROM assetlink_internal.source
        WHERE name IN ('cmdb', 'cut');
        """

    @Test(arguments: [
        (narrow, "the CIs' sources are bound to another"),
        ("SELECT assetlink.detach_source('itam', false, 'test')", "the assets' source goes, and what it said too"),
    ])
    func theSourceIsDetached(_ change: String, _ what: String) async throws {
        let bench = try await EngineLinkTableTests.bench()
        let seen = try await bench.links(after: change)
        #expect(
            seen == [
                "cmdb 1 to 1: active > closed, source_detached", "cmdb 2 to 2: stale > closed, source_detached",
                "cut 1 to 1: active > closed, source_detached", "cut 2 to 2: stale > closed, source_detached",
            ], "\(what)")
    }

    @Test func whatADetachedSourceSaidMayStay() async throws {
        let bench = try await EngineLinkTableTests.bench()
        #expect(try await bench.links(after: "SELECT assetlink.detach_source('itam', true, 'test')") == [])
        #expect(try await bench.links(after: "UPDATE itam.asset SET state = 'retired'") == [])
        #expect(try await bench.links(after: "DELETE FROM cmdb.ci WHERE ci_id = 3").count == 2)
    }
}
