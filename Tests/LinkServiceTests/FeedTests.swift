import LinkService
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// Every feed from end to end: what somebody else writes becomes links, stale links and audit rows.
    @Suite struct FeedTests {
        @Test func tables() async throws {
            let bench = try await Bench()
            try await bench.makePairs(1...3)
            try await bench.withDaemon(bench.bellOnly()) {
                #expect(
                    try await bench.links() == [
                        "cmdb/1 -> itam/1 active", "cmdb/2 -> itam/2 active", "cmdb/3 -> itam/3 active",
                    ])
                try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id = 1")
                try await bench.run("DELETE FROM itam.asset WHERE asset_id = 2")
                try await bench.run("DELETE FROM cmdb.ci WHERE ci_id = 3")
                try await bench.quiet()
                #expect(
                    try await bench.links() == [
                        "cmdb/1 -> itam/1 stale asset_decommissioned", "cmdb/2 -> itam/2 stale asset_deleted",
                    ])
                #expect(
                    try await bench.texts(
                        """
                        SELECT ci_id || ' ' || to_state || ' by ' || (cause::jsonb ->> 'by') FROM assetlink.audit
                        WHERE action = 'link' AND from_state = 'active' ORDER BY ci_id
                        """) == ["1 stale by trigger", "2 stale by trigger", "3 closed by trigger"])
            }
        }

        @Test func publishedEvents() async throws {
            let bench = try await Bench()
            try await bench.withDaemon(bench.bellOnly()) {
                try await bench.run(
                    """
                    SELECT assetlink.publish_asset('{"asset_id": "a1", "serial_number": "5CD0123XYZ"}');
                    SELECT assetlink.publish_ci('{"ci_id": "c1", "ci_class": "linux_server", "serial_number": "5cd0123xyz"}');
                    """)
                try await bench.quiet()
                #expect(try await bench.links() == ["cmdb_events/c1 -> itam_events/a1 active"])
                try await bench.run("SELECT assetlink.decommission_asset('a1', reason => 'scrapped')")
                try await bench.quiet()
                #expect(try await bench.links() == ["cmdb_events/c1 -> itam_events/a1 stale asset_decommissioned"])
                try await bench.run("SELECT assetlink.delete_ci('c1')")
                try await bench.quiet()
                #expect(try await bench.links() == [])
            }
        }

        @Test func rawNotifications() async throws {
            let bench = try await Bench()
            try await bench.withDaemon(bench.bellOnly()) {
                try await bench.run(
                    """
                    NOTIFY itam_asset, '{"asset_id": "a1", "serial_number": "5CD0123XYZ"}';
                    NOTIFY cmdb_ci, '{"ci_id": "c1", "ci_class": "linux_server", "serial_number": "5CD0123XYZ"}';
                    NOTIFY cmdb_ci, 'not JSON';
                    """)
                try await bench.eventually("SELECT count(*) = 1 FROM assetlink.link WHERE status = 'active'")
                #expect(try await bench.links() == ["cmdb_events/c1 -> itam_events/a1 active"])
                try await bench.run("NOTIFY itam_asset, '{\"asset_id\": \"a1\", \"op\": \"decommission\"}'")
                try await bench.eventually("SELECT count(*) = 1 FROM assetlink.link WHERE status = 'stale'")
                try await bench.eventually(
                    "SELECT count(*) = 1 FROM assetlink.dead_letter WHERE feed = 'cmdb_ci' AND raw = 'not JSON'")
            }
        }

        /// An event that comes while a batch is under way, or while the daemon lingers, waits for nothing.
        @Test func rawNotificationsAtAnyMoment() async throws {
            let bench = try await Bench()
            var configuration = bench.bellOnly()
            configuration.linger = .milliseconds(200)
            try await bench.withDaemon(configuration) {
                for number in 1...100 {
                    try await bench.run("INSERT INTO itam.asset (asset_id) VALUES (\(number))")
                    if number % 10 == 0 { try await bench.quiet() }
                    try await bench.run("NOTIFY itam_asset, '{\"asset_id\": \"n\(number)\"}'")
                    guard number % 10 == 0 else { continue }
                    // No other change comes to wake it.
                    try await bench.eventually(
                        "SELECT count(*) = 2 * \(number) FROM assetlink.asset_state", within: .seconds(120))
                }
            }
        }

        /// What no trigger saw is found again by a resync.
        @Test func resync() async throws {
            let bench = try await Bench()
            try await bench.makePairs(1...2)
            try await bench.withDaemon(bench.bellOnly()) {
                try await bench.run(
                    """
                    ALTER TABLE itam.asset DISABLE TRIGGER USER;
                    ALTER TABLE cmdb.ci DISABLE TRIGGER USER;
                    UPDATE itam.asset SET state = 'retired' WHERE asset_id = 1;
                    INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (9, 'linux_server', 'CZJ70009QX');
                    """)
                #expect(try await bench.links("1") == ["cmdb/1 -> itam/1 active"])
                try await bench.run("SELECT assetlink.resync('itam'); SELECT assetlink.resync('cmdb', 'restored data')")
                try await bench.quiet()
                #expect(try await bench.links("1") == ["cmdb/1 -> itam/1 stale asset_decommissioned"])
                #expect(try await bench.text("SELECT state FROM assetlink.ci_state WHERE ci_id = '9'") == "orphaned")
                #expect(
                    try await bench.texts(
                        """
                        SELECT cause::jsonb ->> 'by' FROM assetlink.audit
                        WHERE action = 'link' AND to_state = 'stale'
                        """) == ["resync"])
            }
        }

        /// The sweep finds it by itself.
        @Test func sweep() async throws {
            let bench = try await Bench()
            try await bench.makePairs(1...2)
            var configuration = bench.configuration()
            configuration.sweepInterval = .milliseconds(10)
            configuration.pollInterval = .milliseconds(10)
            configuration.sweepPage = 1
            try await bench.withDaemon(configuration) {
                try await bench.run(
                    """
                    ALTER TABLE itam.asset DISABLE TRIGGER USER;
                    ALTER TABLE cmdb.ci DISABLE TRIGGER USER;
                    UPDATE itam.asset SET state = 'retired' WHERE asset_id = 2;
                    INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (9, 'linux_server', 'CZJ70009QX');
                    UPDATE cmdb.ci SET last_discovered_at = '2026-01-01Z' WHERE ci_id = 1;
                    """)
                try await bench.eventually(
                    """
                    SELECT EXISTS (SELECT FROM assetlink.link WHERE ci_id = '2' AND status = 'stale')
                        AND EXISTS (SELECT FROM assetlink.ci_state WHERE ci_id = '9')
                        AND EXISTS (SELECT FROM assetlink.ci_state WHERE ci_id = '1' AND last_discovered_at = '2026-01-01Z')
                    """)
            }
        }
    }
}
