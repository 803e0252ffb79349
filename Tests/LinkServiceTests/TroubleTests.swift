import LinkService
import LinkStore
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// Sources that cannot be read for a while, and writers who must never notice.
    @Suite struct TroubleTests {
        /// A bench with a table of the user's own, attached as `shop` and read.
        private func shop(_ name: String) async throws -> Bench {
            let bench = try await Bench(name)
            try await bench.run(
                """
                CREATE SCHEMA shop;
                CREATE TABLE shop.hardware (id bigint PRIMARY KEY, serial text);
                INSERT INTO shop.hardware VALUES (101, 'CZJ70101QX'), (102, 'CZJ70102QX');
                SELECT assetlink.attach_asset_source('shop', 'shop.hardware',
                    'SELECT id AS asset_id, serial AS serial_number FROM shop.hardware', 'id');
                INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
                SELECT n, 'linux_server', 'CZJ' || (70000 + n) || 'QX' FROM generate_series(101, 103) AS n;
                """)
            return bench
        }

        @Test func aBrokenSourceIsReadAgainWhenRepaired() async throws {
            let bench = try await shop(#function)
            try await bench.withDaemon {
                #expect(try await bench.links().count == 2)
                // The owner's change succeeds, and so do the writes after it.
                try await bench.run("ALTER TABLE shop.hardware RENAME COLUMN serial TO serial_no")
                try await bench.run(
                    "INSERT INTO shop.hardware VALUES (103, 'CZJ70103QX'); DELETE FROM shop.hardware WHERE id = 102")
                try await bench.eventually("SELECT 'shop' = ANY (broken_sources) FROM assetlink.daemon_status")
                try await bench.run("UPDATE shop.hardware SET serial_no = serial_no || 'Z' WHERE id = 101")
                // The others go on, and what is known of the broken one stays.
                try await bench.makePairs(1...3)
                try await bench.eventually("SELECT count(*) = 3 FROM assetlink.link WHERE asset_source = 'itam'")
                #expect(try await bench.links("101") == ["cmdb/101 -> shop/101 active"])
                let batches = Int(try await bench.text("SELECT max(batch_id) FROM assetlink_internal.batch") ?? "") ?? 0
                try await bench.eventually("SELECT is_called FROM assetlink_internal.bell")
                try await bench.run("ALTER TABLE shop.hardware RENAME COLUMN serial_no TO serial")
                try await bench.eventually(
                    """
                    SELECT broken_sources IS NULL
                        AND (SELECT count(*) = 2 FROM assetlink.asset_state WHERE asset_source = 'shop')
                        AND (SELECT status = 'active' FROM assetlink.link WHERE ci_id = '103')
                        AND (SELECT status = 'stale' FROM assetlink.link WHERE ci_id = '102')
                    FROM assetlink.daemon_status
                    """)
                let after = Int(try await bench.text("SELECT max(batch_id) FROM assetlink_internal.batch") ?? "") ?? 0
                #expect(after - batches < 50, "\(after - batches) batches")
            }
        }

        /// A migration of the owner's that takes long: its keys wait, without a batch after batch for nothing.
        @Test(arguments: [false, true]) func aLockedSourceWaits(isResync: Bool) async throws {
            let bench = try await shop("a_locked_source_waits_\(isResync)")
            try await bench.withDaemon {
                let owner = try await bench.session()
                try await owner.script("BEGIN; LOCK TABLE shop.hardware IN ACCESS EXCLUSIVE MODE")
                try await bench.run(
                    isResync
                        ? "SELECT assetlink.resync('shop')"
                        : """
                        SELECT assetlink_internal.log_change('record', source_id, '103', 'test')
                        FROM assetlink_internal.source WHERE name = 'shop'
                        """)
                let before = Int(try await bench.text("SELECT max(batch_id) FROM assetlink_internal.batch") ?? "") ?? 0
                let start = ContinuousClock.now
                for number in 1...20 {
                    try await bench.makePairs(number...number)
                    try await bench.eventually(
                        "SELECT count(*) = \(number) FROM assetlink.link WHERE asset_source = 'itam' AND status = 'active'"
                    )
                }
                let lasted = ContinuousClock.now - start
                let after = Int(try await bench.text("SELECT max(batch_id) FROM assetlink_internal.batch") ?? "") ?? 0
                print("20 changes of others took \(lasted) and \(after - before) batches beside a locked source")
                #expect(after - before < 100)
                try await owner.script(
                    "TRUNCATE shop.hardware; INSERT INTO shop.hardware VALUES (102, 'CZJ70102QX'), (103, 'CZJ70103QX'); COMMIT"
                )
                try await bench.eventually(
                    """
                    SELECT (SELECT status = 'stale' FROM assetlink.link WHERE ci_id = '101')
                        AND (SELECT status = 'active' FROM assetlink.link WHERE ci_id = '102')
                        AND (SELECT status = 'active' FROM assetlink.link WHERE ci_id = '103')
                    """)
                await owner.close()
            }
        }

        /// A batch that hangs, here on a lock of the cursor's table, holds up no writer.
        @Test func writersNeverWait() async throws {
            let bench = try await Bench()
            var configuration = bench.configuration()
            configuration.limits.lockTimeoutMilliseconds = 60_000
            try await bench.withDaemon(configuration) {
                try await bench.makePairs(1...5)
                try await bench.quiet()
                let other = try await bench.session()
                try await other.script("BEGIN; LOCK TABLE assetlink_internal.batch IN SHARE ROW EXCLUSIVE MODE")
                try await bench.run("UPDATE itam.asset SET serial_number = NULL WHERE asset_id = 1")
                try await bench.eventually(
                    "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'assetlink_internal.batch'::regclass AND NOT granted)"
                )
                try await bench.run(
                    """
                    SET lock_timeout = '100ms';
                    INSERT INTO itam.asset (asset_id) VALUES (6);
                    UPDATE itam.asset SET state = 'retired' WHERE asset_id IN (1, 2);
                    DELETE FROM itam.asset WHERE asset_id = 3;
                    DELETE FROM cmdb.ci WHERE ci_id = 4;
                    SELECT assetlink.publish_asset('{"asset_id": "x"}');
                    SELECT assetlink.pin('cmdb', '5', 'itam', '5', 'a test');
                    RESET lock_timeout;
                    """)
                try await other.script("COMMIT")
                await other.close()
                try await bench.quiet()
                #expect(
                    try await bench.links() == [
                        "cmdb/2 -> itam/2 stale asset_decommissioned", "cmdb/3 -> itam/3 stale asset_deleted",
                        "cmdb/5 -> itam/5 active",
                    ])
            }
        }
    }
}
