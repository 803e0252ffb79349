import LinkStore
import Logging
import Postgres

/// A full pass that finds nothing to do.
enum Verify: Measure {
    static let name = "verify"
    static let summary = "comparing everything with nothing to do, beside a hand-written full join of the same rows"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        // As many as `assetlinkctl verify` has.
        let sessions = [try await world.session(), try await world.session(), try await world.session()]
        let clock = ContinuousClock()
        var ours: [Double] = []
        var joins: [Double] = []
        for _ in 0..<bench.scale.rounds {
            var start = clock.now
            let report = try await BatchEngine.verify(
                sessions[0], beside: Array(sessions[1...]), logger: bench.logger)
            ours.append((clock.now - start).inSeconds)
            guard report.isClean else {
                throw BenchError("the world is not as it must be: \(report.examples.first ?? "")")
            }
            start = clock.now
            let differences = try await FullJoin.differences(world)
            joins.append((clock.now - start).inSeconds)
            guard differences == 0 else { throw BenchError("the full join finds \(differences) differences") }
        }
        for session in sessions { await session.close() }
        return [
            Finding(name, "full pass", unit: "s", ours, beside: "join", joins, target: .ratioAtMost(2))
        ]
    }
}
