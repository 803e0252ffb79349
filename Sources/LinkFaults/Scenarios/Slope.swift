import LinkTesting
import Postgres

extension Catalogue {
    /// What must stay as it is, however long it goes on.
    static let slopes: [Scenario] = [
        .shared(
            "slope", faults: [41],
            expected: "under steady load memory and lag at the end are what they were at the beginning"
        ) { arena in
            let stage = arena.stage
            let load = arena.load { $0.longestHold = .milliseconds(2) }
            try await arena.makeShop(50)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(50)
            var lags: [Duration] = []
            var memory: [Int] = []
            let rounds = stage.either(24, 20_000)
            try await load.during {
                for round in 0..<rounds {
                    let id = 1 + round / 2 % 50
                    let start = ContinuousClock.now
                    try await arena.run(
                        "UPDATE shop.asset SET state = '\(round % 2 == 0 ? "retired" : "in use")' WHERE id = \(id)")
                    try await arena.eventually(
                        id, round % 2 == 0 ? "orphaned" : "linked", round % 2 == 0 ? "asset_decommissioned" : nil)
                    lags.append(ContinuousClock.now - start)
                    memory.append(try daemon.child.peakMemory())
                }
            }
            try await arena.settle(load)
            let third = lags.count / 3
            let early = lags.prefix(third).sorted()[third / 2]
            let late = lags.suffix(third).sorted()[third / 2]
            let growth = memory[memory.count - 1] - memory[third]
            // The machine has other things to do as well; what must not be is a slope.
            stage.expect(late < early * 3 + .milliseconds(200), "lag \(early) at first, \(late) in the end")
            stage.expect(growth < stage.either(24_000, 16_000), "\(growth) kB more in the last two thirds")
            stage.note("\(lags.count) changes, lag \(early) to \(late), \(growth) kB more, \(load.tally)")
            try await daemon.stop()
        },
        .shared(
            "idle-listener", faults: [34],
            expected:
                "somebody who listens and never ends his transaction keeps neither the daemon nor writers from going on"
        ) { arena in
            let load = arena.load()
            let daemon = try await arena.start()
            let idler = try await arena.connect()
            try await idler.script("LISTEN assetlink_wake")
            try await idler.script("BEGIN; SELECT 1")
            try await load.during { try await load.progress(arena.stage.either(40, 4_000)) }
            try await arena.settle(load)
            // Steady traffic does not ring, so what is in the queue is next to nothing.
            let used = try await arena.text("SELECT round(pg_notification_queue_usage()::numeric, 4)")
            arena.stage.note("queue used \(used ?? "?"), \(load.tally)")
            arena.stage.expect(
                used.flatMap(Double.init).map { $0 < 0.01 } == true, "queue used \(used ?? "?")")
            try await daemon.stop()
            await idler.close()
        },
    ]
}
