import Glibc
import LinkTesting
import Postgres

extension Catalogue {
    /// Sessions are ended, used up, or asked to end.
    static let sessions: [Scenario] = [
        .shared(
            "backends-terminated", faults: [3],
            expected:
                "with its sessions ended ten times a second it comes back each time and says so once; with room to work it gets on"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            let daemon = try await arena.start()
            let rounds = stage.either(40, 3_000)
            var ended = 0
            try await arena.quiet()
            try await load.during {
                for _ in 0..<rounds {
                    ended += try await arena.terminate()
                    try await Task.sleep(for: .milliseconds(100))
                }
                // Now one batch at least between two of them, whatever else the machine does.
                for _ in 0..<stage.either(4, 100) {
                    let batches = try await arena.batches()
                    try await Eventually.true("a batch between two kills") { try await arena.batches() > batches }
                    ended += try await arena.terminate()
                }
            }
            let complaints = daemon.lines("warning").count + daemon.lines(" error ").count
            try await arena.settle(load)
            try await daemon.stop()
            stage.note("\(ended) sessions ended, \(complaints) complaints")
            stage.expect(complaints <= 2 * rounds + 20, "\(complaints) complaints in \(rounds) rounds")
        },
        .own(
            "connections-exhausted", faults: [31], settings: ["max_connections": "16"],
            expected: "what is connected goes on; what was lost comes back when there is room, with growing pauses"
        ) { arena in
            let stage = arena.stage
            let load = arena.load { $0.writers = 2 }
            let daemon = try await arena.start()
            try await arena.quiet()
            var holders: [PostgresConnection] = []
            let place = ConnectionSettings(arena.cluster.conninfo(user: "holder", database: arena.database))
            try await arena.run("CREATE ROLE holder LOGIN")
            while let holder = try? await PostgresConnection.connect(place, logger: quietLogger) {
                holders.append(holder)
            }
            let pid = daemon.child.pid
            // Superusers, the load among them, have their reserved places.
            stage.note("full with \(holders.count) idle sessions; lag \(try await arena.lag())")
            try await arena.terminate()
            while let holder = try? await PostgresConnection.connect(place, logger: quietLogger) {
                holders.append(holder)
            }
            try await arena.run("INSERT INTO itam.asset (asset_id) VALUES (\(Arena.firstMarker + 5_000))")
            try await Task.sleep(for: .seconds(stage.either(3, 60)))
            let complaints = daemon.lines("trying again").count
            stage.expect(daemon.child.ending == nil, "it ended: \(String(describing: daemon.child.ending))")
            stage.expect(complaints <= stage.either(8, 40), "\(complaints) complaints while there was no room")
            for holder in holders { await holder.close() }
            let back = try await arena.lag()
            stage.note("\(complaints) complaints without room, and a lag of \(back) once there was")
            try await load.run(stage.either(30, 1_000))
            try await arena.settle(load)
            stage.expect(daemon.child.pid == pid, "another process")
            try await daemon.stop()
        },
        .shared(
            "terminated-while-working", faults: [42],
            expected: "SIGTERM ends it with status 0 within the grace period, and another one leads within a second"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            var leader = try await arena.start()
            try await leader.child.hasWritten("leading")
            var slowest = Duration.zero
            try await load.during {
                for round in 0..<stage.either(4, 60) {
                    let next = try await arena.start()
                    try await next.child.hasWritten("standing by")
                    try await load.progress(20)
                    leader.child.signal(SIGTERM)
                    // An impatient operator.
                    let isTwice = round % 2 == 1
                    if isTwice { leader.child.signal(SIGTERM) }
                    let ending = try await leader.child.ended(within: .seconds(20))
                    // The second one ends it at once, where the first has not done so yet.
                    let isWell = ending == .exited(0) || isTwice && ending == .exited(128 + SIGTERM)
                    stage.expect(isWell, "round \(round): it ended with \(ending)")
                    let start = ContinuousClock.now
                    try await next.child.hasWritten("leading")
                    slowest = max(slowest, ContinuousClock.now - start)
                    leader = next
                }
            }
            try await arena.settle(load)
            try await leader.stop()
            stage.note("succeeded within at most \(slowest)")
            // A busy machine is given more than the promised second.
            stage.expect(slowest < .seconds(5), "the successor led only after \(slowest)")
        },
        .shared(
            "newer-schema", faults: [38],
            expected:
                "a database that a newer release migrated: the daemon ends with a status of its own and writes nothing"
        ) { arena in
            let stage = arena.stage
            let daemon = try await arena.start()
            stage.note("lag \(try await arena.lag())")
            try await arena.run(
                "INSERT INTO assetlink.schema_version (number, name, sha256) VALUES (9999, 'of the future', '')")
            try await arena.terminate()
            let ending = try await daemon.child.ended()
            guard case .exited(let status) = ending, status != 0 else {
                return stage.expect(false, "it ended with \(ending)")
            }
            stage.expect(daemon.log.contains("9999"), "it does not name the version: \(daemon.log.suffix(400))")
            let batches = try await arena.batches()
            // Writers do not wait for a daemon, and no daemon of this release begins.
            try await arena.run("SET lock_timeout = '1s'; UPDATE itam.asset SET name = 'x'; RESET lock_timeout")
            let second = try await arena.start()
            let again = try await second.child.ended()
            stage.expect(again == ending, "the next one ended with \(again), not \(ending)")
            stage.expect(try await arena.batches() == batches, "a batch was written all the same")
            try await arena.run("DELETE FROM assetlink.schema_version WHERE number = 9999")
            let third = try await arena.start()
            try await arena.settle()
            try await third.stop()
            stage.note("status \(status)")
        },
    ]
}
