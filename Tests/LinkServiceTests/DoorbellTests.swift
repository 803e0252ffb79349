import LinkService
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// The doorbell (engine point 7).
    ///
    /// The poll interval is ten minutes here: only the bell, or the look at those who may not
    /// have seen it, brings a change in within a test's time.
    @Suite struct DoorbellTests {
        /// Well above what the bell takes, well below the poll interval.
        private let soon = Duration.seconds(120)

        /// A snapshot taken before the bell was armed must not hide it.
        @Test func aRepeatableReadWriterRings() async throws {
            let bench = try await Bench()
            try await bench.makePairs(1...2)
            try await bench.withDaemon(bench.bellOnly()) {
                let writer = try await bench.session()
                for round in 1...5 {
                    try await writer.script("BEGIN ISOLATION LEVEL REPEATABLE READ; TABLE itam.asset")
                    // Another's change wakes the daemon; afterwards it arms the bell anew.
                    try await bench.run("UPDATE itam.asset SET asset_tag = 'T\(round)' WHERE asset_id = 2")
                    try await bench.asleep()
                    try await writer.script(
                        "UPDATE itam.asset SET serial_number = 'CZJ8000\(round)QX' WHERE asset_id = 1; COMMIT")
                    try await bench.eventually(
                        "SELECT serial_number = 'CZJ8000\(round)QX' FROM assetlink.asset_state WHERE asset_id = '1'",
                        within: soon)
                }
                await writer.close()
            }
        }

        /// A writer that read the bell before it was armed does not ring, however late it commits: it is waited for.
        @Test(arguments: ["COMMIT", "PREPARE TRANSACTION"]) func aWriterThatDidNotRingIsFound(end: String) async throws
        {
            let bench = try await Bench("a_writer_that_did_not_ring_\(end.prefix(3))")
            if end != "COMMIT", try await bench.text("current_setting('max_prepared_transactions')") == "0" { return }
            try await bench.makePairs(1...2)
            try await bench.withDaemon(bench.bellOnly()) {
                let writer = try await bench.session()
                try await bench.asleep()
                try await bench.run("SELECT setval('assetlink_internal.bell', 1, false)")
                try await writer.script("BEGIN; UPDATE itam.asset SET state = 'retired' WHERE asset_id = 1")
                if end != "COMMIT" { try await writer.script("\(end) 'late'") }
                // Woken by hand, the daemon finds nothing, and arms the bell for others; a transaction that is prepared
                // tells it to leave the bell alone.
                try await bench.run("NOTIFY assetlink_wake")
                try await bench.eventually(
                    end == "COMMIT"
                        ? "SELECT is_called FROM assetlink_internal.bell"
                        : "SELECT details ->> 'reason' = 'two-phase' FROM assetlink.daemon_status")
                let late = try await bench.text("clock_timestamp() + interval '1 second'") ?? ""
                try await bench.eventually("SELECT clock_timestamp() > '\(late)'")
                try await writer.script(end == "COMMIT" ? end : "COMMIT PREPARED 'late'")
                let start = ContinuousClock.now
                try await bench.eventually(
                    "SELECT status = 'stale' FROM assetlink.link WHERE ci_id = '1'", within: soon)
                print("a writer that did not ring was found \(ContinuousClock.now - start) after its commit")
                // The bell, or polling, went on working meanwhile.
                if end == "COMMIT" { try await bench.asleep() }
                try await bench.run("DELETE FROM cmdb.ci WHERE ci_id = 2")
                try await bench.eventually(
                    "SELECT status = 'closed' FROM assetlink.link WHERE ci_id = '2'", within: soon)
                await writer.close()
            }
        }

        /// NOTIFY takes a lock of the whole cluster: a daemon that is busy anyway must not be rung.
        @Test func steadyTrafficDoesNotRing() async throws {
            let bench = try await Bench()
            var configuration = bench.bellOnly()
            configuration.linger = .milliseconds(250)
            try await bench.withDaemon(configuration) {
                try await bench.asleep()
                let listener = try await bench.session()
                // Where nothing schedules the daemon for longer than it lingers, it sleeps with reason: asked again.
                var fewest = Int.max
                for round in 0..<3 where fewest > 10 {
                    let rings = try await listener.listen(on: ["assetlink_wake", "over"]) { notifications in
                        for number in 1...500 {
                            try await bench.run("INSERT INTO itam.asset (asset_id) VALUES (\(round * 500 + number))")
                        }
                        try await bench.run("NOTIFY over")
                        var rings = 0
                        for try await event in notifications {
                            guard case .notification("assetlink_wake", _, _) = event else { break }
                            rings += 1
                        }
                        return rings
                    }
                    print("500 commits rang \(rings) times")
                    fewest = min(fewest, rings)
                }
                #expect(fewest <= 10, "\(bench.complaints.all)")
                await listener.close()
            }
        }

        /// A ring that is lost with the connection that listens: the log is looked at after every reconnect.
        @Test func aLostConnectionLosesNothing() async throws {
            let bench = try await Bench()
            try await bench.withDaemon(bench.bellOnly()) {
                for (round, role) in ["listen", "work", "listen", "work"].enumerated() {
                    try await bench.asleep()
                    #expect(try await bench.terminate(role) == 1)
                    let number = round + 1
                    try await bench.makePairs(number...number)
                    try await bench.eventually(
                        "SELECT EXISTS (SELECT FROM assetlink.link WHERE ci_id = '\(number)' AND status = 'active')",
                        within: soon)
                }
            }
        }

        /// Whatever else is lost costs no more than the poll interval.
        @Test func thePollIntervalBoundsTheRest() async throws {
            let bench = try await Bench()
            var configuration = bench.bellOnly()
            configuration.pollInterval = .milliseconds(300)
            try await bench.withDaemon(configuration) {
                for number in 1...3 {
                    try await bench.asleep()
                    try await bench.run("SELECT setval('assetlink_internal.bell', 1, false)")
                    try await bench.makePairs(number...number)
                    try await bench.eventually(
                        "SELECT EXISTS (SELECT FROM assetlink.link WHERE ci_id = '\(number)' AND status = 'active')",
                        within: soon)
                }
            }
        }

        /// PostgreSQL refuses to prepare a transaction that has rung; without the bell two-phase writers work.
        @Test func twoPhaseWritersNeedPolling() async throws {
            let bench = try await Bench()
            guard try await bench.text("current_setting('max_prepared_transactions')") != "0" else { return }
            try await bench.withDaemon(bench.bellOnly()) {
                try await bench.asleep()
                try await bench.run("BEGIN; INSERT INTO itam.asset (asset_id) VALUES (1)")
                let refused = await #expect(throws: PostgresError.self) {
                    try await bench.run("PREPARE TRANSACTION 'refused'")
                }
                #expect(refused?.sqlState == "0A000")
                try await bench.run("ROLLBACK")
            }
            // A leader that dies in its sleep leaves the bell armed; the next one disarms it before anything else.
            try await bench.run("SELECT setval('assetlink_internal.bell', 1, true)")
            var configuration = bench.bellOnly()
            configuration.usesDoorbell = false
            try await bench.withDaemon(configuration) {
                try await bench.makePairs(1...1)
                try await bench.eventually("SELECT count(*) = 1 FROM assetlink.link WHERE status = 'active'")
                try await bench.eventually("SELECT NOT is_called FROM assetlink_internal.bell")
                try await bench.run(
                    "BEGIN; UPDATE itam.asset SET state = 'retired' WHERE asset_id = 1; PREPARE TRANSACTION 'accepted'")
                try await bench.run("COMMIT PREPARED 'accepted'")
                try await bench.eventually(
                    "SELECT count(*) = 1 FROM assetlink.link WHERE status = 'stale'", within: soon)
            }
        }

        /// Where prepared transactions were seen nobody is asked to ring any more, not by the next leader either.
        @Test func preparedTransactionsMeanPolling() async throws {
            let bench = try await Bench()
            guard try await bench.text("current_setting('max_prepared_transactions')") != "0" else { return }
            var configuration = bench.bellOnly()
            configuration.housekeepingInterval = .milliseconds(20)
            configuration.linger = .milliseconds(200)
            try await bench.withDaemon(configuration) {
                try await bench.asleep()
                try await bench.run("SELECT setval('assetlink_internal.bell', 1, false)")
                try await bench.run("BEGIN; INSERT INTO itam.asset (asset_id) VALUES (1); PREPARE TRANSACTION 'first'")
                try await bench.run("NOTIFY assetlink_wake")
                try await bench.eventually(
                    "SELECT details ->> 'reason' = 'two-phase' FROM assetlink.daemon_status", within: soon)
                try await bench.run("COMMIT PREPARED 'first'")
            }
            let isPolling = "details ->> 'mode' = 'polling' AND details ->> 'reason' = 'two-phase'"
            try await bench.withDaemon(configuration) {
                try await bench.eventually("SELECT \(isPolling) FROM assetlink.daemon_status", within: soon)
                for number in 2...6 {
                    try await bench.run(
                        "BEGIN; INSERT INTO itam.asset (asset_id) VALUES (\(number)); PREPARE TRANSACTION 'next'")
                    try await bench.run("COMMIT PREPARED 'next'")
                    try await bench.eventually(
                        "SELECT EXISTS (SELECT FROM assetlink.asset_state WHERE asset_id = '\(number)')", within: soon)
                }
            }
        }

        /// Somebody who listens and does not read fills PostgreSQL's queue, and a full one aborts whoever notifies.
        @Test func aFullNotificationQueueMeansPolling() async throws {
            let bench = try await Bench()
            var configuration = bench.bellOnly()
            configuration.housekeepingInterval = .milliseconds(50)
            configuration.pollInterval = .milliseconds(200)
            // A few pages of the eight gigabytes.
            configuration.notifyQueueLimit = 1e-6
            try await bench.withDaemon(configuration) {
                try await bench.asleep()
                let sleeper = try await bench.session()
                try await sleeper.script("LISTEN assetlink_test_queue")
                try await sleeper.script("BEGIN; SELECT 1")
                try await bench.run(
                    "SELECT pg_notify('assetlink_test_queue', n || repeat('x', 7000)) FROM generate_series(1, 200) AS n"
                )
                #expect(Double(try await bench.text("pg_notification_queue_usage()") ?? "") ?? 0 > 1e-6)
                try await bench.eventually(
                    "SELECT details ->> 'reason' = 'notify-queue' FROM assetlink.daemon_status", within: soon)
                try await bench.eventually("SELECT NOT is_called FROM assetlink_internal.bell")
                try await bench.makePairs(1...1)
                try await bench.eventually(
                    "SELECT count(*) = 1 FROM assetlink.link WHERE status = 'active'", within: soon)
                try await sleeper.script("COMMIT")
                await sleeper.close()
                // The queue's tail moves on when somebody notifies.
                try await bench.eventually(
                    """
                    SELECT details ->> 'mode' = 'doorbell' AND details ->> 'reason' IS NULL, pg_notify('other', '')
                    FROM assetlink.daemon_status
                    """, within: soon)
            }
            #expect(bench.complaints.all.contains { $0.contains("way of learning of changes") })
        }
    }
}
