import LinkCore
import LinkStore
import Postgres

/// Plays a script against a database through the real engine, beside the model, and says what does not hold.
///
/// One task owns it. Problems begin with the name of the check that found them, so that a failure that is cut down stays
/// the same failure.
package final class ScriptRunner {
    /// A transaction that is open, or prepared.
    struct Session {
        var connection: PostgresConnection
        var changes: [WorldChange] = []
        var claims = Claims()
        /// The name it is prepared under.
        var name: String?
    }

    let script: Script
    let conninfo: String
    let writer: PostgresConnection
    var engine: EngineRunner
    var epoch: Int64 = 1
    var world: World
    var trails: [RecordKey: Trail] = [:]
    var sessions: [Int: Session] = [:]
    /// CIs whose acts no batch has surely taken in.
    var acted: Set<RecordKey> = []
    var watch: Watch
    package private(set) var problems: [String] = []
    /// The step under way.
    package private(set) var position = 0
    package private(set) var batches = 0

    private init(_ script: Script, _ conninfo: String, _ writer: PostgresConnection, _ engine: EngineRunner) {
        self.script = script
        self.conninfo = conninfo
        self.writer = writer
        self.engine = engine
        world = script.emptyWorld
        watch = Watch(writer)
    }

    /// Plays all of a script in a migrated database that nobody else uses.
    ///
    /// - Returns: what does not hold; empty = all holds.
    package static func problems(of script: Script, in conninfo: String) async throws -> [String] {
        let writer = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
        let engine = try await EngineRunner(conninfo, limits: limits(of: script))
        let runner = ScriptRunner(script, conninfo, writer, engine)
        do {
            try await runner.run()
        } catch is Stop {
        } catch {
            runner.report("error", ["\(error)"])
        }
        for session in runner.sessions.values { await session.connection.close() }
        await runner.engine.connection.close()
        await writer.close()
        return runner.problems
    }

    private static func limits(of script: Script) -> BatchLimits {
        var limits = BatchLimits()
        limits.live = script.live
        limits.bulk = script.bulk
        limits.holders = script.holders
        // Worlds this small would trip it all the time; it has tests of its own.
        limits.breakerMinimum = 1_000_000
        return limits
    }

    /// Ends the run: what was found is in ``problems``.
    struct Stop: Error {}

    private func report(_ check: String, _ found: [String]) {
        for problem in found { problems.append("\(check): step \(position): \(problem)") }
    }

    /// Ends the run when a check found something.
    func hold(_ check: String, _ found: [String]) throws {
        report(check, found)
        if !found.isEmpty { throw Stop() }
    }

    private func run() async throws {
        try await player(writer).prepare(world)
        for step in script.steps {
            position += 1
            try await play(step)
        }
        position += 1
        try await check()
        try await finish()
    }

    func player(_ connection: PostgresConnection) -> WorldPlayer {
        WorldPlayer(connection, tables: script.tables, removing: script.removing)
    }

    private func play(_ step: Step) async throws {
        switch step {
        case .write(let changes): try await write(changes)
        case .hold(let number, let change): try await hold(number, change)
        case .commit(let number): try await end(number, commits: true)
        case .rollback(let number): try await end(number, commits: false)
        case .prepare(let number): try await prepare(number)
        case .batches(let count): for _ in 0..<count { guard try await batch() else { return } }
        case .during(let changes): try await during(changes)
        case .stumble(let flush): try await stumble(at: flush)
        case .kill(let flush): try await crash(at: flush, isSent: false)
        case .lose(let flush): try await crash(at: flush, isSent: true)
        case .restart: try await takeOver()
        case .unseen(let changes): try await unseen(changes)
        case .rotate: try await rotate()
        case .check: try await check()
        }
    }

    // MARK: The engine

    /// - Returns: whether there was anything to do.
    func batch() async throws -> Bool {
        guard case .done = try await engine.engine.run() else { return false }
        batches += 1
        try await observe()
        return true
    }

    func observe() async throws {
        let found = try await watch.observe()
        try hold(found.first?.check ?? "", found.map(\.text))
    }

    /// Until nothing is new, no range is open and nothing waits for a lock that is gone.
    func drain() async throws {
        let end = ContinuousClock().now + .seconds(120)
        while true {
            while try await batch() {}
            let waiting = try await writer.query(
                """
                SELECT (SELECT count(*) FROM assetlink_internal.held_change) + coalesce((
                    SELECT jsonb_array_length(ranges) FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1), 0)
                """)
            if try waiting.first?.int8(0) == 0 { return }
            if ContinuousClock().now > end { throw TooLate(question: "everything is taken in") }
        }
    }

    func takeOver() async throws {
        let old = engine
        epoch += 1
        engine = try await EngineRunner(conninfo, epoch: epoch, limits: Self.limits(of: script))
        if !old.connection.isClosed {
            do {
                _ = try await old.engine.run()
                try hold("fence", ["an engine wrote, or found nothing to do, after another had taken over"])
            } catch StoreError.lostLease {}
        }
        await old.connection.close()
    }

    private func stumble(at flush: Int) async throws {
        #if DEBUG
            var left = flush
            engine.engine.interception = { connection, list throws(PostgresError) in
                left -= 1
                guard left == 0 else { return try await connection.pipeline(list) }
                var error = PostgresError(.server, "could not serialize access")
                error.sqlState = "40001"
                throw error
            }
            defer { engine.engine.interception = nil }
        #endif
        _ = try await batch()
    }

    private func crash(at flush: Int, isSent: Bool) async throws {
        let victim = engine
        #if DEBUG
            var left = flush
            victim.engine.interception = { connection, list throws(PostgresError) in
                left -= 1
                guard left == 0 else { return try await connection.pipeline(list) }
                if isSent { _ = try await connection.pipeline(list) }
                await connection.close()
                throw PostgresError(.connectionLost, "the connection was lost")
            }
        #endif
        do {
            _ = try await batch()
        } catch let error as PostgresError {
            guard victim.connection.isClosed else { throw error }
        }
        #if DEBUG
            // The batch may have had fewer flushes.
            victim.engine.interception = nil
        #endif
        try await takeOver()
        // What a lost answer had committed is there all the same.
        try await observe()
    }

    /// As the daemon's housekeeping does it.
    private func rotate() async throws {
        _ = try await writer.query("SELECT assetlink_internal.switch_log()")
        let rows = try await writer.query(
            "SELECT snapshot::text, ranges::text FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1")
        guard let row = rows.first, try row.text(1) == "[]", let base = Snapshot(try row.text(0)) else { return }
        for table in 0..<3 {
            _ = try await writer.query(
                "SELECT assetlink_internal.empty_log($1, $2::text::xid8, $3::text[]::xid8[])",
                [.int4(Int32(table)), .text(String(base.xmax)), .texts(base.inProgress.map { String($0) })])
        }
    }

    private func unseen(_ changes: [WorldChange]) async throws {
        let mine = changes.filter { change in
            change.record.map { script.tables.contains($0.source) && world.detached[$0.source] == nil } ?? false
        }
        guard !mine.isEmpty else { return }
        // Triggers are switched off, and the sweep would wait for whoever has a whole table.
        for number in sessions.keys.sorted() { try await end(number, commits: true) }
        try await drain()
        try await player(writer).playUnseen(mine, of: Set(mine.compactMap { $0.record?.source }))
        for change in mine { apply(change) }
        var place = SweepPosition()
        while place.rounds == 0 {
            _ = try await engine.engine.sweep(&place, page: 7)
        }
        try await drain()
    }
}
