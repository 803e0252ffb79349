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
            "stop-and-start", faults: [1],
            expected: "asked to stop under load, each daemon ends by itself with status 0; nothing is lost or doubled"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            let cycles = stage.either(8, 200)
            var slowest = Duration.zero
            try await load.during {
                for _ in 0..<cycles {
                    let daemon = try await arena.start()
                    let batches = try await arena.batches()
                    try await Eventually.true("a batch under load") { try await arena.batches() > batches }
                    let start = ContinuousClock.now
                    // Fails where it would have to be killed.
                    try await daemon.stop()
                    slowest = max(slowest, ContinuousClock.now - start)
                }
            }
            let daemon = try await arena.start()
            try await arena.settle(load)
            try await daemon.stop()
            stage.note("\(cycles) stops, each within \(slowest), \(load.tally)")
            stage.expect(load.tally.committed > cycles, "the load did next to nothing: \(load.tally)")
        },
        .shared(
            "kill-at-failpoints", faults: [1, 2], needs: [.debug],
            expected: "killed at each named place, a batch is in whole or not at all"
        ) { arena in
            #if DEBUG
                try await killedEverywhere(arena)
            #endif
        },
        .shared(
            "kill-in-discovery", faults: [1], needs: [.debug],
            expected: "killed in the middle of a payload of thousands, each item is written and answered exactly once"
        ) { arena in
            let stage = arena.stage
            let count = stage.either(2_500, 50_000)
            try await arena.enableDiscovery()
            let first = try await arena.start(.failing(at: "in-discovery", hit: 2))
            let payload = try await arena.sendPayload(1...count)
            try await arena.eventuallyEnded(first, by: SIGKILL)
            let decided =
                "SELECT count(*) FROM assetlink.discovery_result WHERE payload_id = \(payload) AND state <> 'pending'"
            let before = try await arena.number(decided)
            stage.expect(before > 0 && before < count, "\(before) of \(count) items when it was killed")
            // Others end wherever they happen to be.
            var random = SplitMix64(seed: stage.seed)
            for _ in 0..<stage.either(3, 100) {
                let daemon = try await arena.start()
                try await Task.sleep(for: .milliseconds(random.below(1_500)))
                try await daemon.kill()
            }
            let last = try await arena.start()
            try await arena.eventually("SELECT \(count) = (\(decided))", within: .seconds(600))
            stage.expect(
                try await arena.number(
                    """
                    SELECT count(DISTINCT r.ci_id) FROM assetlink.discovery_results(\(payload)) AS r
                    JOIN cmdb.ci AS c ON c.ci_id::text = r.ci_id AND c.serial_number = 'DISCO' || r.item + 1
                    WHERE r.state = 'inserted'
                    """) == count, "not every item has its own CI")
            stage.expect(
                try await arena.number("SELECT count(*) FROM cmdb.ci WHERE serial_number LIKE 'DISCO%'") == count,
                "items were written more than once")
            try await arena.settle(within: .seconds(300))
            // Sent again, each is found.
            let again = try await arena.sendPayload(1...count)
            try await arena.eventually(
                """
                SELECT count(*) = \(count) FROM assetlink.discovery_result
                WHERE payload_id = \(again) AND state IN ('updated', 'no_change')
                """, within: .seconds(600))
            try await arena.settle(within: .seconds(300))
            stage.note("\(count) items, \(before) decided at the first kill")
            try await last.stop()
        },
    ]
}

#if DEBUG
    extension Catalogue {
        private static func killedEverywhere(_ arena: Arena) async throws {
            let stage = arena.stage
            let load = arena.load()
            var random = SplitMix64(seed: stage.seed)
            // One of the places is come to only where ids are written back.
            try await arena.run(
                """
                ALTER TABLE cmdb.ci ADD COLUMN written text;
                SELECT assetlink.set_write_back('cmdb', 'written', 'test');
                """)
            // What discovery writes is no load's: it has a scenario of its own.
            for point in Failpoint.allCases where point != .inDiscovery {
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
            if point == .beforeRelease {
                // Asked to stop before it leads, it has nothing to release.
                let batches = try await arena.batches()
                try await arena.run("SELECT assetlink.resync('itam')")
                try await Eventually.true("it leads") { try await arena.batches() > batches }
            }
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
            try await arena.eventually(
                """
                SELECT NOT EXISTS (
                    SELECT FROM cmdb.ci AS c WHERE c.written IS DISTINCT FROM (
                        SELECT l.asset_id FROM assetlink.link AS l
                        WHERE l.ci_source = 'cmdb' AND l.ci_id = c.ci_id::text AND l.status = 'active'))
                """)
            try await successor.stop()
        }
    }
#endif

extension Arena {
    /// Lets payloads in; numbers of discovered CIs are beyond those of any load.
    fileprivate func enableDiscovery() async throws {
        try await run("SELECT assetlink.enable_discovery(); SELECT setval('cmdb.ci_ci_id_seq', 5000000)")
    }

    /// Sends a payload of machines with these numbers, and returns its own.
    @discardableResult
    fileprivate func sendPayload(_ numbers: ClosedRange<Int>) async throws -> Int {
        try await number(
            """
            SELECT assetlink.discover(jsonb_build_object('items', jsonb_agg(jsonb_build_object(
                'className', 'linux_server', 'sourceName', 'probe',
                'values', jsonb_build_object('serial_number', 'DISCO' || n, 'name', 'disco-' || n)) ORDER BY n)))
            FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) AS n
            """)
    }

    /// Waits until a daemon was ended by a signal.
    fileprivate func eventuallyEnded(_ daemon: DaemonProcess, by signal: CInt) async throws {
        let ending = try await daemon.child.ended(within: .seconds(120))
        stage.expect(ending == .signalled(signal), "it ended with \(ending)")
    }
}
