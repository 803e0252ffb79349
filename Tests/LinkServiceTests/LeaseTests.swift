import LinkService
import LinkStore
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// Two daemons on one database: one leads, the other takes over, and neither writes a batch twice (engine point
    /// 17).
    @Suite struct LeaseTests {
        private let leads = "SELECT leader IS NOT NULL FROM assetlink.daemon_status"

        @Test func theOtherTakesOverWhenOneStops() async throws {
            let bench = try await Bench()
            var configuration = bench.configuration()
            // Long: whatever the machine is busy with, it does not run out.
            configuration.leaseDuration = .seconds(600)
            let first = bench.start(configuration)
            try await bench.eventually(leads)
            let leader = try await bench.text("SELECT leader FROM assetlink.daemon_status")
            let second = bench.start(configuration)
            try await standsBy(bench)
            try await bench.makePairs(1...20)
            try await bench.quiet()
            #expect(try await bench.text("SELECT leader FROM assetlink.daemon_status") == leader)
            #expect(try await bench.text("SELECT count(DISTINCT epoch) FROM assetlink_internal.batch") == "1")
            let start = ContinuousClock.now
            try await first.stop()
            let stopped = ContinuousClock.now
            try await bench.eventually("SELECT epoch = 2 AND leader <> '\(leader ?? "")' FROM assetlink.daemon_status")
            print("stopped within \(stopped - start), succeeded \(ContinuousClock.now - stopped) later")
            #expect(stopped - start < .seconds(1))
            try await bench.makePairs(21...40)
            try await bench.quiet()
            #expect(try await bench.links().count == 40)
            try await second.stop()
            #expect(try await bench.text("SELECT leader FROM assetlink.daemon_status") == nil)
            try await bench.check()
        }

        @Test func theOtherTakesOverWhenOneDies() async throws {
            let bench = try await Bench()
            var configuration = bench.configuration()
            // Long: what is seen is that its session is gone, not that the lease runs out.
            configuration.leaseDuration = .seconds(600)
            let first = bench.start(configuration)
            try await bench.eventually(leads)
            let second = bench.start(configuration)
            try await standsBy(bench)
            // Cancelled, it gives nothing up.
            first.task.cancel()
            _ = await first.task.result
            let start = ContinuousClock.now
            try await bench.makePairs(1...20)
            try await bench.eventually("SELECT epoch = 2 FROM assetlink.daemon_status")
            print("a dead leader was succeeded after \(ContinuousClock.now - start)")
            try await bench.quiet()
            #expect(try await bench.links().count == 20)
            try await second.stop()
            try await bench.check()
        }

        /// A daemon whose connections are lost goes on at once: the lease is its own.
        @Test func aLeaderComesBackToItsOwnLease() async throws {
            let bench = try await Bench()
            var configuration = bench.configuration()
            configuration.leaseDuration = .seconds(600)
            try await bench.withDaemon(configuration) {
                for round in 1...3 {
                    try await bench.terminate("work")
                    try await bench.terminate("listen")
                    try await bench.makePairs(round...round)
                    try await bench.eventually(
                        "SELECT count(*) = \(round) FROM assetlink.link WHERE status = 'active'", within: .seconds(120))
                }
            }
        }

        /// A leader that was away while its lease ran out (a stopped machine) writes nothing more.
        @Test func aLeaderThatLostItsLeaseWritesNothing() async throws {
            let bench = try await Bench()
            try await bench.withDaemon {
                try await bench.run(
                    "UPDATE assetlink_internal.lease SET holder = 'other', epoch = epoch + 1, expires_at = 'infinity'")
                let last = try await bench.text("SELECT max(batch_id) FROM assetlink_internal.batch")
                try await bench.makePairs(1...3)
                try await standsBy(bench)
                #expect(try await bench.text("SELECT max(batch_id) FROM assetlink_internal.batch") == last)
                #expect(try await bench.links() == [])
                try await bench.run("UPDATE assetlink_internal.lease SET expires_at = '-infinity'")
                try await bench.eventually("SELECT count(*) = 3 FROM assetlink.link WHERE status = 'active'")
                #expect(try await bench.text("SELECT epoch FROM assetlink.daemon_status") == "3")
            }
        }

        /// The lease is lost, and the other daemon writes a batch, while a batch is about to be written.
        @Test func aBatchUnderWayIsFencedOff() async throws {
            let bench = try await Bench()
            var configuration = bench.configuration()
            configuration.limits.lockTimeoutMilliseconds = 60_000
            try await bench.withDaemon(configuration) {
                try await bench.asleep()
                let other = try await bench.session()
                // Its statements run, its batch row waits.
                try await other.script("BEGIN; LOCK TABLE assetlink_internal.batch IN SHARE ROW EXCLUSIVE MODE")
                try await bench.makePairs(1...3)
                try await bench.eventually(
                    """
                    SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'assetlink_internal.batch'::regclass AND NOT granted)
                    """)
                try await bench.run(
                    "UPDATE assetlink_internal.lease SET holder = 'other', epoch = epoch + 1, expires_at = 'infinity'")
                // What the other daemon would write: the same number, on its own epoch.
                try await other.script(
                    """
                    INSERT INTO assetlink_internal.batch (batch_id, epoch, snapshot, ranges, committed_at, rule_set_version,
                        changes, audit_rows, links, previous_digest, digest)
                    SELECT batch_id + 1, epoch + 1, snapshot, ranges, clock_timestamp(), rule_set_version, 0, 0, links, digest,
                        assetlink_internal.batch_digest(digest, batch_id + 1, '')
                    FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1;
                    COMMIT
                    """)
                await other.close()
                try await standsBy(bench)
                #expect(try await bench.links() == [])
                try await bench.run("UPDATE assetlink_internal.lease SET expires_at = '-infinity'")
                try await bench.eventually("SELECT count(*) = 3 FROM assetlink.link WHERE status = 'active'")
            }
        }

        /// Waits until a daemon has asked for the lease in vain.
        private func standsBy(_ bench: Bench) async throws {
            try await bench.eventually(
                """
                SELECT EXISTS (
                    SELECT FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'assetlinkd work'
                        AND query LIKE '%FROM assetlink.schema_version%' AND state = 'idle')
                """)
        }
    }
}
