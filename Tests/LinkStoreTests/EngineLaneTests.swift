import LinkStore
import LinkTesting
import Testing

/// A huge statement is taken in pieces, and who comes meanwhile waits for one of them at most.
@Suite struct EngineLaneTests {
    @Test func aSmallChangeOvertakesAHugeStatement() async throws {
        let bench = try await EngineBench()
        try await bench.run(
            "INSERT INTO itam.asset (asset_id, serial_number) SELECT n, 'S' || n FROM generate_series(1, 5500) AS n")
        guard case .done(let first) = try await bench.engine.run() else {
            Issue.record("nothing to do")
            return
        }
        // Nothing is known of how long a record takes: the first piece is small.
        #expect(first.changes <= 500 && !first.ranges.isEmpty, "\(first)")
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (9001, 'LIVE');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (9001, 'server', 'live');
            """)
        guard case .done(let second) = try await bench.engine.run() else {
            Issue.record("nothing to do")
            return
        }
        #expect(second.changes <= 2_002 && !second.ranges.isEmpty, "the rest still waits: \(second)")
        #expect(try await bench.state(9001) == "linked to 9001")
        try await bench.check()
    }
}
