import Glibc
import LinkService
import LinkStore
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// What the connection that listens does beside listening (engine point 16).
    @Suite struct HeartbeatTests {
        /// A batch that takes longer than the lease, here on a lock of the cursor's table, costs no leadership.
        @Test func theLeaseIsProlongedDuringALongBatch() async throws {
            let bench = try await Bench()
            var configuration = bench.configuration()
            configuration.leaseDuration = .seconds(5)
            configuration.limits.lockTimeoutMilliseconds = 600_000
            let first = bench.start(configuration)
            try await bench.quiet()
            let second = bench.start(configuration)
            let other = try await bench.session()
            try await other.script("BEGIN; LOCK TABLE assetlink_internal.batch IN SHARE ROW EXCLUSIVE MODE")
            try await bench.makePairs(1...3)
            try await bench.eventually(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'assetlink_internal.batch'::regclass AND NOT granted)"
            )
            let end = try await bench.text("clock_timestamp() + 2 * interval '5 seconds'") ?? ""
            try await bench.eventually("SELECT clock_timestamp() > '\(end)'")
            #expect(try await bench.text("SELECT epoch FROM assetlink.daemon_status WHERE leader IS NOT NULL") == "1")
            try await other.script("COMMIT")
            await other.close()
            try await bench.quiet()
            #expect(try await bench.links().count == 3)
            #expect(try await bench.text("SELECT DISTINCT epoch FROM assetlink_internal.batch") == "1")
            try await second.stop()
            try await first.stop()
            try await bench.check()
        }

        /// A connection that is half-open: the server's process stands still, and no packet says so.
        @Test(arguments: ["listen", "work"]) func aHalfOpenConnectionIsNoticed(role: String) async throws {
            guard getenv("ASSETLINK_TEST_CONNINFO") == nil else {
                return print("skipped: the server's processes are not ours to stop")
            }
            let bench = try await Bench("a_half_open_connection_\(role)")
            var configuration = bench.configuration()
            configuration.leaseDuration = .seconds(600)
            configuration.pollInterval = .seconds(1)
            configuration.stallTimeout = .seconds(4)
            try await bench.withDaemon(configuration) {
                try await bench.asleep()
                let which = "datname = current_database() AND application_name = 'assetlinkd \(role)'"
                let pid = try #require(
                    Int32(try await bench.text("SELECT pid FROM pg_stat_activity WHERE \(which)") ?? ""))
                kill(pid, SIGSTOP)
                defer { kill(pid, SIGCONT) }
                let start = ContinuousClock.now
                if role == "listen" {
                    // Rings do not arrive: the poll interval bounds the lag.
                    try await bench.makePairs(1...1)
                    try await bench.eventually(
                        "SELECT count(*) = 1 FROM assetlink.link WHERE status = 'active'", within: .seconds(8))
                    print("lag beside a half-open listener: \(ContinuousClock.now - start)")
                }
                try await bench.eventually(
                    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE \(which) AND pid <> \(pid))",
                    within: .seconds(60))
                let noticed = ContinuousClock.now - start
                print("a half-open connection, \(role), was replaced after \(noticed)")
                #expect(noticed < .seconds(25))
                // Of use again: the bell rings, and its ring is heard.
                try await bench.makePairs(2...2)
                try await bench.eventually("SELECT count(*) >= 1 FROM assetlink.link WHERE ci_id = '2'")
            }
        }
    }

    /// How the process ends, and what its exit code says; `deploy/docs/service.md` has the table.
    @Suite struct ExitTests {
        private func start(_ database: String) async throws -> ChildProcess {
            try await .start([BuiltProgram.path("assetlinkd"), "--log-level", "debug", "--database", database])
        }

        @Test func theSecondSignalEndsItAtOnce() async throws {
            let bench = try await Bench()
            let daemon = try await start(bench.conninfo)
            try await bench.asleep()
            // A read of a source that takes its time.
            try await bench.run(
                """
                CREATE TABLE public.slow (id bigint PRIMARY KEY);
                INSERT INTO public.slow VALUES (1);
                SELECT assetlink.attach_asset_source('slow', 'public.slow',
                    'SELECT id AS asset_id, pg_sleep(600)::text AS serial_number FROM public.slow', 'id');
                """)
            try await bench.eventually(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep')"
            )
            daemon.signal(SIGTERM)
            // The first one asks for the end of the batch.
            try await daemon.hasWritten("Signal caught")
            #expect(daemon.ending == nil)
            daemon.signal(SIGTERM)
            #expect(try await daemon.ended(within: .seconds(20)) == .exited(128 + SIGTERM))
        }

        @Test func theExitCodeSaysWhy() async throws {
            let empty = try await start(emptyDatabase())
            #expect(try await empty.ended() == .exited(DaemonExit.schemaMismatch.rawValue))
            let bench = try await Bench()
            try await bench.run("UPDATE assetlink.schema_version SET number = number + 1000 WHERE number > 1")
            let newer = try await start(bench.conninfo)
            #expect(try await newer.ended() == .exited(DaemonExit.databaseIsNewer.rawValue))
        }
    }
}
