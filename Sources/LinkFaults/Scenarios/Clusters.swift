import Glibc
import LinkTesting
import Postgres

extension Catalogue {
    /// What becomes of a cluster's transaction numbers.
    static let clusters: [Scenario] = [
        .own(
            "xid-epoch", faults: [26],
            expected: "transactions past 2^32 come after those before: order and position stay right across the epoch"
        ) { arena in
            let load = arena.load()
            let first = try await arena.start()
            try await load.run(15)
            try await arena.quiet()
            try await first.stop()
            // Some of it is taken in only on the other side.
            try await load.run(5)
            try await arena.cluster.stop()
            try await Room.run(Room.program("pg_resetwal") + ["-e", "1", "-D", arena.cluster.data])
            try await arena.cluster.start()
            try await arena.reconnect()
            let xid = try await arena.text("SELECT pg_current_xact_id()::text")
            arena.stage.expect((xid.flatMap(UInt64.init) ?? 0) > 1 << 32, "the epoch did not change: \(xid ?? "?")")
            let second = try await arena.start()
            try await load.run(15)
            try await arena.settle(load)
            arena.stage.note("xid \(xid ?? "?"), \(load.tally)")
            try await second.stop()
        },
        .own(
            "upgraded", faults: [25], expected: "after pg_upgrade the daemon goes on where it was, without a rebase"
        ) { arena in
            let load = arena.load()
            let first = try await arena.start()
            try await load.run(15)
            try await arena.quiet()
            try await first.stop()
            try await load.run(5)
            let before = try await arena.batches()
            try await arena.cluster.stop()
            let upgraded = try await GoldenCluster.initialised()
            // The same major, where no other one is installed: as with a newer one, the cluster is another one and the
            // transactions' numbers go on.
            try await Room.run(
                ["/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "upgrade", upgraded.folder]
                    + Room.program("pg_upgrade") + [
                        "-b", ServerPrograms.folder, "-B", ServerPrograms.folder, "-d", arena.cluster.data, "-D",
                        upgraded.data, "-U", "postgres", "-s", upgraded.folder,
                    ])
            try await upgraded.start()
            try await arena.reconnect(to: upgraded)
            let second = try await arena.start()
            try await load.run(15)
            try await arena.settle(load)
            let read = try await arena.number(
                "SELECT count(*) FROM assetlink_internal.audit WHERE action = 'rebase'")
            arena.stage.expect(read == 0, "it was rebased")
            arena.stage.note("batches \(before) to \(try await arena.batches()), \(load.tally)")
            try await second.stop()
            await upgraded.remove()
        },
    ]
}
