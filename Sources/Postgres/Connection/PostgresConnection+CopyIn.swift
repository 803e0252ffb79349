/// Takes the data of a COPY FROM STDIN; lives as long as the body it was lent to.
package struct CopyWriter: ~Copyable, Sendable {
    fileprivate let core: ConnectionCore
    fileprivate let ticket: Ticket

    /// Sends bytes, in the format of the COPY; returns when the socket has taken them.
    package func write(_ bytes: [UInt8]) async throws(PostgresError) {
        guard bytes.count < 1 << 30 else { throw PostgresError(.misuse, "a chunk is below 1 GiB") }
        let result = await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                let resolver = unsafe Resolver<Int>(continuation)
                core.loop.submit { [core, ticket] in core.put(bytes, ticket, resolver) }
            }
        } onCancel: { [core, ticket] in
            ticket.cancel()
            core.loop.submit { core.interrupt(ticket, .cancelled) }
        }
        _ = try result.get()
    }

    /// Sends text as UTF-8.
    package func write(_ text: String) async throws(PostgresError) {
        try await write(Array(text.utf8))
    }
}

extension PostgresConnection {
    /// Runs a COPY FROM STDIN with the data the body writes; returns the number of rows.
    ///
    /// When the body throws, the copy is undone and the error passed on. Other commands on this connection wait until
    /// the copy has ended, so the body must not call any.
    package func copyIn(
        _ sql: String, _ body: (borrowing CopyWriter) async throws -> Void
    ) async throws -> Int {
        guard !sql.utf8.contains(0) else { throw PostgresError(.misuse, "the statement contains a zero character") }
        let ticket = Ticket()
        let writer = CopyWriter(core: core, ticket: ticket)
        _ = try await perform(ticket, timeout: nil) { CopyInOperation(sql, $0) }
        do {
            try await body(writer)
        } catch {
            // The server must hear of it also when this task is cancelled: no cancellation handler here.
            _ = await unsafe withUnsafeContinuation { continuation in
                let resolver = unsafe Resolver<Int>(continuation)
                core.loop.submit { [core] in core.endCopy("the writer gave up", ticket, resolver) }
            }
            throw error
        }
        let result = await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                let resolver = unsafe Resolver<Int>(continuation)
                core.loop.submit { [core] in
                    core.endCopy(ticket.isCancelled ? "the task was cancelled" : nil, ticket, resolver)
                }
            }
        } onCancel: {
            ticket.cancel()
            core.loop.submit { [core] in core.interrupt(ticket, .cancelled) }
        }
        return try result.mapError { ticket.isCancelled && $0.code == .server ? .cancelled : $0 }.get()
    }
}

extension ConnectionCore {
    /// Hands a chunk to the copy under way.
    fileprivate func put(_ bytes: [UInt8], _ ticket: Ticket, _ resolver: Resolver<Int>) {
        loop.assertOnLoop()
        guard let copy = copyIn(ticket), !ticket.isCancelled else {
            return resolver.resolve(.failure(ticket.isCancelled ? .cancelled : closeReason ?? .closed))
        }
        copy.put(bytes, resolver)
        drive()
    }

    /// Ends the copy under way.
    fileprivate func endCopy(_ reason: String?, _ ticket: Ticket, _ resolver: Resolver<Int>) {
        loop.assertOnLoop()
        guard let copy = copyIn(ticket), let server else {
            return resolver.resolve(.failure(closeReason ?? .closed))
        }
        if reason != nil { startGrace() }
        do throws(PostgresError) {
            try copy.end(reason, server, resolver)
            drive()
        } catch {
            shutDown(error)
        }
    }

    private func copyIn(_ ticket: Ticket) -> CopyInOperation? {
        current?.ticket === ticket ? current?.operation as? CopyInOperation : nil
    }
}
