import Postgres
import Synchronization

/// The least that a client of LISTEN can do: wake, update the rows that it was told of, commit.
///
/// It coalesces as the daemon does: what is told while an update runs is taken together by the next.
final class BareListener {
    /// Rows that can be changed.
    private static let size = 20_000

    private let world: World
    private let task: Task<Void, any Error>

    private init(_ world: World, _ task: Task<Void, any Error>) {
        self.world = world
        self.task = task
    }

    /// Makes its tables in the world's database and starts to listen.
    static func start(_ world: World) async throws -> BareListener {
        try await world.connection.script(Self.schema)
        let listen = try await world.session()
        let work = try await world.session()
        let stream = AsyncStream.makeStream(of: Void.self)
        let task = launch(listen, work, stream.continuation)
        for await _ in stream.stream {}
        return BareListener(world, task)
    }

    private static func launch(
        _ listen: PostgresConnection, _ work: PostgresConnection, _ ready: AsyncStream<Void>.Continuation
    ) -> Task<Void, any Error> {
        Task { try await run(listen, work, Pending()) { ready.finish() } }
    }

    private static func run(
        _ listen: PostgresConnection, _ work: PostgresConnection, _ pending: Pending,
        _ ready: @escaping @Sendable () -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Self.listen(listen, pending, ready) }
            group.addTask { try await Self.work(work, pending) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Ends it and takes its tables away.
    func stop() async {
        task.cancel()
        _ = await task.result
        try? await world.connection.script("DROP SCHEMA bench_bare CASCADE")
    }

    /// Changes at a rate, each by a commit of its own; the milliseconds until each one's row is updated.
    func latencies(rate: Double, count: Int) async throws -> [Double] {
        let ids = (0..<Int64(count)).map { $0 % Int64(Self.size) + 1 }
        let sessions = try await world.writers(for: rate)
        try await world.connection.script("UPDATE bench_bare.target SET note = NULL")
        try await world.connection.script("VACUUM bench_bare.target")
        try await Pace(rate: rate, sessions: sessions).write(ids) { id in
            Statement("UPDATE bench_bare.source SET state = state + 1 WHERE id = $1", [.int8(id)])
        }
        while true {
            let waiting = try await world.number(
                "SELECT count(*) FROM bench_bare.source WHERE id <= \(min(count, Self.size)) AND id NOT IN "
                    + "(SELECT id FROM bench_bare.target WHERE note IS NOT NULL)")
            if waiting == 0 { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        for session in sessions { await session.close() }
        let rows = try await world.connection.query(
            """
            SELECT extract(epoch FROM pg_xact_commit_timestamp(t.xmin) - pg_xact_commit_timestamp(s.xmin))::float8 * 1000
            FROM bench_bare.source AS s JOIN bench_bare.target AS t USING (id)
            WHERE t.note IS NOT NULL
            """)
        return try rows.map { try $0.float8OrNil(0) ?? 0 }
    }

    private static func listen(
        _ connection: PostgresConnection, _ pending: Pending, _ ready: @Sendable () -> Void
    ) async throws {
        try await connection.listen(on: ["bench_bare"], bufferLimit: 1 << 20) { notifications in
            ready()
            for try await event in notifications {
                if case .notification(_, let payload, _) = event, let id = Int64(payload) { pending.add(id) }
            }
        }
    }

    private static func work(_ connection: PostgresConnection, _ pending: Pending) async throws {
        while !Task.isCancelled {
            let ids = await pending.take()
            guard !ids.isEmpty else { continue }
            _ = try await connection.query(
                "UPDATE bench_bare.target SET note = 'seen' WHERE id = ANY ($1::bigint[])", [.int8Array(ids)])
        }
    }

    private static let schema = """
        DROP SCHEMA IF EXISTS bench_bare CASCADE;
        CREATE SCHEMA bench_bare;
        CREATE TABLE bench_bare.source (id bigint PRIMARY KEY, state integer NOT NULL) WITH (fillfactor = 50);
        CREATE TABLE bench_bare.target (id bigint PRIMARY KEY, note text) WITH (fillfactor = 50);
        INSERT INTO bench_bare.source SELECT n, 0 FROM generate_series(1, \(size)) AS n;
        INSERT INTO bench_bare.target SELECT n FROM generate_series(1, \(size)) AS n;
        CREATE FUNCTION bench_bare.tell() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('bench_bare', n.id::text) FROM new_rows AS n;
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER tell AFTER UPDATE ON bench_bare.source REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION bench_bare.tell();
        """
}

/// What was told and not yet taken; one task takes.
private final class Pending: Sendable {
    private struct State {
        var ids: [Int64] = []
        var waiter: CheckedContinuation<Void, Never>?
        var isOver = false
    }
    private let state = Mutex(State())

    func add(_ id: Int64) {
        let waiter = state.withLock { state in
            state.ids.append(id)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Waits for at least one; none when the task is cancelled.
    func take() async -> [Int64] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let isThere = state.withLock { state in
                    if !state.ids.isEmpty || state.isOver { return true }
                    state.waiter = continuation
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.isOver = true
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
        return state.withLock { state in
            defer { state.ids.removeAll(keepingCapacity: true) }
            return state.ids
        }
    }
}
