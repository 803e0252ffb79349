import LinkTesting

extension Catalogue {
    /// A cluster under Patroni loses its primary, again and again.
    static let patroni: [Scenario] = [
        Scenario(
            "patroni-synchronous", faults: [4, 9, 10, 32], needs: [.patroni],
            expected:
                "the primary is killed, frozen and thawed under load: nothing acknowledged is lost, nothing is doubled"
        ) { stage in
            try await withPatroni(stage) { arena, cluster in try await synchronous(arena, cluster) }
        },
        Scenario(
            "patroni-asynchronous", faults: [9], needs: [.patroni],
            expected:
                "without synchronous mode a failover loses what was acknowledged; links are right for what is left"
        ) { stage in
            // Says what others pay: nothing of ours to find out at every change.
            guard stage.effort == .long else { return stage.note("in the long form only") }
            try await withPatroni(stage, isSynchronous: false) { arena, cluster in
                try await asynchronous(arena, cluster)
            }
        },
    ]

    private static func withPatroni(
        _ stage: Stage, isSynchronous: Bool = true, _ body: @Sendable (Arena, PatroniCluster) async throws -> Void
    ) async throws {
        let cluster = try await PatroniCluster.start(isSynchronous: isSynchronous)
        do {
            try await stage.arena(on: cluster.place).perform { try await body($0, cluster) }
        } catch {
            try await cluster.stop()
            throw error
        }
        try await cluster.stop()
    }

    private static func synchronous(_ arena: Arena, _ cluster: PatroniCluster) async throws {
        let stage = arena.stage
        let load = patientLoad(arena)
        let daemons = try await startTwo(arena, cluster)
        let faults: [PatroniCluster.Fault] = stage.either(
            // A host that stands still is succeeded after 20 s at the least.
            [.crash], Array(repeating: [.crash, .freeze, .kill], count: 4).flatMap(\.self))
        try await load.during {
            for fault in faults {
                try await load.progress(40)
                let old = try await cluster.primary()
                let start = ContinuousClock.now
                try await cluster.make(fault, old)
                let new = try await cluster.primary(after: old, within: .seconds(60))
                let promoted = ContinuousClock.now
                try await arena.reconnect()
                try await load.progress(8)
                let written = ContinuousClock.now
                let batches = try await arena.batches()
                try await Eventually.true("a batch on \(new)") { try await arena.batches() > batches }
                let taken = ContinuousClock.now - promoted
                stage.note(
                    "\(fault): \(new) led after \(promoted - start), writers and daemons were at work "
                        + "\(written - promoted) and \(taken) later")
                let resumed = try await arena.resumedAfter()
                stage.expect(resumed == "failover", "status says that it resumed after \(resumed ?? "nothing")")
                stage.expect(taken < .seconds(20), "the daemons came back only \(taken) after \(new)")
                // What the old one still believes does harm here, if ever.
                try await cluster.end(fault, old)
                try await load.progress(80)
                try await Eventually.true("every node follows", within: .seconds(90)) { try await cluster.isWhole() }
            }
        }
        try await arena.reconnect()
        try await arena.settle(load)
        stage.note("\(load.tally)")
        stage.expect(load.tally.lost > 0, "no writer lost its session: there was no failover")
        for daemon in daemons { try await daemon.stop() }
    }

    /// How much is acknowledged and lost when the standbys are a second behind.
    private static func asynchronous(_ arena: Arena, _ cluster: PatroniCluster) async throws {
        let stage = arena.stage
        let daemons = try await startTwo(arena, cluster)
        // Beyond the receivers' timeout they would ask anew.
        for lag in [Duration.zero, .seconds(1), .seconds(3)] {
            try await arena.run("DROP TABLE IF EXISTS public.acknowledged; CREATE TABLE public.acknowledged (n bigint)")
            let old = try await cluster.primary()
            let acknowledged = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let connection = try await arena.connect()
                        var count = 0
                        // Until the server is gone.
                        while (try? await connection.script(
                            "INSERT INTO public.acknowledged VALUES (1)", within: .seconds(4))) != nil
                        { count += 1 }
                        return count
                    }
                }
                try await Task.sleep(for: .seconds(2))
                if lag > .zero { try await cluster.make(.lag, old) }
                try await Task.sleep(for: lag)
                try await cluster.make(.kill, old)
                return try await group.reduce(0, +)
            }
            _ = try await cluster.primary(after: old, within: .seconds(90))
            try await arena.reconnect()
            let there = try await arena.number("SELECT count(*) FROM public.acknowledged")
            stage.note("standbys \(lag) behind: \(acknowledged) rows acknowledged, \(acknowledged - there) lost")
            try await cluster.end(.kill, old)
            try await Eventually.true("every node follows", within: .seconds(90)) { try await cluster.isWhole() }
            try await arena.reconnect()
            try await arena.settle()
        }
        for daemon in daemons { try await daemon.stop() }
    }

    private static func patientLoad(_ arena: Arena) -> Load {
        arena.load {
            $0.patience = .seconds(3)
            $0.outage = .seconds(120)
        }
    }

    private static func startTwo(_ arena: Arena, _ cluster: PatroniCluster) async throws -> [DaemonProcess] {
        let place = cluster.conninfo(database: arena.database)
        let first = try await arena.start(at: place)
        try await first.child.hasWritten("leading", within: .seconds(60))
        return [first, try await arena.start(at: place)]
    }
}
