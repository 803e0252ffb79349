import Glibc
import LinkTesting
import Postgres

extension Catalogue {
    /// The server crashes, fails over, or waits for another one.
    static let servers: [Scenario] = [
        .own(
            "server-crashes", faults: [4],
            expected: "the daemon comes back by itself within seconds after the server does; nothing is lost"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            let daemon = try await arena.start()
            var slowest = Duration.zero
            try await load.during {
                for _ in 0..<stage.either(3, 40) {
                    try await load.progress(40)
                    try await arena.cluster.crash()
                    let start = ContinuousClock.now
                    try await arena.reconnect()
                    let batches = try await arena.batches()
                    try await Eventually.true("a batch after a crash") { try await arena.batches() > batches }
                    slowest = max(slowest, ContinuousClock.now - start)
                }
            }
            try await arena.settle(load)
            let restarted = try await arena.resumedAfter()
            stage.expect(restarted == "restart", "status says that it resumed after \(restarted ?? "nothing")")
            // One process of the server dies: the server ends all sessions, recovers, and has not been started anew.
            kill(pid_t(arena.connection.backendPID), SIGKILL)
            // Until it has noticed, it takes connections that it is about to end.
            try await Eventually.get {
                try await arena.reconnect()
                let resumed = try await arena.resumedAfter()
                guard resumed == "connection" else { throw TooLate(question: "it resumes after the crash") }
            }
            try await load.run(5)
            try await arena.settle(load)
            try await daemon.stop()
            stage.note("first batch at most \(slowest) after the server accepted connections; \(load.tally)")
            stage.expect(slowest < .seconds(stage.either(15, 10)), "it came back only after \(slowest)")
            stage.expect(load.tally.lost > 0, "no writer lost its session: there was no crash")
        },
        .own(
            "standby-promoted", faults: [8],
            expected: "at a standby the daemon waits quietly, and takes over after its promotion"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            try await load.run(stage.either(20, 200))
            let standby = try await arena.cluster.makeStandby()
            try await caughtUp(arena.cluster)
            let place = standby.conninfo(user: GoldenCluster.daemonRole, database: arena.database)
            let daemon = try await arena.start(at: place)
            try await Task.sleep(for: .seconds(stage.either(4, 60)))
            let said = daemon.log.split(separator: "\n").count
            stage.expect(daemon.child.ending == nil, "it ended: \(daemon.log.suffix(400))")
            stage.expect(said <= stage.either(8, 40), "\(said) lines while it waited: \(daemon.log.suffix(1_500))")
            stage.expect(daemon.log.contains("standby"), "it does not say why it waits: \(daemon.log.suffix(400))")
            try await arena.cluster.stop(.immediate)
            try await standby.promote()
            try await arena.reconnect(to: standby)
            let start = ContinuousClock.now
            try await daemon.child.hasWritten("leading")
            stage.note("\(said) lines while waiting; led \(ContinuousClock.now - start) after the promotion")
            try await load.run(stage.either(20, 400))
            try await arena.settle(load)
            try await daemon.stop()
            await standby.remove()
        },
        .own(
            "failover", faults: [9],
            expected:
                "what the daemon writes to the old primary stays there; on the new one it begins from its cursor there"
        ) { arena in
            let stage = arena.stage
            let proxy = try FaultProxy(to: arena.cluster.socket)
            let load = arena.load()
            let daemon = try await arena.start(at: arena.conninfo(through: proxy))
            try await load.run(stage.either(30, 300))
            try await arena.quiet()
            let standby = try await arena.cluster.makeStandby()
            try await caughtUp(arena.cluster)
            try await standby.promote()
            // The old one is still written to, and the daemon still works there.
            stage.note("lag on the old primary \(try await arena.lag())")
            try await arena.run("UPDATE itam.asset SET state = 'retired'")
            try await arena.quiet()
            let old = arena.cluster
            try await arena.reconnect(to: standby)
            proxy.lead(to: standby.socket)
            try await load.during {
                try await load.progress(40)
                proxy.cut()
                try await load.progress(40)
            }
            try await arena.settle(load)
            let resumed = try await arena.resumedAfter()
            stage.expect(resumed == "failover", "status says that it resumed after \(resumed ?? "nothing")")
            try await daemon.stop()
            proxy.close()
            await old.remove()
            stage.note("\(load.tally)")
        },
        .own(
            "synchronous-standby-gone", faults: [32],
            expected: "a COMMIT that waits for its standby holds up the batch and nothing else, and counts once"
        ) { arena in
            let stage = arena.stage
            let standby = try await arena.cluster.makeStandby()
            try await caughtUp(arena.cluster)
            try await arena.cluster.run(
                "ALTER ROLE postgres SET synchronous_commit = 'local'",
                "ALTER SYSTEM SET synchronous_standby_names = 'standby'", "SELECT pg_reload_conf()")
            try await arena.reconnect()
            let daemon = try await arena.start()
            let load = arena.load()
            stage.note("lag with the standby \(try await arena.lag())")
            try await standby.stop(.immediate)
            try await load.during {
                try await arena.eventually(
                    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep')")
                try await load.progress(stage.either(60, 1_000))
            }
            stage.expect(daemon.child.ending == nil, "it ended: \(daemon.log.suffix(400))")
            try await standby.start()
            try await arena.settle(load)
            stage.note("lag when it is back \(try await arena.lag())")
            try await daemon.stop()
            await standby.remove()
        },
    ]

    /// Waits until a standby has everything that is written so far.
    private static func caughtUp(_ cluster: Cluster) async throws {
        let connection = try await cluster.connect()
        try await Eventually.holds(
            "SELECT count(*) > 0 AND bool_and(replay_lsn >= pg_current_wal_lsn()) FROM pg_stat_replication",
            on: connection)
        await connection.close()
    }
}
