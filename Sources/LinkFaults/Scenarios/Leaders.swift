import LinkTesting

extension Catalogue {
    /// More than one daemon, and clocks that jump.
    static let leaders: [Scenario] = [
        .shared(
            "two-daemons-frozen-leader", faults: [10],
            expected: "one applies at a time; a leader that stood still past its lease writes nothing when it goes on"
        ) { arena in try await frozen(arena, daemons: 2) },
        .shared(
            "five-daemons-frozen-leader", faults: [10],
            expected: "the same with five"
        ) { arena in try await frozen(arena, daemons: 5) },
        .shared(
            "leader-frozen-before-commit", faults: [2, 10], needs: [.debug],
            expected: "a leader that stands still between its writes and their COMMIT is succeeded, and commits nothing"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            let zombie = try await arena.start(.failing(at: "before-commit", hit: 3, stops: true))
            try await zombie.child.hasWritten("leading")
            let heir = try await arena.start()
            try await load.during {
                // Its own state says that it stands there: the server's view of it ends with the heir's first act.
                try await zombie.child.stands()
                try await heir.child.hasWritten("leading", within: .seconds(60))
                let batches = try await arena.batches()
                let start = ContinuousClock.now
                try await Eventually.true("the heir writes a batch") { try await arena.batches() > batches }
                stage.note("first batch \(ContinuousClock.now - start) after it led")
            }
            try await arena.quiet()
            zombie.resume()
            try await load.run(stage.either(20, 200))
            try await arena.settle(load)
            try await heir.stop()
            try await zombie.stop()
        },
        .shared(
            "clock-jumps", faults: [11], needs: [.faketime],
            expected: "an hour forth and back on the daemon's host: no second leader, no poll that never comes"
        ) { arena in
            let stage = arena.stage
            let clock = try await Faketime()
            var options = DaemonProcess.Options()
            // Longer than a busy machine may hold a process up: only the clock could end it.
            options.arguments = ["--lease-seconds", "20"]
            options.environment = clock.environment
            let jumping = try await arena.start(options)
            try await jumping.child.hasWritten("leading")
            var plain = DaemonProcess.Options()
            plain.arguments = options.arguments
            let other = try await arena.start(plain)
            let load = arena.load()
            let before = try await arena.number("SELECT epoch FROM assetlink_internal.lease")
            var slowest = Duration.zero
            for jump in ["+1h", "-1h", "+0", "-24h", "+1h"] + stage.either([], Array(repeating: "-1h", count: 20)) {
                try await clock.jump(to: jump)
                try await load.run(stage.either(10, 100))
                slowest = max(slowest, try await arena.lag())
            }
            try await arena.settle(load)
            let after = try await arena.number("SELECT epoch FROM assetlink_internal.lease")
            stage.expect(after == before, "the lease changed hands: epoch \(before), then \(after)")
            stage.expect(slowest < .seconds(5), "a change waited for \(slowest)")
            try await jumping.stop()
            try await other.stop()
            stage.note("lag at most \(slowest)")
        },
    ]

    private static func frozen(_ arena: Arena, daemons count: Int) async throws {
        let stage = arena.stage
        let load = arena.load()
        var daemons: [DaemonProcess] = []
        for _ in 0..<count { daemons.append(try await arena.start()) }
        let rounds = stage.either(3, 60)
        try await load.during {
            for _ in 0..<rounds {
                let (leader, epoch) = try await self.leader(daemons, arena)
                leader.freeze()
                try await arena.eventually("SELECT epoch > \(epoch) FROM assetlink_internal.lease")
                // What it had begun is in nobody's way.
                try await arena.eventually("SELECT max(epoch) > \(epoch) FROM assetlink_internal.batch")
                leader.resume()
                try await load.progress(10)
            }
        }
        try await arena.settle(load)
        // Two that apply at once would show as batches of an older epoch after those of a newer one: the oracle's.
        let epochs = try await arena.number("SELECT count(DISTINCT epoch) FROM assetlink_internal.batch")
        stage.expect(epochs >= rounds, "\(epochs) epochs wrote in \(rounds) rounds")
        for daemon in daemons { try await daemon.stop() }
        stage.note("\(epochs) epochs, \(load.tally)")
    }

    /// The daemon that says it leads under the lease's epoch.
    private static func leader(_ daemons: [DaemonProcess], _ arena: Arena) async throws -> (DaemonProcess, Int) {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            let epoch = try await arena.number(
                "SELECT epoch FROM assetlink_internal.lease WHERE expires_at > clock_timestamp()")
            let found = daemons.first { daemon in daemon.lines("leading").contains { $0.contains("epoch=\(epoch) ") } }
            if epoch > 0, let found { return (found, epoch) }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TooLate(question: "one of the daemons leads")
    }
}
