import Glibc
import LinkStore
import LinkTesting

extension Catalogue {
    /// The daemon is killed with SIGKILL.
    static let kills: [Scenario] = [
        .shared(
            "kill-at-random", faults: [1],
            expected: "after each kill -9 a new daemon's first batch comes within moments; nothing is lost or doubled"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            var random = SplitMix64(seed: stage.seed)
            let kills = stage.either(12, 500)
            var slowest = Duration.zero
            try await load.during {
                for _ in 0..<kills {
                    let daemon = try await arena.start()
                    let start = ContinuousClock.now
                    let batches = try await arena.batches()
                    try await Eventually.true("the first batch after a kill") { try await arena.batches() > batches }
                    slowest = max(slowest, ContinuousClock.now - start)
                    try await Task.sleep(for: .milliseconds(random.below(300)))
                    try await daemon.kill()
                }
            }
            let daemon = try await arena.start()
            try await arena.settle(load)
            try await daemon.stop()
            stage.note("\(kills) kills, first batch after at most \(slowest), \(load.tally)")
            stage.expect(load.tally.committed > kills, "the load did next to nothing: \(load.tally)")
        },
        .shared(
            "kill-at-failpoints", faults: [1, 2], needs: [.debug],
            expected: "killed at each named place, a batch is in whole or not at all"
        ) { arena in
            #if DEBUG
                try await killedEverywhere(arena)
            #endif
        },
    ]
}

#if DEBUG
    extension Catalogue {
        private static func killedEverywhere(_ arena: Arena) async throws {
            let stage = arena.stage
            let load = arena.load()
            var random = SplitMix64(seed: stage.seed)
            for point in Failpoint.allCases {
                for _ in 0..<stage.either(1, 10) {
                    // Some places are come to once in a daemon's life.
                    let isOften = ![.afterLease, .beforeRelease, .beforeStoringEvents].contains(point)
                    let hit = isOften ? 1 + random.below(stage.either(2, 6)) : 1
                    try await killed(at: point, hit: hit, arena, load)
                }
            }
            stage.note("\(Failpoint.allCases.count) places, \(load.tally)")
        }

        /// Starts a daemon that is to be killed at a place, writes until it is, and lets another one finish.
        private static func killed(at point: Failpoint, hit: Int, _ arena: Arena, _ load: Load) async throws {
            var options = DaemonProcess.Options.failing(at: point.rawValue, hit: hit)
            options.arguments += ["--log-table-rows", "5"]
            let daemon = try await arena.start(options)
            let end = ContinuousClock.now + .seconds(60)
            while daemon.child.ending == nil {
                guard ContinuousClock.now < end else { throw TooLate(question: "\(point.rawValue) is reached") }
                // In bursts: some places are come to only when nothing is left to do.
                try await load.run(4)
                switch point {
                case .beforeRelease: daemon.child.signal(SIGTERM)
                case .beforeStoringEvents: try await arena.run("NOTIFY itam_asset, '{\"asset_id\": \"raw\"}'")
                case .inBulkRange: try await arena.run("SELECT assetlink.resync('itam')")
                default: break
                }
                _ = try? await daemon.child.ended(within: .milliseconds(300))
            }
            arena.stage.expect(
                daemon.child.ending == .signalled(SIGKILL),
                "\(point.rawValue): ended with \(String(describing: daemon.child.ending))")
            let successor = try await arena.start()
            try await arena.settle(load, "killed at \(point.rawValue):\(hit)")
            try await successor.stop()
        }
    }
#endif
