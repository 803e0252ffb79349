/// The daemon's decisions as a value: what happened goes in, what is to be done comes out (engine points 7, 16, 17).
///
/// It knows no clock, no database and no task: times are durations since the driver's start, and chance is given.
/// The simulation runs exactly this.
///
/// new → opening → listening → acquiring ⇄ standingBy, acquiring → leading → releasing → ended;
/// whatever goes wrong: → closing → pausing → opening.
package struct ServiceMachine {
    enum Phase {
        case new
        case opening, listening, acquiring
        case standingBy(until: Duration)
        case leading(LeaderMachine)
        case releasing
        /// The connections are given up; the call under way is waited for.
        case closing(until: Duration)
        case pausing(until: Duration)
        case ended
    }

    let configuration: DaemonConfiguration
    /// From 0 to below 1.
    private let chance: () -> Double
    var phase = Phase.new
    var watch: WatchMachine
    private var backoff = Backoff()
    /// Whether a call is under way, and when it is over at the latest.
    private(set) var isCalling = false
    private var callDeadline: Duration?
    /// When the loop wants to be woken from its sleep.
    private var sleepEnd: Duration?
    /// Somebody rang, and nobody has looked since.
    private var isRung = false
    private(set) var isStopping = false
    /// Whoever begins anew has the lease from this one: nothing is given up.
    private var keepsLease = false
    /// How this session learns of changes, as far as the connection allows.
    private(set) var mode: WakeMode
    private var saidMode: WakeMode?
    private var readyAt: Duration?
    private(set) var hasSaidStandingBy = false
    private(set) var hasSaidWaiting = false
    private var now = Duration.zero
    private var actions: [ServiceAction] = []

    /// - Parameter chance: gives numbers from 0 to below 1, for jitter.
    package init(_ configuration: DaemonConfiguration, chance: @escaping () -> Double) {
        self.configuration = configuration
        self.chance = chance
        watch = WatchMachine(configuration)
        mode = configuration.usesDoorbell ? .doorbell : .polling(.asked)
    }

    /// When ``ServiceEvent/alarm`` is wanted at the latest.
    package var alarm: Duration? {
        var alarm = sleepEnd
        for time in [callDeadline, watch.alarm] {
            if let time { alarm = alarm.map { min($0, time) } ?? time }
        }
        return alarm
    }

    /// Takes an event in.
    ///
    /// - Parameter time: since the driver's start; a clock that goes back stands still.
    package mutating func handle(_ event: ServiceEvent, at time: Duration) -> [ServiceAction] {
        now = max(now, time)
        switch event {
        case .started: if case .new = phase { open() }
        case .answered(let reply): answered(reply)
        case .watched(let reply): watched(reply)
        case .listenerLost(let failure): if hasSession { fail(failure) }
        case .rang:
            isRung = true
            if case .leading(var leader) = phase {
                leader.rang()
                phase = .leading(leader)
            }
            if sleepEnd != nil { woke() }
        case .stop:
            keepsLease = false
            stop()
        case .handOver:
            keepsLease = !isStopping
            stop()
        case .alarm: break
        }
        beat()
        defer { actions = [] }
        return actions
    }

    /// The epoch under which this daemon leads.
    package var epoch: Int64? { if case .leading(let leader) = phase { leader.epoch } else { nil } }
    /// Whether it has ended.
    package var isOver: Bool { if case .ended = phase { true } else { false } }

    // MARK: What time brings

    private mutating func beat() {
        if isOver { return }
        if let callDeadline, now >= callDeadline {
            fail(ServiceFailure(.connection, Overdue(what: "the database did not answer in time")))
        } else if watch.isOverdue(at: now) {
            fail(ServiceFailure(.connection, Overdue(what: "the connection that listens did not answer in time")))
        }
        if let sleepEnd, now >= sleepEnd { woke() }
        if let question = watch.due(epoch, currentMode, at: now) { actions.append(.watch(question)) }
    }

    private var currentMode: WakeMode { if case .leading(let leader) = phase { leader.mode } else { mode } }

    private var hasSession: Bool {
        switch phase {
        case .listening, .acquiring, .standingBy, .leading, .releasing: true
        case .new, .opening, .closing, .pausing, .ended: false
        }
    }

    private mutating func sleep(until time: Duration) {
        sleepEnd = time
        // A ring that came while something else was done.
        if isRung { woke() }
    }

    private mutating func woke() {
        sleepEnd = nil
        let wasRung = isRung || isStopping
        switch phase {
        case .standingBy:
            isRung = false
            acquire()
        case .leading(var leader):
            isRung = false
            follow(leader.woke(isRung: wasRung, at: now), leader)
        case .pausing: open()
        case .new, .opening, .listening, .acquiring, .releasing, .closing, .ended: break
        }
    }

    // MARK: Sessions

    private mutating func call(_ call: ServiceCall, within limit: Duration? = nil) {
        isCalling = true
        callDeadline = limit.map { now + $0 }
        actions.append(.call(call))
    }

    private mutating func open() {
        phase = .opening
        call(.open, within: configuration.sessionTimeout)
    }

    private mutating func acquire() {
        phase = .acquiring
        call(.acquire(mode))
    }

    private mutating func answered(_ reply: ServiceReply) {
        isCalling = false
        callDeadline = nil
        if case .closing(let until) = phase { return pause(until: until) }
        if case .failed(let failure) = reply { return failed(failure) }
        switch phase {
        case .opening:
            hasSaidWaiting = false
            phase = .listening
            call(.listen, within: configuration.sessionTimeout)
        case .listening:
            guard case .listening(let isDelivering) = reply else { return }
            mode =
                configuration.usesDoorbell
                ? (isDelivering ? .doorbell : .polling(.noNotifications)) : .polling(.asked)
            readyAt = now
            actions.append(.say(.ready(mode)))
            saidMode = mode
            watch.start(at: now)
            acquire()
        case .acquiring:
            guard case .lease(let epoch, let twoPhaseAgo) = reply else { return }
            leased(epoch, twoPhaseAgo)
        case .leading(var leader): follow(leader.answered(reply, at: now), leader)
        case .releasing:
            actions.append(.say(.released))
            end(nil)
        case .new, .standingBy, .closing, .pausing, .ended: break
        }
    }

    private mutating func leased(_ epoch: Int64?, _ twoPhaseAgo: Duration?) {
        if let epoch {
            hasSaidStandingBy = false
            actions.append(.say(.leading(epoch: epoch)))
            var leader = LeaderMachine(
                epoch: epoch, mode: mode, twoPhaseAgo: twoPhaseAgo, configuration: configuration, now: now)
            leader.isStopping = isStopping
            watch.hurry(at: now)
            follow(leader.begin(), leader)
        } else if isStopping {
            end(nil)
        } else {
            if !hasSaidStandingBy { actions.append(.say(.standingBy)) }
            hasSaidStandingBy = true
            // A killed leader's session is gone long before its lease has run out.
            let until = now + min(configuration.leaseDuration / 4, .seconds(1))
            phase = .standingBy(until: until)
            sleep(until: until)
        }
    }

    private mutating func follow(_ action: LeaderMachine.Action, _ leader: LeaderMachine) {
        var leader = leader
        if let counting = leader.takeCounting() { actions.append(counting) }
        if leader.takeMissed() { actions.append(.say(.missedWakeup)) }
        phase = .leading(leader)
        if leader.mode != saidMode {
            saidMode = leader.mode
            actions.append(.say(.mode(leader.mode)))
            watch.hurry(at: now)
        }
        switch action {
        case .call(let next): call(next)
        case .sleep(let until): sleep(until: until)
        case .stop where keepsLease: end(nil)
        case .stop:
            phase = .releasing
            call(.release(epoch: leader.epoch), within: configuration.sessionTimeout)
        case .lost:
            actions.append(.say(.lostLease))
            isStopping ? end(nil) : acquire()
        }
    }

    private mutating func watched(_ reply: WatchReply?) {
        guard hasSession else { return }
        guard let reply else {
            return fail(ServiceFailure(.connection, Overdue(what: "the connection that listens failed")))
        }
        switch watch.answered(reply, epoch: epoch, at: now) {
        case .nothing: break
        case .stalled:
            fail(ServiceFailure(.connection, Overdue(what: "the server's answer to a command does not arrive")))
        case .renewed: change { $0.renewedAt = $1 }
        case .lost:
            change { leader, _ in leader.isLost = true }
            if sleepEnd != nil { woke() }
        }
    }

    private mutating func change(_ body: (inout LeaderMachine, Duration) -> Void) {
        guard case .leading(var leader) = phase else { return }
        body(&leader, now)
        phase = .leading(leader)
    }

    private mutating func stop() {
        isStopping = true
        switch phase {
        case .acquiring, .releasing, .ended: break
        case .leading:
            change { leader, _ in leader.isStopping = true }
            if sleepEnd != nil { woke() }
        case .new, .opening, .listening, .standingBy, .closing, .pausing: end(nil)
        }
    }

    // MARK: Failures

    private mutating func failed(_ failure: ServiceFailure) {
        switch failure.kind {
        case .fatal: end(failure)
        case .lostLease:
            actions.append(.say(.lostLease))
            isStopping ? end(nil) : acquire()
        case .standby:
            if !hasSaidWaiting { actions.append(.say(.waitingForPrimary(failure))) }
            hasSaidWaiting = true
            if isStopping { return end(nil) }
            // The connection is kept, and asked again.
            pause(until: now + .seconds(1))
        case .connection, .server: fail(failure)
        }
    }

    /// The session is over; the next one begins after a pause.
    private mutating func fail(_ failure: ServiceFailure) {
        actions.append(.say(.failed(failure)))
        if isStopping { return end(nil) }
        actions.append(.abandon)
        watch.stop()
        callDeadline = nil
        sleepEnd = nil
        // What was lost after it had worked for a while is asked for at once.
        if let readyAt, now - readyAt >= .seconds(10) { backoff.reset() }
        readyAt = nil
        let until = now + backoff.pause(chance())
        if isCalling { phase = .closing(until: until) } else { pause(until: until) }
    }

    private mutating func pause(until: Duration) {
        // What was opened meanwhile is given up too.
        if case .closing = phase { actions.append(.abandon) }
        phase = .pausing(until: until)
        isRung = false
        sleepEnd = until
    }

    private mutating func end(_ failure: ServiceFailure?) {
        watch.stop()
        callDeadline = nil
        sleepEnd = nil
        phase = .ended
        if failure != nil || !keepsLease { actions.append(.abandon) }
        if failure == nil, !keepsLease { actions.append(.say(.stopped)) }
        actions.append(.end(failure))
    }
}

/// No answer came in time.
package struct Overdue: Error, CustomStringConvertible {
    let what: String
    package var description: String { what }
}
