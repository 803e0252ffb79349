import LinkTesting
import Postgres

extension Catalogue {
    /// What happens between libpq and the server.
    static let proxies: [Scenario] = [
        .shared(
            "commit-reply-lost", faults: [2],
            expected: "a COMMIT without an answer counts once, whether it came through or not"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            try await arena.throughProxy { proxy, _ in
                let rounds = stage.either(6, 200)
                try await load.during {
                    for round in 1...rounds {
                        proxy.set(round % 2 == 0 ? .loseCommit : .loseCommitReply, only: "work")
                        try await Eventually.true("the trap is sprung") { proxy.sprung == round }
                    }
                }
                try await arena.settle(load)
                stage.note("\(rounds) answers lost, \(load.tally)")
            }
        },
        .shared(
            "half-open-listener", faults: [5],
            expected:
                "a listener that hears nothing any more costs a poll interval, and is replaced within the heartbeat"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            try await arena.throughProxy { proxy, _ in
                for _ in 0..<stage.either(1, 10) {
                    let listeners = try await sessions("listen", arena)
                    proxy.deaden(only: "listen")
                    let lag = try await arena.lag()
                    stage.expect(lag < .seconds(DaemonProcess.quickPoll + 2.5), "a change waited for \(lag)")
                    try await load.run(stage.either(10, 100))
                    let start = ContinuousClock.now
                    try await Eventually.true("the listener is replaced", within: .seconds(40)) {
                        try await !sessions("listen", arena).isSubset(of: listeners)
                    }
                    stage.note("lag meanwhile \(lag), replaced within \(ContinuousClock.now - start)")
                }
                try await arena.settle(load)
            }
        },
        .shared(
            "half-open-work", faults: [5],
            expected: "a working connection that answers no more is given up, and its open transaction holds up nobody"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            try await arena.throughProxy { proxy, _ in
                for _ in 0..<stage.either(1, 10) {
                    try await load.during {
                        try await load.progress(30)
                        proxy.deaden(only: "work")
                        let batches = try await arena.batches()
                        let start = ContinuousClock.now
                        // What was under way may still come through at the server.
                        try await Eventually.true("batches go on", within: .seconds(90)) {
                            try await arena.batches() > batches + 2
                        }
                        stage.note("batches went on after \(ContinuousClock.now - start)")
                    }
                }
                try await arena.settle(load)
            }
        },
        .shared(
            "notifications-lost", faults: [6],
            expected: "without a single notification a change waits for a poll interval at most"
        ) { arena in
            let stage = arena.stage
            try await arena.throughProxy { proxy, _ in
                try await arena.quiet()
                proxy.set(FaultProxy.Weather(dropsNotifications: true, only: "listen"))
                var slowest = Duration.zero
                for _ in 0..<stage.either(6, 200) {
                    // Only who sleeps can miss a ring.
                    try await arena.eventually("SELECT is_called FROM assetlink_internal.bell")
                    slowest = max(slowest, try await arena.lag())
                }
                stage.note("lag at most \(slowest)")
                stage.expect(slowest < .seconds(DaemonProcess.quickPoll + 2.5), "a change waited for \(slowest)")
                try await arena.settle()
            }
        },
        .shared(
            "slow-network", faults: [33],
            expected: "late, in slices of a byte, reset within a result: slower, and right"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            try await arena.throughProxy { proxy, _ in
                var random = SplitMix64(seed: stage.seed)
                for weather in [
                    FaultProxy.Weather(delay: .milliseconds(stage.either(20, 200))), FaultProxy.Weather(slice: 1),
                    FaultProxy.Weather(delay: .milliseconds(1), slice: 700),
                ] {
                    proxy.set(weather)
                    try await load.run(stage.either(6, 40))
                    try await arena.quiet()
                    stage.note("lag \(try await arena.lag())")
                }
                proxy.set(FaultProxy.Weather())
                let before = proxy.sprung
                let resets = stage.either(6, 100)
                try await load.during {
                    for reset in 1...resets {
                        proxy.set(.resetAfter(bytes: 1 + random.below(20_000)), only: "work")
                        try await Eventually.true("a reset") { proxy.sprung == before + reset }
                    }
                }
                stage.note("\(resets) resets")
                try await arena.settle(load)
            }
        },
    ]

    /// The server's processes for the daemons' sessions of a kind.
    private static func sessions(_ kind: String, _ arena: Arena) async throws -> Set<Int64> {
        let rows = try await arena.connection.query(
            """
            SELECT pid::bigint FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'assetlinkd ' || $1
            """, [.text(kind)])
        return Set(try rows.map { try $0.int8(0) })
    }
}

extension Arena {
    /// Runs a body beside a daemon that leads and reaches the server through a proxy; both end well.
    package func throughProxy(
        _ options: DaemonProcess.Options = DaemonProcess.Options(),
        _ body: (FaultProxy, DaemonProcess) async throws -> Void
    ) async throws {
        let proxy = try FaultProxy(to: cluster.socket)
        defer { proxy.close() }
        let daemon = try await start(options, at: conninfo(through: proxy))
        try await daemon.child.hasWritten("leading")
        try await body(proxy, daemon)
        try await daemon.stop()
    }
}
