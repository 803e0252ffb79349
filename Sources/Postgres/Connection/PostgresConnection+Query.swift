extension PostgresConnection {
    /// Runs one statement.
    ///
    /// When the task is cancelled, or the timeout passes, the server is asked to stop: the call then throws
    /// `cancelled` or `timedOut` and the connection stays usable. A command that was quicker than the request has
    /// taken effect and returns its rows.
    package func query(_ statement: Statement, timeout: Duration? = nil) async throws(PostgresError) -> Rows {
        do throws(PostgresError) {
            guard let rows = try await pipeline([statement], timeout: timeout).first else {
                throw PostgresError(.connectionLost, "the server did not answer the statement")
            }
            return rows
        } catch {
            var error = error
            error.statementIndex = nil
            throw error
        }
    }

    /// Runs one statement, prepared by its text.
    package func query(
        _ sql: String, _ parameters: [Parameter] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> Rows {
        try await query(Statement(sql, parameters), timeout: timeout)
    }

    /// Runs statements with one flush and one sync: one implicit transaction unless they say otherwise.
    ///
    /// Returns one result per statement, in order. The first error is thrown, with the index of its statement, after
    /// everything was drained; the statements behind it did not run.
    package func pipeline(
        _ statements: [Statement], timeout: Duration? = nil
    ) async throws(PostgresError) -> [Rows] {
        if statements.isEmpty { return [] }
        var encoded: [EncodedStatement] = []
        encoded.reserveCapacity(statements.count)
        for (index, statement) in statements.enumerated() {
            do throws(PostgresError) {
                encoded.append(try EncodedStatement(statement))
            } catch {
                var error = error
                error.statementIndex = index
                throw error
            }
        }
        return try await perform(timeout: timeout) { [core, encoded] resolver in
            BatchOperation(encoded, core.prepared, resolver)
        }
    }

    /// Runs a text of several statements without parameters, in the simple protocol; its results are dropped.
    package func script(_ sql: String, timeout: Duration? = nil) async throws(PostgresError) {
        guard !sql.utf8.contains(0) else { throw PostgresError(.misuse, "the script contains a zero character") }
        try await perform(timeout: timeout) { ScriptOperation(sql, $0) }
    }

    /// Queues an operation on the loop and waits for its answer.
    func perform<Value: Sendable>(
        _ ticket: Ticket = Ticket(), timeout: Duration?,
        _ make: @escaping @Sendable (Resolver<Value>) -> any Operation
    ) async throws(PostgresError) -> Value {
        let result = await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                let resolver = unsafe Resolver<Value>(continuation)
                core.loop.submit { [core] in core.submit(ticket, make(resolver), timeout: timeout) }
            }
        } onCancel: {
            ticket.cancel()
            core.loop.submit { [core] in core.interrupt(ticket, .cancelled) }
        }
        return try result.get()
    }
}
