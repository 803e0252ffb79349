package import Logging
import LinkTesting
import Postgres

/// How much is measured.
package struct Scale: Sendable {
    /// CIs of the world, and assets.
    package var cis: Int
    package var seed: UInt64
    /// How often each measure is taken, in turn with its baseline.
    package var rounds: Int
    /// How long changes are written at each rate, in seconds.
    package var seconds: Double
    /// Changes of a backlog; by default a hundredth of the CIs, at most 20,000.
    package var backlog: Int

    package init(cis: Int, seed: UInt64 = 1, rounds: Int = 3, seconds: Double = 10, backlog: Int? = nil) {
        self.cis = cis
        self.seed = seed
        self.rounds = rounds
        self.seconds = seconds
        self.backlog = backlog ?? max(10, min(20_000, cis / 100))
    }
}

/// A run: its server, its worlds, and what it has found.
///
/// Not `Sendable`: one task takes one measure after the other.
package final class Bench {
    package let scale: Scale
    let site: Site
    let logger: Logger
    /// Says what is under way.
    let note: (String) -> Void
    /// A database that is linked already, and is taken as it is.
    private let ready: String?
    private var linked: World?
    private var worlds: [World] = []
    private var loaded: Set<String> = []

    package init(
        _ scale: Scale, site: Site, world: String? = nil, logger: Logger, note: @escaping (String) -> Void
    ) {
        self.scale = scale
        self.site = site
        ready = world
        self.logger = logger
        self.note = note
    }

    /// What can be asked for.
    package static var measureNames: [String] { Measures.names }

    /// Takes the named measures, or all.
    package func run(_ names: [String]) async throws -> Report {
        var report = Report(
            cis: scale.cis, assets: 0, seed: scale.seed, rounds: scale.rounds, isDebug: isDebugBuild)
        do {
            for measure in Measures.all where names.isEmpty || names.contains(measure.name) {
                note(measure.name)
                let findings = try await measure.run(self)
                // A run of hours that fails late has said what it found before.
                for finding in findings { note("  \(report.line(finding))") }
                report.findings += findings
            }
        } catch {
            // No daemon outlives the run.
            for world in worlds { try? world.stopDaemon() }
            throw error
        }
        report.assets = linked?.assets ?? 0
        report.cis = linked?.cis ?? scale.cis
        for world in worlds { try await world.close() }
        worlds = []
        return report
    }

    /// A world that is closed with the run, if not before.
    func open(_ name: String) async throws -> World {
        let world = try await World(site, name: name)
        worlds.append(world)
        return world
    }

    /// The linked world that most measures share, with its daemon running and nothing waiting.
    package func world() async throws -> World {
        if let linked { return linked }
        let name = ready ?? "assetlink_bench_world"
        if ready == nil { try await site.copy(try await fleet(scale.cis), to: name) }
        let world = try await open(name)
        note("linking the world")
        try world.startDaemon()
        try await world.quietFromTheStart()
        try await adopt(world)
        return world
    }

    /// A linked world of another size; the shared one for the run's own.
    func world(_ cis: Int) async throws -> World {
        if cis == scale.cis { return try await world() }
        let name = "assetlink_bench_world_\(cis)"
        try await site.copy(try await fleet(cis), to: name)
        let world = try await open(name)
        note("linking a world of \(cis)")
        try world.startDaemon()
        try await world.quietFromTheStart()
        try await vacuum(world)
        return world
    }

    /// Makes a linked world the one that measures share.
    func adopt(_ world: World) async throws {
        linked = world
        try await vacuum(world)
    }

    private func vacuum(_ world: World) async throws {
        for table in BaselineSQL.tables {
            try await world.connection.script("VACUUM (ANALYZE) assetlink_internal.\(table)")
        }
    }

    /// The name of a database with a loaded fleet of which nothing is linked yet, to be copied.
    func fleet(_ cis: Int) async throws -> String {
        let name = "assetlink_bench_fleet_\(cis)"
        guard loaded.insert(name).inserted else { return name }
        note("making a fleet of \(cis) machines")
        try await site.create(name)
        let connection = try await site.connect(name)
        var copy = FleetCopy(connection, wanted: cis)
        try await copy.load(seed: scale.seed)
        await connection.close()
        return name
    }
}

/// Whether this program was built without optimisation: its figures say nothing.
package var isDebugBuild: Bool {
    #if DEBUG
        true
    #else
        false
    #endif
}
