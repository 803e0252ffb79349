import Synchronization

/// What a listener receives.
package enum NotificationEvent: Sendable, Equatable {
    /// One NOTIFY, by the server process that sent it.
    case notification(channel: String, payload: String, pid: Int32)
    /// Notifications were dropped because the consumer was too slow: read the table again.
    case resync
}

/// The notifications of some channels, in the order of their commits.
///
/// For one consumer. Throws when the connection is lost, ends when the task is cancelled.
package struct Notifications: AsyncSequence, Sendable {
    /// What is received.
    package typealias Element = NotificationEvent
    /// Why it ends before its scope.
    package typealias Failure = PostgresError

    /// Where the loop puts them.
    let buffer: NotificationBuffer

    /// Receives one event after the other.
    package struct AsyncIterator: AsyncIteratorProtocol {
        let buffer: NotificationBuffer

        /// The next event; nil when the task is cancelled.
        package mutating func next() async throws(PostgresError) -> NotificationEvent? {
            try await buffer.next()
        }

        /// The next event; nil when the task is cancelled.
        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(PostgresError) -> NotificationEvent? {
            try await buffer.next()
        }
    }

    /// Starts to receive.
    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(buffer: buffer) }
}

/// Carries notifications from the loop to one consumer; bounded.
final class NotificationBuffer: Sendable {
    private typealias Waiter = Resolver<NotificationEvent?>

    private struct State {
        var events: [NotificationEvent] = []
        /// The first event not yet taken.
        var head = 0
        var end: Result<NotificationEvent?, PostgresError>?
        var waiter: Waiter?

        /// Drops the first event, in bulk so that it costs nothing per event.
        mutating func advance() {
            head += 1
            if head == events.count || head >= 1024 {
                events.removeFirst(head)
                head = 0
            }
        }
    }

    /// What is delivered to it.
    let channels: Set<String>
    private let limit: Int
    private let state = Mutex(State())

    /// An empty buffer for at most `limit` events.
    init(_ channels: Set<String>, limit: Int) {
        self.channels = channels
        self.limit = max(1, limit)
    }

    /// Hands an event over; when the buffer is full everything in it becomes one `.resync`.
    func append(_ event: NotificationEvent) {
        let waiter: Waiter? = state.withLock { state in
            guard state.end == nil else { return nil }
            if let waiter = state.waiter.take() { return waiter }
            if state.events.count - state.head >= limit {
                // The reader of the table sees the effect of this event too.
                state.events = [.resync]
                state.head = 0
            } else {
                state.events.append(event)
            }
            return nil
        }
        waiter?.resolve(.success(event))
    }

    /// Ends the sequence after what is in the buffer: with an error, or without one at the end of the scope.
    func finish(_ error: PostgresError?) {
        let end: Result<NotificationEvent?, PostgresError> = error.map { .failure($0) } ?? .success(nil)
        let waiter: Waiter? = state.withLock { state in
            guard state.end == nil else { return nil }
            state.end = end
            return state.waiter.take()
        }
        waiter?.resolve(end)
    }

    /// Waits for the next event.
    func next() async throws(PostgresError) -> NotificationEvent? {
        let result = await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                let resolver = unsafe Waiter(continuation)
                let ready: Result<NotificationEvent?, PostgresError>? = state.withLock { state in
                    if Task.isCancelled { return .success(nil) }
                    if state.head < state.events.count {
                        defer { state.advance() }
                        return .success(state.events[state.head])
                    }
                    if let end = state.end { return end }
                    precondition(state.waiter == nil, "notifications have one consumer")
                    state.waiter = resolver
                    return nil
                }
                if let ready { resolver.resolve(ready) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiter.take() }
            waiter?.resolve(.success(nil))
        }
        return try result.get()
    }
}
