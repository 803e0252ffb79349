import LinkStore
import LinkTesting
import Postgres
import Testing

/// Links and decisions that somebody changed by hand are put back as the audit has them, with an audit row that says so.
@Suite struct EngineMendTests {
    private static let link = "(SELECT link_id FROM assetlink.link WHERE ci_id = '1' AND status = 'active')"
    private static let ci = "(SELECT ci_ref FROM assetlink_internal.ci WHERE key = '1')"

    struct Edit: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let sql: String
        /// The rows of the audit: what was found, and what it is again.
        let told: [String]

        init(_ name: String, _ sql: String, _ told: String...) {
            (testDescription, self.sql, self.told) = (name, sql, told)
        }
    }

    private static let edits = [
        Edit(
            "link deleted",
            """
            DELETE FROM assetlink_internal.link_period WHERE link_id = \(link);
            DELETE FROM assetlink_internal.link WHERE link_id = \(link)
            """, "1: gone > active"),
        Edit(
            "link closed",
            """
            UPDATE assetlink_internal.link SET status = 'closed', closed_at = now(), closed_by = 'me',
                close_reason = 'superseded' WHERE link_id = \(link)
            """, "1: closed superseded > active"),
        Edit(
            "link moved to another asset",
            """
            UPDATE assetlink_internal.link SET asset_id = '2', asset_ref = (
                SELECT asset_ref FROM assetlink_internal.asset WHERE key = '2') WHERE link_id = \(link)
            """, "1: active to 2 > active"),
        Edit(
            "link made",
            """
            INSERT INTO assetlink_internal.link (ci_ref, ci_source_id, ci_id, asset_ref, asset_source_id, asset_id, status,
                method, linked_at, linked_by)
            SELECT c.ci_ref, c.source_id, c.key, a.asset_ref, a.source_id, a.key, 'active', 'manual', now(), 'me'
            FROM assetlink_internal.ci AS c, assetlink_internal.asset AS a WHERE c.key = '3' AND a.key = '2'
            """, "3: active > "),
        Edit(
            "decision deleted", "DELETE FROM assetlink_internal.ci_decision WHERE ci_ref = \(ci)",
            "1: decision gone > linked"),
        Edit(
            "decision changed",
            """
            UPDATE assetlink_internal.ci_decision SET state = 'orphaned', reason = 'no_matching_asset', claim_asset = NULL
            WHERE ci_ref = \(ci)
            """, "1: orphaned no_matching_asset > linked"),
    ]

    /// A linked pair, an asset that nobody claims, and an orphan.
    private func bench(_ name: String = #function) async throws -> EngineBench {
        let bench = try await EngineBench(name, file: #fileID)
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S1'), (2, 'S2');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1, 'server', 'S1'), (3, 'server', 'S3');
            """)
        try await bench.drain()
        return bench
    }

    private func repairs(_ bench: EngineBench) async throws -> [String] {
        try await bench.rows(
            """
            SELECT ci_id || ': ' || coalesce(from_state, '') || ' > ' || coalesce(to_state, '')
            FROM assetlink.audit WHERE action = 'repair' AND reason = 'changed_by_hand' ORDER BY audit_id
            """)
    }

    @Test(arguments: edits) func theSweepFindsIt(_ edit: Edit) async throws {
        let bench = try await bench()
        try await bench.run(edit.sql)
        var position = SweepPosition()
        #expect(try await bench.engine.sweep(&position, page: 1_000) == 1)
        try await bench.drain()
        #expect(try await repairs(bench) == edit.told)
        #expect(try await bench.state(1) == "linked to 1")
        #expect(try await bench.state(3) == "orphaned no_matching_asset")
        try await bench.check()
        try await bench.compare()
    }

    /// A batch that decides the CI before the sweep comes by may run into what it finds; it never fails of it for good.
    @Test(arguments: edits) func aBatchMeetsIt(_ edit: Edit) async throws {
        let bench = try await bench()
        try await bench.run(edit.sql)
        try await bench.run(
            """
            UPDATE itam.asset SET serial_number = serial_number || 'B';
            UPDATE cmdb.ci SET serial_number = serial_number || 'B';
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (3, 'S3B');
            """)
        while case .done = try await bench.engine.runGuarded() {}
        #expect(try await bench.state(1) == "linked to 1")
        #expect(try await bench.state(3) == "linked to 3")
        var position = SweepPosition()
        _ = try await bench.engine.sweep(&position, page: 1_000)
        try await bench.drain()
        try await bench.check()
        try await bench.compare()
    }

    @Test func whatIsWholeIsLeftAlone() async throws {
        let bench = try await bench()
        var position = SweepPosition()
        #expect(try await bench.engine.sweep(&position, page: 1_000) == 0)
        #expect(try await bench.value("SELECT count(*) FROM assetlink_internal.mend(ARRAY[\(Self.ci)])") == "0")
    }

    /// A change that waits in the log is on its way; one that no trigger saw is drift.
    @Test func whatWaitsInTheLogIsNoDrift() async throws {
        let bench = try await bench()
        let waiting = (0..<3).map { "SELECT cause FROM assetlink_internal.change_log_\($0)" }
            .joined(separator: " UNION ALL ")
        let queued = "SELECT count(*) FROM (\(waiting)) AS l WHERE cause = 'sweep'"
        try await bench.run("UPDATE itam.asset SET serial_number = 'S9' WHERE asset_id = 1")
        var position = SweepPosition()
        while position.rounds == 0 { #expect(try await bench.engine.sweep(&position, page: 1) == 0) }
        #expect(try await bench.value(queued) == "0")
        try await bench.run(
            """
            ALTER TABLE itam.asset DISABLE TRIGGER USER; UPDATE itam.asset SET serial_number = 'S8' WHERE asset_id = 2;
            ALTER TABLE itam.asset ENABLE TRIGGER USER
            """)
        position = SweepPosition()
        var found = 0
        while position.rounds == 0 { found += try await bench.engine.sweep(&position, page: 1) }
        #expect(found == 1)
        #expect(try await bench.value(queued) == "1")
        try await bench.drain()
        try await bench.check()
        try await bench.compare()
    }
}
