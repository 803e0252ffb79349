import LinkService
import LinkStore
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// What time brings about, and what is put away.
    @Suite struct HousekeepingTests {
        @Test func anExpiredPinEnds() async throws {
            let bench = try await Bench()
            try await bench.makePairs(1...2)
            try await bench.withDaemon {
                // A CI that its rule links to another asset, and one that it links to none.
                try await bench.run("INSERT INTO cmdb.ci (ci_id, ci_class) VALUES (3, 'laptop')")
                try await bench.quiet()
                try await bench.run(
                    """
                    SELECT assetlink.pin('cmdb', '1', 'itam', '2', 'a test', clock_timestamp() + interval '2 seconds');
                    SELECT assetlink.pin('cmdb', '3', 'itam', '2', 'a test', clock_timestamp() + interval '2 seconds');
                    """)
                try await bench.eventually(
                    "SELECT count(*) = 2 FROM assetlink.link WHERE method = 'manual'")
                try await bench.eventually(
                    """
                    SELECT NOT EXISTS (SELECT FROM assetlink.link WHERE ci_id = '3' AND close_reason IS DISTINCT FROM 'pin_expired')
                        AND EXISTS (SELECT FROM assetlink.link
                            WHERE ci_id = '1' AND method = 'automatic' AND asset_id = '1' AND status = 'active')
                    """)
                #expect(
                    try await bench.texts("SELECT DISTINCT effect FROM assetlink.operator_decision WHERE kind = 'pin'")
                        == ["ended"])
                // Once, however often the house is kept.
                try await bench.quiet()
                #expect(
                    try await bench.text(
                        "SELECT count(*) FROM assetlink.audit WHERE action = 'pin' AND reason = 'expired'") == "2")
            }
        }

        @Test func tombstonesAndStaleLinksAreForgotten() async throws {
            let bench = try await Bench()
            try await bench.makePairs(1...2)
            try await bench.withDaemon {
                try await bench.run("DELETE FROM itam.asset WHERE asset_id = 1")
                try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id = 2")
                try await bench.quiet()
                #expect(
                    try await bench.links() == [
                        "cmdb/1 -> itam/1 stale asset_deleted", "cmdb/2 -> itam/2 stale asset_decommissioned",
                    ])
                let state = "SELECT reason FROM assetlink.ci_state WHERE ci_id = '1'"
                #expect(try await bench.text(state) == "asset_deleted")
                try await bench.run("UPDATE assetlink.setting SET value = '0.0000001' WHERE name = 'tombstone_days'")
                try await bench.eventually("SELECT (\(state)) = 'no_matching_asset'")
                try await bench.run(
                    "UPDATE assetlink.setting SET value = '0.0000001' WHERE name = 'stale_retention_days'")
                try await bench.eventually(
                    "SELECT count(*) = 2 FROM assetlink.link WHERE status = 'closed' AND close_reason = 'retention'")
            }
        }

        @Test func coverageIsNoted() async throws {
            let bench = try await Bench()
            try await bench.makePairs(1...4)
            var configuration = bench.configuration()
            configuration.snapshotInterval = .milliseconds(100)
            configuration.pollInterval = .milliseconds(50)
            try await bench.withDaemon(configuration) {
                try await bench.eventually(
                    "SELECT count(*) >= 3 FROM assetlink.coverage_history WHERE class IS NULL AND paired_cis = 4")
            }
        }

        /// The house is kept however steady the traffic is.
        @Test func aBusyDaemonKeepsHouse() async throws {
            let bench = try await Bench()
            try await bench.makePairs(1...1)
            var configuration = bench.bellOnly()
            configuration.housekeepingInterval = .milliseconds(100)
            configuration.linger = .seconds(600)
            try await bench.withDaemon(configuration) {
                try await bench.run(
                    "SELECT assetlink.pin('cmdb', '1', 'itam', '1', 'a test', clock_timestamp() + interval '300 ms')")
                var number = 1
                while try await bench.text("SELECT effect FROM assetlink.operator_decision") != "ended" {
                    number += 1
                    try #require(number < 20_000)
                    try await bench.run("INSERT INTO itam.asset (asset_id) VALUES (\(number))")
                }
            }
        }

        /// What the server refuses is said, and everything else goes on.
        @Test func aPieceThatFailsIsSaid() async throws {
            let bench = try await Bench()
            try await bench.run("DROP FUNCTION assetlink_internal.switch_log()")
            var configuration = bench.configuration()
            configuration.logTableRows = 1
            try await bench.withDaemon(configuration) {
                try await bench.makePairs(1...5)
                try await bench.quiet()
                #expect(try await bench.links().count == 5)
                #expect(try await bench.text("SELECT epoch FROM assetlink.daemon_status") == "1")
            }
            #expect(bench.complaints.all.contains { $0.contains("switch_log") })
        }

        /// Of two open ranges that begin at the same bound, the older one still needs what was under way then.
        @Test func theLogIsKeptForTheOldestRange() throws {
            let position = try #require(Snapshot("120:120:"))
            let ranges = ["90:100:90,95", "100:100:"].enumerated().map { id, from in
                var range = BulkRange(.log, id: Int64(id), cause: "test")
                range.from = from
                return range
            }
            for ranges in [ranges, ranges.reversed()] {
                let base = Housekeeping.base(position, ranges)
                #expect(base.bound == 100)
                #expect(base.running == [90, 95])
            }
        }

        /// The log moves from table to table under load, and what it held is emptied: nothing is lost on the way.
        @Test func theLogIsRotatedUnderLoad() async throws {
            let bench = try await Bench()
            var configuration = bench.configuration()
            configuration.housekeepingInterval = .milliseconds(5)
            configuration.logTableRows = 30
            configuration.limits.live = 50
            configuration.limits.bulk = 20
            try await bench.withDaemon(configuration) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for writer in 0..<4 {
                        group.addTask {
                            let session = try await bench.session()
                            for round in 0..<60 {
                                let first = 1_000 * (writer + 1) + round * 5
                                // Now and then a writer keeps its snapshot and its table for a while.
                                let begin =
                                    round % 7 == 0 ? "BEGIN ISOLATION LEVEL REPEATABLE READ; TABLE itam.asset;" : ""
                                try await session.script(
                                    """
                                    \(begin) INSERT INTO itam.asset (asset_id, serial_number)
                                    SELECT n, 'CZJ' || (70000 + n) || 'QX' FROM generate_series(\(first), \(first + 4)) AS n;
                                    """)
                                try await session.script(
                                    """
                                    INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
                                    SELECT n, 'linux_server', 'CZJ' || (70000 + n) || 'QX'
                                    FROM generate_series(\(first), \(first + 4)) AS n;
                                    \(begin.isEmpty ? "" : "COMMIT")
                                    """)
                            }
                            await session.close()
                        }
                    }
                    try await group.waitForAll()
                }
                try await bench.quiet()
                #expect(try await bench.text("SELECT count(*) FROM assetlink.link WHERE status = 'active'") == "1200")
                let switches = try await bench.text("SELECT last_value FROM assetlink_internal.log_current")
                print("the log's current table is \(switches ?? "?") in the end")
                // In the end all but the current table are empty.
                try await bench.eventually(
                    """
                    SELECT count(*) FILTER (WHERE pg_relation_size(format('assetlink_internal.change_log_%s', n)::regclass) > 0) <= 1
                    FROM generate_series(0, 2) AS n
                    """)
            }
        }
    }
}
