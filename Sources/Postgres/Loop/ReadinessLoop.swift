import CLibPQ
import Glibc
import Synchronization

/// Something that wants to know when a descriptor is ready.
protocol ReadinessHandler: AnyObject {
    /// Called on the loop; errors and hang-ups count as readable.
    func ready(readable: Bool, writable: Bool)
}

/// What a descriptor is watched for.
struct Interest: Equatable {
    /// Whether arriving bytes are wanted.
    var read: Bool
    /// Whether room for more bytes is wanted.
    var write: Bool
}

/// A thread that watches connections, and runs the tasks that prefer it.
///
/// Level-triggered epoll for the sockets, an eventfd for work from other threads, a heap and a timerfd for the deadlines,
/// because epoll's own time-out has milliseconds only.
/// Everything under "on the loop" traps when it is called from any other thread.
final class ReadinessLoop: @unchecked Sendable {
    // Unchecked: `inbox` and `threadID` synchronise themselves, the descriptors are constant, and `handlers`,
    // `lastToken` and `deadlines` are touched only on the loop's thread, which `assertOnLoop` verifies.

    /// The loop of all connections but the pinned ones: tasks on it must not compute for long.
    static let shared = ReadinessLoop("postgres-loop")
    /// The loop of the pinned connections: only they wait while a task on it computes.
    static let pinned = ReadinessLoop("postgres-pinned")

    private struct Inbox {
        var jobs: [@Sendable () -> Void] = []
        var signalled = false
    }

    private let epoll: CInt
    private let wake: CInt
    private let timer: CInt
    private let threadID = Atomic<UInt>(0)
    private let inbox = Mutex(Inbox())
    private var handlers: [UInt64: any ReadinessHandler] = [:]
    private var lastToken: UInt64 = 0
    private var deadlines = DeadlineHeap()
    /// What the timer is set to.
    private var alarm: ContinuousClock.Instant?

    /// The tokens of what is not a connection.
    private static let wakeToken: UInt64 = 0
    private static let timerToken = UInt64.max

    private init(_ name: String) {
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        wake = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        timer = timerfd_create(CLOCK_MONOTONIC, CInt(TFD_CLOEXEC | TFD_NONBLOCK))
        precondition(epoll >= 0 && wake >= 0 && timer >= 0, "the readiness loop got no descriptors")
        control(EPOLL_CTL_ADD, wake, events: EPOLLIN.rawValue, token: Self.wakeToken)
        control(EPOLL_CTL_ADD, timer, events: EPOLLIN.rawValue, token: Self.timerToken)
        let isStarted = startThread(name) { [self] in run() }
        precondition(isStarted, "the readiness loop got no thread")
    }

    /// Runs the job on the loop, after those submitted before it; from any thread.
    func submit(_ job: @escaping @Sendable () -> Void) {
        // The loop looks into its inbox before it waits: it need not wake itself.
        let isAwake = isOnLoop
        let mustSignal = inbox.withLock { inbox in
            inbox.jobs.append(job)
            if isAwake || inbox.signalled { return false }
            inbox.signalled = true
            return true
        }
        // One wake-up per batch: the flag falls when the loop takes the batch.
        if mustSignal { eventfd_write(wake, 1) }
    }

    /// Whether the caller runs on the loop.
    var isOnLoop: Bool { threadID.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Traps unless the caller runs on the loop.
    func assertOnLoop() {
        precondition(isOnLoop, "used off the readiness loop")
    }

    // MARK: On the loop

    /// Starts watching a descriptor; the handler is kept until `unregister`.
    func register(_ descriptor: CInt, _ interest: Interest, _ handler: any ReadinessHandler) -> UInt64 {
        assertOnLoop()
        // Tokens are never used twice, so an event of a descriptor that was closed and reused finds no handler.
        lastToken += 1
        handlers[lastToken] = handler
        control(EPOLL_CTL_ADD, descriptor, events: interest.events, token: lastToken)
        return lastToken
    }

    /// Changes what a descriptor is watched for.
    func change(_ descriptor: CInt, _ interest: Interest, token: UInt64) {
        assertOnLoop()
        control(EPOLL_CTL_MOD, descriptor, events: interest.events, token: token)
    }

    /// Stops watching; to be called before the descriptor is closed.
    func unregister(_ descriptor: CInt, token: UInt64) {
        assertOnLoop()
        handlers[token] = nil
        // libpq closes the descriptor itself when the connection breaks, which removes it from epoll.
        if descriptor >= 0 { control(EPOLL_CTL_DEL, descriptor, events: 0, token: token) }
    }

    /// Calls the action once when the time has come.
    func schedule(after delay: Duration, _ action: @escaping () -> Void) -> DeadlineHeap.ID {
        assertOnLoop()
        return deadlines.insert(.now.advanced(by: delay), action)
    }

    /// Withdraws a deadline.
    func withdraw(_ id: DeadlineHeap.ID) {
        assertOnLoop()
        deadlines.remove(id)
    }

    private func control(_ operation: CInt, _ descriptor: CInt, events: UInt32, token: UInt64) {
        // Safe: of the union only the number is used, here and in `run`.
        let data = unsafe epoll_data_t(u64: token)
        var event = unsafe epoll_event(events: events, data: data)
        // A descriptor that is gone already is reported by libpq on its next use.
        _ = unsafe epoll_ctl(epoll, operation, descriptor, &event)
    }

    private func run() -> Never {
        threadID.store(UInt(pthread_self()), ordering: .relaxed)
        var events = unsafe [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            // Jobs that make jobs do not keep the sockets waiting: each turn takes those that were there.
            let timeout: CInt = runInbox() ? 0 : -1
            setTimer()
            let count = unsafe events.withUnsafeMutableBufferPointer {
                // Safe: epoll writes at most `count` events into the buffer.
                unsafe epoll_wait(epoll, $0.baseAddress, CInt($0.count), timeout)
            }
            for index in 0..<Int(max(0, count)) {
                let (token, ready) = unsafe (events[index].data.u64, events[index].events)
                switch token {
                case Self.wakeToken: clear(wake)
                case Self.timerToken:
                    clear(timer)
                    alarm = nil
                default:
                    let failed = ready & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
                    handlers[token]?.ready(
                        readable: failed || ready & EPOLLIN.rawValue != 0,
                        writable: failed || ready & EPOLLOUT.rawValue != 0)
                }
            }
            while let action = deadlines.popDue(at: .now) { action() }
        }
    }

    /// Runs what was submitted; true when something was submitted meanwhile.
    private func runInbox() -> Bool {
        let jobs = inbox.withLock { inbox in
            defer { inbox = Inbox() }
            return inbox.jobs
        }
        for job in jobs { job() }
        return inbox.withLock { !$0.jobs.isEmpty }
    }

    /// Takes the count of an eventfd or timerfd away, so that it is not ready any more.
    private func clear(_ descriptor: CInt) {
        var count: UInt64 = 0
        // Safe: eight bytes are read into eight.
        _ = unsafe read(descriptor, &count, MemoryLayout<UInt64>.size)
    }

    /// Sets the timer to the earliest deadline; one that was withdrawn wakes the loop for nothing.
    private func setTimer() {
        guard let earliest = deadlines.earliest(), alarm.map({ earliest < $0 }) ?? true else { return }
        alarm = earliest
        // Never zero, which would stop the timer.
        let left = max(.nanoseconds(1), ContinuousClock.now.duration(to: earliest)).components
        var time = itimerspec()
        time.it_value = timespec(
            tv_sec: Int(left.seconds), tv_nsec: Int(left.attoseconds / 1_000_000_000))
        if time.it_value.tv_sec == 0, time.it_value.tv_nsec == 0 { time.it_value.tv_nsec = 1 }
        unsafe timerfd_settime(timer, 0, &time, nil)
    }
}

extension Interest {
    /// The same in epoll's words.
    fileprivate var events: UInt32 {
        (read ? EPOLLIN.rawValue : 0) | (write ? EPOLLOUT.rawValue : 0)
    }
}
