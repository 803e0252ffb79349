import CLibPQ
import Synchronization

/// How a COPY TO STDOUT has ended; outlives its operation, for the consumer that comes late.
final class CopyOutEnd: Sendable {
    private let result = Mutex<Result<[UInt8]?, PostgresError>?>(nil)

    /// The end, once it is known.
    var value: Result<[UInt8]?, PostgresError>? { result.withLock { $0 } }

    /// Sets the end.
    func set(_ error: PostgresError?) {
        result.withLock { $0 = error.map { .failure($0) } ?? .success(nil) }
    }
}

/// A COPY TO STDOUT: reads only when the consumer has asked for a chunk.
final class CopyOutOperation: Operation {
    private enum State {
        case starting
        case streaming
        case ending
    }

    /// Rows are joined up to this size, so that small rows do not cost a wake-up each.
    private static let chunkSize = 65_536

    /// The first error of the copy.
    var failure: PostgresError?
    private let sql: String
    private let end: CopyOutEnd
    private var state = State.starting
    private var started = false
    private var chunk: [UInt8] = []
    private var demand: Resolver<[UInt8]?>?
    /// Set when the consumer has gone: what comes is dropped.
    private var dropped: PostgresError?

    /// Prepares the copy; the resolver is answered with the first chunk.
    init(_ sql: String, _ end: CopyOutEnd, _ resolver: Resolver<[UInt8]?>) {
        self.sql = sql
        self.end = end
        demand = resolver
    }

    /// Sets the end, and answers whoever waits with it or with the last chunk.
    func resolve() {
        // A copy that was dropped must not look complete.
        let error = failure ?? dropped
        end.set(error)
        guard let demand = demand.take() else { return }
        if error == nil, !chunk.isEmpty {
            demand.resolve(.success(chunk))
        } else {
            demand.resolve(error.map { .failure($0) } ?? .success(nil))
        }
    }

    /// Asks for the next chunk.
    func ask(_ resolver: Resolver<[UInt8]?>) {
        precondition(demand == nil, "a copy has one reader")
        demand = resolver
    }

    /// Drops what still comes, while the server is asked to stop.
    func interrupt(_ reason: PostgresError) -> Bool {
        dropped = reason
        return true
    }

    /// Starts, moves rows, or waits for the result.
    func advance(_ server: ServerHandle) throws(PostgresError) -> Progress {
        if !started {
            try server.sendScript(sql)
            started = true
        }
        let isFull = try server.flush()
        if state == .starting, try takeResults(server) { return .finished }
        if state == .streaming, let progress = stream(server) { return progress }
        if state == .ending, try takeResults(server) { return .finished }
        return .wait(Interest(read: true, write: isFull))
    }

    /// Moves rows to the consumer; nil when there are no more.
    private func stream(_ server: ServerHandle) -> Progress? {
        while demand != nil || dropped != nil {
            switch server.appendCopyData(to: &chunk) {
            case .row:
                if dropped != nil { chunk.removeAll() }
                if chunk.count >= Self.chunkSize { deliver() }
            case .wait:
                if !chunk.isEmpty { deliver() }
                if demand != nil || dropped != nil { return .wait(Interest(read: true, write: false)) }
            case .end:
                state = .ending
                return nil
            }
        }
        // Unread bytes fill the socket, and the server waits: that is the back-pressure.
        return .wait(Interest(read: false, write: false))
    }

    private func deliver() {
        let full = chunk
        chunk = []
        demand.take()?.resolve(.success(full))
    }

    /// Takes results; true at the end of the command.
    private func takeResults(_ server: ServerHandle) throws(PostgresError) -> Bool {
        while !server.isBusy {
            guard let result = server.nextResult() else { return !server.isBroken }
            switch result.status {
            case PGRES_FATAL_ERROR:
                if failure == nil { failure = result.error }
            case PGRES_COPY_OUT where state == .starting:
                state = .streaming
                return false
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw PostgresError(.misuse, "not one COPY TO STDOUT; the connection was closed")
            default:
                if state == .starting, failure == nil {
                    failure = PostgresError(.misuse, "the statement is not a COPY TO STDOUT")
                }
            }
        }
        return false
    }
}
