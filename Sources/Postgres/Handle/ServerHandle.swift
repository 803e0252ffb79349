import CLibPQ
import Logging

/// Owns one `PGconn`; mechanism only, no policy.
@safe final class ServerHandle: @unchecked Sendable {
    // Unchecked: one thread at a time. The connecting thread makes it and gives it away; from then on only the
    // readiness loop calls it, through `ConnectionCore`, which asserts so. The pointer never leaves this class.
    private let pointer: OpaquePointer
    // Not retained by libpq: `deinit` finishes the PGconn while this property still stands.
    /// What the server says besides results.
    let notices: NoticeSink

    /// Connects, blocking until libpq has tried every host.
    init(connecting conninfo: Conninfo, logger: Logger) throws(PostgresError) {
        let keywords = CStrings(conninfo.pairs.map(\.keyword))
        let values = CStrings(conninfo.pairs.map(\.value))
        // The blocking form, because only it applies connect_timeout to each host in turn, as psql does.
        let made = unsafe keywords.withPointers { keywords in
            unsafe values.withPointers { values in unsafe PQconnectdbParams(keywords, values, 1) }
        }
        guard let made = unsafe made else {
            throw PostgresError(.connectionFailed, "out of memory")
        }
        unsafe pointer = unsafe made
        notices = NoticeSink(logger)
        guard unsafe PQstatus(pointer) == CONNECTION_OK else {
            throw PostgresError(.connectionFailed, conninfo.redacting(errorMessage))
        }
        guard parameter("client_encoding") == "UTF8" else {
            throw PostgresError(.connectionFailed, "the server did not accept client_encoding UTF8")
        }
        guard unsafe PQsetnonblocking(pointer, 1) == 0 else {
            throw PostgresError(.connectionFailed, conninfo.redacting(errorMessage))
        }
        let sink = unsafe Unmanaged.passUnretained(notices).toOpaque()
        unsafe PQsetNoticeReceiver(pointer, NoticeSink.receiver, sink)
    }

    deinit { unsafe PQfinish(pointer) }

    /// The socket; -1 once libpq has dropped it.
    var socket: CInt { unsafe PQsocket(pointer) }
    /// Whether the connection is beyond use.
    var isBroken: Bool { unsafe PQstatus(pointer) != CONNECTION_OK }
    /// libpq's last message.
    var errorMessage: String {
        let text = unsafe PQerrorMessage(pointer).map { unsafe String(cString: $0) } ?? ""
        return text.trimmingNewlines()
    }
    /// The last message as an error of the connection.
    var lost: PostgresError { PostgresError(.connectionLost, errorMessage) }
    /// The server process.
    var backendPID: Int32 { unsafe PQbackendPID(pointer) }
    /// The server version, as 150020.
    var serverVersion: Int { Int(unsafe PQserverVersion(pointer)) }
    /// The host, or the directory of the socket.
    var host: String { unsafe text(PQhost(pointer)) }
    /// The port.
    var port: String { unsafe text(PQport(pointer)) }
    /// The database.
    var database: String { unsafe text(PQdb(pointer)) }
    /// The user.
    var user: String { unsafe text(PQuser(pointer)) }

    /// What the server reported about a parameter.
    func parameter(_ name: String) -> String? {
        unsafe PQparameterStatus(pointer, name).map { unsafe String(cString: $0) }
    }

    private func text(_ value: UnsafeMutablePointer<CChar>?) -> String {
        unsafe value.map { unsafe String(cString: $0) } ?? ""
    }

    // MARK: Receiving

    /// Takes what has arrived; false when the connection is lost.
    func consumeInput() -> Bool { unsafe PQconsumeInput(pointer) == 1 }

    /// Whether `nextResult` would block.
    var isBusy: Bool { unsafe PQisBusy(pointer) == 1 }

    /// The next result; nil ends a command.
    func nextResult() -> ResultHandle? {
        guard let result = unsafe PQgetResult(pointer) else { return nil }
        return unsafe ResultHandle(taking: result)
    }

    /// The next notification that has arrived.
    func nextNotification() -> (channel: String, payload: String, pid: Int32)? {
        guard let notification = unsafe PQnotifies(pointer) else { return nil }
        // Safe: libpq hands over one allocation with both strings, freed here after they were copied.
        defer { unsafe PQfreemem(notification) }
        return unsafe (
            String(cString: notification.pointee.relname), String(cString: notification.pointee.extra),
            notification.pointee.be_pid
        )
    }

    // MARK: Sending

    /// Writes what the socket takes; true when some is left.
    func flush() throws(PostgresError) -> Bool {
        let status = unsafe PQflush(pointer)
        guard status >= 0 else { throw lost }
        return status == 1
    }

    /// Sends statements in the simple protocol.
    func sendScript(_ sql: String) throws(PostgresError) {
        try check(unsafe PQsendQuery(pointer, sql))
    }

    /// Enters pipeline mode.
    func enterPipeline() throws(PostgresError) { try check(unsafe PQenterPipelineMode(pointer)) }
    /// Leaves pipeline mode; all results must have been taken.
    func exitPipeline() throws(PostgresError) { try check(unsafe PQexitPipelineMode(pointer)) }
    /// Ends the pipeline.
    func sync() throws(PostgresError) { try check(unsafe PQpipelineSync(pointer)) }

    /// Sends a Parse.
    func sendPrepare(_ name: String, _ statement: EncodedStatement) throws(PostgresError) {
        let types = statement.types.map(\.rawValue)
        try check(unsafe PQsendPrepare(pointer, name, statement.sql, CInt(types.count), types))
    }

    /// Sends a Bind and Execute, of the named statement or of its text.
    func sendExecute(_ name: String?, _ statement: EncodedStatement) throws(PostgresError) {
        let count = CInt(statement.types.count)
        let sent = unsafe statement.cells.withPointers { values, lengths, formats in
            if let name {
                unsafe PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 1)
            } else {
                unsafe PQsendQueryParams(
                    pointer, statement.sql, count, statement.types.map(\.rawValue), values, lengths, formats, 1)
            }
        }
        try check(sent)
    }

    /// libpq reports why it could not queue a command; nothing was sent then.
    private func check(_ status: CInt) throws(PostgresError) {
        guard status == 1 else { throw lost }
    }

    // MARK: Copying

    /// Queues bytes of a COPY FROM STDIN.
    func putCopyData(_ bytes: [UInt8]) throws(PostgresError) {
        let status = unsafe bytes.withUnsafeBytes { bytes in
            // Safe: libpq copies the bytes before it returns.
            unsafe PQputCopyData(
                pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(bytes.count))
        }
        try check(status)
    }

    /// Ends a COPY FROM STDIN, with a reason to make it fail.
    func putCopyEnd(_ reason: String?) throws(PostgresError) {
        try check(unsafe PQputCopyEnd(pointer, reason))
    }

    /// What there is of a COPY TO STDOUT.
    enum CopyRead {
        /// One row, appended to the buffer.
        case row
        /// Nothing yet.
        case wait
        /// The copy is over; its result follows.
        case end
    }

    /// Appends the next row of a COPY TO STDOUT.
    func appendCopyData(to bytes: inout [UInt8]) -> CopyRead {
        var row: UnsafeMutablePointer<CChar>?
        let count = unsafe PQgetCopyData(pointer, &row, 1)
        guard count > 0, let row = unsafe row else { return count == 0 ? .wait : .end }
        // Safe: libpq hands over `count` bytes, freed here after they were copied.
        defer { unsafe PQfreemem(row) }
        unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: row, count: Int(count)))
        return .row
    }

    // MARK: Cancelling

    /// What it takes to cancel from another thread.
    func cancelRequest() -> CancelRequest? {
        guard let request = unsafe PQgetCancel(pointer) else { return nil }
        return unsafe CancelRequest(taking: request)
    }
}
