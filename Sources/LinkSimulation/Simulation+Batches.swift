import LinkService

extension Simulation {
    /// BEGIN, the snapshot, the cursor, the lease, what is new: one instant.
    func takeSnapshot(
        _ daemon: SimDaemon, attempts: Int, failures: Int = 0, aside: [LogRow] = [], after pause: Int64 = 0
    ) {
        let cursor = database.cursor
        let isFenced = !plan.flaws.contains(.noFence)
        guard let epoch = daemon.machine.epoch else { return }
        if isFenced, database.lease.epoch != epoch {
            return answer(.failed(ServiceFailure(.lostLease, LostConnection())), daemon)
        }
        let rows = database.new(since: cursor)
        guard !rows.isEmpty || !database.released.isEmpty else {
            daemon.position = cursor
            return answer(.idle, daemon)
        }
        var batch = BatchUnderWay(
            process: daemon.process, session: daemon.session,
            next: SimBatch(
                id: cursor.id + 1, epoch: epoch, snapshot: database.snapshot,
                lastSequence: rows.map(\.sequence).max() ?? cursor.lastSequence),
            rows: rows)
        batch.attempts = attempts
        batch.failures = failures
        batch.aside = aside
        batch.held = held(of: rows)
        batch.released = Array(database.released.prefix(4))
        var time = pause + 200 + within(random.percent(10) ? 50_000 : 5_000)
        if longBatches > 0, !isEnding {
            longBatches -= 1
            time = within(3 * plan.configuration.leaseDuration.microseconds)
            hinder(for: time)
        }
        if plan.flaws.contains(.cursorBeforeEffects) { database.append(batch.next) }
        queue.add(.write(daemon.number, batch), at: now + time)
    }

    private func isAlive(_ batch: BatchUnderWay, _ daemon: SimDaemon) -> Bool {
        // A half-open connection's server goes on with what it has.
        daemon.isUp && daemon.process == batch.process && daemon.session == batch.session && daemon.work != .closed
            && server == .up
    }

    /// The batch's row is inserted: its number is the fence.
    func write(_ batch: BatchUnderWay, _ daemon: SimDaemon) throws(Violation) {
        var batch = batch
        guard isAlive(batch, daemon) else { return }
        if daemon.stalledUntil > now {
            // The statements in between are the daemon's.
            return queue.add(.write(daemon.number, batch), at: daemon.stalledUntil + delay())
        }
        let isFenced = !plan.flaws.contains(.noFence) && !plan.flaws.contains(.cursorBeforeEffects)
        if isFenced, let other = database.writtenBatch, other.id == batch.next.id {
            // Waits for the other transaction.
            return queue.add(.write(daemon.number, batch), at: now + 1_000)
        }
        if isFenced, database.cursor.id >= batch.next.id { return retry(batch, daemon) }
        if serializationFailures > 0, !isEnding {
            serializationFailures -= 1
            return retry(batch, daemon)
        }
        if batch.rows.contains(where: { isPoison($0, batch) }) { return failed(batch, daemon) }
        let xid = database.begin()
        batch.xid = xid
        database.writtenBatch = (batch.next.id, xid)
        queue.add(.commit(daemon.number, batch), at: now + delay())
    }

    /// 23505, 40001: a new snapshot, at once at first.
    private func retry(_ batch: BatchUnderWay, _ daemon: SimDaemon) {
        guard batch.attempts < 20 else {
            return answer(.failed(ServiceFailure(.server, LostConnection())), daemon)
        }
        takeSnapshot(daemon, attempts: batch.attempts + 1, failures: batch.failures, aside: batch.aside)
    }

    /// COMMIT, if it has got to the server before the connection was lost.
    func commit(_ batch: BatchUnderWay, _ daemon: SimDaemon) throws(Violation) {
        guard let xid = batch.xid, database.running.contains(xid) else { return }
        guard isAlive(batch, daemon) || server == .up && random.percent(50) else { return database.abort(xid) }
        _ = database.commit(xid, at: now)
        let effects = takeEffect(batch)
        if plan.flaws.contains(.cursorBeforeEffects) {
            try checker.applied(effects, batch.next, after: SimBatch.before(batch.next), at: now)
        } else {
            try checker.applied(effects, batch.next, after: database.cursor, at: now)
            database.append(batch.next)
        }
        guard isAlive(batch, daemon) else { return }
        daemon.position = batch.next
        answer(
            .done(changes: batch.rows.count + batch.released.count, isBusy: !database.released.isEmpty), daemon)
    }
}

extension SimBatch {
    /// For the broken variant, which has moved its cursor already.
    fileprivate static func before(_ batch: SimBatch) -> SimBatch {
        SimBatch(id: batch.id - 1, epoch: 0, snapshot: batch.snapshot, lastSequence: 0)
    }
}
