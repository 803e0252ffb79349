import Logging
import Synchronization

/// The part of a connection that lives on the loop: one command at a time, the others in a queue.
///
/// idle → busy (an operation is current) → idle, or → cancelling (busy, and a request is on its way) → idle;
/// any of them → closed, for good.
final class ConnectionCore: ReadinessHandler, @unchecked Sendable {
    // Unchecked: `closed`, `underWay` and `newest` are atomic; everything else is touched only on the loop, which every entry asserts.

    /// A command that waits or runs.
    struct Entry {
        /// The call it belongs to.
        let ticket: Ticket
        /// What is to be done.
        let operation: any Operation
        /// When the caller wants to hear at the latest.
        var deadline: DeadlineHeap.ID?
        /// Why it is to end early.
        var interruption: PostgresError?
        /// When the command must be over at the latest after that.
        var grace: DeadlineHeap.ID?
    }

    /// The loop everything here runs on.
    let loop: ReadinessLoop
    /// What the server has prepared for this connection.
    let prepared = PreparedStatements()
    /// Nil once closed.
    private(set) var server: ServerHandle?
    /// The command that has the connection.
    var current: Entry?
    /// The commands behind it, in the order of their calls.
    var queue: [Entry] = []
    /// Requests on their way; a late one could hit the next command, which therefore waits.
    var cancelRequests = 0
    /// How long a cancelled command may take to end before the connection is given up.
    var gracePeriod = Duration.seconds(10)
    /// Who receives notifications.
    var subscriptions: [NotificationBuffer] = []
    private let closed = Atomic<Bool>(false)
    /// The number of the command that has the connection, counted from 1; 0 when none has.
    private let underWay = Atomic<UInt64>(0)
    /// The number of the newest command that has had the connection.
    private let newest = Atomic<UInt64>(0)
    private var commands: UInt64 = 0
    /// Why the connection ended; set with `closed`.
    private(set) var closeReason: PostgresError?
    private var descriptor: CInt = -1
    private var token: UInt64 = 0
    private var interest = Interest(read: true, write: false)
    private var isDriving = false

    /// Takes over a connected handle; `start` puts it on the loop.
    init(_ server: ServerHandle, loop: ReadinessLoop) {
        self.server = server
        self.loop = loop
    }

    /// Whether the connection has ended; from any thread.
    var isClosed: Bool { closed.load(ordering: .acquiring) }

    /// Which command waits for the server; from any thread.
    var commandUnderWay: UInt64? {
        let number = underWay.load(ordering: .acquiring)
        return number == 0 ? nil : number
    }

    /// How many commands have had the connection; from any thread.
    var commandCount: UInt64 { newest.load(ordering: .acquiring) }

    /// Starts watching; the loop keeps the core from here until `shutDown`.
    func start() {
        loop.assertOnLoop()
        guard let server else { return }
        descriptor = server.socket
        token = loop.register(descriptor, interest, self)
    }

    /// Queues a command.
    func submit(_ ticket: Ticket, _ operation: any Operation, timeout: Duration?) {
        loop.assertOnLoop()
        if let closeReason { return reject(operation, closeReason) }
        if ticket.isCancelled { return reject(operation, .cancelled) }
        var entry = Entry(ticket: ticket, operation: operation)
        if let timeout {
            entry.deadline = loop.schedule(after: timeout) { [weak self] in self?.interrupt(ticket, .timedOut) }
        }
        queue.append(entry)
        drive()
    }

    /// The socket is ready.
    func ready(readable: Bool, writable: Bool) {
        loop.assertOnLoop()
        guard let server else { return }
        let isAlive = !readable || server.consumeInput()
        deliverNotifications(server)
        drive()
        // An operation that was under way has seen the server's last words by now.
        if !isAlive, self.server != nil { shutDown(server.lost) }
    }

    /// Drives the current command, and the next ones, as far as they go without waiting.
    func drive() {
        // Resuming a caller cannot come back here, but a resolve that submits could.
        guard !isDriving else { return }
        isDriving = true
        defer { isDriving = false }
        while let server {
            if current == nil, cancelRequests == 0, !queue.isEmpty {
                current = queue.removeFirst()
                commands += 1
                underWay.store(commands, ordering: .releasing)
                newest.store(commands, ordering: .releasing)
            }
            guard let entry = current else { return watch(Interest(read: true, write: false)) }
            do throws(PostgresError) {
                let progress = try entry.operation.advance(server)
                deliverNotifications(server)
                switch progress {
                case .wait(let interest):
                    if server.isBroken { return shutDown(server.lost) }
                    return watch(interest)
                case .finished: finishCurrent()
                }
            } catch {
                // A command that cannot be drained costs the connection: it is told why, the others that it is closed.
                return server.isBroken ? shutDown(server.lost) : shutDown(.closed, current: error)
            }
        }
    }

    /// Ends the connection: every command fails with the reason, and the PGconn is finished.
    func shutDown(_ reason: PostgresError, current currentReason: PostgresError? = nil) {
        loop.assertOnLoop()
        guard let server else { return }
        var reason = reason
        if reason.code == .connectionLost {
            // What the server said last tells more than that it is gone.
            reason = (current?.operation.failure ?? server.notices.fatal)?.asLostConnection(or: reason) ?? reason
        }
        closed.store(true, ordering: .releasing)
        closeReason = reason
        loop.unregister(server.socket, token: token)
        self.server = nil
        if var entry = current.take() {
            withdraw(&entry)
            reject(entry.operation, entry.interruption ?? currentReason ?? reason)
        }
        let waiting = queue
        queue = []
        for var entry in waiting {
            withdraw(&entry)
            reject(entry.operation, reason)
        }
        for subscription in subscriptions { subscription.finish(reason) }
        subscriptions = []
    }

    private func finishCurrent() {
        guard var entry = current else { return }
        current = nil
        underWay.store(0, ordering: .releasing)
        withdraw(&entry)
        // 57014 is what our own request makes of a command. One that was quicker has succeeded, and says so.
        if let interruption = entry.interruption, entry.operation.failure?.sqlState == "57014" {
            entry.operation.failure = interruption
        }
        entry.operation.resolve()
    }

    private func reject(_ operation: any Operation, _ reason: PostgresError) {
        operation.failure = reason
        operation.resolve()
    }

    /// Forgets the deadlines of a command.
    func withdraw(_ entry: inout Entry) {
        entry.deadline.map(loop.withdraw)
        entry.grace.map(loop.withdraw)
        entry.deadline = nil
        entry.grace = nil
    }

    private func watch(_ wanted: Interest) {
        guard wanted != interest, let server else { return }
        interest = wanted
        loop.change(server.socket, wanted, token: token)
    }

    private func deliverNotifications(_ server: ServerHandle) {
        while let (channel, payload, pid) = server.nextNotification() {
            for subscription in subscriptions where subscription.channels.contains(channel) {
                subscription.append(.notification(channel: channel, payload: payload, pid: pid))
            }
        }
    }
}

extension PostgresError {
    /// The calling task was cancelled.
    static let cancelled = PostgresError(.cancelled, "the task was cancelled")
    /// The deadline of the command has passed.
    static let timedOut = PostgresError(.timedOut, "the command did not finish in time")
    /// The connection was closed by us.
    static let closed = PostgresError(.closed, "the connection is closed")

    /// This last word of the server as the reason of a lost connection.
    func asLostConnection(or fallback: PostgresError) -> PostgresError {
        guard severity == "FATAL" || severity == "PANIC" else { return fallback }
        var error = self
        error.code = .connectionLost
        return error
    }
}
