import LinkStore
import LinkTesting
import Postgres
import Testing

/// Engine.md point 14: a source that would end too many links is held, and nobody else.
@Suite(.timeLimit(.minutes(10))) struct EngineBreakerTests {
    /// A hundred linked pairs of `itam` and `cmdb`; at most ten links may end.
    static func bench(_ name: String = #function, bulk: Int = 2_000) async throws -> EngineBench {
        let bench = try await EngineBench(name, file: #fileID) { limits in
            limits.breakerMinimum = 10
            limits.breakerPercent = 10
            limits.bulk = bulk
        }
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) SELECT n, 'S' || n FROM generate_series(1, 100) AS n;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'server', 'S' || n FROM generate_series(1, 100) AS n;
            """)
        try await bench.drain()
        try await Self.expectActive(100, bench)
        return bench
    }

    static func expectActive(
        _ count: Int, _ bench: EngineBench, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(
            try await bench.value("SELECT count(*) FROM assetlink.link WHERE status = 'active'") == String(count),
            sourceLocation: sourceLocation)
        try await bench.check(sourceLocation: sourceLocation)
    }

    static func held(_ bench: EngineBench) async throws -> [String] {
        try await bench.rows("SELECT source || ' ' || count(*) FROM assetlink.held_change GROUP BY source ORDER BY 1")
    }

    private static let mass = "UPDATE itam.asset SET state = 'retired' WHERE asset_id <= 50"

    @Test func aMassDecommissionIsHeldAndTheOthersGoOn() async throws {
        let bench = try await Self.bench()
        let before = try await bench.value("SELECT max(batch_id) FROM assetlink_internal.batch")
        try await bench.run(
            """
            \(Self.mass);
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (200, 'S200');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (200, 'server', 'S200');
            UPDATE cmdb.ci SET ci_class = 'laptop' WHERE ci_id = 99;
            """)
        try await bench.drain()
        #expect(try await Self.held(bench) == ["itam 50"])
        #expect(try await bench.rows("SELECT status FROM assetlink_internal.source_status") == ["held"])
        #expect(try await bench.value("SELECT max(batch_id) FROM assetlink_internal.batch") != before)
        #expect(try await bench.drain().isEmpty)
        // What is new and ends no link passes; so do the other sources.
        #expect(try await bench.state(200) == "linked to 200")
        #expect(try await bench.value("SELECT ci_class FROM assetlink.ci_state WHERE ci_id = '99'") == "laptop")
        try await Self.expectActive(101, bench)
        #expect(
            try await bench.rows(
                "SELECT (reason ~ '50 active links')::text FROM assetlink.audit WHERE action = 'source_held'")
                == ["true"])
        // Later changes of its known records wait too, additions pass.
        try await bench.run(
            """
            UPDATE itam.asset SET serial_number = 'T60' WHERE asset_id = 60;
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (201, 'S201');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (201, 'server', 'S201');
            """)
        try await bench.drain()
        #expect(try await Self.held(bench) == ["itam 51"])
        #expect(try await bench.state(201) == "linked to 201")
        try await Self.expectActive(102, bench)
    }

    @Test func approvedChangesAreApplied() async throws {
        let bench = try await Self.bench()
        try await bench.run(Self.mass)
        try await bench.drain()
        try await bench.run("SELECT assetlink.approve_held('itam', 'they are gone')")
        try await bench.drain()
        #expect(try await Self.held(bench) == [])
        #expect(try await bench.rows("SELECT status FROM assetlink_internal.source_status") == [])
        #expect(
            try await bench.rows(
                """
                SELECT stale_reason || ' ' || count(*) FROM assetlink.link WHERE status = 'stale' GROUP BY stale_reason
                """
            )
                == ["asset_decommissioned 50"])
        #expect(
            try await bench.rows("SELECT reason FROM assetlink.audit WHERE action = 'approve_held'") == [
                "they are gone"
            ])
        try await Self.expectActive(50, bench)
        try await bench.compare()
        // What was approved does not count for what comes.
        try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id BETWEEN 51 AND 60")
        try await bench.drain()
        try await Self.expectActive(40, bench)
    }

    @Test func droppedChangesAreForgottenUntilAResync() async throws {
        let bench = try await Self.bench()
        try await bench.run(Self.mass)
        try await bench.drain()
        try await bench.run("SELECT assetlink.drop_held('itam', 'a mistake')")
        try await bench.drain()
        #expect(try await Self.held(bench) == [])
        #expect(try await bench.rows("SELECT status FROM assetlink_internal.source_status") == [])
        try await Self.expectActive(100, bench)
        // The mistake is put right in the meantime for all but ten.
        try await bench.run("UPDATE itam.asset SET state = 'in_use' WHERE asset_id > 10")
        try await bench.drain()
        try await Self.expectActive(100, bench)
        try await bench.run("SELECT assetlink.resync('itam', 'test')")
        try await bench.drain()
        try await Self.expectActive(90, bench)
        try await bench.compare()
    }

    @Test func theCISideIsHeldToo() async throws {
        let bench = try await Self.bench()
        try await bench.run(
            """
            UPDATE cmdb.ci SET serial_number = NULL WHERE ci_id <= 30;
            UPDATE itam.asset SET state = 'retired' WHERE asset_id = 77
            """)
        try await bench.drain()
        #expect(try await Self.held(bench) == ["cmdb 30"])
        try await Self.expectActive(99, bench)
    }

    /// New records that end links are no harmless additions: then all of the source waits.
    @Test func additionsThatEndLinksWaitToo() async throws {
        let bench = try await Self.bench()
        try await bench.run(
            "INSERT INTO itam.asset (asset_id, serial_number) SELECT 100 + n, 'S' || n FROM generate_series(1, 50) AS n"
        )
        try await bench.drain()
        #expect(try await Self.held(bench) == ["itam 50"])
        try await Self.expectActive(100, bench)
        try await bench.run("SELECT assetlink.approve_held('itam', 'two of each')")
        try await bench.drain()
        try await Self.expectActive(50, bench)
        try await bench.compare()
    }

    @Test(arguments: ["TRUNCATE itam.asset", "DELETE FROM itam.asset; SELECT assetlink.resync('itam', 'test')"])
    func aSourceThatReadsEmptyIsHeld(_ change: String) async throws {
        let bench = try await Self.bench()
        try await bench.run(change)
        try await bench.drain()
        #expect(try await bench.rows("SELECT status FROM assetlink_internal.source_status") == ["held"])
        try await Self.expectActive(100, bench)
        try await bench.run("SELECT assetlink.approve_held('itam', 'all sold')")
        try await bench.drain()
        try await Self.expectActive(0, bench)
        try await bench.compare()
    }
}
