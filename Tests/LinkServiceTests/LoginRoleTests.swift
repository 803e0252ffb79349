import LinkService
import LinkStore
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// Everything the daemon does, done by a login role that is a member of `assetlink_daemon` and nothing else.
    @Suite struct LoginRoleTests {
        @Test func aMemberOfTheDaemonsRoleNeedsNothingElse() async throws {
            let bench = try await Bench()
            try await bench.run(
                """
                DROP ROLE IF EXISTS assetlink_test_login;
                CREATE ROLE assetlink_test_login LOGIN IN ROLE assetlink_daemon;
                DROP ROLE IF EXISTS assetlink_test_owner;
                CREATE ROLE assetlink_test_owner LOGIN IN ROLE assetlink_integrator;
                CREATE SCHEMA shop AUTHORIZATION assetlink_test_owner;
                """)
            let member = bench.conninfo + " user=assetlink_test_login"
            var configuration = bench.configuration()
            configuration.database = member
            configuration.sweepInterval = .milliseconds(20)
            configuration.snapshotInterval = .milliseconds(200)
            configuration.pollInterval = .milliseconds(100)
            configuration.logTableRows = 10
            configuration.limits.live = 20
            configuration.limits.bulk = 10
            let owner = try await PostgresConnection.connect(
                ConnectionSettings(bench.conninfo + " user=assetlink_test_owner"), logger: quietLogger)
            try await bench.withDaemon(configuration) {
                #expect(
                    try await bench.text(
                        """
                        SELECT bool_and(usename = 'assetlink_test_login') FROM pg_stat_activity
                        WHERE datname = current_database() AND application_name LIKE 'assetlinkd %'
                        """
                    ) == "true")
                try await feeds(bench)
                try await owner.script(
                    """
                    CREATE TABLE shop.hardware (id bigint PRIMARY KEY, serial text);
                    INSERT INTO shop.hardware VALUES (101, 'CZJ70101QX');
                    SELECT assetlink.attach_asset_source('shop', 'shop.hardware',
                        'SELECT id AS asset_id, serial AS serial_number FROM shop.hardware', 'id');
                    """)
                try await bench.run(
                    "INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (101, 'laptop', 'CZJ70101QX')")
                try await bench.eventually("SELECT count(*) = 1 FROM assetlink.link WHERE asset_source = 'shop'")
                try await owner.script(
                    "ALTER TABLE shop.hardware RENAME COLUMN serial TO s; UPDATE shop.hardware SET s = s || 'X'")
                try await bench.eventually("SELECT 'shop' = ANY (broken_sources) FROM assetlink.daemon_status")
                try await owner.script("ALTER TABLE shop.hardware RENAME COLUMN s TO serial")
                try await bench.eventually(
                    """
                    SELECT broken_sources IS NULL
                        AND EXISTS (SELECT FROM assetlink.asset_state WHERE serial_number = 'CZJ70101QXX')
                    FROM assetlink.daemon_status
                    """
                )
                try await owner.script("SELECT assetlink.detach_source('shop', false)")
                try await acts(bench)
                try await bench.quiet()
                try await bench.eventually("SELECT count(*) > 0 FROM assetlink.coverage_history")
                // The log was rotated.
                try await bench.eventually("SELECT is_called FROM assetlink_internal.log_current")
            }
            // Nothing else failed on the way, in the background or with a connection made anew.
            let expected = ["a batch failed", "the sweep found", "the query of a source", "the sweep could not read"]
            #expect(bench.complaints.all.filter { message in !expected.contains { message.hasPrefix($0) } } == [])
            #expect(bench.complaints.all.filter { $0.contains("permission denied") } == [])
            #expect(try await bench.text("SELECT epoch FROM assetlink_internal.lease") == "1")
            await owner.close()
        }

        private func feeds(_ bench: Bench) async throws {
            try await bench.makePairs(1...60)
            try await bench.run(
                """
                SELECT assetlink.publish_asset('{"asset_id": "a1", "serial_number": "5CD0123XYZ"}');
                NOTIFY cmdb_ci, '{"ci_id": "c1", "ci_class": "linux_server", "serial_number": "5CD0123XYZ"}';
                NOTIFY itam_asset, 'no JSON';
                """)
            try await bench.eventually("SELECT count(*) = 61 FROM assetlink.link WHERE status = 'active'")
            try await bench.eventually("SELECT count(*) = 1 FROM assetlink.dead_letter WHERE feed = 'itam_asset'")
            try await bench.run("SELECT assetlink.resync('itam'); SELECT assetlink.resync('cmdb')")
            // Not seen by a trigger: the sweep finds it.
            try await bench.run(
                """
                ALTER TABLE cmdb.ci DISABLE TRIGGER USER;
                UPDATE cmdb.ci SET serial_number = NULL, last_discovered_at = now() WHERE ci_id = 60;
                """)
            for name in try await bench.texts(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = 'cmdb.ci'::regclass AND NOT tgisinternal")
            {
                try await bench.run("ALTER TABLE cmdb.ci ENABLE ALWAYS TRIGGER \"\(name)\"")
            }
            try await bench.eventually(
                "SELECT EXISTS (SELECT FROM assetlink.link WHERE ci_id = '60' AND status = 'closed')")
        }

        private func acts(_ bench: Bench) async throws {
            try await bench.run(
                """
                SELECT assetlink.pin('cmdb', '1', 'itam', '2', 'a test', clock_timestamp() + interval '200 ms');
                SELECT assetlink.block('cmdb', '3', 'itam', '3', 'a test');
                SELECT assetlink.requeue('cmdb', '4', 'a test');
                SELECT assetlink.set_composite('itam', '5', true, 'a test');
                SELECT assetlink.replay_dead_letter(min(id), 'a test') FROM assetlink.dead_letter;
                UPDATE assetlink.setting SET value = '0.0000001' WHERE name IN ('tombstone_days', 'stale_retention_days');
                DELETE FROM itam.asset WHERE asset_id = 6;
                INSERT INTO assetlink.placeholder (kind, value) VALUES ('serial', 'CZJ70007QX');
                ALTER TABLE assetlink_internal.link ADD CONSTRAINT poison CHECK (asset_id <> '99') NOT VALID;
                """)
            try await bench.makePairs(99...99)
            try await bench.eventually(
                """
                SELECT EXISTS (SELECT FROM assetlink.link WHERE ci_id = '1' AND close_reason = 'superseded' AND method = 'manual')
                    AND EXISTS (SELECT FROM assetlink.link WHERE ci_id = '3' AND close_reason = 'blocked_by_operator')
                    AND EXISTS (SELECT FROM assetlink.link WHERE ci_id = '6' AND close_reason = 'retention')
                    AND EXISTS (SELECT FROM assetlink.dead_letter WHERE error_code = 'poison')
                """)
        }
    }
}
