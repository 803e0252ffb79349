import LinkStore
import LinkTesting
import Postgres
import Testing

/// Engine.md point 5: what exceeds a batch becomes a range, is taken page by page, and comes to the same.
@Suite struct EngineBulkTests {
    private static func pairs(_ count: Int, from first: Int = 1) -> String {
        """
        INSERT INTO itam.asset (asset_id, serial_number)
        SELECT n, 'S' || n % 3000 FROM generate_series(\(first), \(first + count - 1)) AS n;
        INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
        SELECT n, CASE n % 7 WHEN 0 THEN 'container' ELSE 'server' END, 's' || n + n % 5 / 4 * 3000
        FROM generate_series(\(first), \(first + count - 1)) AS n;
        """
    }

    @Test func aBacklogBecomesARangeAndDrains() async throws {
        let bench = try await EngineBench { limits in
            limits.live = 20
            limits.bulk = 7
        }
        try await bench.run(Self.pairs(60))
        try await bench.run("UPDATE cmdb.ci SET serial_number = 's1' WHERE ci_id IN (2, 3)")
        guard case .done(let first) = try await bench.engine.run() else {
            Issue.record("nothing to do")
            return
        }
        #expect(first.ranges.map(\.kind) == [.log])
        #expect(first.oldestLoggedAt != nil)
        // The live lane goes on before the range is done.
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (1001, 'LIVE');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1001, 'server', 'live');
            """)
        guard case .done(let second) = try await bench.engine.run() else {
            Issue.record("nothing to do")
            return
        }
        #expect(!second.ranges.isEmpty)
        #expect(try await bench.state(1001) == "linked to 1001")
        try await bench.check("half-way")
        let reports = try await bench.drain()
        #expect(reports.count > 10 && reports.last?.ranges.isEmpty == true)
        try await bench.check("at the end")
        try await bench.compare("at the end")
    }

    /// Changes that come while a range is under way, some of the range's own records, and another backlog.
    @Test(arguments: [UInt64](1...4)) func changesDuringARange(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let bench = try await EngineBench("during_\(seed)") { limits in
            limits.live = 15
            limits.bulk = 6
            limits.holders = 2
            limits.breakerMinimum = 10_000
        }
        try await bench.run(Self.pairs(40))
        for _ in 0..<40 {
            let (a, b) = (random.below(45) + 1, random.below(45) + 1)
            switch random.below(7) {
            case 0: try await bench.run("UPDATE cmdb.ci SET serial_number = 'S\(b)' WHERE ci_id = \(a)")
            case 1: try await bench.run("UPDATE itam.asset SET serial_number = 'S\(b)' WHERE asset_id = \(a)")
            case 2: try await bench.run("DELETE FROM cmdb.ci WHERE ci_id = \(a)")
            case 3:
                // A tombstone keeps what was last read.
                try await bench.drain()
                try await bench.run("DELETE FROM itam.asset WHERE asset_id = \(a)")
                try await bench.drain()
            case 4:
                try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id BETWEEN \(a) AND \(a + 20)")
            case 5:
                try await bench.run("UPDATE itam.asset SET state = 'in_use'; UPDATE cmdb.ci SET ci_class = 'server'")
            default: try await bench.run("SELECT assetlink.resync('cmdb', 'test'), assetlink.resync('itam', 'test')")
            }
            _ = try await bench.engine.run()
        }
        try await bench.drain()
        try await bench.check("seed \(seed)")
        try await bench.compare("seed \(seed)")
    }

    @Test func theFirstReadOfASourceIsTakenInPages() async throws {
        let bench = try await EngineBench { $0.bulk = 100 }
        try await bench.run(
            """
            CREATE SCHEMA old;
            CREATE TABLE old.box (id text PRIMARY KEY, serial text);
            INSERT INTO old.box SELECT 'box-' || n, 'S' || n FROM generate_series(1, 3000) AS n;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'server', 'S' || n * 10 FROM generate_series(1, 300) AS n;
            """)
        try await bench.drain()
        try await bench.run(
            """
            SELECT assetlink.attach_asset_source('old', 'old.box',
                'SELECT b.id AS asset_id, b.serial AS serial_number FROM old.box AS b', 'id');
            """)
        let reports = try await bench.drain()
        #expect(reports.count >= 30 && reports.allSatisfy { $0.changes <= 101 })
        #expect(
            try await bench.value("SELECT count(*) FROM assetlink.asset_state WHERE asset_source = 'old'") == "3000")
        #expect(try await bench.value("SELECT count(*) FROM assetlink.link WHERE status = 'active'") == "300")
        try await bench.check()
    }

    /// Without statistics every index with a column of a lookup looks the same to the planner.
    @Test func aNewInstallationReadsByKeys() async throws {
        // Many batches, or all lookups would be of empty tables.
        let bench = try await EngineBench { limits in
            limits.live = 200
            limits.bulk = 200
        }
        try await bench.run(
            Self.pairs(3_000) + """
                INSERT INTO cmdb.ci_relationship (parent_ci_id, child_ci_id)
                SELECT n - 1, n FROM generate_series(3, 3000, 3) AS n;
                """)
        try await bench.drain()
        // What the engine's session has counted, now.
        try await bench.runner.connection.script("SELECT pg_stat_force_next_flush()")
        let walks = try await bench.connection.query(
            """
            SELECT indexrelname || ': ' || idx_tup_read || ' entries in ' || idx_scan || ' scans'
            FROM pg_stat_user_indexes
            WHERE schemaname = 'assetlink_internal' AND idx_tup_read > 100 * 3000
            """
        ).map { try $0.text(0) }
        #expect(walks == [])
        let found = try await bench.value(
            "SELECT sum(idx_scan) > 3000 FROM pg_stat_user_indexes WHERE indexrelname = 'ci_source_id_key_key'")
        #expect(found == "true")
    }

    @Test func aResyncRepairsDriftAndAuditsIt() async throws {
        let bench = try await EngineBench { $0.bulk = 5 }
        try await bench.run(Self.pairs(20))
        try await bench.drain()
        // Nobody's trigger saw this: a row changed, one came, one went, on both sides.
        try await bench.run(
            """
            ALTER TABLE itam.asset DISABLE TRIGGER USER; ALTER TABLE cmdb.ci DISABLE TRIGGER USER;
            UPDATE itam.asset SET serial_number = 'S3' WHERE asset_id = 2;
            DELETE FROM itam.asset WHERE asset_id = 6;
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (100, 'S100');
            UPDATE cmdb.ci SET serial_number = 'S100' WHERE ci_id = 1;
            DELETE FROM cmdb.ci WHERE ci_id = 8;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (101, 'server', 'S1');
            ALTER TABLE itam.asset ENABLE TRIGGER USER; ALTER TABLE cmdb.ci ENABLE TRIGGER USER;
            """)
        #expect(try await bench.drain().isEmpty)
        try await bench.run("SELECT assetlink.resync('itam', 'drift'), assetlink.resync('cmdb', 'drift')")
        try await bench.drain()
        try await bench.check()
        try await bench.compare()
        #expect(try await bench.state(1) == "linked to 100")
        #expect(
            try await bench.value(
                "SELECT count(*) > 0 FROM assetlink.audit WHERE action = 'link' AND cause ->> 'by' = 'resync'")
                == "true")
        // Nothing is left to repair.
        let before = try await bench.value("SELECT count(*) FROM assetlink_internal.audit WHERE action <> 'resync'")
        try await bench.run("SELECT assetlink.resync('itam', 'again'), assetlink.resync('cmdb', 'again')")
        try await bench.drain()
        #expect(
            try await bench.value("SELECT count(*) FROM assetlink_internal.audit WHERE action <> 'resync'") == before)
    }

    @Test func aChangeOfRulesGoesThroughTheBulkLane() async throws {
        let bench = try await EngineBench { limits in
            limits.bulk = 10
            limits.breakerMinimum = 10_000
        }
        try await bench.run(Self.pairs(60))
        try await bench.drain()
        for (change, isLarge) in [
            // Nobody is of that class.
            ("UPDATE assetlink.ci_class SET rule = NULL WHERE class = 'container'", false),
            ("UPDATE assetlink.ci_class SET rule = '\"none\"' WHERE class = 'server'", true),
            ("UPDATE assetlink.ci_class SET rule = NULL WHERE class = 'server'", true),
            ("INSERT INTO assetlink.placeholder (kind, value, is_pattern) VALUES ('serial', 's1.', true)", true),
            ("DELETE FROM assetlink.placeholder WHERE value = 's1.'", true),
            ("INSERT INTO assetlink.lifecycle_state VALUES ('asset', NULL, 'lent', 'retired')", true),
        ] {
            try await bench.run(change)
            let reports = try await bench.drain()
            #expect((reports.count > 10) == isLarge, "\(change)")
            try await bench.check(change)
            try await bench.compare(change)
        }
    }
}
