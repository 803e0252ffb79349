import Synchronization

/// Events that came by raw NOTIFY and wait to be stored; bounded, because memory is.
final class Inbox: Sendable {
    struct Event: Sendable {
        var channel: String
        var payload: String
    }
    private let events = Mutex<(list: [Event], dropped: Int)>(([], 0))
    private let most = 20_000

    func add(_ event: Event) {
        events.withLock { state in
            if state.list.count < most { state.list.append(event) } else { state.dropped += 1 }
        }
    }

    /// All that waits, and how many did not fit.
    func take() -> (list: [Event], dropped: Int) {
        events.withLock { state in
            defer { state = ([], 0) }
            return state
        }
    }
}
