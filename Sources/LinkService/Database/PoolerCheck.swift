import Postgres

/// Whether a pooler that stands between gives this daemon a session of its own.
///
/// Behind a pooler of transactions our settings would leak into others' sessions, and prepared statements would not be
/// there when they are wanted: what works only by luck is refused. A pooler of whole sessions is as good as none.
struct PoolerCheck {
    let connection: PostgresConnection
    /// A second connection, by the same way.
    let other: PostgresConnection
    let channel: String

    /// A LISTEN lasts as long as the session: behind a pooler of transactions it is accepted, and nothing ever comes.
    func hasSession() async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await other.listen(on: [channel]) { notifications in
                    for try await _ in notifications { return true }
                    return false
                }
            }
            group.addTask {
                let pause = Wakeup()
                for _ in 0..<10 where !Task.isCancelled {
                    _ = try await connection.query(
                        Statement("SELECT pg_catalog.pg_notify($1, '')", [.text(channel)], prepared: false))
                    await pause.wait(.milliseconds(200))
                }
                return false
            }
            return try await group.next() ?? false
        }
    }
}
