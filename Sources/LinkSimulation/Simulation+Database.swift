import LinkService

extension Simulation {
    /// A call reaches the server, and its answer sets out.
    func perform(_ call: ServiceCall, _ daemon: SimDaemon, process: Int, session: Int) throws(Violation) {
        let isCurrent = daemon.isUp && daemon.process == process && daemon.session == session
        switch call {
        case .open: if isCurrent { opened(daemon) }
        case .listen: if isCurrent { listened(daemon) }
        case .batch: if isCurrent, server == .up { takeSnapshot(daemon, attempts: 0) }
        default:
            // Bytes of a connection that was closed meanwhile are carried out, or not.
            guard server == .up, isCurrent || random.percent(50) else { return }
            let reply = try effect(of: call, daemon, holder: process * 16 + daemon.number + 1)
            if isCurrent { answer(reply, daemon) }
        }
    }

    /// The answer of the call under way, unless nothing comes through any more.
    func answer(_ reply: ServiceReply, _ daemon: SimDaemon) {
        guard daemon.work != .halfOpen else { return }
        deliver(.answered(reply), to: daemon, at: now + delay())
    }

    private func opened(_ daemon: SimDaemon) {
        switch server {
        case .down: deliver(.answered(.failed(Self.lost)), to: daemon, at: now + delay())
        case .standby:
            deliver(.answered(.failed(ServiceFailure(.standby, LostConnection()))), to: daemon, at: now + delay())
        case .up:
            daemon.work = .open
            answer(.opened, daemon)
        }
    }

    private func listened(_ daemon: SimDaemon) {
        guard server == .up, daemon.work != .closed else {
            return deliver(.answered(.failed(Self.lost)), to: daemon, at: now + delay())
        }
        daemon.listen = .open
        if plan.flaws.contains(.lateListen) {
            queue.add(
                .daemon(daemon.number, process: daemon.process, session: daemon.session, .rang),
                at: now + 30_000_000)
        } else {
            daemon.isListening = true
            deliver(.rang, to: daemon, at: now + delay())
        }
        answer(.listening(true), daemon)
    }

    /// What a single statement does, in one instant.
    private func effect(of call: ServiceCall, _ daemon: SimDaemon, holder: Int) throws(Violation) -> ServiceReply {
        let isOurs: (Int64) -> Bool = { [database] in
            database.lease.holder == holder && database.lease.epoch == $0
        }
        switch call {
        case .acquire: return try acquire(daemon, holder)
        case .renew(let epoch, let mode): return .renewed(renew(epoch, mode, holder))
        case .release(let epoch):
            if isOurs(epoch), !plan.flaws.contains(.keptLease) {
                database.lease.expiresAt = .min
                ring()
            }
            return .released
        case .probe:
            let isNew = database.isNew(since: daemon.position)
            // The broken order: only now it is armed.
            if armsLate.remove(daemon.number) != nil { queue.add(.armLate, at: now + within(20_000)) }
            return .isNew(isNew)
        case .arm(let epoch):
            if isOurs(epoch) { bellUnwanted = false }
            if plan.flaws.contains(.lookBeforeArming) {
                armsLate.insert(daemon.number)
            } else if isOurs(epoch) || plan.flaws.contains(.unfencedBell) {
                database.bell = true
            }
            let writers = plan.flaws.contains(.writersIgnored) ? [] : logWriters()
            return .armed(writers, queueUsage: database.queueUsage)
        case .writers: return .writers(logWriters())
        case .disarm(let epoch):
            let counts = isOurs(epoch)
            if counts || plan.flaws.contains(.unfencedBell), !plan.flaws.contains(.skippedDisarm) {
                database.bell = false
            }
            if counts { bellUnwanted = true }
            return .disarmed
        case .keepHouse:
            retryDeadLetters()
            let hasPrepared = database.writing.values.contains(true) && !plan.flaws.contains(.preparedUnseen)
            return .houseKept(HouseFacts(hasPrepared: hasPrepared, queueUsage: database.queueUsage))
        case .sweep: return .swept(isWhole: !database.isNew(since: daemon.position) || random.percent(50))
        case .open, .listen, .batch: return .failed(Self.lost)
        }
    }

    private func logWriters() -> Set<LogWriter> {
        Set(
            database.writing.map {
                LogWriter(id: "\($0.key)", isPrepared: $0.value && !plan.flaws.contains(.preparedUnseen))
            })
    }

    private func acquire(_ daemon: SimDaemon, _ holder: Int) throws(Violation) -> ServiceReply {
        let clock = plan.flaws.contains(.leaseByLocalClock) ? now + daemon.clockAhead : now
        let lease = database.lease
        guard lease.expiresAt < clock || lease.holder == holder || !isAlive(lease) else {
            return .lease(nil, twoPhaseAgo: nil)
        }
        if lease.holder != holder, lease.expiresAt >= now, isAlive(lease) {
            throw checker.fail("a lease in force was taken", "from \(lease.holder) by \(holder)")
        }
        database.lease.holder = holder
        database.lease.session = daemon.session
        database.lease.epoch += 1
        database.lease.expiresAt = now + plan.configuration.leaseDuration.microseconds
        hinder()
        return .lease(
            database.lease.epoch, twoPhaseAgo: lease.twoPhaseAt.map { .microseconds(now - $0) })
    }

    /// Whether the server still has the session that the lease's holder works in.
    private func isAlive(_ lease: SimLease) -> Bool {
        daemons.contains {
            $0.isUp && $0.holder == lease.holder && $0.session == lease.session && $0.work != .closed
        }
    }

    private func renew(_ epoch: Int64, _ mode: WakeMode, _ holder: Int) -> Bool {
        let lease = database.lease
        guard lease.holder == holder, lease.epoch == epoch, lease.expiresAt > .min else { return false }
        database.lease.expiresAt = now + plan.configuration.leaseDuration.microseconds
        if mode == .polling(.twoPhase) { database.lease.twoPhaseAt = now }
        return true
    }

    /// The heartbeat.
    func answer(_ call: WatchCall, _ daemon: SimDaemon, process: Int, session: Int) throws(Violation) {
        guard daemon.isUp, daemon.process == process, daemon.session == session, server == .up else { return }
        guard daemon.listen == .open else { return }
        var reply = WatchReply()
        if let epoch = call.epoch { reply.isOurs = renew(epoch, call.mode, daemon.holder) }
        if daemon.work == .halfOpen, daemon.call != nil { reply.stalledCommand = daemon.calls }
        deliver(.watched(reply), to: daemon, at: now + delay())
    }

    /// NOTIFY, at commit: to whoever listens.
    func ring() {
        for daemon in daemons where daemon.isUp && daemon.isListening {
            if daemon.listen != .open || random.chance(plan.lossRate) && !isEnding {
                if daemon.machine.epoch != nil { checker.lose(at: now) }
                continue
            }
            deliver(.rang, to: daemon, at: now + delay())
        }
    }
}
