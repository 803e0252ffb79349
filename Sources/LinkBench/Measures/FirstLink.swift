/// The first full link of a fleet that was there before the daemon.
enum FirstLink: Measure {
    static let name = "first-link"
    static let summary = "linking a whole fleet for the first time, beside one hand-tuned SQL transaction (batch)"

    static func run(_ bench: Bench) async throws -> [Finding] {
        var ours: [Double] = []
        var theirs: [Double] = []
        var volume = Volume(bench.scale)
        var batchVolume = Volume(bench.scale)
        for round in 1...bench.scale.rounds {
            let name = "assetlink_bench_world"
            try await bench.site.copy(try await bench.fleet(bench.scale.cis), to: name)
            let world = try await bench.open(name)
            let clock = ContinuousClock()
            try await volume.add(world) {
                let start = clock.now
                try world.startDaemon()
                try await world.quietFromTheStart()
                ours.append((clock.now - start).inSeconds)
            }
            let store = try await BaselineStore.make(in: world, filled: false)
            try await batchVolume.add(world) { theirs.append(try await store.nightly()) }
            try await store.requireSame("the nightly relink")
            if round == bench.scale.rounds {
                try await bench.adopt(world)
            } else {
                try await world.close()
            }
        }
        let changes = Double(bench.scale.cis * 2)
        return [
            Finding(name, "first full link", unit: "s", ours, beside: "batch", theirs, target: .ratioAtMost(2)),
            Finding(
                name, "WAL per record", unit: "bytes", volume.wal.map { $0 / changes }, beside: "batch",
                batchVolume.wal.map { $0 / changes }),
            Finding(
                name, "dead tuples per record", unit: "", volume.dead.map { $0 / changes }, beside: "batch",
                batchVolume.dead.map { $0 / changes }),
        ]
    }
}
