import Postgres
import Synchronization

/// What can end a sleep of the loop.
///
/// Any number of rings before a wait count as one: the loop looks at the log, not at who rang.
final class Wakeup: Sendable {
    private struct State {
        var isRung = false
        var isStopping = false
        var waiter: (id: UInt64, continuation: CheckedContinuation<Void, Never>)?
        var next: UInt64 = 0
    }
    private let state = Mutex(State())

    /// Ends the present wait, or the next one at once.
    func ring() {
        let waiter = state.withLock { state in
            state.isRung = true
            defer { state.waiter = nil }
            return state.waiter?.continuation
        }
        waiter?.resume()
    }

    /// Rings for good: no wait lasts from now on.
    func stop() {
        state.withLock { $0.isStopping = true }
        ring()
    }

    /// Whether ``stop()`` was called.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Waits for a ring, the time-out, or the cancellation of the task; one task at a time.
    ///
    /// - Returns: whether somebody rang since the wait before, or ``stop()`` was called: there may be something to do.
    @discardableResult
    func wait(_ limit: Duration) async -> Bool {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        var timer: LoopTimer?
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let isOver = state.withLock { state in
                    if state.isRung || state.isStopping || Task.isCancelled { return true }
                    precondition(state.waiter == nil, "one task waits at a time")
                    state.waiter = (id, continuation)
                    return false
                }
                if isOver { return continuation.resume() }
                // Not before: a timer that runs out while nobody waits yet would wake nobody.
                timer = LoopTimer(after: limit) { self.wake(id) }
            }
        } onCancel: {
            self.wake(id)
        }
        timer?.cancel()
        return state.withLock { state in
            defer { state.isRung = false }
            return state.isRung || state.isStopping
        }
    }

    private func wake(_ id: UInt64) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiter, waiter.id == id else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume()
    }
}
