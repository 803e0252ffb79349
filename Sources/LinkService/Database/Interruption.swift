import Synchronization

/// What ended the session before this one, as far as the daemon saw it; the raw value is what `lease.details` says.
enum Interruption: String {
    /// The server could not be written to, and now can.
    case promotion
    /// The connection was lost, or gave no answer. Why is a warning of the server's, if it says so at all.
    case connection
}

/// What was seen since the lease was taken last.
final class Interruptions: Sendable {
    private let state = Mutex<Interruption?>(nil)

    /// What says most.
    var last: Interruption? { state.withLock { $0 } }

    /// This daemon leads again.
    func clear() { state.withLock { $0 = nil } }

    /// Takes in what the loop says.
    func note(_ note: ServiceNote) {
        let found: Interruption
        switch note {
        case .waitingForPrimary: found = .promotion
        case .failed(let failure) where failure.kind == .connection: found = .connection
        default: return
        }
        // That a promotion was waited for says more than what was lost before.
        state.withLock { state in
            if found == .promotion || state == nil { state = found }
        }
    }
}
