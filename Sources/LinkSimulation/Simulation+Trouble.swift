import LinkService
import LinkStore

/// Records that a batch fails of, and the breaker: what batches do about them, by the search that the product runs.
extension Simulation {
    /// More ending changes than these in one batch trip the breaker.
    private static let breakerLimit = 2
    /// How long a dead letter waits to be tried again.
    private static let retryInterval: Int64 = 10_000_000

    /// Whether the server refuses the batch for this row.
    func isPoison(_ row: LogRow, _ batch: BatchUnderWay) -> Bool {
        let change = row.original ?? row
        return change.kind == .poison && change.waitsUntil > now && !batch.aside.contains { $0 === row }
    }

    /// Once more as it is; then without what is found to be at fault; then it is the session's failure.
    func failed(_ batch: BatchUnderWay, _ daemon: SimDaemon) {
        switch batch.failures {
        case 0: takeSnapshot(daemon, attempts: batch.attempts, failures: 1)
        case 1 where !plan.flaws.contains(.noBisection):
            var search = PoisonSearch<LogRow, Bool>(batch.rows)
            var trials: Int64 = 0
            while let trial = search.trial {
                search.answer(trial.contains { isPoison($0, batch) } ? true : nil)
                trials += 1
            }
            takeSnapshot(
                daemon, attempts: batch.attempts, failures: 2, aside: search.found.map(\.record), after: trials * 500)
        default: answer(.failed(ServiceFailure(.server, LostConnection())), daemon)
        }
    }

    /// What the breaker holds of what is new.
    func held(of rows: [LogRow]) -> [LogRow] {
        let ending = rows.filter { $0.kind == .ending }
        let isApproved = rows.contains { $0.kind == .approval }
        return database.isHolding && !isApproved || ending.count > Self.breakerLimit ? ending : []
    }

    /// A batch is durable: what it set aside, held and let go is where it belongs.
    ///
    /// - Returns: the changes that took effect.
    func takeEffect(_ batch: BatchUnderWay) -> [LogRow] {
        var effects: [LogRow] = []
        for row in batch.rows {
            row.isPassed = true
            if batch.aside.contains(where: { $0 === row }) {
                keep(row)
            } else if batch.held.contains(where: { $0 === row }) {
                row.waitsUntil = .max
                database.held.append(row)
            } else if let change = row.original {
                // Tried again twice, it takes effect once: the letter is there or is not.
                guard let place = database.deadLetters.firstIndex(where: { $0.row === change }) else { continue }
                database.deadLetters.remove(at: place)
                effects.append(change)
            } else {
                if row.kind == .approval { approve() }
                effects.append(row)
            }
        }
        if !batch.held.isEmpty, !database.isHolding {
            database.isHolding = true
            queue.add(.approve, at: now + within(20_000_000))
        }
        effects += batch.released
        if !plan.flaws.contains(.doubleRelease) || random.percent(50) {
            database.released.removeAll { row in batch.released.contains { $0 === row } }
        }
        for row in effects { row.timesTaken += 1 }
        return effects
    }

    private func keep(_ row: LogRow) {
        guard row.original == nil, !plan.flaws.contains(.lostDeadLetters) else { return }
        database.deadLetters.append((row, now + Self.retryInterval))
    }

    private func approve() {
        database.isHolding = false
        for row in database.held { row.waitsUntil = now }
        database.released += database.held
        database.held = []
    }

    /// A person approves what is held.
    func approveHeld() {
        guard server == .up else { return queue.add(.approve, at: now + 1_000_000) }
        let xid = database.begin()
        _ = database.write(xid, .approval)
        checker.note(database.commit(xid, at: now))
        if database.bell { ring() }
    }

    /// Housekeeping logs dead letters that are due once more.
    func retryDeadLetters() {
        for place in database.deadLetters.indices where database.deadLetters[place].nextTry <= now {
            database.deadLetters[place].nextTry = now + Self.retryInterval
            let xid = database.begin()
            database.write(xid).original = database.deadLetters[place].row
            _ = database.commit(xid, at: now)
        }
    }

    /// The causes of all that fails are gone.
    func cure() {
        for row in database.log + database.deadLetters.map(\.row) where row.kind == .poison { row.waitsUntil = now }
    }
}
