import Postgres

/// What capture costs those who write to an attached table, beside an empty trigger and none, on the same table.
enum Writers: Measure {
    static let name = "writers"
    static let summary = "the writer's price: single rows by 1, 8 and 32 writers, a thousand rows, irrelevant columns"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let name = "assetlink_bench_writers"
        try await bench.site.copy(try await bench.fleet(min(bench.scale.cis, 100_000)), to: name)
        // No daemon: what it costs is measured elsewhere.
        let world = try await bench.open(name)
        let table = WriterTable(world, seconds: bench.scale.seconds / 4)
        try await table.prepare()
        var findings: [Finding] = []
        for writers in [1, 8, 32] {
            let costs = try await table.costs(.row, writers: writers, rounds: bench.scale.rounds)
            findings += report(costs, "a row, \(writers) writer\(writers == 1 ? "" : "s")", added: 80, ratio: 1.8)
        }
        let many = try await table.costs(.thousandRows, writers: 1, rounds: bench.scale.rounds)
        findings += report(many, "one of 1,000 rows", added: 5, ratio: 1.6)
        let before = try await world.number("SELECT last_value FROM assetlink_internal.change_seq")
        let idle = try await table.costs(.irrelevant, writers: 1, rounds: bench.scale.rounds)
        findings += report(idle, "an irrelevant column", added: 80, ratio: nil)
        let after = try await world.number("SELECT last_value FROM assetlink_internal.change_seq")
        findings.append(Finding(name, "log rows of irrelevant columns", unit: "", [after - before], target: .atMost(0)))
        try await world.close()
        return findings.map { finding in
            var finding = finding
            finding.measure = Self.name
            return finding
        }
    }

    private static func report(
        _ costs: [WriterTable.Capture: WriterTable.Cost], _ what: String, added: Double, ratio: Double?
    ) -> [Finding] {
        guard let none = costs[.none], let empty = costs[.empty], let ours = costs[.ours] else { return [] }
        return [
            Finding(
                name, "CPU, \(what)", unit: "µs", ours.cpu, beside: "no trigger", none.cpu,
                target: ratio.map { .ratioAtMost($0) }),
            Finding(
                name, "CPU added beside an empty trigger, \(what)", unit: "µs",
                zip(ours.cpu, empty.cpu).map { $0 - $1 },
                target: .atMost(added)),
            Finding(name, "rate, \(what)", unit: "/s", ours.rate, beside: "no trigger", none.rate),
        ]
    }
}
