import LinkTesting
import Logging
import Postgres
import Testing

/// A logger that says nothing.
let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Lends a connection to the private server and closes it.
func withConnection<Value>(_ body: (PostgresConnection) async throws -> Value) async throws -> Value {
    let connection = try await TestServer.shared().connect()
    do {
        let value = try await body(connection)
        await connection.close()
        return value
    } catch {
        await connection.close()
        throw error
    }
}

/// Waits until the server runs a statement that contains the text, as seen from another connection.
func waitUntilRunning(_ text: String, pid: Int32, _ observer: PostgresConnection) async throws {
    // pg_stat_activity has no event to wait for; the loop is bounded by the test's time limit.
    while true {
        let rows = try await observer.query(
            "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND query LIKE '%' || $2 || '%'",
            [.int4(pid), .text(text)])
        if !rows.isEmpty { return }
        await Task.yield()
    }
}

/// The error a body throws, as ours.
func failure(_ body: () async throws -> Void) async -> PostgresError? {
    do {
        try await body()
        Issue.record("nothing was thrown")
        return nil
    } catch {
        guard let error = error as? PostgresError else {
            Issue.record("unexpected \(error)")
            return nil
        }
        return error
    }
}
