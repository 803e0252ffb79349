/// One sleep of a leader that found nothing new, with the doorbell (engine point 7): (a) linger, (b) arm, (c) who is
/// writing, (d) only then look, (e) outlast those writers, (f) sleep, (g) disarm before anything else.
///
/// lingering → arming → looking → (outlasting →) asleep → disarming → over; without the bell: lingering → dozing → over.
struct DoorbellMachine: Sendable {
    enum Action: Sendable, Equatable {
        case call(ServiceCall)
        case sleep(until: Duration)
        /// Somebody should look at the log.
        case over
    }

    private enum Step: Sendable {
        case lingering, dozing
        case arming, looking
        case outlasting(wait: Duration), asking(wait: Duration), lookingAgain(wait: Duration)
        case asleep, disarming
    }

    private static let probeInterval = Duration.milliseconds(2)
    private static let pollingInterval = Duration.milliseconds(50)
    private static let longestWait = Duration.milliseconds(250)

    let epoch: Int64
    let isPolling: Bool
    private let lingerEnd: Duration
    private let end: Duration
    private var step = Step.lingering
    private var writers: Set<LogWriter> = []

    /// Whether only a ring or time ends the sleep.
    var isAsleep: Bool { if case .asleep = step { true } else { false } }

    /// Begins with ``begin(at:)``.
    ///
    /// - Parameter limit: the longest sleep.
    init(epoch: Int64, isPolling: Bool, linger: Duration, limit: Duration, now: Duration) {
        self.epoch = epoch
        self.isPolling = isPolling
        lingerEnd = now + linger
        end = now + linger + limit
    }

    /// (a) Steady traffic never rings.
    mutating func begin(at now: Duration) -> Action {
        now < lingerEnd ? .sleep(until: now + Self.probeInterval) : lingered(now)
    }

    /// The sleep is over: by time, or because somebody rang or the daemon is to stop.
    mutating func woke(isRung: Bool, at now: Duration) -> Action {
        switch step {
        case .lingering, .dozing: return isRung ? .over : .call(.probe)
        case .outlasting: return isRung ? disarm() : .call(.probe)
        case .asleep: return disarm()
        case .arming, .looking, .asking, .lookingAgain, .disarming: return .over
        }
    }

    /// - Parameter isStopping: nothing more is waited for.
    mutating func answered(_ reply: ServiceReply, isStopping: Bool, at now: Duration) -> Action {
        switch (step, reply) {
        case (.lingering, .isNew(let isNew)):
            if isNew || isStopping { return .over }
            return now < lingerEnd ? .sleep(until: now + Self.probeInterval) : lingered(now)
        case (.dozing, .isNew(let isNew)):
            return isNew || isStopping || now >= end ? .over : .sleep(until: now + Self.pollingInterval)
        case (.arming, .armed(let writers, _)):
            // (d) Those who wrote before the bell was armed and are over by now are seen by this look.
            self.writers = writers
            step = .looking
            return .call(.probe)
        case (.looking, .isNew(let isNew)):
            return isNew || isStopping ? disarm() : outlast(.milliseconds(1), now)
        case (.outlasting(let wait), .isNew(let isNew)):
            if isNew || isStopping { return disarm() }
            step = .asking(wait: wait)
            return .call(.writers)
        case (.asking(let wait), .writers(let living)):
            writers.formIntersection(living)
            // Whoever ended since the look before may have committed without a ring.
            step = .lookingAgain(wait: wait)
            return .call(.probe)
        case (.lookingAgain(let wait), .isNew(let isNew)):
            return isNew || isStopping ? disarm() : outlast(min(wait * 2, Self.longestWait), now)
        default: return .over
        }
    }

    /// The bell will not do for now: a sleep that has armed it goes back over (g).
    mutating func giveUp() -> Action { disarm() }

    private mutating func lingered(_ now: Duration) -> Action {
        if isPolling {
            step = .dozing
            return .sleep(until: now + Self.pollingInterval)
        }
        step = .arming
        return .call(.arm(epoch: epoch))
    }

    /// (e) Probes at growing intervals while any of those writers lives: it may commit without ringing.
    ///
    /// (f) Everybody who writes from now on sees the bell armed.
    private mutating func outlast(_ wait: Duration, _ now: Duration) -> Action {
        guard now < end else { return disarm() }
        guard !writers.isEmpty else {
            step = .asleep
            return .sleep(until: end)
        }
        step = .outlasting(wait: wait)
        return .sleep(until: min(now + wait, end))
    }

    /// (g) Before anything else.
    private mutating func disarm() -> Action {
        step = .disarming
        return .call(.disarm(epoch: epoch))
    }
}
