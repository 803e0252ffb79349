import LinkStore
import LinkTesting
import Testing

/// Keys and values that so many hold that they go through the bulk lane, with the same result.
@Suite struct EngineHoldersTests {
    private func bench(_ name: String = #function) async throws -> EngineBench {
        try await EngineBench(name, file: #fileID) { limits in
            limits.holders = 10
            limits.bulk = 7
            limits.breakerMinimum = 10_000
        }
    }

    private static let crowd = """
        INSERT INTO itam.asset (asset_id, serial_number, uuid) SELECT n, 'SAME', NULL FROM generate_series(1, 25) AS n;
        INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
        SELECT n, 'server', 'SAME' FROM generate_series(1, 25) AS n;
        """

    @Test func aValueWithManyHoldersFlips() async throws {
        let bench = try await bench()
        try await bench.run(Self.crowd)
        try await bench.drain()
        #expect(try await bench.state(7) == "orphaned suspect_identifier")
        try await bench.compare("suspect")
        for change in [
            "UPDATE assetlink.suspect_limit SET holders = 100", "UPDATE assetlink.suspect_limit SET holders = 24",
            "DELETE FROM itam.asset WHERE asset_id > 3", "DELETE FROM cmdb.ci WHERE ci_id > 20",
            """
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'server', 'same' FROM generate_series(21, 30) AS n
            """,
        ] {
            try await bench.run(change)
            try await bench.drain()
            try await bench.check(change)
            try await bench.compare(change)
        }
        #expect(
            try await bench.value(
                "SELECT count(*) FROM assetlink_internal.batch WHERE ranges @> '[{\"kind\": \"value\"}]'")
                != "0")
    }

    /// Readers of a value are counted for the class that sets K, wherever they go and whoever sets it.
    @Test func aClassHasAKOfItsOwn() async throws {
        let bench = try await EngineBench()
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number, asset_tag) VALUES (1, 'SAME', 'TAG');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number, asset_tag)
            SELECT n, CASE WHEN n > 4 THEN 'switch' ELSE 'server' END, 'SAME', 'TAG' FROM generate_series(1, 8) AS n;
            """)
        try await bench.drain()
        #expect(try await bench.value("SELECT count(*) FROM assetlink.suspect_identifier") == "1")
        let limit = "UPDATE assetlink.ci_class SET suspect_limits ="
        for (change, suspects) in [
            // Four of each: within five, and not within three.
            ("\(limit) '{\"serial\": 4}' WHERE class = 'network_gear'", ""),
            ("\(limit) '{\"serial\": 3, \"asset_tag\": 4}' WHERE class = 'network_gear'", "serial"),
            ("\(limit) '{\"serial\": 0}' WHERE class = 'switch'", ""),
            ("UPDATE cmdb.ci SET ci_class = 'server' WHERE ci_id = 5", ""),
            ("UPDATE cmdb.ci SET ci_class = 'server' WHERE ci_id = 6", "serial"),
            ("UPDATE cmdb.ci SET ci_class = 'router' WHERE ci_id < 4", "asset_tag"),
            ("UPDATE cmdb.ci SET ci_class = 'firewall' WHERE ci_id IN (4, 5)", "asset_tag, serial"),
            ("UPDATE cmdb.ci SET state = 'retired' WHERE ci_id < 3", "asset_tag"),
            (
                "UPDATE assetlink.suspect_limit SET holders = 0; UPDATE cmdb.ci SET state = 'active'",
                "asset_tag, serial"
            ),
            ("\(limit) NULL", ""),
        ] {
            try await bench.run(change)
            try await bench.drain()
            let kinds = "SELECT coalesce(string_agg(kind, ', ' ORDER BY kind), '') FROM assetlink.suspect_identifier"
            #expect(try await bench.value(kinds) == suspects, "\(change)")
            try await bench.check(change)
            try await bench.compare(change)
        }
    }

    @Test func trustOfAValueWithManyHolders() async throws {
        let bench = try await bench()
        try await bench.run(Self.crowd)
        try await bench.drain()
        try await bench.run("SELECT assetlink.trust_identifier('serial', 'SAME', 'test')")
        let reports = try await bench.drain()
        #expect(reports.contains { $0.ranges.contains { $0.kind == .value } })
        try await bench.check()
        #expect(
            try await bench.rows("SELECT DISTINCT state || ' ' || reason FROM assetlink.ci_state")
                == ["conflicted duplicate_asset"])
        #expect(try await bench.value("SELECT count(*) FROM assetlink.conflict WHERE closed_at IS NULL") == "1")
        try await bench.run("SELECT assetlink.distrust_identifier('serial', 'SAME', 'test')")
        try await bench.drain()
        try await bench.check()
        try await bench.compare()
    }

    /// A value that counts no more goes page by page; what is left of it on the way links nobody, and no batch is larger
    /// than a page.
    @Test(arguments: [(1, 23), (23, 1), (23, 23)])
    func nobodyIsLinkedByTheRestOfAValue(assets: Int, cis: Int) async throws {
        let bench = try await EngineBench("rest_\(assets)_\(cis)") { limits in
            limits.holders = 10
            limits.bulk = 11
            limits.breakerMinimum = 10_000
        }
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) SELECT n, 'SAME' FROM generate_series(1, \(assets)) AS n;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'server', 'SAME' FROM generate_series(1, \(cis)) AS n;
            """)
        try await bench.drain()
        #expect(try await bench.value("SELECT count(*) FROM assetlink.suspect_identifier") == "1")
        for act in ["trust", "distrust", "trust", "distrust"] {
            try await bench.run("SELECT assetlink.\(act)_identifier('serial', 'SAME', 'test')")
            if act == "trust" {
                #expect(
                    try await bench.rows(
                        "SELECT links_gained || ' ' || conflicts_opened FROM assetlink.suspect_identifier") == ["0 1"])
            }
            let reports = try await bench.drain()
            #expect(reports.allSatisfy { $0.changes <= 12 } && reports.count >= 3, "\(reports.map(\.changes))")
            try await bench.check(act)
            let states = try await bench.rows("SELECT DISTINCT state || ' ' || reason FROM assetlink.ci_state")
            let conflict = assets > 1 ? "conflicted duplicate_asset" : "conflicted duplicate_ci"
            #expect(states == [act == "trust" ? conflict : "orphaned suspect_identifier"])
        }
        let linked = "SELECT count(*) FROM assetlink_internal.audit WHERE to_state IN ('linked', 'active')"
        #expect(try await bench.value(linked) == "0")
    }

    @Test func theViewOfAKeyWithManyHoldersChanges() async throws {
        let bench = try await bench()
        try await bench.run("UPDATE assetlink.suspect_limit SET holders = 0; \(Self.crowd)")
        try await bench.drain()
        try await bench.compare("crowd")
        for change in [
            "DELETE FROM itam.asset WHERE asset_id > 1", "UPDATE itam.asset SET is_composite = true",
            "UPDATE itam.asset SET state = 'retired'", "UPDATE itam.asset SET state = 'in_use'",
            "INSERT INTO itam.asset (asset_id, serial_number) VALUES (2, 'SAME')",
            "UPDATE itam.asset SET serial_number = 'Y' WHERE asset_id = 1", "DELETE FROM itam.asset",
        ] {
            try await bench.run(change)
            try await bench.drain()
            try await bench.check(change)
            try await bench.compare(change)
        }
        #expect(
            try await bench.value(
                "SELECT count(*) FROM assetlink_internal.batch WHERE ranges @> '[{\"kind\": \"holders\"}]'")
                != "0")
    }

    /// What ends in the bulk lane counts for the breaker too, and the source it is counted against waits.
    @Test(.timeLimit(.minutes(10))) func theBreakerHoldsWhatARangeWouldEnd() async throws {
        let bench = try await EngineBench { limits in
            limits.holders = 10
            limits.bulk = 100
            limits.breakerMinimum = 5
        }
        try await bench.run(
            """
            UPDATE assetlink.suspect_limit SET holders = 30;
            INSERT INTO itam.asset (asset_id, serial_number, is_composite) VALUES (1, 'SAME', true);
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'server', 'SAME' FROM generate_series(1, 30) AS n;
            """)
        try await bench.drain()
        #expect(try await bench.value("SELECT count(*) FROM assetlink.link WHERE status = 'active'") == "30")
        // The 31st makes the value suspect: 30 links would end, in the range of its holders.
        try await bench.run("INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (31, 'server', 'SAME')")
        for _ in 1...6 { _ = try await bench.engine.run() }
        #expect(try await bench.value("SELECT count(*) FROM assetlink.link WHERE status = 'active'") == "30")
        #expect(try await bench.rows("SELECT status FROM assetlink_internal.source_status") == ["held"])
        try await bench.check()
    }
}
