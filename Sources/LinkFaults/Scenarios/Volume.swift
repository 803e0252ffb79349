import LinkTesting
import Postgres

extension Catalogue {
    /// Much at once, and much of nothing.
    static let volume: [Scenario] = [
        .shared(
            "huge-statement", faults: [16],
            expected:
                "one statement over a whole table is taken in page by page, in bounded memory, past other changes"
        ) { arena in
            let stage = arena.stage
            let count = stage.either(5_500, 1_000_000)
            try await arena.makeShop(count)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(count, within: .seconds(1_200))
            let load = arena.load()
            try await arena.run("UPDATE shop.asset SET state = 'retired'")
            let start = ContinuousClock.now
            var other = Duration.zero
            try await load.during {
                try await arena.run(
                    """
                    INSERT INTO itam.asset (asset_id, serial_number) VALUES (1000000, 'LONE1');
                    INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1000000, 'server', 'LONE1');
                    """)
                try await arena.eventually(
                    "SELECT count(*) = 1 FROM assetlink.ci_state WHERE ci_id = '1000000' AND state = 'linked'",
                    within: .seconds(240))
                other = ContinuousClock.now - start
                try await arena.run(
                    "DELETE FROM cmdb.ci WHERE ci_id = 1000000; DELETE FROM itam.asset WHERE asset_id = 1000000")
            }
            try await arena.eventuallyLinked(0, within: .seconds(1_200))
            let took = ContinuousClock.now - start
            let peak = try daemon.child.peakMemory()
            stage.expect(peak < 160_000, "the daemon had \(peak) kB")
            try await arena.settle(load, within: .seconds(600))
            stage.note("\(count) rows in \(took), another key's change after \(other), \(peak) kB")
            try await daemon.stop()
        },
        .shared(
            "same-key", faults: [17],
            expected:
                "a hundred updates of one key between two batches are one decision, and none where all is as before"
        ) { arena in
            try await arena.makeShop(3)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(3)
            try await arena.quiet()
            let audit = "SELECT count(*) FROM assetlink_internal.audit"
            let log = "SELECT last_value FROM assetlink_internal.change_seq"
            let before = (try await arena.number(audit), try await arena.number(log), try await arena.batches())
            daemon.freeze()
            // Identical ones are not even logged; the others end where they began.
            for round in 1...100 {
                try await arena.run("UPDATE shop.asset SET state = state WHERE id = 1")
                try await arena.run(
                    "UPDATE shop.asset SET state = '\(round % 2 == 0 ? "in use" : "retired")' WHERE id = 1")
            }
            daemon.resume()
            try await arena.settle()
            let logged = try await arena.number(log) - before.1
            arena.stage.expect(logged == 100, "\(logged) log rows of 100 changes")
            arena.stage.expect(try await arena.number(audit) == before.0, "audit rows of what changed nothing")
            let batches = try await arena.batches() - before.2
            arena.stage.expect(batches <= 2, "\(batches) batches for one key")
            try await daemon.stop()
        },
        .shared(
            "noise", faults: [18],
            expected: "updates of columns that no binding reads write no log row and wake nobody"
        ) { arena in
            try await arena.makeShop(200)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(200)
            try await arena.quiet()
            let counts = "SELECT last_value FROM assetlink_internal.change_seq"
            let before = (try await arena.number(counts), try await arena.batches())
            let start = ContinuousClock.now
            let rounds = arena.stage.either(20, 2_000)
            for round in 0..<rounds { try await arena.run("UPDATE shop.asset SET note = '\(round)'") }
            arena.stage.note("\(rounds * 200) rows in \(ContinuousClock.now - start)")
            arena.stage.expect(try await arena.number(counts) == before.0, "noise was logged")
            try await arena.settle()
            arena.stage.expect(try await arena.batches() == before.1, "noise made batches")
            try await daemon.stop()
        },
        .shared(
            "burst", faults: [40],
            expected: "COPY from 16 sessions at once is taken in within bounded memory; writers wait for nobody"
        ) { arena in
            let stage = arena.stage
            let each = stage.either(100, 62_500)
            try await arena.makeShop(1)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(1)
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 1...16 {
                    group.addTask {
                        let session = try await arena.connect()
                        let first = writer * 1_000_000
                        let rows = "seq \(first) \(first + each - 1) | sed \"s/.*/&,SHOP&/\""
                        try await session.script(
                            """
                            COPY shop.asset (id, serial) FROM PROGRAM '\(rows)' (FORMAT csv);
                            COPY shop.ci (id, serial) FROM PROGRAM '\(rows)' (FORMAT csv)
                            """)
                        await session.close()
                    }
                }
                try await group.waitForAll()
            }
            let written = ContinuousClock.now - start
            try await arena.eventuallyLinked(1 + 16 * each, within: .seconds(1_200))
            let peak = try daemon.child.peakMemory()
            stage.expect(peak < 160_000, "the daemon had \(peak) kB")
            try await arena.settle(within: .seconds(600))
            stage.note(
                "\(32 * each) rows written in \(written), linked after \(ContinuousClock.now - start), \(peak) kB")
            try await daemon.stop()
        },
    ]
}
