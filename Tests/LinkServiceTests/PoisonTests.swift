import LinkService
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// Records that the database refuses to take in: they become dead letters, everything else goes on (engine point
    /// 13).
    @Suite struct PoisonTests {
        /// The records of two pairs fail only together with their partner; they come in one batch with 40 others.
        @Test func theRestGoesOn() async throws {
            let bench = try await Bench()
            try await bench.run(
                "ALTER TABLE assetlink_internal.link ADD CONSTRAINT poison CHECK (asset_id NOT IN ('13', '29'))")
            try await bench.makePairs(1...40)
            try await bench.withDaemon {
                #expect(try await bench.text("SELECT count(*) FROM assetlink.link WHERE status = 'active'") == "38")
                #expect(
                    try await bench.texts(
                        "SELECT DISTINCT error_code FROM assetlink.dead_letter WHERE replayed_at IS NULL")
                        == ["poison"])
                #expect(try await bench.text("SELECT count(*) FROM assetlink.dead_letter") == "2")
                try await bench.makePairs(41...45)
                try await bench.quiet()
                #expect(try await bench.text("SELECT count(*) FROM assetlink.link WHERE status = 'active'") == "43")
                // One is replayed by an operator, one is tried again by itself; each is a dead letter no longer.
                try await bench.run("ALTER TABLE assetlink_internal.link DROP CONSTRAINT poison")
                try await bench.run(
                    """
                    SELECT assetlink.replay_dead_letter(min(id), 'the constraint is gone') FROM assetlink.dead_letter;
                    UPDATE assetlink_internal.dead_letter SET next_attempt_at = clock_timestamp()
                    WHERE id = (SELECT max(id) FROM assetlink_internal.dead_letter);
                    """)
                try await bench.eventually("SELECT count(*) = 45 FROM assetlink.link WHERE status = 'active'")
                try await bench.eventually("SELECT count(*) = 0 FROM assetlink.dead_letter WHERE replayed_at IS NULL")
            }
        }

        /// The sweep finds each time that the record is not as stored, and leaves it to its own times.
        @Test func theSweepLeavesItAlone() async throws {
            let bench = try await Bench()
            try await bench.run("ALTER TABLE assetlink_internal.asset ADD CONSTRAINT poison CHECK (key <> '2')")
            try await bench.makePairs(1...3)
            var configuration = bench.configuration()
            configuration.sweepInterval = .milliseconds(5)
            configuration.pollInterval = .milliseconds(5)
            try await bench.withDaemon(configuration) {
                let attempts = try await bench.text("SELECT attempts FROM assetlink_internal.dead_letter")
                // Each round of the sweep notes this.
                for round in 1...5 {
                    try await bench.run("UPDATE cmdb.ci SET last_discovered_at = '2026-01-0\(round)Z' WHERE ci_id = 3")
                    try await bench.eventually(
                        "SELECT last_discovered_at = '2026-01-0\(round)Z' FROM assetlink.ci_state WHERE ci_id = '3'")
                }
                #expect(try await bench.text("SELECT attempts FROM assetlink_internal.dead_letter") == attempts)
            }
        }

        /// A record that goes on failing is one dead letter, tried at growing distance.
        @Test func itIsTriedAgainAndAgain() async throws {
            let bench = try await Bench()
            try await bench.run(
                "ALTER TABLE assetlink_internal.asset ADD CONSTRAINT poison CHECK (serial_number <> 'CZJ70002QX')")
            try await bench.makePairs(1...3)
            try await bench.withDaemon {
                for attempts in 2...4 {
                    try await bench.run("UPDATE assetlink_internal.dead_letter SET next_attempt_at = clock_timestamp()")
                    try await bench.eventually(
                        "SELECT count(*) = 1 AND min(attempts) = \(attempts) FROM assetlink_internal.dead_letter")
                }
                #expect(
                    try await bench.text(
                        "SELECT next_attempt_at > clock_timestamp() + interval '3 minutes' FROM assetlink_internal.dead_letter"
                    )
                        == "true")
                // Corrected at its source it comes in at once; the next try finds that it is a dead letter no longer.
                try await bench.run("UPDATE itam.asset SET serial_number = 'CZJ79002QX' WHERE asset_id = 2")
                try await bench.eventually("SELECT count(*) = 3 FROM assetlink.asset_state WHERE asset_source = 'itam'")
                try await bench.run("UPDATE assetlink_internal.dead_letter SET next_attempt_at = clock_timestamp()")
                try await bench.eventually("SELECT count(*) = 0 FROM assetlink.dead_letter WHERE replayed_at IS NULL")
                #expect(try await bench.links().count == 2)
            }
        }
    }
}
