import LinkCore
import LinkStore
import LinkTesting
import Postgres
import Testing

/// Random worlds and random streams of changes through the engine, in random batch cuts, against the decision computed
/// from scratch.
@Suite struct DifferentialTests {
    /// Seeds are part of the test's name, so a failure names what to run again.
    @Test(arguments: [UInt64](1...24)) func engineEqualsModel(seed: UInt64) async throws {
        try await run(seed: seed, size: 40, steps: 60)
    }

    private func run(seed: UInt64, size: Int, steps: Int) async throws {
        var generator = WorldGenerator(seed: seed)
        var random = SplitMix64(seed: seed &+ 1_000_000)
        let conninfo = try await migratedDatabase("differential_\(seed)")
        let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
        let player = WorldPlayer(connection)
        var limits = BatchLimits()
        limits.live = random.below(2) == 0 ? 5_000 : 7
        limits.bulk = random.below(2) == 0 ? 5_000 : 5
        limits.breakerMinimum = 1_000_000
        let runner = try await EngineRunner(conninfo, limits: limits)
        var world = generator.world(size: size)
        try await player.play(world) { try await runner.drain() }
        try await runner.drain()
        try await compare(world, connection, "seed \(seed), at first")
        for step in 0..<steps {
            for _ in 0...random.below(5) {
                let change = generator.change(&world)
                switch change {
                // A tombstone keeps what was last read.
                case .deleteAsset, .forgetAsset: try await runner.drain()
                default: break
                }
                try await player.play(change)
            }
            try await runner.drain()
            if step % 5 == 4 { try await compare(world, connection, "seed \(seed), step \(step)") }
        }
        let report = try await BatchEngine.verify(connection, page: 7, logger: quietLogger)
        #expect(report.isClean, "seed \(seed): \(report.examples.prefix(5))")
        await connection.close()
        await runner.connection.close()
    }

    private func compare(_ world: World, _ connection: PostgresConnection, _ place: String) async throws {
        let stored = try await StoredOutcome.read(connection)
        let differences = stored.differences(from: ReferenceModel.decide(world))
        #expect(differences.isEmpty, "\(place):\n\(differences.prefix(12).joined(separator: "\n"))")
    }
}
