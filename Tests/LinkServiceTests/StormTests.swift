import LinkCore
import LinkService
import LinkStore
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// A random stream of changes while the daemon's connections are killed again and again: in the end everything is
    /// as the
    /// reference model decides from scratch, and every transition was written down once.
    @Suite struct StormTests {
        /// Seeds are part of the test's name, so a failure names what to run again.
        @Test(arguments: [UInt64](1...6)) func connectionsAreKilled(seed: UInt64) async throws {
            try await storm(seed: seed, daemons: 1)
        }

        /// Two daemons: now the one leads, now the other.
        @Test(arguments: [UInt64](11...14)) func andAnotherDaemonTakesOver(seed: UInt64) async throws {
            try await storm(seed: seed, daemons: 2)
        }

        private func storm(seed: UInt64, daemons count: Int) async throws {
            let bench = try await Bench("storm_\(seed)")
            // What may or may not take, by what the daemon knows just then, is for scripts that stop and look.
            var generator = WorldGenerator(seed: seed, features: .all.subtracting([.ends]))
            var random = SplitMix64(seed: seed &+ 7_000_000)
            var configuration = bench.configuration()
            configuration.leaseDuration = .milliseconds(400)
            configuration.sweepInterval = .milliseconds(20)
            configuration.logTableRows = 40
            configuration.limits.live = random.below(2) == 0 ? 5_000 : 7
            configuration.limits.bulk = random.below(2) == 0 ? 5_000 : 5
            var daemons = (0..<count).map { _ in bench.start(configuration) }
            let player = WorldPlayer(bench.connection)
            var world = generator.world(size: 30)
            try await bench.quiet()
            try await player.play(world) { try await bench.quiet() }
            var kills = 0
            for _ in 0..<150 {
                if random.percent(15) {
                    // One role at once, or both; of whichever daemon has a connection just then.
                    let roles = [["work"], ["listen"], ["work", "listen"]][random.below(3)]
                    for role in roles { kills += try await bench.terminate(role) }
                }
                if daemons.count > 1, random.percent(4) {
                    let index = random.below(daemons.count)
                    daemons[index].task.cancel()
                    _ = await daemons[index].task.result
                    daemons[index] = bench.start(configuration)
                }
                let change = generator.change(&world)
                switch change {
                // A tombstone keeps what was last read.
                case .deleteAsset, .forgetAsset: try await bench.quiet()
                default: break
                }
                try await player.play(change)
            }
            try await bench.quiet()
            let stored = try await StoredOutcome.read(bench.connection)
            let differences = stored.differences(from: ReferenceModel.decide(world))
            #expect(differences.isEmpty, "seed \(seed):\n\(differences.prefix(12).joined(separator: "\n"))")
            for daemon in daemons { try await daemon.stop() }
            try await bench.check()
            let epochs = try await bench.text("SELECT count(DISTINCT epoch) FROM assetlink_internal.batch")
            let batches = try await bench.text("SELECT count(*) FROM assetlink_internal.batch")
            print(
                "storm, seed \(seed): \(kills) connections killed, \(batches ?? "?") batches under \(epochs ?? "?") epochs"
            )
            #expect(kills > 0)
        }
    }
}
