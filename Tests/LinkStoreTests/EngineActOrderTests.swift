import LinkStore
import LinkTesting
import Postgres
import Testing

/// Domain.md section 8 for two acts about one thing in transactions that overlap: the one with the higher number counts,
/// whichever is committed first, in one batch or in two.
@Suite struct EngineActOrderTests {
    /// Acts on a CI that is pinned to its second asset and blocked from its first.
    private static let onCIs = [
        "assetlink.pin('cmdb', '%', 'itam', '%1', 'test')", "assetlink.pin('cmdb', '%', 'itam', '%2', 'test')",
        "assetlink.block('cmdb', '%', 'itam', '%1', 'test')", "assetlink.block('cmdb', '%', 'itam', '%2', 'test')",
        "assetlink.unpin('cmdb', '%', 'test')", "assetlink.unblock('cmdb', '%', 'itam', '%1', 'test')",
    ]
    /// Acts on its first asset, which is marked composite.
    private static let onAssets = [
        "assetlink.set_composite('itam', '%1', true, 'test')", "assetlink.set_composite('itam', '%1', false, 'test')",
    ]

    private struct Case {
        var earlier: String
        var later: String
        /// CIs on which both are done: on the first in one batch, on the second in two.
        var cis: [Int]
    }

    private static let cases: [Case] = {
        var cases: [Case] = []
        for acts in [onCIs, onAssets] {
            for earlier in acts {
                for later in acts {
                    let number = 2 * cases.count + 1
                    cases.append(Case(earlier: earlier, later: later, cis: [number, number + 1]))
                }
            }
        }
        return cases
    }()

    /// What is in force and what the CI is, the assets by their place.
    ///
    /// Why what is over is over is history: it follows
    /// how acts fell into batches.
    private func outcome(_ bench: EngineBench, ci: Int) async throws -> [String] {
        try await bench.rows(
            """
            SELECT concat_ws(' ', kind, right(asset_id, 1)) FROM assetlink_internal.pair_in_force WHERE ci_id = '\(ci)'
            UNION ALL SELECT 'composite' FROM assetlink_internal.composite_mark WHERE asset_id = '\(ci)1'
            UNION ALL SELECT concat_ws(' ', state, reason) FROM assetlink.ci_state WHERE ci_id = '\(ci)'
            UNION ALL
            SELECT concat_ws(' ', 'link to', right(asset_id, 1), method, status)
            FROM assetlink.link WHERE ci_id = '\(ci)' AND status <> 'closed'
            ORDER BY 1
            """)
    }

    private func sql(_ acts: [(act: String, ci: Int)]) -> String {
        acts.map { "SELECT \($0.act.replacing("%", with: String($0.ci)));" }.joined(separator: "\n")
    }

    @Test func theHigherNumberCounts() async throws {
        let bench = try await EngineBench()
        let last = Self.cases.count * 2
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number)
            SELECT 10 * n + k, 'S' || 10 * n + k FROM generate_series(1, \(last)) AS n, generate_series(1, 2) AS k;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'server', 'S' || 10 * n + 1 FROM generate_series(1, \(last)) AS n;
            """)
        try await bench.drain()
        let all = Self.cases.flatMap(\.cis)
        for act in ["assetlink.pin('cmdb', '%', 'itam', '%2', 'first')", Self.onCIs[2], Self.onAssets[0]] {
            try await bench.run(sql(all.map { (act, $0) }))
        }
        try await bench.drain()

        for isSecond in [false, true] {
            let person = try await PostgresConnection.connect(
                ConnectionSettings(bench.conninfo), logger: quietLogger)
            try await person.script("BEGIN; " + sql(Self.cases.map { ($0.earlier, $0.cis[isSecond ? 1 : 0]) }))
            try await bench.run(sql(Self.cases.map { ($0.later, $0.cis[isSecond ? 1 : 0]) }))
            if isSecond { try await bench.drain() }
            try await person.script("COMMIT")
            await person.close()
            try await bench.drain()
        }
        try await bench.check()

        for one in Self.cases {
            let together = try await outcome(bench, ci: one.cis[0])
            let apart = try await outcome(bench, ci: one.cis[1])
            #expect(together == apart, "\(one.earlier), then \(one.later)")
        }
        // The last word of a person is what counts.
        func found(_ earlier: Int, _ later: Int) async throws -> [String] {
            try await outcome(bench, ci: Self.cases[earlier * Self.onCIs.count + later].cis[1])
        }
        #expect(try await found(0, 1).contains("pin 2"))
        #expect(try await found(1, 0).contains("pin 1"))
        #expect(try await !found(1, 4).contains { $0.hasPrefix("pin") })
        #expect(try await found(4, 1).contains("pin 2"))
        #expect(try await found(1, 3).contains("block 2"))
        #expect(try await found(3, 1).contains("pin 2"))
    }
}
