import Postgres

/// Where the time of the daemon's work goes.
enum Profile: Measure {
    static let name = "profile"
    static let summary =
        "where the time goes: PostgreSQL's CPU, the daemon's CPU, the rest; top statements"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        let rows = try await world.connection.query(
            "SELECT current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%'")
        guard try rows.first?.bool(0) == true else {
            throw BenchError(
                "set shared_preload_libraries = pg_stat_statements in postgresql.conf and restart the server")
        }
        try await world.connection.script("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")
        var backlog = Split()
        var single = Split()
        let one = try await world.plainAssets(20)
        for _ in 0..<bench.scale.rounds {
            let assets = try await world.linkedAssets(bench.scale.backlog)
            for state in ["Retired", "In use"] {
                try await backlog.add(world, changes: assets.count) { try await world.move(assets, to: state) }
            }
            for asset in one {
                for state in ["Retired", "In use"] {
                    try await single.add(world, changes: 1) { try await world.move([asset], to: state) }
                }
            }
        }
        return backlog.findings("backlog") + single.findings("one change") + [Finding](backlog.statements.prefix(12))
    }

    /// What one sort of work was made of, summed.
    private struct Split {
        private var changes = 0.0
        private var wall = 0.0
        private var server = 0.0
        private var daemon = 0.0
        private(set) var statements: [Finding] = []

        init() {}

        mutating func add(_ world: World, changes: Int, _ change: () async throws -> Void) async throws {
            let process = try world.running().pid
            let backend = Int32(try await world.number(backendPID))
            try await world.connection.script("SELECT public.pg_stat_statements_reset()")
            let before = (ProcessFigures.cpu(backend) ?? 0, ProcessFigures.cpu(process) ?? 0)
            wall += try await world.drainTime(change)
            server += (ProcessFigures.cpu(backend) ?? 0) - before.0
            daemon += (ProcessFigures.cpu(process) ?? 0) - before.1
            self.changes += Double(changes)
            guard changes > 1 else { return }
            let rows = try await world.connection.query(
                """
                SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 70), (total_exec_time * 1000 / $1)::float8
                FROM public.pg_stat_statements WHERE query ~ 'assetlink_internal' AND query !~ 'pg_stat|itam.asset SET'
                ORDER BY total_exec_time DESC LIMIT 12
                """, [.int8(Int64(changes))])
            statements = try rows.map {
                Finding(Profile.name, "backlog: " + (try $0.text(0)), unit: "µs/change", [try $0.float8OrNil(1) ?? 0])
            }
        }

        private let backendPID = """
            SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'assetlinkd work'
            """

        func findings(_ what: String) -> [Finding] {
            func part(_ text: String, _ seconds: Double) -> Finding {
                Finding(Profile.name, "\(what): \(text)", unit: "µs/change", [seconds * 1e6 / changes])
            }
            return [
                part("from commit until taken in", wall), part("PostgreSQL's CPU", server),
                part("the daemon's CPU", daemon),
                part("the rest: fsync, round trips, waiting for a core", max(0, wall - server - daemon)),
            ]
        }
    }
}
