import Synchronization

/// Where what happens to the loop waits for it; one task takes it out.
final class Mailbox: Sendable {
    /// An event and the session it is of; `nil`: of any.
    private typealias Entry = (event: ServiceEvent, session: Int?)

    private struct State {
        var entries: [Entry] = []
        /// Since when the oldest entry has waited, or the loop has been at work on the one before.
        var waitsSince: Duration?
        /// When the loop wants to be woken at the latest; `nil` while it is at work.
        var alarm: Duration?
    }

    private let state = Mutex(State())
    private let wakeup = Wakeup()
    private let clock = ContinuousClock()
    private let start = ContinuousClock.now

    /// Time since the mailbox was made: the machine's time.
    var now: Duration { clock.now - start }

    /// How long the loop has left an event, an alarm or its work undone.
    var delay: Duration {
        let now = now
        return state.withLock { state in
            max(.zero, now - min(state.waitsSince ?? now, state.alarm ?? now))
        }
    }

    /// - Parameter session: the session that this happened in, where it means nothing to a later one.
    func post(_ event: ServiceEvent, of session: Int? = nil) {
        let now = now
        state.withLock { state in
            // Any number of rings count as one.
            if case .rang = event, state.entries.contains(where: { if case .rang = $0.event { true } else { false } }) {
                return
            }
            state.entries.append((event, session))
            if state.waitsSince == nil { state.waitsSince = now }
        }
        wakeup.ring()
    }

    /// Forgets what was posted.
    func clear() {
        state.withLock { state in
            state.entries = []
            state.waitsSince = nil
            state.alarm = nil
        }
    }

    /// The next event: ``ServiceEvent/alarm`` when nothing else came in time, `nil` when the task is cancelled.
    func next(until alarm: Duration?, session: Int) async -> ServiceEvent? {
        while !Task.isCancelled {
            let now = now
            let entry = state.withLock { state -> Entry? in
                state.alarm = alarm
                state.waitsSince = state.entries.isEmpty ? nil : now
                guard !state.entries.isEmpty else { return nil }
                return state.entries.removeFirst()
            }
            if let entry {
                if let other = entry.session, other != session { continue }
                return entry.event
            }
            // Without an alarm only an event ends the wait.
            let rest = alarm.map { $0 - now } ?? .seconds(3_600)
            if rest <= .zero {
                state.withLock { $0.waitsSince = now }
                return .alarm
            }
            await wakeup.wait(rest)
        }
        return nil
    }
}
