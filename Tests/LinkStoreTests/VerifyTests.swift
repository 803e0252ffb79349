import LinkStore
import LinkTesting
import Postgres
import Testing

/// `verify` finds what is wrong, says where, and changes nothing (engine point 10).
@Suite struct VerifyTests {
    private func bench(_ name: String = #function) async throws -> EngineBench {
        let bench = try await EngineBench(name, file: #fileID)
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S1'), (2, 'S2'), (3, 'S3');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            VALUES (1, 'server', 'S1'), (2, 'server', 'S2'), (3, 'server', 'S3');
            """)
        try await bench.drain()
        return bench
    }

    /// - Parameter page: one record a page, so that each page border is crossed.
    private func verify(_ bench: EngineBench, page: Int = 1) async throws -> VerifyReport {
        try await BatchEngine.verify(bench.connection, page: page, logger: quietLogger)
    }

    @Test func whatIsWholeIsClean() async throws {
        let bench = try await bench()
        let report = try await verify(bench)
        #expect(report.isClean && report.examples.isEmpty)
        #expect(report.assets == 3 && report.cis == 3)
    }

    /// Whichever session takes a page, each record is compared once, and what one of them finds is in the answer.
    @Test func sessionsShareThePages() async throws {
        let bench = try await bench()
        try await bench.run(
            """
            SET session_replication_role = replica;
            DELETE FROM assetlink_internal.asset_key;
            DELETE FROM assetlink_internal.ci_key;
            RESET session_replication_role
            """)
        let others = [try await secondSession(bench.connection), try await secondSession(bench.connection)]
        let report = try await BatchEngine.verify(bench.connection, beside: others, page: 1, logger: quietLogger)
        #expect(report.assets == 3 && report.cis == 3)
        let keys = report.examples.filter { $0.contains("stored keys") }
        #expect(Set(keys).count == 6 && keys.count == 6, "\(report.examples)")
        for other in others { await other.close() }
    }

    /// What no trigger saw: a record that changed, one that is gone, one that is not stored.
    @Test func sourcesThatDiffer() async throws {
        let bench = try await bench()
        try await bench.run(
            """
            ALTER TABLE itam.asset DISABLE TRIGGER USER; ALTER TABLE cmdb.ci DISABLE TRIGGER USER;
            UPDATE itam.asset SET serial_number = 'S9' WHERE asset_id = 1;
            DELETE FROM cmdb.ci WHERE ci_id = 2;
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (4, 'S4');
            """)
        let report = try await verify(bench)
        #expect(
            report.examples.sorted() == [
                "cmdb/2 differs from its source, or is gone there", "itam/1 differs from its source, or is gone there",
                "itam/4 is in its source and not stored",
            ])
        #expect(report.sourceDifferences == 3)
        #expect(report.derivedDifferences + report.decisionDifferences + report.contradictions == 0)
    }

    /// Rows of ours that somebody edits: each is found, and named.
    @Test(arguments: [
        (
            "DELETE FROM assetlink_internal.asset_key WHERE asset_ref = (SELECT asset_ref FROM assetlink_internal.asset "
                + "WHERE key = '1')", "asset itam/1"
        ),
        (
            "DELETE FROM assetlink_internal.ci_key WHERE ci_ref = (SELECT ci_ref FROM assetlink_internal.ci "
                + "WHERE key = '1')", "CI cmdb/1: stored keys"
        ),
        (
            "UPDATE assetlink_internal.ci_value SET value = 'S7' WHERE ci_ref = (SELECT ci_ref "
                + "FROM assetlink_internal.ci WHERE key = '2')", "CI cmdb/2: stored values"
        ),
        ("UPDATE assetlink_internal.ci SET serial_number = 'S3' WHERE key = '2'", "CI cmdb/2"),
        (
            "UPDATE assetlink_internal.ci_decision SET state = 'orphaned', reason = 'no_identifier' "
                + "WHERE ci_ref = (SELECT ci_ref FROM assetlink_internal.ci WHERE key = '3')", "CI cmdb/3"
        ),
    ]) func rowsOfOursThatWereEdited(_ edit: String, _ name: String) async throws {
        let bench = try await bench("rowsOfOursThatWereEdited \(name)")
        try await bench.run("SET session_replication_role = replica; \(edit); RESET session_replication_role")
        let report = try await verify(bench)
        #expect(!report.isClean)
        #expect(report.sourceDifferences == 0)
        #expect(report.examples.contains { $0.hasPrefix(name) }, "\(report.examples)")
    }
}
