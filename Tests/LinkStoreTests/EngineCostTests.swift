import LinkStore
import Testing

/// What a batch costs in round trips does not grow with it.
@Suite struct EngineCostTests {
    struct Step: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// The change of that many records; `%` is their number.
        var change: String
    }

    private static let serials = """
        INSERT INTO itam.asset (asset_id, serial_number) SELECT n, 'S' || n FROM generate_series(1, %) AS n;
        INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
        SELECT n, 'server', 's' || n FROM generate_series(1, %) AS n;
        """

    private static let steps = [
        Step(testDescription: "new links", change: serials),
        Step(
            testDescription: "evidence",
            change:
                """
                UPDATE cmdb.ci SET serial_number = NULL, uuid = md5(ci_id::text)::uuid::text;
                UPDATE itam.asset SET uuid = md5(asset_id::text)::uuid::text;
                """
        ),
        Step(testDescription: "decommission", change: "UPDATE itam.asset SET state = 'retired'"),
        Step(testDescription: "back to life", change: "UPDATE itam.asset SET state = 'in_use'"),
        Step(
            testDescription: "conflicts",
            change: """
                INSERT INTO cmdb.ci (ci_id, ci_class, uuid)
                SELECT 100000 + n, 'server', md5(n::text)::uuid::text FROM generate_series(1, %) AS n
                """),
        Step(testDescription: "no more conflicts", change: "DELETE FROM cmdb.ci WHERE ci_id > 100000"),
        Step(testDescription: "superseded", change: "UPDATE cmdb.ci SET uuid = md5((ci_id % % + 1)::text)::uuid::text"),
        Step(
            testDescription: "pins",
            change: "SELECT assetlink.pin('cmdb', ci_id::text, 'itam', ci_id::text, 'test') FROM cmdb.ci"),
        Step(testDescription: "deletion", change: "DELETE FROM cmdb.ci; DELETE FROM itam.asset"),
    ]

    private func costs(_ size: Int) async throws -> [String] {
        let bench = try await EngineBench("cost_\(size)") { limits in
            limits.live = 100_000
            limits.breakerMinimum = 100_000
        }
        var costs: [String] = []
        for step in Self.steps {
            try await bench.run(step.change.replacing("%)", with: "\(size))").replacing("% % +", with: "% \(size) +"))
            let reports = try await bench.drain()
            #expect(reports.count == 1 && reports[0].changes >= size, "\(step.testDescription), \(size)")
            let (trips, statements) = (reports.map(\.roundTrips), reports.map(\.statements))
            costs.append("\(step.testDescription): \(trips) round trips, \(statements) statements")
        }
        try await bench.check()
        return costs
    }

    @Test(.timeLimit(.minutes(10))) func aHundredTimesTheRecordsCostTheSameRoundTrips() async throws {
        let small = try await costs(10)
        let large = try await costs(1_000)
        #expect(small == large)
    }

    @Test func oneChangeTakesFewRoundTrips() async throws {
        let bench = try await EngineBench()
        try await bench.run(Self.serials.replacing("%", with: "5"))
        try await bench.drain()
        try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id = 3")
        let reports = try await bench.drain()
        #expect(reports.map(\.roundTrips).allSatisfy { $0 <= 12 }, "\(reports.map(\.roundTrips))")
    }
}
