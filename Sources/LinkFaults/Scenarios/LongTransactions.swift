import LinkTesting
import Postgres

extension Catalogue {
    /// Transactions that stay open while others come and go.
    static let longTransactions: [Scenario] = [
        .shared(
            "open-writer", faults: [12],
            expected: "the others' changes flow; its own are taken in when it commits; an alarm names its pid and xid"
        ) { arena in
            let load = arena.load()
            try await arena.makeShop(4)
            try await arena.alarmAtOnce()
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(4)
            let writer = try await arena.connect()
            try await writer.script("BEGIN; UPDATE shop.asset SET state = 'retired' WHERE id = 1")
            let row = try await writer.query("SELECT pg_backend_pid()::text, pg_current_xact_id()::text").first
            let subject = "pid \(try row?.text(0) ?? "?"), xid \(try row?.text(1) ?? "?"), %"
            try await load.during {
                try await load.progress(arena.stage.either(20, 2_000))
                try await arena.run("UPDATE shop.asset SET state = 'retired' WHERE id = 2")
                try await arena.eventually(2, "orphaned", "asset_decommissioned")
                try await arena.eventuallyAlarm("open_writer", subject)
            }
            try await arena.expectLinked(1, "before the writer commits")
            try await writer.script("COMMIT")
            try await arena.eventually(1, "orphaned", "asset_decommissioned")
            try await arena.settle(load)
            try await daemon.stop()
            await writer.close()
        },
        .shared(
            "prepared-left", faults: [13, 35],
            expected:
                "as an open writer; the alarm names the gid; taken in at COMMIT PREPARED, nothing at ROLLBACK PREPARED"
        ) { arena in
            let gid = "left_\(arena.database)"
            let load = arena.load()
            try await arena.makeShop(4)
            try await arena.alarmAtOnce()
            // Two-phase writers and the bell do not go together.
            var options = DaemonProcess.Options()
            options.arguments = ["--no-doorbell"]
            let first = try await arena.start(options)
            try await arena.eventuallyLinked(4)
            let elsewhere = try await arena.cluster.connect()
            try await elsewhere.script("BEGIN; SELECT pg_current_xact_id()")
            for (number, id) in [(1, 1), (2, 3)] {
                try await arena.run(
                    """
                    BEGIN; UPDATE shop.asset SET state = 'retired' WHERE id = \(id);
                    PREPARE TRANSACTION '\(gid)_\(number)'
                    """
                )
            }
            try await load.during {
                try await load.progress(20)
                try await arena.eventuallyAlarm("open_writer", "prepared transaction '\(gid)_1', xid %")
                try await arena.eventuallyAlarm("oldest_prepared_xact", "prepared transaction '\(gid)%")
                // Nor does the next daemon wait for it.
                try await first.stop()
                try await arena.start(options)
                try await arena.run("UPDATE shop.asset SET state = 'retired' WHERE id = 2")
                try await arena.eventually(2, "orphaned", "asset_decommissioned")
            }
            try await arena.expectLinked(1, "before COMMIT PREPARED")
            try await arena.run("COMMIT PREPARED '\(gid)_1'")
            try await arena.run("ROLLBACK PREPARED '\(gid)_2'")
            try await arena.eventually(1, "orphaned", "asset_decommissioned")
            try await arena.settle(load)
            try await arena.expectLinked(3, "after ROLLBACK PREPARED")
            try await elsewhere.script("ROLLBACK")
            await elsewhere.close()
        },
        .shared(
            "long-reader", faults: [14, 39],
            expected:
                "changes flow, the log is rotated around what the reader holds and emptied when it ends; nobody waits"
        ) { arena in
            let load = arena.load { $0.longestHold = .milliseconds(5) }
            try await arena.makeShop(2)
            try await arena.alarmAtOnce()
            var options = DaemonProcess.Options()
            options.arguments = ["--log-table-rows", "10"]
            let daemon = try await arena.start(options)
            try await arena.eventuallyLinked(2)
            let reader = try await arena.connect()
            try await reader.script(
                """
                BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM cmdb.ci;
                LOCK assetlink_internal.change_log_0, assetlink_internal.change_log_1, assetlink_internal.change_log_2
                    IN ACCESS SHARE MODE
                """)
            var slowest = Duration.zero
            try await load.during {
                for round in 0..<arena.stage.either(12, 4_000) {
                    let start = ContinuousClock.now
                    try await arena.run(
                        "UPDATE shop.asset SET state = '\(round % 2 == 0 ? "retired" : "in use")' WHERE id = 1")
                    slowest = max(slowest, ContinuousClock.now - start)
                    try await arena.eventually(
                        1, round % 2 == 0 ? "orphaned" : "linked", round % 2 == 0 ? "asset_decommissioned" : nil)
                }
                try await load.progress(20)
            }
            // All three are in use by now; the rotation tries again and again, and nobody queues behind it.
            try await arena.eventuallyAlarm("log_reader", "pid %")
            arena.stage.expect(slowest < .seconds(2), "a writer waited for \(slowest)")
            try await reader.script("ROLLBACK")
            try await arena.eventually(
                """
                SELECT count(*) FILTER (WHERE pg_relation_size(oid) > 0) <= 1 FROM pg_class
                WHERE relnamespace = 'assetlink_internal'::regnamespace AND relname ~ '^change_log_[012]$'
                """)
            try await arena.settle(load)
            arena.stage.note("slowest write \(slowest), \(load.tally)")
            try await daemon.stop()
            await reader.close()
        },
        .shared(
            "commit-order", faults: [15],
            expected:
                "12 writers, committing in any order or not at all: nothing is lost, nothing doubled"
        ) { arena in
            let load = arena.load {
                $0.writers = 12
                $0.longestHold = .milliseconds(arena.stage.either(60, 400))
                $0.machines = 120
            }
            let daemon = try await arena.start()
            try await load.during { try await load.progress(arena.stage.either(300, 20_000), within: .seconds(1_800)) }
            try await arena.settle(load)
            arena.stage.note("\(load.tally)")
            try await daemon.stop()
        },
    ]
}
