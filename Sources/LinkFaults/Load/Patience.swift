import LinkTesting
import Postgres

extension PostgresConnection {
    /// Does something on this connection, and closes it when that takes longer than the limit; `nil` = no limit.
    ///
    /// Nothing is cancelled: a COMMIT that waits for its standby and is cancelled is acknowledged without it.
    func within<Value: Sendable>(
        _ limit: Duration?, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let limit else { return try await body() }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                do { try await Task.sleep(for: limit) } catch { return nil }
                await self.close()
                return nil
            }
            for try await case let value? in group {
                group.cancelAll()
                return value
            }
            throw TooLate(question: "the connection answers")
        }
    }

    /// Runs a script within a limit.
    func script(_ sql: String, within limit: Duration?) async throws {
        try await within(limit) { try await self.script(sql) }
    }
}
