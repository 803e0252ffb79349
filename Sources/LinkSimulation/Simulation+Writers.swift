import LinkService

extension Simulation {
    /// The next step of a writer: begin, write, look at the bell, perhaps more, commit or roll back.
    func advance(writer number: Int) throws(Violation) {
        var writer = writers[number]
        defer { writers[number] = writer }
        guard server == .up else { return again(number, &writer, after: 1_000_000) }
        switch writer.step {
        case .resting:
            guard !isEnding else { return }
            writer = SimWriter()
            writer.step = .begun
            writer.isRepeatableRead = random.percent(30)
            writer.bellSeen = database.bell
            writer.rowsLeft = 1 + random.below(3)
            writer.willPrepare = random.chance(plan.preparedRate)
            queue.add(.writer(number), at: now + hold())
        case .begun, .rung:
            // Who has written already writes again, or commits.
            if writer.rowsLeft == 0 { return try finish(number, &writer) }
            let xid = writer.xid ?? database.begin()
            writer.xid = xid
            if !writer.isRepeatableRead { writer.bellSeen = database.bell }
            let kind: LogRow.Kind =
                random.chance(plan.poisonRate) ? .poison : random.chance(plan.endingRate) ? .ending : .plain
            let row = database.write(xid, kind)
            if kind == .poison, !isEnding { row.waitsUntil = now + within(400_000_000) }
            writer.rowsLeft -= 1
            writer.step = .written
            // Between the row and the look at the bell the writer may stand still.
            queue.add(.writer(number), at: now + (random.percent(10) ? within(2_000_000) : within(300)))
        case .written:
            let isArmed = plan.flaws.contains(.bellInTable) ? writer.bellSeen : database.bell
            if isArmed { writer.rings = true }
            if database.bell, bellUnwanted {
                throw checker.fail("writers ring a daemon that is awake", "the bell is armed after it was disarmed")
            }
            writer.step = .rung
            queue.add(.writer(number), at: now + hold())
        case .prepared:
            guard let xid = writer.xid else { return }
            try checkPreparedWereSeen(writer.preparedAt)
            rest(number, &writer)
            checker.note(database.commit(xid, at: now))
            countCommit()
        }
    }

    private func hold() -> Int64 {
        random.percent(90) ? within(5_000) : within(random.percent(50) ? 1_000_000 : 20_000_000)
    }

    private func finish(_ number: Int, _ writer: inout SimWriter) throws(Violation) {
        guard let xid = writer.xid else { return rest(number, &writer) }
        let rings = writer.rings
        if writer.willPrepare {
            if rings {
                // PostgreSQL refuses, and the writer's work is lost.
                database.abort(xid)
                rest(number, &writer)
                return try refused()
            }
            database.prepare(xid)
            writer.step = .prepared
            writer.preparedAt = now
            return queue.add(.writer(number), at: now + within(random.percent(50) ? 50_000 : 60_000_000))
        }
        rest(number, &writer)
        if random.percent(10) { return database.abort(xid) }
        checker.note(database.commit(xid, at: now))
        countCommit()
        if rings { ring() }
    }

    /// PostgreSQL prepares no transaction that has rung: the first ones are lost, not those after.
    private func refused() throws(Violation) {
        preparesRefused += 1
        guard let since = leader?.pollsForTwoPhaseSince, now - since > 120_000_000,
            !checker.wasHindered(since: since)
        else { return }
        throw checker.fail("a writer cannot prepare", "though the daemon polls since \(since), now \(now)")
    }

    private func checkPreparedWereSeen(_ preparedAt: Int64) throws(Violation) {
        guard now - preparedAt > 15_000_000, let leader, !checker.wasHindered(since: preparedAt - 1_000_000),
            leader.pollsForTwoPhaseSince == nil
        else { return }
        throw checker.fail("prepared transactions are not seen", "one since \(preparedAt), now \(now)")
    }

    private var leader: SimDaemon? {
        daemons.first { $0.isUp && $0.holder == database.lease.holder && $0.machine.epoch == database.lease.epoch }
    }

    private func rest(_ number: Int, _ writer: inout SimWriter) {
        writer = SimWriter()
        again(number, &writer, after: within(plan.writerRest))
    }

    private func again(_ number: Int, _ writer: inout SimWriter, after time: Int64) {
        queue.add(.writer(number), at: now + time)
    }

    private func countCommit() {
        for number in daemons.indices { commitsInSecond[number] += 1 }
    }
}
