import LinkTesting
import Postgres

extension Catalogue {
    /// Records that cannot be taken in.
    static let records: [Scenario] = [
        .shared(
            "poison-rows", faults: [27],
            expected:
                "a record that cannot be read, or is too large, is a dead letter alone; replayed, it is taken in"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            try await arena.makeShop(10)
            // A record whose note is no JSON cannot be read.
            try await arena.run(
                """
                SELECT assetlink.detach_source('shop', reason => 'another query');
                UPDATE shop.asset SET note = '{"factor": 1}';
                SELECT assetlink.attach_asset_source('shop', 'shop.asset',
                    $$SELECT s.id AS asset_id, s.serial AS serial_number, s.state AS lifecycle_raw,
                        s.note::json ->> 'name' AS name
                    FROM shop.asset AS s$$, 'id');
                """)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(10)
            try await load.during {
                try await arena.run(
                    """
                    UPDATE shop.asset SET state = 'retired' WHERE id IN (1, 2, 3, 4, 5);
                    UPDATE shop.asset SET note = CASE id WHEN 1 THEN '{broken' WHEN 2 THEN 'NaN'
                        ELSE json_build_object('name', repeat('x', 20000000))::text END WHERE id <= 3;
                    """)
                // The two that were in the same statement are not held up by the three.
                try await arena.eventuallyLinked(8)
                try await arena.run("UPDATE shop.asset SET state = 'retired' WHERE id = 6")
                try await arena.eventually(6, "orphaned", "asset_decommissioned")
                try await load.progress(20)
            }
            let letters = """
                SELECT string_agg(record_id || ' ' || error_code, ', ' ORDER BY record_id)
                FROM assetlink.dead_letter WHERE replayed_at IS NULL
                """
            let found = try await arena.text(letters)
            stage.expect(found == "1 poison, 2 poison, 3 record_too_large", "dead letters: \(found ?? "none")")
            let peak = try daemon.child.peakMemory()
            stage.expect(peak < 160_000, "the daemon had \(peak) kB")
            try await arena.run("UPDATE shop.asset SET note = '{}' WHERE id <= 3")
            try await arena.run(
                """
                SELECT assetlink.replay_dead_letter(id, 'repaired') FROM assetlink.dead_letter
                WHERE replayed_at IS NULL
                """)
            try await arena.eventuallyLinked(4)
            try await arena.eventually("SELECT count(*) = 0 FROM assetlink.dead_letter WHERE replayed_at IS NULL")
            try await arena.settle(load)
            stage.note("\(peak) kB, \(load.tally)")
            try await daemon.stop()
        },
        .shared(
            "odd-identifiers", faults: [27, 44],
            expected: "values that look alike are one where the law says so; junk, blanks and rings link nobody"
        ) { arena in
            let daemon = try await arena.start()
            // Pairs that are the same by the law, then values that are nobody's.
            let alike = [
                ("abc-1234", "ABC-1234"), ("Ⅷ9000x", "VIII9000X"), ("straße77", "STRASSE77"),
                ("e\u{301}clair88", "\u{C9}CLAIR88"), ("full width９９", "FULL WIDTH99"),
                ("zero\u{200B}width5", "ZEROWIDTH5"), (" spaced  out 6 ", "spaced out 6"),
            ]
            let junk = ["", " ", "N/A", "To be filled by O.E.M.", "0", "00000000", "Default string", "none", "NULL"]
            for (number, (ci, asset)) in (alike + junk.map { ($0, $0) }).enumerated() {
                _ = try await arena.connection.query(
                    "INSERT INTO itam.asset (asset_id, serial_number) VALUES ($1, $2)",
                    [.int8(Int64(number)), .text(asset)])
                _ = try await arena.connection.query(
                    "INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES ($1, 'server', $2)",
                    [.int8(Int64(number)), .text(ci)])
            }
            // A ring of CIs, whose rule looks at parents, and one of assets.
            try await arena.run(
                """
                INSERT INTO cmdb.ci (ci_id, ci_class, position) VALUES (101, 'module', '1'), (102, 'module', '2');
                INSERT INTO cmdb.ci_relationship (parent_ci_id, child_ci_id) VALUES (101, 102), (102, 101);
                INSERT INTO itam.asset (asset_id, position) VALUES (101, '1'), (102, '2');
                UPDATE itam.asset SET parent_asset_id = 203 - asset_id WHERE asset_id IN (101, 102);
                """)
            try await arena.settle()
            let linked = try await arena.text(
                "SELECT string_agg(ci_id, ',' ORDER BY ci_id::bigint) FROM assetlink.link WHERE status = 'active'")
            let expected = alike.indices.map(String.init).joined(separator: ",")
            arena.stage.expect(linked == expected, "linked are \(linked ?? "none"), not \(expected)")
            try await daemon.stop()
        },
        .shared(
            "replicated", faults: [22],
            expected:
                "what logical replication brings is captured, copy and changes; the apply worker never fails of us"
        ) { arena in
            let stage = arena.stage
            let remote = "\(arena.database)_remote"
            try await arena.cluster.run("DROP DATABASE IF EXISTS \(remote) WITH (FORCE)", "CREATE DATABASE \(remote)")
            let publisher = try await arena.cluster.connect(database: remote)
            try await publisher.script(
                """
                CREATE SCHEMA shop;
                CREATE TABLE shop.asset (id bigint PRIMARY KEY, serial text, state text, note text);
                INSERT INTO shop.asset SELECT n, 'SHOP' || n, 'in use', '' FROM generate_series(1, 10) AS n;
                CREATE PUBLICATION feeds FOR TABLE shop.asset;
                """)
            try await publisher.script("SELECT pg_create_logical_replication_slot('\(remote)', 'pgoutput')")
            try await arena.makeShop(10)
            try await arena.run("DELETE FROM shop.asset")
            let daemon = try await arena.start()
            try await arena.quiet()
            try await arena.run(
                """
                CREATE SUBSCRIPTION \(remote) CONNECTION '\(arena.cluster.conninfo(database: remote))' PUBLICATION feeds
                WITH (create_slot = false)
                """)
            try await arena.eventuallyLinked(10)
            for round in 0..<stage.either(20, 2_000) {
                let id = 1 + round % 10
                try await publisher.script("UPDATE shop.asset SET state = 'retired' WHERE id = \(id)")
                try await arena.eventually(id, "orphaned", "asset_decommissioned")
                try await publisher.script("UPDATE shop.asset SET state = 'in use' WHERE id = \(id)")
            }
            try await arena.eventuallyLinked(10)
            try await publisher.script(
                "UPDATE shop.asset SET id = 11 WHERE id = 10; DELETE FROM shop.asset WHERE id = 9")
            try await arena.eventuallyLinked(9)
            try await publisher.script("TRUNCATE shop.asset")
            try await arena.eventuallyLinked(0)
            try await arena.settle()
            let errors = try await arena.number(
                "SELECT sum(apply_error_count + sync_error_count) FROM pg_stat_subscription_stats")
            stage.expect(errors == 0, "the apply worker failed \(errors) times")
            try await arena.run("DROP SUBSCRIPTION \(remote)")
            try await daemon.stop()
            await publisher.close()
        },
    ]
}
