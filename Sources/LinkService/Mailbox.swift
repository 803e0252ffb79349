import Synchronization

/// Where what happens to the loop waits for it; one task takes it out.
final class Mailbox: Sendable {
    /// An event and the session it is of; `nil`: of any.
    private typealias Entry = (event: ServiceEvent, session: Int?)

    private let entries = Mutex<[Entry]>([])
    private let wakeup = Wakeup()
    private let clock = ContinuousClock()
    private let start = ContinuousClock.now

    /// Time since the mailbox was made: the machine's time.
    var now: Duration { clock.now - start }

    /// - Parameter session: the session that this happened in, where it means nothing to a later one.
    func post(_ event: ServiceEvent, of session: Int? = nil) {
        entries.withLock { entries in
            // Any number of rings count as one.
            if case .rang = event, entries.contains(where: { if case .rang = $0.event { true } else { false } }) {
                return
            }
            entries.append((event, session))
        }
        wakeup.ring()
    }

    /// The next event: ``ServiceEvent/alarm`` when nothing else came in time, `nil` when the task is cancelled.
    func next(until alarm: Duration?, session: Int) async -> ServiceEvent? {
        while !Task.isCancelled {
            let entry = entries.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let entry {
                if let other = entry.session, other != session { continue }
                return entry.event
            }
            // Without an alarm only an event ends the wait.
            let rest = alarm.map { $0 - now } ?? .seconds(3_600)
            if rest <= .zero { return .alarm }
            await wakeup.wait(rest)
        }
        return nil
    }
}
