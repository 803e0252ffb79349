/// What a change costs in fleets of three sizes.
enum Cost: Measure {
    static let name = "cost"
    static let summary = "cost of a change in fleets of a hundredth, a tenth and all of the CIs"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let all = bench.scale.cis
        let sizes = [max(100, all / 100), max(100, all / 10), all].reduce(into: [Int]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        let count = max(5, min(500, sizes[0] / 20))
        var worlds: [World] = []
        for size in sizes { worlds.append(try await bench.world(size)) }
        var costs = sizes.map { _ in Costs(patience: min(1.5, bench.scale.seconds)) }
        for _ in 0..<bench.scale.rounds {
            for (index, world) in worlds.enumerated() { try await costs[index].add(world, count) }
        }
        for world in worlds.dropLast() { try await world.close() }
        var findings: [Finding] = []
        for (index, size) in sizes.enumerated().dropFirst() {
            func finding(_ what: String, _ unit: String, _ values: (Costs) -> [Double]) -> Finding {
                Finding(
                    name, "\(what) of \(size)", unit: unit, values(costs[index]), beside: "of \(sizes[0])",
                    values(costs[0]), target: .ratioAtMost(1.3))
            }
            findings += [
                finding("time per change", "µs", \.time), finding("server CPU per change", "µs", \.serverCPU),
                finding("daemon CPU per change", "µs", \.daemonCPU), finding("rows touched per change", "", \.rows),
                finding("statements per batch", "", \.statements),
            ]
        }
        return findings
    }

    /// One value a round of each figure.
    private struct Costs {
        let patience: Double
        var time: [Double] = []
        var serverCPU: [Double] = []
        var daemonCPU: [Double] = []
        var rows: [Double] = []
        var statements: [Double] = []

        init(patience: Double) { self.patience = patience }

        /// Ends and restores the same assets a few times, so that a clock tick of CPU time is small beside the sum.
        mutating func add(_ world: World, _ count: Int) async throws {
            let assets = try await world.plainAssets(count)
            let daemon = try world.running()
            let backend = Int32(
                try await world.number(
                    """
                    SELECT pid FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'assetlinkd work'
                    """))
            let place = try daemon.batches().end
            let before = (
                ProcessFigures.cpu(backend) ?? 0, ProcessFigures.cpu(daemon.pid) ?? 0, try await touched(world)
            )
            var seconds = 0.0
            let times = 4
            for _ in 0..<times {
                for state in ["Retired", "In use"] {
                    seconds += try await world.drainTime { try await world.move(assets, to: state) }
                }
            }
            let changes = Double(2 * times * assets.count)
            time.append(seconds * 1e6 / changes)
            serverCPU.append(((ProcessFigures.cpu(backend) ?? 0) - before.0) * 1e6 / changes)
            daemonCPU.append(((ProcessFigures.cpu(daemon.pid) ?? 0) - before.1) * 1e6 / changes)
            rows.append((try await touched(world) - before.2) / changes)
            let lines = try await daemon.batches(of: assets.count, since: place)
            statements.append(lines.map { Double($0.statements) }.median)
        }

        /// Rows read by index and rows written so far, in the tables of a batch.
        private func touched(_ world: World) async throws -> Double {
            // Sessions tell of what they did within a second.
            try await Task.sleep(for: .seconds(patience))
            return try await world.number(
                """
                SELECT sum(coalesce(idx_tup_fetch, 0) + seq_tup_read + n_tup_ins + n_tup_upd + n_tup_del)
                FROM pg_stat_user_tables
                WHERE schemaname = 'assetlink_internal'
                    AND relname = ANY ('{\(BaselineSQL.tables.joined(separator: ","))}'::text[])
                """)
        }
    }
}
