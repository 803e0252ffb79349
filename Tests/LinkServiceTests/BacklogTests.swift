import Glibc
import LinkService
import LinkTesting
import Postgres
import Testing

/// A long backlog: drained in bounded memory, and to the same result as if it had never been one.
@Suite struct BacklogTests {
    /// What the log held, and the peak of the daemon's memory in kB that a debug build may have.
    private static let events = 120_000, mostMemory = 160_000

    @Test(.timeLimit(.minutes(20))) func hundredThousandEvents() async throws {
        let bench = try await Bench()
        // The first reading of the empty sources is over: what follows is the backlog alone.
        try await bench.withDaemon {}
        try await bench.run(Self.fleet)
        let waiting = try await bench.text("SELECT count(*) FROM assetlink_internal.change_log_0")
        #expect(try #require(waiting.flatMap { Int($0) }) >= Self.events)

        let clock = ContinuousClock()
        let start = clock.now
        let daemon = try await ChildProcess.start(
            [BuiltProgram.path("assetlinkd"), "--log-level", "warning", "--database", bench.conninfo])
        let peak: Int
        do {
            peak = try await drained(bench, daemon, within: .seconds(1_000))
        } catch {
            daemon.signal(SIGKILL)
            throw error
        }
        let elapsed = clock.now - start
        daemon.signal(SIGTERM)
        #expect(try await daemon.ended() == .exited(0))
        print("backlog: \(Self.events) events drained in \(elapsed), at most \(peak) kB of memory")
        #expect(peak < Self.mostMemory)

        try await bench.run(Self.expected)
        #expect(try await bench.texts(Self.differences).prefix(12).joined(separator: "\n") == "")
        let reached = try await bench.texts(
            "SELECT DISTINCT state || coalesce(' ' || reason, '') FROM expected ORDER BY 1")
        #expect(
            reached == [
                "conflicted duplicate_asset", "conflicted duplicate_ci", "excluded ci_retired",
                "excluded class_excluded",
                "linked", "orphaned asset_decommissioned", "orphaned no_matching_asset",
                "orphaned placeholder_identifier",
            ])
        try await bench.check()
    }

    /// Waits for quiet while the daemon lives; returns its peak of memory in kB.
    private func drained(_ bench: Bench, _ daemon: ChildProcess, within limit: Duration) async throws -> Int {
        let end = ContinuousClock().now + limit
        while true {
            do {
                try await bench.quiet(within: .seconds(5))
                return try daemon.peakMemory()
            } catch let error as TooLate {
                _ = try daemon.peakMemory()
                if ContinuousClock().now > end { throw error }
            }
        }
    }

    /// 50,000 assets and as many CIs with the same serial numbers, spelt otherwise, less some dirt; then 20,000 changes.
    private static let fleet = """
        INSERT INTO itam.asset (asset_id, serial_number, state)
        SELECT n, CASE WHEN n % 97 = 0 THEN 'LOST' || n WHEN n % 89 = 0 THEN 'BX' || (99999 + n) ELSE 'BX' || (100000 + n) END,
               CASE WHEN n % 79 = 0 THEN 'Retired' ELSE 'In use' END
        FROM generate_series(1, 50000) AS n;
        INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
        SELECT n, CASE WHEN n % 71 = 0 THEN 'virtual_machine' ELSE 'linux_server' END,
               CASE WHEN n % 73 = 0 THEN 'To Be Filled By O.E.M.' WHEN n % 83 = 0 THEN ' bx' || (99999 + n)
                    ELSE ' bx' || (100000 + n) || ' ' END
        FROM generate_series(1, 50000) AS n;
        UPDATE itam.asset SET serial_number = 'BY' || (100000 + asset_id) WHERE asset_id <= 10000;
        UPDATE cmdb.ci SET serial_number = 'by' || (100000 + ci_id) WHERE ci_id <= 5000;
        UPDATE cmdb.ci SET manufacturer = 'Dell Inc.', state = CASE WHEN ci_id % 7 = 0 THEN 'retired' ELSE state END
        WHERE ci_id BETWEEN 5001 AND 10000;
        """

    /// The decision as this fleet needs it, in two statements that know nothing of the engine: by serial number only.
    private static let expected = """
        ANALYZE itam.asset, cmdb.ci;
        CREATE TEMPORARY TABLE expected AS
        WITH ci AS (
            SELECT ci_id, upper(btrim(serial_number)) AS serial,
                   CASE WHEN state = 'retired' THEN 'ci_retired' WHEN ci_class = 'virtual_machine' THEN 'class_excluded' END
                       AS excluded
            FROM cmdb.ci
        ), holder AS (
            SELECT serial_number AS serial, count(*) FILTER (WHERE state <> 'Retired') AS eligible,
                   min(asset_id) FILTER (WHERE state <> 'Retired') AS asset_id
            FROM itam.asset GROUP BY serial_number
        ), claim AS (
            SELECT ci.ci_id, h.asset_id, count(*) OVER (PARTITION BY h.asset_id) AS claims
            FROM ci JOIN holder AS h USING (serial) WHERE ci.excluded IS NULL AND h.eligible = 1
        )
        SELECT ci.ci_id, ci.serial, v.state, v.reason, CASE v.state WHEN 'linked' THEN claim.asset_id END AS asset_id
        FROM ci LEFT JOIN holder AS h USING (serial) LEFT JOIN claim USING (ci_id)
        CROSS JOIN LATERAL (
            SELECT CASE WHEN excluded IS NOT NULL THEN 'excluded' WHEN coalesce(eligible, 0) = 0 THEN 'orphaned'
                        WHEN eligible > 1 OR claims > 1 THEN 'conflicted' ELSE 'linked' END,
                   CASE WHEN excluded IS NOT NULL THEN excluded WHEN serial LIKE 'TO BE%' THEN 'placeholder_identifier'
                        WHEN eligible IS NULL THEN 'no_matching_asset' WHEN eligible = 0 THEN 'asset_decommissioned'
                        WHEN eligible > 1 THEN 'duplicate_asset' WHEN claims > 1 THEN 'duplicate_ci' END
        ) AS v (state, reason);
        ANALYZE expected;
        CREATE TEMPORARY TABLE expected_asset AS
        SELECT a.asset_id, CASE WHEN a.state = 'Retired' THEN 'ended' WHEN bool_or(e.state = 'linked') THEN 'linked'
                                WHEN bool_or(e.state = 'conflicted') THEN 'conflicted' ELSE 'unlinked' END AS state
        FROM itam.asset AS a LEFT JOIN expected AS e ON e.serial = a.serial_number
        GROUP BY a.asset_id;
        """

    private static let differences = """
        WITH wanted (what) AS (
            SELECT concat_ws(' ', 'CI', ci_id, state, reason, asset_id) FROM expected
            UNION ALL SELECT concat_ws(' ', 'link', ci_id, asset_id) FROM expected WHERE state = 'linked'
            UNION ALL SELECT concat_ws(' ', 'asset', asset_id, state) FROM expected_asset
        ), there (what) AS (
            SELECT concat_ws(' ', 'CI', ci_id, state, reason, asset_id) FROM assetlink.ci_state
            UNION ALL SELECT concat_ws(' ', 'link', ci_id, asset_id) FROM assetlink.link WHERE status = 'active'
            UNION ALL SELECT concat_ws(' ', 'asset', asset_id, state) FROM assetlink.asset_state
        )
        (SELECT 'missing: ' || what FROM (SELECT * FROM wanted EXCEPT ALL SELECT * FROM there) AS m LIMIT 6)
        UNION ALL
        (SELECT 'too many: ' || what FROM (SELECT * FROM there EXCEPT ALL SELECT * FROM wanted) AS t LIMIT 6)
        """
}
