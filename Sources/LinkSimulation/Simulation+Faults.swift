import LinkService

extension Simulation {
    /// Something goes wrong now.
    func fault() {
        guard !isEnding else { return }
        queue.add(.fault, at: now + within(Int64(2_000_000 / plan.faultRate)))
        guard let kind = plan.faults.isEmpty ? nil : plan.faults[random.below(plan.faults.count)] else { return }
        let daemon = daemons[random.below(daemons.count)]
        let isLeader = daemon.machine.epoch != nil
        lastFaultAt = now
        say("fault: \(kind), daemon \(daemon.number)")
        switch kind {
        case .lostWork: loseWork(daemon)
        case .lostListener: loseListener(daemon)
        case .lostBoth:
            loseWork(daemon)
            loseListener(daemon)
        case .halfOpenWork:
            guard daemon.isUp, daemon.work == .open else { return }
            daemon.work = .halfOpen
        case .halfOpenListener:
            guard daemon.isUp, daemon.listen == .open else { return }
            daemon.listen = .halfOpen
            daemon.halfOpenSince = now
        case .crash: if daemon.isUp { kill(daemon) }
        case .stop: if daemon.isUp, daemon.stopAskedAt == nil { stop(daemon) }
        case .stall:
            guard daemon.isUp else { return }
            daemon.stalledUntil = now + within(2 * plan.configuration.leaseDuration.microseconds)
            daemon.halfOpenSince = nil
            daemon.stopAskedAt = nil
            daemon.standingBySince = daemon.standingBySince.map { _ in daemon.stalledUntil }
            if isLeader { hinder(for: daemon.stalledUntil - now) }
            return
        case .clockJump: jump(daemon)
        case .restart:
            let standby = random.percent(40)
            become(.down)
            let upAt = now + within(10_000_000)
            if standby { queue.add(.server(.standby), at: upAt) }
            queue.add(.server(.up), at: upAt + (standby ? within(10_000_000) : 0))
        case .longBatch: longBatches += 1
        case .serialization: serializationFailures += 1 + random.below(12)
        case .fullQueue:
            queue.add(.queueUsage(0.3), at: now)
            queue.add(.queueUsage(0), at: now + within(30_000_000))
        }
        if isLeader { hinder() }
    }

    private func loseWork(_ daemon: SimDaemon) {
        guard daemon.isUp, daemon.work != .closed else { return }
        daemon.work = .closed
        // Noticed at once where somebody waits for an answer.
        if daemon.call != nil { deliver(.answered(.failed(Self.lost)), to: daemon, at: now + delay()) }
    }

    private func loseListener(_ daemon: SimDaemon) {
        guard daemon.isUp, daemon.listen != .closed else { return }
        daemon.listen = .closed
        daemon.isListening = false
        deliver(.listenerLost(Self.lost), to: daemon, at: now + delay())
    }

    private func jump(_ daemon: SimDaemon) {
        daemon.clockAhead += within(3_600_000_000)
        daemon.halfOpenSince = nil
        // What it waits for is over, by its clock.
        deliver(.alarm, to: daemon, at: now)
    }

    /// The server goes, comes back, is promoted: nothing that was committed is lost.
    func become(_ state: Server) {
        // Of two restarts that overlap: who has been promoted is a standby no more.
        if state == .standby, server == .up { return }
        server = state
        lastFaultAt = now
        hinder()
        guard state == .down else { return }
        for daemon in daemons where daemon.isUp {
            loseWork(daemon)
            loseListener(daemon)
        }
        for xid in database.running where database.writing[xid] != true { database.abort(xid) }
        for number in writers.indices where writers[number].step != .prepared { writers[number] = SimWriter() }
    }

    /// Whether a half-open listener was given up in time.
    func checkHalfOpen() throws(Violation) {
        for daemon in daemons where daemon.isUp && daemon.stalledUntil < now {
            guard let since = daemon.halfOpenSince, daemon.listen == .halfOpen else { continue }
            if now - since > Checker.halfOpenBound {
                throw checker.fail(
                    "a half-open connection is not noticed", "daemon \(daemon.number), since \(since), now \(now)")
            }
        }
    }
}
