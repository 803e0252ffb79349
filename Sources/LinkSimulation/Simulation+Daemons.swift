import LinkService

extension Simulation {
    func start(_ daemon: SimDaemon) throws(Violation) {
        guard !daemon.isUp else { return }
        daemon.isUp = true
        daemon.process += 1
        daemon.machine = newMachine()
        daemon.clockAhead = 0
        daemon.stopAskedAt = nil
        daemon.failedAt = nil
        daemon.pollsForTwoPhaseSince = nil
        close(daemon)
        try tell(daemon, .started)
    }

    /// kill -9: the server finds out, and rolls back.
    func kill(_ daemon: SimDaemon) {
        if daemon.machine.epoch != nil { hinder() }
        daemon.isUp = false
        daemon.alarmAt = nil
        daemon.standingBySince = nil
        daemon.stalledUntil = 0
        close(daemon)
        queue.add(.start(daemon.number), at: now + within(8_000_000))
    }

    func stop(_ daemon: SimDaemon) {
        if daemon.machine.epoch != nil { hinder() }
        daemon.stopAskedAt = now
        deliver(.stop, to: daemon, at: now)
    }

    /// The leader is, or just was, prevented from working.
    func hinder(for time: Int64 = 0) { checker.hinder(until: now + time) }

    /// Every connection of a daemon is closed, from its side.
    private func close(_ daemon: SimDaemon) {
        daemon.session += 1
        daemon.work = .closed
        daemon.listen = .closed
        daemon.isListening = false
        daemon.halfOpenSince = nil
    }

    func deliver(_ event: ServiceEvent, to daemon: SimDaemon, at time: Int64) {
        queue.add(.daemon(daemon.number, process: daemon.process, session: daemon.session, event), at: time)
    }

    /// The machine takes an event in, and the world does what it says.
    func tell(_ daemon: SimDaemon, _ event: ServiceEvent) throws(Violation) {
        if case .answered = event { daemon.call = nil }
        for action in daemon.machine.handle(event, at: daemon.localTime(now)) {
            if isTracing { say("daemon \(daemon.number): \(action)") }
            switch action {
            case .call(let call): try begin(call, daemon)
            case .watch(let question):
                guard daemon.listen == .open else { continue }
                let watch = Event.watch(
                    daemon.number, process: daemon.process, session: daemon.session, question)
                queue.add(watch, at: now + delay())
            case .abandon: abandon(daemon)
            case .count: break
            case .say(let note): heard(note, daemon)
            case .end: try ended(daemon)
            }
        }
        guard daemon.isUp else { return }
        let alarm = daemon.machine.alarm.map { max(now, $0.microseconds - daemon.clockAhead) }
        if alarm != daemon.alarmAt {
            daemon.alarmAt = alarm
            if let alarm { queue.add(.alarm(daemon.number, at: alarm), at: alarm) }
        }
    }

    private func heard(_ note: ServiceNote, _ daemon: SimDaemon) {
        switch note {
        case .standingBy: daemon.standingBySince = now
        case .leading:
            daemon.standingBySince = nil
            hinder()
        case .mode(let mode): daemon.pollsForTwoPhaseSince = mode == .polling(.twoPhase) ? now : nil
        case .lostLease:
            daemon.standingBySince = nil
            hinder()
        case .failed:
            if daemon.machine.epoch != nil || daemon.holder == database.lease.holder { hinder() }
            daemon.standingBySince = nil
            daemon.pollsForTwoPhaseSince = nil
        case .ready, .released, .waitingForPrimary, .missedWakeup, .stopped: break
        }
    }

    private func begin(_ call: ServiceCall, _ daemon: SimDaemon) throws(Violation) {
        try countCall(daemon)
        daemon.calls += 1
        daemon.call = call
        if case .open = call {
            if let failedAt = daemon.failedAt {
                let pause = now - failedAt
                daemon.pauses.append(pause)
                if daemon.clockAhead == 0, daemon.stalledUntil <= failedAt, pause > Checker.longestPause {
                    throw checker.fail("a pause is too long", "\(pause) µs")
                }
            }
            daemon.failedAt = nil
        } else if case .listen = call {
        } else if daemon.work == .closed {
            // Lost on the way.
            return deliver(.answered(.failed(Self.lost)), to: daemon, at: now + delay())
        } else if daemon.work == .halfOpen, random.percent(50) {
            return
        }
        let effect = Event.effect(daemon.number, process: daemon.process, session: daemon.session, call)
        queue.add(effect, at: now + delay())
    }

    static var lost: ServiceFailure { ServiceFailure(.connection, LostConnection()) }

    /// Both connections are closed by the daemon: the call under way fails, and what is half done is rolled back.
    private func abandon(_ daemon: SimDaemon) {
        let wasCalling = daemon.call != nil
        close(daemon)
        daemon.standingBySince = nil
        if daemon.failedAt == nil { daemon.failedAt = now }
        if wasCalling { deliver(.answered(.failed(Self.lost)), to: daemon, at: now + 100) }
    }

    private func ended(_ daemon: SimDaemon) throws(Violation) {
        daemon.isUp = false
        daemon.alarmAt = nil
        daemon.standingBySince = nil
        close(daemon)
        if let asked = daemon.stopAskedAt, database.lease.holder == daemon.holder,
            database.lease.expiresAt > now, !wasHindered(since: asked)
        {
            throw checker.fail("a daemon that stopped kept the lease", "daemon \(daemon.number)")
        }
        if !isEnding { queue.add(.start(daemon.number), at: now + within(8_000_000)) }
    }

    private func wasHindered(since time: Int64) -> Bool { lastFaultAt >= time }

    /// A daemon with nothing to do does next to nothing.
    private func countCall(_ daemon: SimDaemon) throws(Violation) {
        if now - daemon.secondSince >= 1_000_000 {
            daemon.secondSince = now
            daemon.callsInSecond = 0
            commitsInSecond[daemon.number] = 0
        }
        daemon.callsInSecond += 1
        let limit = 80 + 40 * commitsInSecond[daemon.number]
        if daemon.callsInSecond > limit {
            throw checker.fail(
                "a busy loop", "daemon \(daemon.number): \(daemon.callsInSecond) calls within a second")
        }
    }

    /// A daemon that stands by and could, takes over in time.
    func checkTakeover() throws(Violation) {
        guard database.lease.expiresAt < now, server == .up else { return }
        let bound = plan.configuration.leaseDuration.microseconds / 4 + 2_000_000
        for daemon in daemons {
            guard daemon.isUp, daemon.stopAskedAt == nil, let since = daemon.standingBySince, daemon.work == .open,
                daemon.stalledUntil < now - bound
            else { continue }
            if now - max(since, database.lease.expiresAt, lastFaultAt) > bound {
                throw checker.fail(
                    "nobody took over",
                    "the lease ran out at \(database.lease.expiresAt), daemon \(daemon.number) stood by"
                )
            }
        }
    }

    /// Pauses differ, or several daemons come back in step.
    func checkPauses() throws(Violation) {
        let pauses = daemons.flatMap(\.pauses)
        guard pauses.count >= 20 else { return }
        if Set(pauses.map { $0 / 1_000 }).count < pauses.count / 3 {
            throw checker.fail("pauses without jitter", "\(pauses.prefix(8))")
        }
    }
}

/// What a lost connection says.
struct LostConnection: Error {}
