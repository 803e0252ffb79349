import LinkStore
import LinkTesting
import Postgres
import Testing

/// A source whose query cannot be run waits, and nobody else; a record that cannot be taken in is set aside.
@Suite(.timeLimit(.minutes(10))) struct EngineBrokenSourceTests {
    /// Sources `itam` and `cmdb` with two linked pairs, and asset source `old` with one.
    private func bench(_ name: String = #function) async throws -> EngineBench {
        let bench = try await EngineBench(name, file: #fileID)
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S1'), (2, 'S2');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'server', 'S' || n FROM generate_series(1, 9) AS n;
            CREATE SCHEMA old;
            CREATE TABLE old.box (id integer PRIMARY KEY, serial text, units integer NOT NULL DEFAULT 1);
            INSERT INTO old.box VALUES (3, 'S3');
            SELECT assetlink.attach_asset_source('old', 'old.box', $$
                SELECT b.id AS asset_id, b.serial AS serial_number, (10 / b.units)::text AS model
                FROM old.box AS b$$, 'id');
            """)
        try await bench.drain()
        #expect(try await bench.state(3) == "linked to 3")
        return bench
    }

    private func expectBroken(
        _ bench: EngineBench, _ held: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(
            try await bench.rows(
                """
                SELECT name || ' ' || status FROM assetlink_internal.source_status
                JOIN assetlink_internal.source USING (source_id)
                """
            )
                == ["old broken"], sourceLocation: sourceLocation)
        #expect(
            try await bench.rows("SELECT coalesce(id, 'all') FROM assetlink.held_change ORDER BY 1") == held,
            sourceLocation: sourceLocation)
        #expect(try await bench.state(3) == "linked to 3", sourceLocation: sourceLocation)
        // The others go on.
        try await bench.run("INSERT INTO itam.asset (asset_id, serial_number) VALUES (9, 'S9')")
        try await bench.drain()
        #expect(try await bench.state(9) == "linked to 9", sourceLocation: sourceLocation)
        #expect(try await bench.drain().isEmpty, sourceLocation: sourceLocation)
        try await bench.check(sourceLocation: sourceLocation)
    }

    @Test func aRenamedColumnBreaksItsSourceOnly() async throws {
        let bench = try await bench()
        try await bench.run(
            """
            INSERT INTO old.box VALUES (4, 'S4');
            ALTER TABLE old.box RENAME serial TO serial_no;
            """)
        try await bench.drain()
        try await expectBroken(bench, ["4"])
    }

    /// The trigger finds the other shape and asks for a full read.
    @Test func aRenamedColumnAndThenAWrite() async throws {
        let bench = try await bench()
        try await bench.run("ALTER TABLE old.box RENAME serial TO serial_no; INSERT INTO old.box VALUES (4, 'S4')")
        try await bench.drain()
        try await expectBroken(bench, [])
        // Attached again as it is now, all of it is read.
        try await bench.run(
            """
            SELECT assetlink.detach_source('old', true, 'renamed');
            SELECT assetlink.attach_asset_source('old', 'old.box', $$
                SELECT b.id AS asset_id, b.serial_no AS serial_number FROM old.box AS b$$, 'id');
            """)
        try await bench.drain()
        #expect(try await bench.state(4) == "linked to 4")
        #expect(try await bench.rows("SELECT status FROM assetlink_internal.source_status") == [])
        #expect(try await bench.rows("SELECT key FROM assetlink_internal.held_change") == [])
        try await bench.check()
    }

    @Test func aDroppedTableBreaksItsSourceOnly() async throws {
        let bench = try await bench()
        try await bench.run("DROP TABLE old.box")
        try await bench.run("INSERT INTO itam.asset (asset_id, serial_number) VALUES (5, 'S5')")
        try await bench.drain()
        #expect(try await bench.state(5) == "linked to 5")
        try await expectBroken(bench, [])
    }

    /// An approval does not make a broken query run.
    @Test func approvingABrokenSourceKeepsItBroken() async throws {
        let bench = try await bench()
        try await bench.run("INSERT INTO old.box VALUES (4, 'S4'); ALTER TABLE old.box RENAME serial TO serial_no")
        try await bench.drain()
        try await bench.run("SELECT assetlink.approve_held('old', 'try')")
        try await bench.drain()
        try await expectBroken(bench, ["4"])
        try await bench.run("ALTER TABLE old.box RENAME serial_no TO serial")
        try await bench.run("SELECT assetlink.approve_held('old', 'it is whole again')")
        try await bench.drain()
        #expect(try await bench.state(4) == "linked to 4")
        #expect(try await bench.rows("SELECT status FROM assetlink_internal.source_status") == [])
    }

    /// One row at which the query itself fails is that record's trouble.
    @Test func aRecordThatCannotBeReadIsADeadLetter() async throws {
        let bench = try await bench()
        try await bench.run("INSERT INTO old.box VALUES (4, 'S4', 0), (5, 'S5', 2)")
        for _ in 1...8 { if case .idle = try await bench.engine.runGuarded() { break } }
        #expect(try await bench.state(5) == "linked to 5")
        #expect(
            try await bench.rows("SELECT concat_ws(' ', source, record_id) FROM assetlink.dead_letter") == ["old 4"])
        #expect(try await bench.rows("SELECT status FROM assetlink_internal.source_status") == [])
    }

    @Test(arguments: ["infinity", "-infinity", "294276-01-01", "4713-01-01 BC"])
    func oddTimesAreTakenIn(_ time: String) async throws {
        let bench = try await bench()
        try await bench.run(
            """
            UPDATE itam.asset SET lifecycle_since = '\(time)', state = 'retired' WHERE asset_id = 1;
            UPDATE cmdb.ci SET last_discovered_at = '\(time)', ci_class = 'laptop' WHERE ci_id = 2;
            """)
        try await bench.drain()
        #expect(try await bench.state(1) == "orphaned asset_decommissioned")
        #expect(try await bench.state(2) == "linked to 2")
        try await bench.check()
    }
}
