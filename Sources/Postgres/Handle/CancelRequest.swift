import CLibPQ

/// Owns one `PGcancel`.
@safe final class CancelRequest: @unchecked Sendable {
    // Unchecked: a PGcancel is a constant copy of the address and key, made to be used from other threads.
    private let pointer: OpaquePointer

    /// Takes over the duty to free it.
    init(taking pointer: OpaquePointer) { unsafe self.pointer = pointer }
    deinit { unsafe PQfreeCancel(pointer) }

    /// Asks the server to cancel; blocks until the server has passed the signal on.
    ///
    /// libpq before version 17 does not encrypt this connection; it carries the key of one session and no data.
    func send() {
        var message = [CChar](repeating: 0, count: 256)
        // A request that fails is sent again by the connection, and the grace period ends it at the latest.
        _ = unsafe PQcancel(pointer, &message, CInt(message.count))
    }
}
