import Postgres
import Synchronization

/// What ended the session before this one, as far as the daemon saw it; the raw value is what `lease.details` says.
enum Interruption: String {
    /// A server process died, and the server ended every session and recovered from its log.
    case crash
    /// The server could not be written to, and now can.
    case promotion
    /// The connection was lost, or gave no answer.
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
        case .failed(let failure) where (failure.cause as? PostgresError)?.sqlState == "57P02": found = .crash
        case .failed(let failure) where failure.kind == .connection: found = .connection
        default: return
        }
        // The first failure has the reason; those after it are of a server that is not there yet.
        state.withLock { state in
            if found != .connection || state == nil { state = found }
        }
    }
}
