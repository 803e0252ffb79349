import LinkStore
import LinkTesting
import Postgres
import Testing

/// Engine.md point 3: TRUNCATE and rewrites are not MVCC-safe, so a batch locks the tables before its snapshot.
@Suite struct EngineLockTests {
    private static let fill = """
        INSERT INTO itam.asset (asset_id, serial_number) SELECT n, 'S' || n FROM generate_series(1, 30) AS n;
        """
    private static let refill = "TRUNCATE itam.asset; \(fill)"

    /// Thirty linked pairs.
    private func bench(_ name: String = #function) async throws -> EngineBench {
        let bench = try await EngineBench(name, file: #fileID)
        try await bench.run(
            Self.fill + """
                INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
                SELECT n, 'server', 'S' || n FROM generate_series(1, 30) AS n
                """)
        try await bench.drain()
        #expect(try await bench.value("SELECT count(*) FROM assetlink.link") == "30")
        return bench
    }

    /// Runs batches until the engine has found the table unlocked, for which it does not look all the time.
    private func settle(_ bench: EngineBench) async throws {
        let end = ContinuousClock().now + .seconds(30)
        while ContinuousClock().now < end {
            try await bench.drain()
            let waiting = try await bench.value(
                """
                SELECT (SELECT count(*) FROM assetlink_internal.held_change) + jsonb_array_length(ranges)
                FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1
                """)
            if waiting == "0" { return }
        }
        Issue.record("the source's keys still wait")
    }

    private func nothingEnded(_ bench: EngineBench) async throws {
        #expect(
            try await bench.rows(
                "SELECT reason FROM assetlink_internal.audit WHERE action = 'link' AND to_state <> 'active' LIMIT 3")
                == [])
        #expect(try await bench.value("SELECT count(*) FROM assetlink.link WHERE status = 'active'") == "30")
    }

    @Test func truncateAndInsertInOneTransactionEndsNothing() async throws {
        let bench = try await bench()
        try await bench.run(Self.refill)
        try await bench.drain()
        try await nothingEnded(bench)
        try await bench.check()
        try await bench.compare()
    }

    @Test func truncateAndInsertWhileBatchesRunEndsNothing() async throws {
        let bench = try await bench()
        let owner = try await secondSession(bench.connection)
        async let done: Void = {
            for round in 1...12 {
                try await owner.script("BEGIN; \(Self.refill)")
                try await owner.script("UPDATE itam.asset SET name = 'round \(round)'; COMMIT")
            }
        }()
        for round in 1...40 {
            try await bench.run("UPDATE cmdb.ci SET model = 'M\(round)' WHERE ci_id = \(round % 30 + 1)")
            _ = try await bench.engine.run()
        }
        try await done
        try await settle(bench)
        try await nothingEnded(bench)
        try await bench.check()
        try await bench.compare()
        await owner.close()
    }

    @Test func theOthersGoOnWhileASourceIsLocked() async throws {
        let bench = try await bench()
        let owner = try await secondSession(bench.connection)
        try await bench.run("UPDATE itam.asset SET serial_number = 'T1' WHERE asset_id = 1")
        try await owner.script("BEGIN; LOCK TABLE itam.asset IN ACCESS EXCLUSIVE MODE")
        try await bench.run(
            """
            SELECT assetlink.publish_asset('{"asset_id": "P", "serial_number": "T2"}');
            UPDATE cmdb.ci SET serial_number = 'T2' WHERE ci_id = 2;
            UPDATE cmdb.ci SET serial_number = 'T1' WHERE ci_id = 1;
            """)
        for _ in 1...4 { _ = try await bench.engine.run() }
        #expect(try await bench.state(2) == "linked to P")
        #expect(try await bench.state(1) == "orphaned no_matching_asset")
        try await owner.script("COMMIT")
        try await settle(bench)
        #expect(try await bench.state(1) == "linked to 1")
        try await bench.check()
        await owner.close()
    }

    @Test func aReadOfALockedSourceWaits() async throws {
        let bench = try await bench()
        let owner = try await secondSession(bench.connection)
        try await bench.run("SELECT assetlink.resync('itam', 'test')")
        try await owner.script("BEGIN; \(Self.refill)")
        try await bench.run("UPDATE cmdb.ci SET ci_class = 'laptop' WHERE ci_id = 2")
        for _ in 1...4 { _ = try await bench.engine.run() }
        #expect(try await bench.value("SELECT ci_class FROM assetlink.ci_state WHERE ci_id = '2'") == "laptop")
        try await owner.script("COMMIT")
        try await settle(bench)
        try await nothingEnded(bench)
        try await bench.check()
        try await bench.compare()
        await owner.close()
    }
}
