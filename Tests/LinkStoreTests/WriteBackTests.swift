import LinkStore
import LinkTesting
import Postgres
import Testing

/// The column of a source holds the id of the active link's other end, whatever happened.
@Suite struct WriteBackTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// What happens beside CI 1 and asset 1, which are linked.
        var change: String
        var held: [String]
    }

    private static let pair = """
        INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S-1001');
        INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1, 'server', 'S-1001');
        """

    @Test(arguments: [
        Case(testDescription: "a link is made", change: "", held: ["asset 1: 1", "ci 1: 1"]),
        Case(
            testDescription: "a link ends", change: "UPDATE itam.asset SET state = 'retired'",
            held: ["asset 1:", "ci 1:"]),
        Case(
            testDescription: "a link comes back",
            change: "UPDATE itam.asset SET state = 'retired'; UPDATE itam.asset SET state = 'in_use'",
            held: ["asset 1: 1", "ci 1: 1"]),
        Case(
            testDescription: "a CI moves",
            change: """
                INSERT INTO itam.asset (asset_id, serial_number) VALUES (2, 'S-1002');
                UPDATE cmdb.ci SET serial_number = 'S-1002';
                """, held: ["asset 1:", "asset 2: 1", "ci 1: 2"]),
        Case(
            testDescription: "assets are swapped",
            change: """
                INSERT INTO itam.asset (asset_id, serial_number) VALUES (2, 'S-1002');
                INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (2, 'server', 'S-1002');
                UPDATE cmdb.ci SET serial_number = CASE ci_id WHEN 1 THEN 'S-1002' ELSE 'S-1001' END;
                """, held: ["asset 1: 2", "asset 2: 1", "ci 1: 2", "ci 2: 1"]),
        Case(testDescription: "a CI is deleted", change: "DELETE FROM cmdb.ci", held: ["asset 1:"]),
        Case(testDescription: "an asset is deleted", change: "DELETE FROM itam.asset", held: ["ci 1:"]),
        Case(
            testDescription: "a composite asset has the first CI by bytes",
            change: """
                UPDATE itam.asset SET is_composite = true;
                INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
                VALUES (10, 'server', 'S-1001'), (2, 'server', 'S-1001');
                DELETE FROM cmdb.ci WHERE ci_id = 1;
                """, held: ["asset 1: 10", "ci 10: 1", "ci 2: 1"]),
        Case(
            testDescription: "a pin",
            change: """
                INSERT INTO itam.asset (asset_id, serial_number) VALUES (2, 'S-1002');
                SELECT assetlink.pin('cmdb', '1', 'itam', '2', 'test');
                """, held: ["asset 1:", "asset 2: 1", "ci 1: 2"]),
        Case(
            testDescription: "a block", change: "SELECT assetlink.block('cmdb', '1', 'itam', '1', 'test')",
            held: ["asset 1:", "ci 1:"]),
        Case(
            testDescription: "other rules",
            change: "INSERT INTO assetlink.placeholder (kind, value) VALUES ('serial', 'S-1001')",
            held: ["asset 1:", "ci 1:"]),
        Case(
            testDescription: "a row has another key", change: "UPDATE cmdb.ci SET ci_id = 5, serial_number = NULL",
            held: ["asset 1:", "ci 5:"]),
        Case(
            testDescription: "a row that comes with something in the column",
            change: "INSERT INTO cmdb.ci (ci_id, ci_class, asset) VALUES (3, 'server', 'copied')",
            held: ["asset 1: 1", "ci 1: 1", "ci 3:"]),
    ])
    func theColumnHoldsTheActiveLink(_ example: Case) async throws {
        let bench = try await WriteBackBench()
        try await bench.settle(Self.pair)
        #expect(try await bench.held() == ["asset 1: 1", "ci 1: 1"])
        // Each statement a transaction and a batch of its own, or all of it at once: the same.
        for statement in example.change.split(separator: ";") where !statement.allSatisfy(\.isWhitespace) {
            try await bench.bench.run(String(statement))
            try await bench.bench.drain()
        }
        let before = try await bench.activity()
        try await bench.write()
        #expect(try await bench.held() == example.held)
        try await bench.check()
        #expect(try await bench.status() == ["cmdb ok 0 0", "itam ok 0 0"])
        // What was written woke nobody.
        #expect(try await bench.activity() == before)
        #expect(try await bench.bench.drain().isEmpty)
    }

    @Test func switchedOnLaterItFillsInPages() async throws {
        let bench = try await WriteBackBench(isOn: false) { limits in
            limits.page = 3
            limits.fillPage = 7
        }
        try await bench.settle(
            """
            INSERT INTO itam.asset (asset_id, serial_number, ci) SELECT n, 'SN-' || 1000 + n, 'kept by hand'
            FROM generate_series(1, 40) AS n;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) SELECT n, 'server', 'SN-' || 1000 + n
            FROM generate_series(21, 60) AS n;
            """)
        #expect(try await bench.held().contains("asset 30: kept by hand"))
        try await bench.bench.run(WriteBackBench.on)
        try await bench.bench.drain()
        #expect(try await bench.status() == ["cmdb filling 0 0", "itam filling 0 0"])
        try await bench.write()
        try await bench.check()
        #expect(try await bench.held().filter { $0.hasSuffix(":") }.count == 40)
        #expect(try await bench.status() == ["cmdb ok 0 0", "itam ok 0 0"])
    }

    @Test func offAndOnAgain() async throws {
        let bench = try await WriteBackBench()
        try await bench.settle(Self.pair)
        try await bench.settle(
            """
            SELECT assetlink.unset_write_back('cmdb', 'test');
            SELECT assetlink.unset_write_back('itam', 'test');
            UPDATE itam.asset SET state = 'retired';
            """)
        // What is there stays, and nothing is queued for it.
        #expect(try await bench.held() == ["asset 1: 1", "ci 1: 1"])
        #expect(try await bench.status() == [])
        #expect(try await bench.bench.value("SELECT count(*) FROM assetlink_internal.write_back_todo") == "0")
        #expect(try await grants(bench) == [])
        try await bench.settle(WriteBackBench.on)
        #expect(try await bench.held() == ["asset 1:", "ci 1:"])
        #expect(
            try await grants(bench) == [
                "cmdb.ci.asset SELECT", "cmdb.ci.asset UPDATE", "cmdb.ci.ci_id SELECT", "itam.asset.asset_id SELECT",
                "itam.asset.ci SELECT", "itam.asset.ci UPDATE",
            ])
        #expect(
            try await bench.bench.rows(
                "SELECT concat_ws(' ', kind, source, reason, batch_id IS NOT NULL) FROM assetlink.operator_act ORDER BY act_id"
            )
                == ["set", "unset", "set"].flatMap { act in
                    ["cmdb", "itam"].map { "\(act)_write_back \($0) test t" }
                })
    }

    private func grants(_ bench: WriteBackBench) async throws -> [String] {
        try await bench.bench.rows(
            """
            SELECT c.oid::regclass || '.' || a.attname || ' ' || x.privilege_type
            FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid, aclexplode(a.attacl) AS x
            WHERE x.grantee = 'assetlink_write_back'::regrole
            UNION ALL
            SELECT c.oid::regclass || ' ' || x.privilege_type FROM pg_class AS c, aclexplode(c.relacl) AS x
            WHERE x.grantee = 'assetlink_write_back'::regrole
            ORDER BY 1
            """)
    }

    @Test func severalSourcesOfTheOtherSide() async throws {
        let bench = try await WriteBackBench()
        try await bench.bench.run(
            """
            DO $$ BEGIN PERFORM assetlink.attach_ci_source('also', 'cmdb.ci', s.query, 'ci_id', '{
                "cmdb.ci_serial_number": "ci_id", "cmdb.ci_network_adapter": "ci_id",
                "cmdb.ci_relationship": "child_ci_id"}')
            FROM assetlink_internal.source AS s WHERE s.name = 'cmdb'; END $$;
            ALTER TABLE cmdb.ci ADD COLUMN other text;
            SELECT assetlink.set_write_back('also', 'other', 'test');
            """)
        try await bench.settle(Self.pair)
        // Each source of a table has its own column; of several CIs the source with the smaller name comes first.
        #expect(try await bench.bench.value("SELECT asset || other FROM cmdb.ci") == "11")
        try await bench.settle("SELECT assetlink.block('also', '1', 'itam', '1', 'test')")
        #expect(try await bench.bench.value("SELECT asset || coalesce(other, ' -') FROM cmdb.ci") == "1 -")
        #expect(try await bench.held() == ["asset 1: 1", "ci 1: 1"])
        // Only ids of the source that was named.
        try await bench.settle("SELECT assetlink.set_write_back('itam', 'ci', 'test', counterpart => 'also')")
        #expect(try await bench.held() == ["asset 1:", "ci 1: 1"])
    }

    @Test func detachedNothingIsWrittenAndAttachedAgainAllOfItIs() async throws {
        let bench = try await WriteBackBench()
        try await bench.settle(Self.pair)
        try await bench.settle(
            "SELECT assetlink.detach_source('cmdb'); UPDATE itam.asset SET state = 'retired'; UPDATE cmdb.ci SET asset = 'x'"
        )
        #expect(try await bench.held() == ["asset 1:", "ci 1: x"])
        #expect(try await bench.status() == ["cmdb detached 0 0", "itam ok 0 0"])
        try await bench.settle(
            """
            DO $$ BEGIN PERFORM assetlink.attach_ci_source('cmdb', 'cmdb.ci', s.query, 'ci_id', '{
                "cmdb.ci_serial_number": "ci_id", "cmdb.ci_network_adapter": "ci_id",
                "cmdb.ci_relationship": "child_ci_id"}')
            FROM assetlink_internal.source AS s WHERE s.name = 'cmdb'; END $$
            """)
        #expect(try await bench.held() == ["asset 1:", "ci 1:"])
        #expect(try await bench.status() == ["cmdb ok 0 0", "itam ok 0 0"])
    }

    @Test func whatSomebodyElseWroteIsPutRight() async throws {
        let bench = try await WriteBackBench { limits in
            limits.sweepInterval = .nanoseconds(1)
            limits.fillPage = 2
        }
        try await bench.settle(
            """
            INSERT INTO itam.asset (asset_id, serial_number) SELECT n, 'SN-' || 1000 + n FROM generate_series(1, 9) AS n;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'server', 'SN-' || 1000 + n FROM generate_series(1, 9) AS n;
            """)
        try await bench.bench.run("UPDATE cmdb.ci SET asset = 'by hand'; UPDATE itam.asset SET ci = NULL")
        // A page a round.
        for _ in 0..<20 { try await bench.write() }
        try await bench.check()
    }

    @Test func numbersInAColumnOfNumbers() async throws {
        let bench = try await WriteBackBench(isOn: false)
        try await bench.settle(
            """
            ALTER TABLE cmdb.ci ADD COLUMN number bigint;
            SELECT assetlink.set_write_back('cmdb', 'number', 'test', counterpart => 'itam');
            \(Self.pair)
            """)
        #expect(try await bench.bench.value("SELECT number FROM cmdb.ci") == "1")
    }

    /// It costs a batch one statement and no round trip, and nothing where no source has it.
    @Test func whatItCostsABatch() async throws {
        var costs: [[Int]] = []
        for isOn in [false, true] {
            let bench = try await WriteBackBench("cost_\(isOn)", isOn: isOn)
            try await bench.settle(Self.pair)
            try await bench.bench.run("UPDATE itam.asset SET state = 'retired'")
            let reports = try await bench.bench.drain()
            costs.append([reports.count, reports[0].roundTrips, reports[0].statements])
            // Nothing about links: not a statement more.
            try await bench.bench.run("UPDATE itam.asset SET manufacturer = 'another'")
            costs.append(try await bench.bench.drain().flatMap { [$0.roundTrips, $0.statements] })
        }
        #expect(costs[2] == [costs[0][0], costs[0][1], costs[0][2] + 1])
        #expect(costs[3] == costs[1])
    }

    /// Whatever comes in whatever order: when nothing is left to do, every row holds its active link.
    @Test(arguments: [UInt64.random(in: 0...UInt64.max), 17, 4_711])
    func anyScript(_ seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let bench = try await WriteBackBench { $0.page = 5 }
        for step in 0..<60 {
            let (a, b) = (1 + random.below(8), 1 + random.below(8))
            let serial = "'SN-\(1000 + random.below(8))'"
            let change =
                switch random.below(12) {
                case 0, 1:
                    "INSERT INTO itam.asset (asset_id, serial_number) VALUES (\(a), \(serial)) ON CONFLICT DO NOTHING"
                case 2, 3:
                    """
                    INSERT INTO cmdb.ci (ci_id, ci_class, serial_number, asset) VALUES (\(a), 'server', \(serial), 'new')
                    ON CONFLICT DO NOTHING
                    """
                case 4:
                    "UPDATE itam.asset SET state = CASE state WHEN 'retired' THEN 'in_use' ELSE 'retired' END WHERE asset_id = \(a)"
                case 5: "UPDATE itam.asset SET serial_number = \(serial) WHERE asset_id = \(a)"
                case 6: "UPDATE cmdb.ci SET serial_number = \(serial) WHERE ci_id = \(a)"
                case 7: "UPDATE itam.asset SET is_composite = NOT is_composite WHERE asset_id = \(a)"
                case 8: "DELETE FROM itam.asset WHERE asset_id = \(a)"
                case 9: "DELETE FROM cmdb.ci WHERE ci_id = \(a)"
                case 10:
                    """
                    DO $$ BEGIN PERFORM assetlink.pin('cmdb', '\(a)', 'itam', '\(b)', 'test');
                    EXCEPTION WHEN undefined_object OR no_data_found THEN NULL; END $$
                    """
                default:
                    "UPDATE cmdb.ci SET ci_id = \(b) WHERE ci_id = \(a) AND NOT EXISTS (SELECT FROM cmdb.ci WHERE ci_id = \(b))"
                }
            try await bench.bench.run(change)
            if random.below(3) == 0 { try await bench.bench.drain() }
            if random.below(3) == 0 { _ = try await bench.engine.run() }
            if random.below(5) == 0 {
                try await bench.settle()
                try await bench.check("seed \(seed), step \(step)")
            }
        }
        try await bench.settle()
        try await bench.check("seed \(seed)")
    }
}
