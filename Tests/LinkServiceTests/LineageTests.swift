import LinkService
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// Which cluster a cursor belongs to, and the way on in a copy (engine point 15).
    @Suite struct LineageTests {
        /// What a restored dump looks like: the row was written by another transaction than the one it names.
        private static let restored = "UPDATE assetlink_internal.lineage SET recorded_at = recorded_at"

        private func refusal(_ bench: Bench) async throws -> StartError? {
            let running = bench.start()
            do {
                try await running.task.value
                return nil
            } catch {
                return error as? StartError
            }
        }

        @Test func aCopyIsRefusedUntilItIsRebased() async throws {
            let bench = try await Bench()
            try await bench.withDaemon {
                try await bench.makePairs(1...5)
                try await bench.eventually("SELECT count(*) = 5 FROM assetlink.link WHERE status = 'active'")
            }
            #expect(try await bench.text("SELECT is_copy FROM assetlink.daemon_status") == "false")
            try await bench.run(Self.restored)
            #expect(try await bench.text("SELECT is_copy FROM assetlink.daemon_status") == "true")
            let error = try #require(await refusal(bench))
            #expect(error.exit == .foreignLineage)
            #expect(error.description.contains("assetlinkctl rebase"))
            // What is written meanwhile, and what no read of a source would find again.
            try await bench.makePairs(6...7)
            try await bench.run(
                """
                UPDATE itam.asset SET state = 'retired' WHERE asset_id = 1;
                SELECT assetlink.publish_asset('{"asset_id": "p-1", "serial_number": "CZJ79999QX"}');
                SELECT assetlink.pin('cmdb', '2', 'itam', '2', 'a test');
                """)
            try await bench.run("SELECT assetlink.rebase('a test')")
            try await bench.withDaemon {
                try await bench.eventually(
                    """
                    SELECT (SELECT count(*) = 6 FROM assetlink.link WHERE status = 'active')
                        AND (SELECT status = 'stale' FROM assetlink.link WHERE ci_id = '1')
                        AND EXISTS (SELECT FROM assetlink.asset_state WHERE asset_id = 'p-1')
                        AND EXISTS (SELECT FROM assetlink.link WHERE ci_id = '2' AND method = 'manual' AND status = 'active')
                    """)
            }
            #expect(
                try await bench.texts("SELECT reason FROM assetlink.audit WHERE action = 'rebase'") == ["a test"])
        }

        /// Numbers of transactions beyond those of this cluster would hide whatever is written here.
        @Test func aCursorAheadOfTheClusterIsRefused() async throws {
            let bench = try await Bench()
            try await bench.withDaemon { try await bench.makePairs(1...2) }
            try await bench.run(
                """
                INSERT INTO assetlink_internal.batch (batch_id, epoch, snapshot, committed_at, rule_set_version, changes,
                    audit_rows, links, previous_digest, digest)
                SELECT batch_id + 1, epoch, '4000000000:4000000000:', clock_timestamp(), rule_set_version, 0, 0, links,
                    digest, assetlink_internal.batch_digest(digest, batch_id + 1, '')
                FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1;
                INSERT INTO assetlink_internal.change_log_1 (xid, topic, source_id, key, cause)
                SELECT '3999999999', 'record', source_id, 'x', 'test' FROM assetlink_internal.source LIMIT 1
                """)
            #expect(try await #require(refusal(bench)).exit == .foreignLineage)
            try await bench.run("SELECT assetlink.rebase('a test')")
            try await bench.withDaemon {
                try await bench.makePairs(3...4)
                try await bench.eventually("SELECT count(*) = 4 FROM assetlink.link WHERE status = 'active'")
            }
        }

        @Test func nobodyRebasesUnderALeader() async throws {
            let bench = try await Bench()
            try await bench.withDaemon {
                let error = await #expect(throws: PostgresError.self) {
                    try await bench.run("SELECT assetlink.rebase('a test')")
                }
                #expect(error?.sqlState == "55006")
                try await bench.makePairs(1...1)
            }
        }

        /// A promoted standby has another timeline, and pg_upgrade another system identifier: both go on.
        @Test(arguments: [
            "timeline = 99", "system_identifier = 1, server_version = 90000", "system_identifier = 1",
        ])
        func aPhysicalCopyGoesOn(change: String) async throws {
            let bench = try await Bench("a_physical_copy_\(change.prefix(8))")
            try await bench.withDaemon { try await bench.makePairs(1...1) }
            try await bench.run("UPDATE assetlink_internal.lineage SET written_by = pg_current_xact_id(), \(change)")
            try await bench.withDaemon {
                try await bench.makePairs(2...2)
                try await bench.eventually("SELECT count(*) = 2 FROM assetlink.link WHERE status = 'active'")
                try await bench.eventually(
                    """
                    SELECT timeline < 99 AND server_version > 90000
                        AND system_identifier = (SELECT system_identifier FROM pg_control_system())
                    FROM assetlink_internal.lineage
                    """)
            }
            #expect(try await bench.text("SELECT is_copy FROM assetlink.daemon_status") == "false")
        }
    }
}
