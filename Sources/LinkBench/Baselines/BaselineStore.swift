import Postgres

/// The baselines' own copy of what is stored, in schema `bench` of the world's database.
struct BaselineStore {
    let world: World

    /// Makes the tables; filled with what the daemon has stored, or empty.
    static func make(in world: World, filled: Bool) async throws -> BaselineStore {
        try await world.connection.script(BaselineSQL.schema(filled: filled))
        for part in [BaselineSQL.takeAssets, BaselineSQL.takeCIs, BaselineSQL.relink, BaselineSQL.jobs] {
            try await world.connection.script(part)
        }
        if filled {
            for table in BaselineSQL.tables { try await world.connection.script("VACUUM (ANALYZE) bench.\(table)") }
        }
        return BaselineStore(world: world)
    }

    /// The seconds that the nightly relink takes, into empty tables.
    func nightly() async throws -> Double {
        let session = try await world.session()
        let clock = ContinuousClock()
        let start = clock.now
        for part in BaselineSQL.nightly { try await session.script(part) }
        let time = (clock.now - start).inSeconds
        await session.close()
        return time
    }

    /// One job for each changed record.
    func queue(_ side: String, _ ids: [Int64]) async throws {
        _ = try await world.connection.query(
            "INSERT INTO bench.job (side, id) SELECT $1, id FROM unnest($2::bigint[]) AS k (id)",
            [.text(side), .int8Array(ids)])
    }

    /// The seconds until workers have emptied the queue, one job and one transaction at a time.
    func work(workers: Int) async throws -> Double {
        try await drain(sessions: workers, BaselineSQL.workerSession) { session in
            try await session.query("SELECT bench.work_one()").first?.bool(0) ?? false
        }
    }

    /// The seconds until it is emptied in sets.
    func workInSets(of size: Int32 = 5_000) async throws -> Double {
        try await drain(sessions: 1, BaselineSQL.setSession) { session in
            try await session.query("SELECT bench.work_many($1) > 0", [.int4(size)]).first?.bool(0) ?? false
        }
    }

    private func drain(
        sessions: Int, _ settings: String, _ step: @escaping @Sendable (PostgresConnection) async throws -> Bool
    ) async throws -> Double {
        var connections: [PostgresConnection] = []
        for _ in 0..<sessions {
            let connection = try await world.session()
            try await connection.script(settings)
            connections.append(connection)
        }
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for connection in connections { group.addTask { while try await step(connection) {} } }
            try await group.waitForAll()
        }
        let time = (clock.now - start).inSeconds
        for connection in connections { await connection.close() }
        return time
    }

    /// A baseline that computes something else is no baseline: every state and link must be the daemon's.
    func requireSame(_ what: String) async throws {
        let session = try await world.session()
        try await session.script("SET work_mem = '256MB'")
        let rows = try await session.query(Statement(BaselineSQL.differences, prepared: false))
        await session.close()
        guard let row = rows.first else { return }
        throw BenchError(
            "\(what) differs from the daemon in \(rows.count) CIs or more, as \(try row.text(1)) and \(try row.text(2))"
        )
    }
}
