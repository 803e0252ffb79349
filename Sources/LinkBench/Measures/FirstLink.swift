/// The first full link of a fleet that was there before the daemon.
enum FirstLink: Measure {
    static let name = "first-link"
    static let summary = "linking a whole fleet for the first time, beside one hand-tuned SQL transaction (batch)"

    static func run(_ bench: Bench) async throws -> [Finding] {
        var ours: [Double] = []
        for round in 1...bench.scale.rounds {
            let name = "assetlink_bench_world"
            try await bench.site.copy(try await bench.fleet(bench.scale.cis), to: name)
            let world = try await bench.open(name)
            let clock = ContinuousClock()
            let start = clock.now
            try world.startDaemon()
            try await world.quietFromTheStart()
            ours.append((clock.now - start).inSeconds)
            if round == bench.scale.rounds {
                try await bench.adopt(world)
            } else {
                try await world.close()
            }
        }
        return [Finding(name, "first full link", unit: "s", ours, target: .ratioAtMost(2))]
    }
}
