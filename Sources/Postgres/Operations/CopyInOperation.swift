import CLibPQ

/// A COPY FROM STDIN: the current command of its connection from its start until the copy has ended.
final class CopyInOperation: Operation {
    /// starting → open → ending; an error leads from `starting` straight to its end.
    private enum State {
        case starting
        case open
        case ending
    }

    /// The first error of the copy.
    var failure: PostgresError?
    private let sql: String
    private var state = State.starting
    private var started = false
    private var chunk: [UInt8]?
    private var affected = 0
    /// The caller that waits: for the start, for a chunk to be taken, or for the end.
    private var waiting: Resolver<Int>?

    /// Prepares the copy; the resolver is answered when the server is ready for data.
    init(_ sql: String, _ resolver: Resolver<Int>) {
        self.sql = sql
        waiting = resolver
    }

    /// Answers whoever waits.
    func resolve() {
        waiting.take()?.resolve(failure.map { .failure($0) } ?? .success(affected))
    }

    /// Takes the next chunk; the resolver is answered when the socket has taken it.
    func put(_ bytes: [UInt8], _ resolver: Resolver<Int>) {
        precondition(waiting == nil, "a copy has one writer")
        chunk = bytes
        waiting = resolver
    }

    /// Ends the copy, with a reason to make it fail.
    func end(_ reason: String?, _ server: ServerHandle, _ resolver: Resolver<Int>) throws(PostgresError) {
        precondition(waiting == nil, "a copy has one writer")
        waiting = resolver
        chunk = nil
        state = .ending
        try server.putCopyEnd(reason)
    }

    /// While the server waits for us it does not look for a request: the writer is told, and ends the copy.
    func interrupt(_ reason: PostgresError) -> Bool {
        guard state == .open else { return true }
        chunk = nil
        waiting.take()?.resolve(.failure(reason))
        return false
    }

    /// Starts, moves a chunk, or waits for the result.
    func advance(_ server: ServerHandle) throws(PostgresError) -> Progress {
        if !started {
            try server.sendScript(sql)
            started = true
        }
        var isFull = try server.flush()
        if state == .open {
            // libpq would take chunk after chunk into its own buffer: the next one waits until the last is gone.
            if !isFull, let bytes = chunk.take() {
                try server.putCopyData(bytes)
                isFull = try server.flush()
            }
            if !isFull { waiting.take()?.resolve(.success(0)) }
            return .wait(Interest(read: true, write: isFull))
        }
        while !server.isBusy {
            guard let result = server.nextResult() else {
                return server.isBroken ? .wait(Interest(read: true, write: false)) : .finished
            }
            switch result.status {
            case PGRES_FATAL_ERROR:
                if failure == nil { failure = result.error }
            case PGRES_COPY_IN where state == .starting:
                state = .open
                waiting.take()?.resolve(.success(0))
                return .wait(Interest(read: true, write: false))
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw PostgresError(.misuse, "not one COPY FROM STDIN; the connection was closed")
            default:
                if state == .starting, failure == nil {
                    failure = PostgresError(.misuse, "the statement is not a COPY FROM STDIN")
                }
                affected = result.affected
            }
        }
        return .wait(Interest(read: true, write: isFull))
    }
}
