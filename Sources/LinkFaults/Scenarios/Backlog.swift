import LinkTesting
import Postgres

extension Catalogue {
    /// More work than at other times, or no room for it.
    static let loads: [Scenario] = [
        .shared(
            "daemon-away", faults: [37],
            expected: "what was written while no daemon ran is drained in bounded memory; status says how much waits"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            let rounds = stage.either(150, 5_000)
            try await load.run(stage.either(150, 2_000))
            // Many changes of few records: what is drained can still be compared with the decision from scratch.
            try await arena.run(
                """
                DO $$ BEGIN FOR n IN 1..\(rounds) LOOP
                    UPDATE itam.asset SET name = 'host-' || n;
                    UPDATE cmdb.ci SET name = 'host-' || n;
                END LOOP; END $$
                """)
            let records = try await arena.number("(SELECT count(*) FROM itam.asset) + (SELECT count(*) FROM cmdb.ci)")
            let waiting = try await arena.number("SELECT backlog FROM assetlink.daemon_status")
            stage.expect(
                waiting >= rounds * records, "status says that \(waiting) changes wait of at least \(rounds * records)")
            let start = ContinuousClock.now
            var options = DaemonProcess.Options()
            options.logLevel = "warning"
            let daemon = try await arena.start(options)
            try await arena.quiet(within: .seconds(stage.either(240, 3_600)))
            let drained = ContinuousClock.now - start
            let peak = try daemon.child.peakMemory()
            try await load.run(stage.either(20, 500))
            try await arena.settle(load)
            try await daemon.stop()
            stage.note("\(waiting) changes drained in \(drained), at most \(peak) kB")
            stage.expect(peak < 250_000, "\(peak) kB of memory")
        },
        Scenario(
            "disk-full", faults: [30], needs: [.root],
            expected: "no room: the batch is rolled back and tried again with pauses; with room again all is taken in"
        ) { stage in
            let folder = try await Room.folder()
            let disk = try await SmallDisk.make(in: folder, megabytes: 400)
            let cluster = try await Cluster.make(
                ["max_wal_size": "64MB", "wal_keep_size": "0"], data: disk.folder + "/data")
            do {
                try await stage.arena(on: cluster).perform { arena in try await full(arena, disk) }
            } catch {
                await cluster.remove()
                try await disk.remove()
                throw error
            }
            await cluster.remove()
            try await disk.remove()
        },
    ]

    private static func full(_ arena: Arena, _ disk: SmallDisk) async throws {
        let stage = arena.stage
        let load = arena.load { $0.tolerated = ["53100"] }
        let daemon = try await arena.start()
        try await load.run(stage.either(20, 100))
        try await arena.quiet()
        for round in 0..<stage.either(1, 10) {
            // Room for the writers' rows, and for nothing that has to grow.
            try await disk.fill(leaving: 300_000)
            let first = Arena.firstMarker + 10_000 * (round + 1)
            let pairs = """
                INSERT INTO itam.asset (asset_id, serial_number, attributes)
                SELECT n, 'FULL' || n, jsonb_build_object('t', repeat('x', 200)) FROM generate_series(\(first), \(first + 999)) AS n
                """
            var isRefused = false
            do { try await arena.run(pairs) } catch let error as PostgresError where error.sqlState == "53100" {
                isRefused = true
            }
            if isRefused {
                // The writer has no room either: then the rows come while there is some, and the daemon finds none.
                try await disk.empty()
                try await freezing(daemon) {
                    try await arena.run(pairs)
                    try await disk.fill(leaving: 0)
                }
            }
            try await Eventually.true("the daemon says that there is no room", within: .seconds(60)) {
                daemon.log.contains("No space left") || daemon.log.contains("53100") || daemon.child.ending != nil
            }
            stage.expect(daemon.child.ending == nil, "it ended: \(daemon.log.suffix(600))")
            let batches = try await arena.batches()
            try await Task.sleep(for: .seconds(2))
            stage.note(
                "\(try await arena.batches() - batches) batches and \(daemon.lines("trying again").count) complaints without room"
            )
            try await disk.empty()
            try await arena.quiet()
        }
        try await load.run(stage.either(10, 100))
        try await arena.settle(load)
        let letters = try await arena.number("SELECT count(*) FROM assetlink.dead_letter")
        stage.expect(letters == 0, "\(letters) records were blamed for a full disk")
        try await daemon.stop()
    }

    private static func freezing(_ daemon: DaemonProcess, _ body: () async throws -> Void) async throws {
        daemon.freeze()
        defer { daemon.resume() }
        try await body()
    }
}
