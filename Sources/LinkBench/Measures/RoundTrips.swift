import LinkStore

/// What a batch costs in statements and round trips, whatever its size.
enum RoundTrips: Measure {
    static let name = "round-trips"
    static let summary = "statements and round trips per batch, and log rows per change, of batches of growing size"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        // More changes than a batch takes in become a range, taken in pieces.
        let most = min(bench.scale.cis / 10, BatchLimits().live)
        let sizes = Set([10, 100, 1_000].filter { $0 < most } + [most]).sorted()
        var trips: [Double] = []
        var statements: [Double] = []
        var logged: [Double] = []
        for size in sizes {
            let assets = try await world.plainAssets(size)
            let place = try world.running().batches().end
            let before = try await world.number("SELECT last_value FROM assetlink_internal.change_seq")
            try await world.move(assets, to: "Retired")
            try await world.quiet()
            let after = try await world.number("SELECT last_value FROM assetlink_internal.change_seq")
            let batches = try await world.running().batches(of: assets.count, since: place)
            guard let batch = batches.first else {
                throw BenchError("\(assets.count) changes of one transaction were not one batch")
            }
            trips.append(Double(batch.roundTrips))
            statements.append(Double(batch.statements))
            logged.append((after - before) / Double(assets.count))
            try await world.move(assets, to: "In use")
            try await world.quiet()
        }
        let range = "batches of " + sizes.map { String($0) }.joined(separator: ", ")
        return [
            Finding(name, "round trips, \(range)", unit: "", trips, target: .constant),
            Finding(name, "statements, \(range)", unit: "", statements, target: .constant),
            Finding(name, "log rows per change, \(range)", unit: "", logged, target: .constant),
        ]
    }
}
