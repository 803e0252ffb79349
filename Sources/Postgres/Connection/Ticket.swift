import Synchronization

/// Identifies one call, from its start until it is answered.
final class Ticket: Sendable {
    private let cancelled = Atomic<Bool>(false)

    /// Whether the caller has been cancelled; may become true before the loop has seen the call.
    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Remembers that the caller has been cancelled.
    func cancel() { cancelled.store(true, ordering: .releasing) }
}
