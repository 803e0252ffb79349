/// The data of a COPY TO STDOUT, in chunks that end at the end of a row; read as fast as it is consumed.
///
/// The command starts with the first `next` of an iterator. Other commands on the connection wait until the end, so the
/// loop over the chunks must not call any. A loop that is left early stops the command.
package struct CopyOut: AsyncSequence, Sendable {
    /// A chunk.
    package typealias Element = [UInt8]
    /// Why it ends early.
    package typealias Failure = PostgresError

    fileprivate let connection: PostgresConnection
    fileprivate let sql: String

    /// Reads chunk after chunk.
    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let cursor: CopyCursor

        /// The next chunk; nil at the end.
        package mutating func next() async throws(PostgresError) -> [UInt8]? {
            try await cursor.next()
        }

        /// The next chunk; nil at the end.
        package mutating func next(isolation actor: isolated (any Actor)?) async throws(PostgresError) -> [UInt8]? {
            try await cursor.next()
        }
    }

    /// Starts anew.
    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(cursor: CopyCursor(connection, sql))
    }
}

extension PostgresConnection {
    /// Runs a COPY TO STDOUT when the result is iterated.
    package func copyOut(_ sql: String) -> CopyOut { CopyOut(connection: self, sql: sql) }
}

/// One reader of one COPY TO STDOUT; when it goes away, the command is stopped.
private final class CopyCursor {
    private let connection: PostgresConnection
    private let sql: String
    private let ticket = Ticket()
    private let end = CopyOutEnd()
    private var hasStarted = false

    /// Prepares to read; `next` starts.
    init(_ connection: PostgresConnection, _ sql: String) {
        self.connection = connection
        self.sql = sql
    }

    deinit {
        guard hasStarted, end.value == nil else { return }
        // Keeps the connection until the request is placed.
        connection.core.loop.submit { [connection, ticket] in
            connection.core.interrupt(ticket, .cancelled)
        }
    }

    /// The next chunk; nil at the end.
    func next() async throws(PostgresError) -> [UInt8]? {
        if let end = end.value { return try end.get() }
        guard !sql.utf8.contains(0) else { throw PostgresError(.misuse, "the statement contains a zero character") }
        let isFirst = !hasStarted
        hasStarted = true
        let (core, sql, ticket, end) = (connection.core, sql, ticket, end)
        let result = await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                let resolver = unsafe Resolver<[UInt8]?>(continuation)
                core.loop.submit {
                    if isFirst {
                        core.submit(ticket, CopyOutOperation(sql, end, resolver), timeout: nil)
                    } else {
                        core.ask(ticket, end, resolver)
                    }
                }
            }
        } onCancel: {
            ticket.cancel()
            core.loop.submit { core.interrupt(ticket, .cancelled) }
        }
        return try result.get()
    }
}

extension ConnectionCore {
    /// Asks the copy under way for its next chunk.
    fileprivate func ask(_ ticket: Ticket, _ end: CopyOutEnd, _ resolver: Resolver<[UInt8]?>) {
        loop.assertOnLoop()
        if let end = end.value { return resolver.resolve(end) }
        guard let entry = current, entry.ticket === ticket, let copy = entry.operation as? CopyOutOperation else {
            return resolver.resolve(.failure(closeReason ?? .closed))
        }
        copy.ask(resolver)
        drive()
    }
}
