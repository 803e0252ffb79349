import LinkService

/// Something that must never be.
package struct Violation: Error, CustomStringConvertible {
    package let what: String
    package let description: String
}

/// Watches the simulated world from outside: it knows when every change was committed and when it took effect.
struct Checker {
    /// From commit to effect where nothing stands in the way: the bell, the outlasting of writers, a batch or two.
    static let calmBound: Int64 = 1_000_000
    /// How long something that stood in the way may matter: the lease, a half-open connection, the pauses between.
    static let faultBound: Int64 = 120_000_000
    static let halfOpenBound: Int64 = 15_000_000
    static let longestPause: Int64 = 4_600_000

    let plan: Plan
    /// When something last stood in the way of the leader.
    private var hinderedAt: Int64 = 0
    /// When a notification was last lost.
    private var lostAt: Int64 = .min
    /// Committed changes in order of their commits, and how many of them are known to be taken in.
    private var committed: [LogRow] = []
    private var settled = 0
    /// Those that may wait for something of their own: a cause that goes away, a person.
    private var waiting: [LogRow] = []
    private var stepsAtOnce = 0
    private var lastTime: Int64 = -1
    private(set) var changes = 0
    /// Changes in whose way nothing stood, and the longest time from commit to effect of one.
    private(set) var calmChanges = 0
    private(set) var longestCalm: Int64 = 0

    init(plan: Plan) { self.plan = plan }

    mutating func hinder(until time: Int64) { hinderedAt = max(hinderedAt, time) }
    mutating func lose(at time: Int64) { lostAt = max(lostAt, time) }

    /// Whether something stood in the way of the leader at that time or later.
    func wasHindered(since time: Int64) -> Bool { hinderedAt >= time }

    mutating func note(_ rows: [LogRow]) {
        committed += rows.filter { $0.kind == .plain || $0.kind == .approval }
        waiting += rows.filter { $0.kind == .poison || $0.kind == .ending }
    }

    func fail(_ what: String, _ detail: String) -> Violation {
        Violation(what: what, description: "\(what): \(detail)")
    }

    /// A batch is durable: the rows that it took in, and the batch before it.
    mutating func applied(_ rows: [LogRow], _ batch: SimBatch, after: SimBatch, at now: Int64) throws(Violation) {
        for row in rows where row.timesTaken > 1 {
            throw fail("a change took effect twice", "xid \(row.xid), batch \(batch.id)")
        }
        guard batch.id == after.id + 1 else {
            throw fail("two batches have one number", "batch \(batch.id) after \(after.id)")
        }
        guard batch.epoch >= after.epoch else {
            throw fail("an older epoch wrote", "batch \(batch.id), epoch \(batch.epoch) after \(after.epoch)")
        }
        for row in rows {
            let lag = now - (row.committedAt ?? now)
            guard isCalm(row) else { continue }
            calmChanges += 1
            longestCalm = max(longestCalm, lag)
        }
    }

    private func isCalm(_ row: LogRow) -> Bool {
        guard let committedAt = row.committedAt, row.kind == .plain || row.kind == .approval else { return false }
        return hinderedAt < committedAt - 1_000_000 && lostAt < committedAt - 1_000_000
    }

    /// After every step.
    mutating func check(at now: Int64) throws(Violation) {
        stepsAtOnce = now == lastTime ? stepsAtOnce + 1 : 0
        lastTime = now
        if stepsAtOnce > 5_000 { throw fail("time stands still", "\(stepsAtOnce) steps at \(now)") }
        while settled < committed.count {
            let row = committed[settled]
            if row.timesTaken > 0 {
                settled += 1
                changes += 1
                continue
            }
            try judge(row, now)
            break
        }
        for row in waiting where row.timesTaken == 0 {
            let since = max(row.committedAt ?? now, row.waitsUntil, hinderedAt, lostAt)
            if now > since, now - since > Self.faultBound {
                throw fail(
                    "a change never took effect", "xid \(row.xid), \(row.kind), nothing in its way since \(since)")
            }
        }
        changes += waiting.count { $0.timesTaken > 0 }
        waiting.removeAll { $0.timesTaken > 0 }
        if settled > 4_096 {
            committed.removeFirst(settled)
            settled = 0
        }
    }

    private func judge(_ row: LogRow, _ now: Int64) throws(Violation) {
        let committedAt = row.committedAt ?? now
        guard now - committedAt > Self.calmBound else { return }
        if isCalm(row) {
            throw fail(
                "a change was not noticed", "xid \(row.xid), committed at \(committedAt), now \(now): a lost wake-up")
        }
        var bound = Self.calmBound + 1_000_000
        var since = committedAt
        if lostAt >= committedAt - 1_000_000 {
            // What is lost costs the poll interval, and no more.
            since = max(since, lostAt)
            bound += plan.configuration.pollInterval.microseconds
        }
        if hinderedAt >= committedAt - 1_000_000 {
            since = max(since, hinderedAt)
            bound += Self.faultBound
        }
        if now - since > bound {
            throw fail(
                "a change never took effect",
                "xid \(row.xid), committed at \(committedAt), hindered \(hinderedAt), lost \(lostAt), now \(now)")
        }
    }

    /// Everything is to be taken in by now.
    func checkEnd() throws(Violation) {
        if let row = (committed.dropFirst(settled) + waiting).first(where: { $0.timesTaken == 0 }) {
            throw fail(
                "a change never took effect", "xid \(row.xid), \(row.kind), committed at \(row.committedAt ?? -1)")
        }
    }
}

extension Duration {
    /// Rounded up.
    var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + (attoseconds + 999_999_999_999) / 1_000_000_000_000
    }
}
