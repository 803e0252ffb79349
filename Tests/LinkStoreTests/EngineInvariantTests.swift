import LinkStore
import LinkTesting
import Postgres
import Testing

/// What must hold after every batch, over random worlds.
@Suite struct EngineInvariantTests {
    /// What a link is by the audit alone.
    private struct Replayed: Equatable {
        var ci: String
        var asset: String
        var status: String
        var reason: String?
    }

    @Test(arguments: [UInt64](1...8)) func holdAfterEveryBatch(seed: UInt64) async throws {
        var generator = WorldGenerator(seed: seed &+ 7_000)
        var random = SplitMix64(seed: seed &+ 8_000)
        let place = await EnginePlace.take()
        defer { withExtendedLifetime(place) {} }
        let conninfo = try await migratedDatabase("invariants_\(seed)")
        let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
        let player = WorldPlayer(connection)
        var limits = BatchLimits()
        limits.live = seed.isMultiple(of: 2) ? 5_000 : 9
        limits.bulk = seed.isMultiple(of: 2) ? 5_000 : 4
        limits.holders = seed.isMultiple(of: 3) ? 2 : 2_000
        limits.breakerMinimum = 1_000_000
        let runner = try await EngineRunner(conninfo, limits: limits)
        var batches = 0
        func settle(_ place: String) async throws {
            while case .done(let report) = try await runner.engine.run() {
                batches += 1
                let problems = try await EngineInvariants.problems(connection)
                #expect(
                    problems.isEmpty,
                    "seed \(seed), \(place), batch \(report.batchID): \(problems.prefix(6).joined(separator: "\n"))")
                if !problems.isEmpty { throw Stop() }
            }
        }
        var world = generator.world(size: 30)
        try await player.play(world) { try await settle("at first") }
        try await settle("at first")
        for step in 0..<25 {
            for _ in 0...random.below(4) {
                let change = generator.change(&world)
                switch change {
                case .deleteAsset, .forgetAsset: try await settle("step \(step)")
                default: break
                }
                try await player.play(change)
            }
            try await settle("step \(step)")
        }
        #expect(batches > 25)
        let stored = try await StoredOutcome.read(connection)
        let differences = stored.differences(from: ReferenceModel.decide(world))
        #expect(differences.isEmpty, "seed \(seed): \(differences.prefix(8).joined(separator: "\n"))")
        #expect(try await replay(connection) == table(connection), "seed \(seed)")
        await connection.close()
        await runner.connection.close()
    }

    private struct Stop: Error {}

    /// The links, by the audit rows of action `link` one after the other.
    private func replay(_ connection: PostgresConnection) async throws -> [Int64: Replayed] {
        var links: [Int64: Replayed] = [:]
        for row in try await connection.query(
            """
            SELECT link_id, ci_source || '/' || ci_id, asset_source || '/' || asset_id, from_state, to_state, reason
            FROM assetlink_internal.audit WHERE action = 'link' ORDER BY audit_id
            """)
        {
            var columns = Columns(row)
            let id = try columns.int8()
            let (ci, asset) = (try columns.text(), try columns.text())
            #expect(try columns.textOrNil() == links[id]?.status)
            let status = try columns.text()
            let reason = try columns.textOrNil()
            links[id] = Replayed(ci: ci, asset: asset, status: status, reason: status == "active" ? nil : reason)
        }
        return links
    }

    private func table(_ connection: PostgresConnection) async throws -> [Int64: Replayed] {
        var links: [Int64: Replayed] = [:]
        for row in try await connection.query(
            """
            SELECT link_id, ci_source || '/' || ci_id, asset_source || '/' || asset_id, status,
                CASE status WHEN 'stale' THEN stale_reason WHEN 'closed' THEN close_reason END
            FROM assetlink.link
            """)
        {
            var columns = Columns(row)
            let id = try columns.int8()
            links[id] = Replayed(
                ci: try columns.text(), asset: try columns.text(), status: try columns.text(),
                reason: try columns.textOrNil())
        }
        return links
    }
}
