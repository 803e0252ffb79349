/// The work of the daemon that holds the lease: batches while there is work, housekeeping in between, sleep otherwise.
struct LeaderMachine: Sendable {
    enum Action: Sendable {
        case call(ServiceCall)
        case sleep(until: Duration)
        /// Asked to stop: give the lease up.
        case stop
        /// Another daemon leads.
        case lost
    }

    private enum Step: Sendable {
        case waking, renewing, batching
        case keepingHouse(isIdle: Bool, isBusy: Bool), sweeping(isIdle: Bool)
        case bell(DoorbellMachine)
    }

    let epoch: Int64
    var isStopping = false
    /// The connection that listens was told that the lease is another's.
    var isLost = false
    /// When the lease was prolonged last, on either connection.
    var renewedAt: Duration
    private(set) var mode: WakeMode
    /// Whether the log was looked at since the lease was taken.
    private(set) var hasLooked = false
    /// What was counted as due, for the driver to start.
    private(set) var counting: ServiceAction?

    private let configuration: DaemonConfiguration
    /// The mode where nothing stands against it.
    private let wanted: WakeMode
    private var twoPhaseAt: Duration?
    private var step = Step.waking
    private var housekeptAt: Duration?
    private var sweptAt: Duration
    private var snapshotAt: Duration?
    private var headAt: Duration?
    /// Records that bulk ranges took in since the statistics were refreshed.
    private var bulkDone = 0
    private var wasBusy = false
    private var missed = MissedWakeups()

    init(
        epoch: Int64, mode: WakeMode, twoPhaseAgo: Duration?, configuration: DaemonConfiguration, now: Duration
    ) {
        self.epoch = epoch
        self.configuration = configuration
        wanted = mode
        self.mode = mode
        renewedAt = now
        sweptAt = now
        if let twoPhaseAgo { twoPhaseAt = now - twoPhaseAgo }
        decideMode(now)
    }

    /// A leader that was killed in its sleep left the bell armed.
    func begin() -> Action { .call(.disarm(epoch: epoch)) }

    /// The sleep is over.
    mutating func woke(isRung: Bool, at now: Duration) -> Action {
        guard case .bell(var bell) = step else { return pass(now) }
        if bell.isAsleep { missed.woke(isRung: isRung || isStopping || isLost) }
        return follow(bell.woke(isRung: isRung || isStopping || isLost, at: now), bell, now)
    }

    mutating func answered(_ reply: ServiceReply, at now: Duration) -> Action {
        switch (step, reply) {
        case (.waking, _): return pass(now)
        case (.renewing, .renewed(let isOurs)):
            guard isOurs else { return .lost }
            renewedAt = now
            return batch()
        case (.batching, .done(let changes, let isBusy)):
            if wasBusy { bulkDone += changes }
            wasBusy = isBusy
            hasLooked = true
            missed.looked(found: true)
            // A log that is never empty must not keep the house from being kept.
            return keepHouse(isIdle: false, isBusy: isBusy, now)
        case (.batching, .idle):
            hasLooked = true
            missed.looked(found: false)
            return keepHouse(isIdle: true, isBusy: false, now)
        case (.keepingHouse(let isIdle, let isBusy), .houseKept(let facts)):
            if facts.hasPrepared { twoPhaseAt = now }
            isQueueFull = facts.queueUsage > configuration.notifyQueueLimit / (isQueueFull ? 2 : 1)
            decideMode(now)
            return houseKept(isIdle: isIdle, isBusy: isBusy, now)
        case (.sweeping, .swept(isWhole: false)):
            // Something is new; the rest of the page follows it.
            return pass(now)
        case (.sweeping(let isIdle), _):
            sweptAt = now
            return swept(isIdle: isIdle, now)
        case (.bell(var bell), _):
            if case .armed(let writers, let queueUsage) = reply, !isGoodForBell(writers, queueUsage, now) {
                return follow(bell.giveUp(), bell, now)
            }
            return follow(bell.answered(reply, isStopping: isStopping || isLost, at: now), bell, now)
        default: return pass(now)
        }
    }

    /// Takes what is to be counted aside, if anything.
    mutating func takeCounting() -> ServiceAction? { counting.take() }

    /// Somebody rang.
    mutating func rang() { missed.rang() }

    /// Whether a wake-up turned out to have been missed since this was asked before.
    mutating func takeMissed() -> Bool { missed.take() }

    private var isQueueFull = false

    private mutating func pass(_ now: Duration) -> Action {
        if isLost { return .lost }
        if isStopping { return .stop }
        guard now - renewedAt < configuration.leaseDuration / 3 else {
            step = .renewing
            return .call(.renew(epoch: epoch, mode))
        }
        return batch()
    }

    private mutating func batch() -> Action {
        step = .batching
        return .call(.batch)
    }

    /// What is due; comparing and counting wait until nothing large is under way.
    private mutating func keepHouse(isIdle: Bool, isBusy: Bool, _ now: Duration) -> Action {
        if let housekeptAt, now - housekeptAt < configuration.housekeepingInterval {
            return houseKept(isIdle: isIdle, isBusy: isBusy, now)
        }
        housekeptAt = now
        step = .keepingHouse(isIdle: isIdle, isBusy: isBusy)
        return .call(.keepHouse)
    }

    private mutating func houseKept(isIdle: Bool, isBusy: Bool, _ now: Duration) -> Action {
        guard !isBusy else { return pass(now) }
        guard configuration.sweepInterval > .zero, now - sweptAt >= configuration.sweepInterval else {
            return swept(isIdle: isIdle, now)
        }
        step = .sweeping(isIdle: isIdle)
        return .call(.sweep)
    }

    private mutating func swept(isIdle: Bool, _ now: Duration) -> Action {
        countAside(now)
        guard isIdle, !isStopping, !isLost else { return pass(now) }
        // One wake-up does for the lease as well.
        var bell = DoorbellMachine(
            epoch: epoch, isPolling: mode != .doorbell, linger: configuration.linger,
            limit: min(configuration.pollInterval, configuration.leaseDuration / 3), now: now)
        return follow(bell.begin(at: now), bell, now)
    }

    private mutating func follow(_ action: DoorbellMachine.Action, _ bell: DoorbellMachine, _ now: Duration) -> Action {
        step = .bell(bell)
        switch action {
        case .call(let call): return .call(call)
        case .sleep(let until): return .sleep(until: until)
        case .over: return pass(now)
        }
    }

    /// Statistics after bulk work, snapshots of coverage and heads of the audit read much: no change waits for them.
    private mutating func countAside(_ now: Duration) {
        let isBulkOver = bulkDone >= 1_000
        let isSnapshotDue =
            configuration.snapshotInterval > .zero
            && snapshotAt.map { now - $0 >= configuration.snapshotInterval } ?? true
        let isHeadDue =
            configuration.headInterval > .zero && headAt.map { now - $0 >= configuration.headInterval } ?? true
        guard isBulkOver || isSnapshotDue || isHeadDue else { return }
        if isBulkOver { bulkDone = 0 }
        if isSnapshotDue { snapshotAt = now }
        if isHeadDue { headAt = now }
        counting = .count(
            refreshesStatistics: isBulkOver, takesSnapshot: isSnapshotDue, publishesHead: isHeadDue)
    }
}

extension LeaderMachine {
    /// Whether the bell may stay armed: PostgreSQL refuses to PREPARE what rang, and a full queue aborts writers.
    private mutating func isGoodForBell(_ writers: Set<LogWriter>, _ queueUsage: Double, _ now: Duration) -> Bool {
        if writers.contains(where: \.isPrepared) { twoPhaseAt = now }
        if queueUsage > configuration.notifyQueueLimit { isQueueFull = true }
        decideMode(now)
        return mode == .doorbell
    }

    private mutating func decideMode(_ now: Duration) {
        guard wanted == .doorbell else { return }
        if let twoPhaseAt, now - twoPhaseAt < configuration.twoPhaseMemory {
            mode = .polling(.twoPhase)
        } else {
            mode = isQueueFull ? .polling(.queue) : .doorbell
        }
    }
}
