/// What the connection that listens is asked beside listening: it prolongs the lease whatever the batch under way takes,
/// finds out that it is half-open itself, and that the working connection is.
struct WatchMachine: Sendable {
    enum Finding: Sendable, Equatable {
        case nothing
        /// The lease is another's.
        case lost
        /// Prolonged.
        case renewed
        /// The server and the working connection wait for each other.
        case stalled
    }

    private let configuration: DaemonConfiguration
    private var isOn = false
    private var nextAt = Duration.zero
    private var asked: (call: WatchCall, at: Duration)?
    private var stall: (command: UInt64, since: Duration)?

    init(_ configuration: DaemonConfiguration) { self.configuration = configuration }

    /// The session has its connections.
    mutating func start(at now: Duration) {
        isOn = true
        nextAt = now
        asked = nil
        stall = nil
    }

    mutating func stop() {
        isOn = false
        asked = nil
    }

    /// When ``due(_:_:at:)`` or ``isOverdue(at:)`` should be asked next.
    var alarm: Duration? {
        guard isOn else { return nil }
        return asked.map { $0.at + configuration.heartbeatTimeout } ?? nextAt
    }

    /// No answer came in time.
    func isOverdue(at now: Duration) -> Bool {
        asked.map { now - $0.at >= configuration.heartbeatTimeout } ?? false
    }

    /// The next question, when it is time for one.
    mutating func due(_ epoch: Int64?, _ mode: WakeMode, at now: Duration) -> WatchCall? {
        guard isOn, asked == nil, now >= nextAt else { return nil }
        let call = WatchCall(epoch: epoch, mode: mode)
        asked = (call, now)
        return call
    }

    /// A new lease is prolonged in its time, and what the leader's mode has become is told at once.
    mutating func hurry(at now: Duration) { nextAt = min(nextAt, now) }

    mutating func answered(_ reply: WatchReply, epoch: Int64?, at now: Duration) -> Finding {
        guard isOn, let question = asked.take() else { return .nothing }
        nextAt = now + min(configuration.leaseDuration / 4, configuration.heartbeatInterval)
        if let command = reply.stalledCommand {
            if stall?.command != command { stall = (command, now) }
            // Seen twice and long apart, with the same command: no answer is on its way.
            if let stall, now - stall.since >= configuration.stallTimeout { return .stalled }
        } else {
            stall = nil
        }
        guard let isOurs = reply.isOurs, question.call.epoch == epoch else { return .nothing }
        return isOurs ? .renewed : .lost
    }
}
