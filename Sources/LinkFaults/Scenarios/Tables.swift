import LinkTesting
import Postgres

extension Catalogue {
    /// What owners do to their tables.
    static let tables: [Scenario] = [
        .shared(
            "truncate", faults: [19],
            expected:
                "a TRUNCATE of the table, or of a partition with triggers, flags its links with an audit row each"
        ) { arena in
            try await arena.makeShop(20, partitioned: true)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(20)
            for (statement, left) in [
                ("TRUNCATE shop.second", 10), ("TRUNCATE shop.asset", 0), ("TRUNCATE shop.asset CASCADE", 0),
            ] {
                let stale = """
                    SELECT count(*) FROM assetlink.audit
                    WHERE action = 'link' AND to_state = 'stale' AND ci_source = 'floor'
                    """
                let before = try await arena.number(stale)
                try await arena.run(statement)
                try await arena.eventuallyLinked(left)
                try await arena.settle(nil, statement)
                let rows = try await arena.number(stale) - before
                arena.stage.expect(rows == 20 - left, "\(statement): \(rows) audit rows")
                try await refill(arena)
                try await arena.eventuallyLinked(20)
            }
            try await arena.settle()
            try await daemon.stop()
        },
        .shared(
            "partitions", faults: [19, 20],
            expected: "a partition without our triggers turns status red; the sweep finds what is done to it"
        ) { arena in
            try await arena.makeShop(20, partitioned: true)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(20)
            try await arena.run(
                """
                CREATE TABLE shop.third (id bigint PRIMARY KEY, serial text, state text, note text);
                INSERT INTO shop.third SELECT n, 'SHOP' || n, 'in use', '' FROM generate_series(1000001, 1000010) AS n;
                INSERT INTO shop.ci SELECT n, 'SHOP' || n FROM generate_series(1000001, 1000010) AS n;
                ALTER TABLE shop.asset ATTACH PARTITION shop.third FOR VALUES FROM (1000000) TO (2000000);
                """)
            try await arena.eventuallyAlarm("capture", "source shop", severity: "error")
            try await arena.eventuallyLinked(30)
            // Straight into the partition, then its end.
            try await arena.run("UPDATE shop.third SET state = 'retired' WHERE id = 1000001")
            try await arena.eventually(1_000_001, "orphaned", "asset_decommissioned")
            try await arena.run("TRUNCATE shop.third")
            try await arena.eventuallyLinked(20)
            try await arena.run("ALTER TABLE shop.asset DETACH PARTITION shop.second")
            try await arena.eventuallyLinked(10)
            // Attached anew, all partitions have triggers.
            try await arena.attachShop()
            try await arena.eventuallyNoAlarm("capture")
            try await arena.settle()
            try await daemon.stop()
        },
        .shared(
            "shape", faults: [21],
            expected:
                "what no longer fits breaks its source only, visibly; writers go on; when it fits again, so do links"
        ) { arena in
            let load = arena.load()
            try await arena.makeShop(10)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(10)
            for change in changes {
                try await load.during {
                    try await arena.run(change.away)
                    // Their writes go on whatever we make of it.
                    try await arena.run(change.write)
                    if change.isBroken {
                        try await arena.eventually("SELECT 'shop' = ANY (broken_sources) FROM assetlink.daemon_status")
                    }
                    try await arena.run(change.back)
                    try await load.progress(5)
                }
                if change.needsAttach { try await arena.attachShop() }
                try await arena.eventually("SELECT broken_sources IS NULL FROM assetlink.daemon_status")
                try await arena.eventually(1, "orphaned", "asset_decommissioned")
                try await arena.eventuallyLinked(9)
                try await arena.run("UPDATE shop.asset SET state = 'in use'")
                try await arena.eventuallyLinked(10)
            }
            try await arena.eventuallyNoAlarm("capture")
            try await arena.settle(load)
            try await daemon.stop()
        },
        .shared(
            "triggers-off", faults: [21],
            expected: "disabled triggers turn status red; the sweep finds what they miss; replica role is captured"
        ) { arena in
            try await arena.makeShop(10)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(10)
            try await arena.run("ALTER TABLE shop.asset DISABLE TRIGGER USER")
            try await arena.eventuallyAlarm("capture", "source shop", severity: "error")
            try await arena.run("UPDATE shop.asset SET state = 'retired' WHERE id = 1")
            try await arena.eventually(1, "orphaned", "asset_decommissioned")
            // As pg_restore --disable-triggers leaves it: on again, but no longer as replica triggers.
            try await arena.run("ALTER TABLE shop.asset ENABLE TRIGGER USER")
            try await arena.eventuallyNoAlarm("capture", severity: "error")
            try await arena.eventuallyAlarm("capture", "source shop")
            try await arena.attachShop()
            try await arena.eventuallyNoAlarm("capture")
            let rows = "SELECT last_value FROM assetlink_internal.change_seq"
            let before = try await arena.number(rows)
            try await arena.run(
                "SET session_replication_role = replica; UPDATE shop.asset SET state = 'retired' WHERE id = 2")
            try await arena.run("RESET session_replication_role")
            arena.stage.expect(try await arena.number(rows) > before, "a change in replica role is not in the log")
            try await arena.eventually(2, "orphaned", "asset_decommissioned")
            try await arena.settle()
            try await daemon.stop()
        },
        .shared(
            "restored-data", faults: [21],
            expected: "what pg_restore --disable-triggers brings is found by the sweep, and status says so"
        ) { arena in
            try await arena.makeShop(10)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(10)
            let file = try await Room.folder() + "/shop.dump"
            let place = ["-h", arena.cluster.folder, "-p", "5432", "-U", "postgres", "-d", arena.database]
            try await Room.run(Room.program("pg_dump") + place + ["-Fc", "-a", "-t", "shop.asset", "-f", file])
            try await arena.run("ALTER TABLE shop.asset DISABLE TRIGGER USER; DELETE FROM shop.asset")
            try await arena.eventuallyLinked(0)
            try await Room.run(Room.program("pg_restore") + place + ["-a", "--disable-triggers", file])
            try await arena.eventuallyLinked(10)
            try await arena.eventuallyAlarm("capture", "source shop")
            try await arena.settle()
            try await daemon.stop()
        },
    ]

    private struct Change {
        let away: String
        let write: String
        let back: String
        var isBroken = true
        var needsAttach = false
    }

    private static let changes = [
        Change(
            away: "ALTER TABLE shop.asset ALTER COLUMN serial TYPE varchar(60) USING 'X' || serial",
            write: "UPDATE shop.asset SET state = 'retired' WHERE id = 1",
            back: "ALTER TABLE shop.asset ALTER COLUMN serial TYPE text USING substr(serial, 2)", isBroken: false),
        Change(
            away: "ALTER TABLE shop.asset RENAME COLUMN serial TO sn",
            write: "UPDATE shop.asset SET state = 'retired' WHERE id = 1",
            back: "ALTER TABLE shop.asset RENAME COLUMN sn TO serial"),
        Change(
            away: "CREATE TABLE shop.keep AS TABLE shop.asset; ALTER TABLE shop.asset DROP COLUMN serial",
            write: "UPDATE shop.asset SET state = 'retired' WHERE id = 1",
            back: """
                ALTER TABLE shop.asset ADD COLUMN serial text;
                UPDATE shop.asset AS a SET serial = k.serial FROM shop.keep AS k WHERE k.id = a.id; DROP TABLE shop.keep
                """),
        Change(
            away: "ALTER TABLE shop.asset RENAME TO equipment",
            write: "UPDATE shop.equipment SET state = 'retired' WHERE id = 1",
            back: "ALTER TABLE shop.equipment RENAME TO asset"),
        // The new table has neither our triggers nor our right to read it.
        Change(
            away: "CREATE TABLE shop.keep AS TABLE shop.asset; DROP TABLE shop.asset",
            write: "UPDATE shop.keep SET state = 'retired' WHERE id = 1",
            back: """
                CREATE TABLE shop.asset (id bigint PRIMARY KEY, serial text, state text, note text);
                INSERT INTO shop.asset SELECT id, serial, state, note FROM shop.keep; DROP TABLE shop.keep
                """, needsAttach: true),
    ]

    private static func refill(_ arena: Arena) async throws {
        try await arena.run(
            """
            INSERT INTO shop.asset SELECT n, 'SHOP' || n, 'in use', '' FROM generate_series(1, 20) AS n
            ON CONFLICT DO NOTHING
            """)
    }
}
