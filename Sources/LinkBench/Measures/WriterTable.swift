import Postgres

/// `itam.asset` with one sort of statement trigger or another, and sessions that write to it as fast as they can.
struct WriterTable {
    /// What an UPDATE of the table runs.
    enum Capture: CaseIterable {
        case none, empty, ours
    }

    /// What the writers write.
    enum Change {
        case row, thousandRows, irrelevant

        /// Rows of one statement.
        var rows: Int { self == .thousandRows ? 1_000 : 1 }

        /// Moves rows to the other of two values.
        func statement(_ ids: [Int64], _ turn: Int) -> Statement {
            let column = self == .irrelevant ? "owner" : "state"
            let values = self == .irrelevant ? ["u1", "u2"] : ["In use", "In maintenance"]
            let text = Parameter.text(values[turn % 2])
            return ids.count == 1
                ? Statement("UPDATE itam.asset SET \(column) = $2 WHERE asset_id = $1", [.int8(ids[0]), text])
                : Statement(
                    "UPDATE itam.asset SET \(column) = $2 WHERE asset_id = ANY ($1::bigint[])", [.int8Array(ids), text])
        }
    }

    /// One value a round.
    struct Cost {
        /// Processor time of the writers' server processes per row, in µs.
        var cpu: [Double] = []
        /// Rows a second, all writers together.
        var rate: [Double] = []
    }

    private let world: World
    private let seconds: Double

    init(_ world: World, seconds: Double) {
        self.world = world
        self.seconds = seconds
    }

    /// The empty trigger, beside ours.
    func prepare() async throws {
        try await world.connection.script(
            """
            CREATE FUNCTION public.empty() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
            CREATE TRIGGER empty AFTER UPDATE ON itam.asset REFERENCING OLD TABLE AS o NEW TABLE AS n
                FOR EACH STATEMENT EXECUTE FUNCTION public.empty()
            """)
    }

    /// All three in turn, within each round.
    func costs(_ change: Change, writers: Int, rounds: Int) async throws -> [Capture: Cost] {
        var costs: [Capture: Cost] = [:]
        for _ in 0..<rounds {
            for capture in Capture.allCases {
                try await use(capture)
                let (cpu, rate) = try await write(change, writers: writers)
                costs[capture, default: Cost()].cpu.append(cpu)
                costs[capture, default: Cost()].rate.append(rate)
            }
        }
        return costs
    }

    private func use(_ capture: Capture) async throws {
        let ours = try await world.connection.query(
            "SELECT tgname::text FROM pg_trigger WHERE tgrelid = 'itam.asset'::regclass AND tgname ~ '^assetlink_.*_update$'"
        )
        guard let name = try ours.first?.text(0) else { throw BenchError("itam.asset is not attached") }
        try await world.connection.script(
            """
            ALTER TABLE itam.asset \(capture == .ours ? "ENABLE" : "DISABLE") TRIGGER \(name);
            ALTER TABLE itam.asset \(capture == .empty ? "ENABLE" : "DISABLE") TRIGGER empty;
            TRUNCATE assetlink_internal.change_log_0, assetlink_internal.change_log_1, assetlink_internal.change_log_2
            """)
        try await world.connection.script("VACUUM itam.asset")
    }

    private func write(_ change: Change, writers: Int) async throws -> (cpu: Double, rate: Double) {
        let ids = try await world.connection.query(
            "SELECT asset_id FROM itam.asset ORDER BY asset_id LIMIT \(max(1_000, writers * 20))"
        ).map { try $0.int8(0) }
        var sessions: [PostgresConnection] = []
        for _ in 0..<writers { sessions.append(try await world.session()) }
        // Plans are made before the clock runs, and values set so that every statement changes something.
        for (number, session) in sessions.enumerated() {
            for turn in 0..<8 { _ = try await session.query(change.statement(part(ids, number, change), turn)) }
        }
        let before = try sessions.map { try cpu($0) }
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + .seconds(seconds)
        let done = try await withThrowingTaskGroup(of: Int.self) { group in
            for (number, session) in sessions.enumerated() {
                let statements = [0, 1].map { change.statement(part(ids, number, change), $0) }
                group.addTask {
                    var count = 0
                    while clock.now < end {
                        _ = try await session.query(statements[count % 2])
                        count += 1
                    }
                    return count
                }
            }
            var sum = 0
            for try await count in group { sum += count }
            return sum
        }
        let time = (clock.now - start).inSeconds
        let used = try zip(sessions, before).map { try cpu($0) - $1 }.reduce(0, +)
        for session in sessions { await session.close() }
        let rows = Double(done * min(change.rows, ids.count))
        return (used * 1e6 / rows, rows / time)
    }

    /// The rows of one writer: nobody else's.
    private func part(_ ids: [Int64], _ writer: Int, _ change: Change) -> [Int64] {
        change.rows == 1 ? [ids[writer * 7 % ids.count]] : Array(ids.prefix(change.rows))
    }

    private func cpu(_ session: PostgresConnection) throws -> Double {
        guard let seconds = ProcessFigures.cpu(session.backendPID) else {
            throw BenchError("this measure reads /proc of the server's processes: run it on the server's machine")
        }
        return seconds
    }
}
