import LinkService
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// Tables of a user's own, attached and detached while the daemon runs.
    @Suite struct AttachTests {
        @Test func aTextKey() async throws {
            let bench = try await Bench()
            try await bench.withDaemon(bench.bellOnly()) {
                try await bench.run(
                    """
                    CREATE SCHEMA shop;
                    CREATE TABLE shop.hardware (tag text PRIMARY KEY, serial text, state text);
                    INSERT INTO shop.hardware VALUES ('old one', 'CZJ70001QX', 'in_use');
                    SELECT assetlink.attach_asset_source('shop', 'shop.hardware',
                        'SELECT tag AS asset_id, serial AS serial_number, state AS lifecycle_raw FROM shop.hardware', 'tag');
                    INSERT INTO shop.hardware VALUES ('it''s "new"', 'CZJ70002QX', 'in_use');
                    INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
                    VALUES (1, 'linux_server', 'CZJ70001QX'), (2, 'linux_server', 'CZJ70002QX');
                    """)
                try await bench.quiet()
                #expect(
                    try await bench.links() == ["cmdb/1 -> shop/old one active", "cmdb/2 -> shop/it's \"new\" active"])
                // The key itself changes: one record goes, another comes.
                try await bench.run("UPDATE shop.hardware SET tag = 'renamed' WHERE serial = 'CZJ70002QX'")
                try await bench.run("UPDATE shop.hardware SET state = 'retired' WHERE tag = 'old one'")
                try await bench.quiet()
                #expect(
                    try await bench.links() == [
                        "cmdb/1 -> shop/old one stale asset_decommissioned", "cmdb/2 -> shop/renamed active",
                    ])
            }
        }

        @Test func aUUIDKey() async throws {
            let bench = try await Bench()
            try await bench.withDaemon(bench.bellOnly()) {
                try await bench.run(
                    """
                    CREATE SCHEMA shop;
                    CREATE TABLE shop.box (id uuid PRIMARY KEY, serial text);
                    INSERT INTO shop.box SELECT md5(n::text)::uuid, 'CZJ' || (70000 + n) || 'QX' FROM generate_series(1, 30) AS n;
                    SELECT assetlink.attach_ci_source('box', 'shop.box',
                        'SELECT id AS ci_id, ''linux_server''::text AS ci_class, serial AS serial_number FROM shop.box', 'id');
                    INSERT INTO itam.asset (asset_id, serial_number)
                    SELECT n, 'CZJ' || (70000 + n) || 'QX' FROM generate_series(1, 31) AS n;
                    INSERT INTO shop.box VALUES (md5('31')::uuid, 'CZJ70031QX');
                    """)
                try await bench.quiet()
                #expect(try await bench.links().count == 31)
                try await bench.run("DELETE FROM shop.box WHERE serial = 'CZJ70007QX'; TRUNCATE itam.asset CASCADE")
                try await bench.quiet()
                #expect(
                    try await bench.text(
                        "SELECT count(*) FROM assetlink.link WHERE status = 'stale' AND stale_reason = 'asset_deleted'")
                        == "30")
            }
        }

        @Test(arguments: [true, false]) func detach(keep: Bool) async throws {
            let bench = try await Bench("detach_\(keep)")
            try await bench.run(
                """
                CREATE SCHEMA shop;
                CREATE TABLE shop.hardware (id integer PRIMARY KEY, serial text);
                INSERT INTO shop.hardware VALUES (1, 'CZJ70001QX');
                SELECT assetlink.attach_asset_source('shop', 'shop.hardware',
                    'SELECT id AS asset_id, serial AS serial_number FROM shop.hardware', 'id');
                INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1, 'linux_server', 'CZJ70001QX');
                """)
            try await bench.withDaemon(bench.bellOnly()) {
                #expect(try await bench.links() == ["cmdb/1 -> shop/1 active"])
                try await bench.run("SELECT assetlink.detach_source('shop', \(keep), 'sold')")
                try await bench.quiet()
                // Nobody's trigger is in the way any longer, and nothing is heard of the table.
                try await bench.run("UPDATE shop.hardware SET serial = 'CZJ79999QX'; DROP SCHEMA shop CASCADE")
                try await bench.makePairs(8...8)
                try await bench.quiet()
                #expect(try await bench.links("1") == (keep ? ["cmdb/1 -> shop/1 active"] : []))
                #expect(
                    try await bench.text("SELECT close_reason FROM assetlink.link WHERE ci_id = '1'")
                        == (keep ? nil : "source_detached"))
                #expect(try await bench.links("8") == ["cmdb/8 -> itam/8 active"])
            }
        }

        /// Attached again under its name, a detached source is read whole.
        @Test func attachAgain() async throws {
            let bench = try await Bench()
            let attach = """
                SELECT assetlink.attach_asset_source('shop', 'shop.hardware',
                    'SELECT id AS asset_id, serial AS serial_number FROM shop.hardware', 'id');
                """
            try await bench.run(
                """
                CREATE SCHEMA shop;
                CREATE TABLE shop.hardware (id integer PRIMARY KEY, serial text);
                INSERT INTO shop.hardware VALUES (1, 'CZJ70001QX'), (2, 'CZJ70002QX');
                INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
                VALUES (1, 'linux_server', 'CZJ70001QX'), (2, 'linux_server', 'CZJ70002QX'), (3, 'linux_server', 'CZJ70003QX');
                """)
            try await bench.run(attach)
            try await bench.withDaemon(bench.bellOnly()) {
                for keep in [true, false] {
                    try await bench.run("SELECT assetlink.detach_source('shop', \(keep))")
                    try await bench.run("UPDATE shop.hardware SET id = 3, serial = 'CZJ70003QX' WHERE id = 2")
                    try await bench.run(attach)
                    try await bench.quiet()
                    #expect(try await bench.links("3") == ["cmdb/3 -> shop/3 active"], "kept: \(keep)")
                    try await bench.run("UPDATE shop.hardware SET id = 2, serial = 'CZJ70002QX' WHERE id = 3")
                    try await bench.quiet()
                    #expect(try await bench.links("1") == ["cmdb/1 -> shop/1 active"], "kept: \(keep)")
                    #expect(try await bench.links("2") == ["cmdb/2 -> shop/2 active"], "kept: \(keep)")
                }
            }
        }
    }
}
