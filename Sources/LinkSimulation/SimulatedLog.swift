/// Which transactions a reader sees.
struct SimSnapshot {
    var xmax: UInt64
    var running: [UInt64]

    static let beginning = SimSnapshot(xmax: 3, running: [])

    func sees(_ xid: UInt64) -> Bool { xid < xmax && !running.contains(xid) }
}

/// A row of the change log: one committed change, to be taken in exactly once.
final class LogRow {
    /// What the change is to those who take it in.
    enum Kind {
        case plain
        /// A batch fails of it, until its cause is gone.
        case poison
        /// It ends links of a source: many in one batch trip the breaker.
        case ending
        /// A person lets what is held go on.
        case approval
    }

    let xid: UInt64
    let sequence: UInt64
    let kind: Kind
    var committedAt: Int64?
    var timesTaken = 0
    /// A batch has it behind itself, as an effect, a dead letter or held.
    var isPassed = false
    /// What stands in its own way lasts until then.
    var waitsUntil: Int64 = 0
    /// Of a dead letter that is tried again: the change that it is of.
    var original: LogRow?

    init(xid: UInt64, sequence: UInt64, _ kind: Kind) {
        self.xid = xid
        self.sequence = sequence
        self.kind = kind
    }
}

struct SimLease {
    var holder = 0
    /// Of the holder's sessions the one that it works in.
    var session = 0
    var epoch: Int64 = 0
    var expiresAt: Int64 = .min
    var twoPhaseAt: Int64?
}

struct SimBatch {
    var id: Int64
    var epoch: Int64
    var snapshot: SimSnapshot
    var lastSequence: UInt64
}

/// The simulated PostgreSQL: what its transactions, its sequence and its rows do, as far as the loop depends on it.
///
/// Every method is one instant of the server's time; what lies between two instants is the scheduler's.
struct SimDatabase {
    let flaws: Set<Flaw>
    private(set) var nextXID: UInt64 = 100
    private var nextSequence: UInt64 = 1
    /// Transactions that have an xid and are not over.
    private(set) var running: [UInt64] = []
    /// Transactions that hold a log table, and whether they are prepared.
    private(set) var writing: [UInt64: Bool] = [:]
    /// Rows that were not seen by the newest cursor.
    private(set) var log: [LogRow] = []
    private(set) var batches = [SimBatch(id: 0, epoch: 0, snapshot: .beginning, lastSequence: 0)]
    /// The batch that is written and not committed, by the transaction that writes it.
    var writtenBatch: (id: Int64, xid: UInt64)?
    var lease = SimLease()
    /// The bell: a sequence, read as of now.
    var bell = false
    /// What a snapshot of the time saw of it, for the bell in a table row.
    var queueUsage = 0.0

    /// Changes that were set aside, and when each is tried again.
    var deadLetters: [(row: LogRow, nextTry: Int64)] = []
    /// The breaker holds the source whose links end, and those of its changes.
    var isHolding = false
    var held: [LogRow] = []
    /// What was held and approved: a range, taken in page by page.
    var released: [LogRow] = []

    init(flaws: Set<Flaw>) { self.flaws = flaws }

    var cursor: SimBatch { batches[batches.count - 1] }
    var snapshot: SimSnapshot { SimSnapshot(xmax: nextXID, running: running) }

    mutating func begin() -> UInt64 {
        defer { nextXID += 1 }
        running.append(nextXID)
        return nextXID
    }

    mutating func write(_ xid: UInt64, _ kind: LogRow.Kind = .plain) -> LogRow {
        let row = LogRow(xid: xid, sequence: nextSequence, kind)
        nextSequence += 1
        writing[xid] = writing[xid] ?? false
        log.append(row)
        return row
    }

    mutating func prepare(_ xid: UInt64) { writing[xid] = true }

    /// - Returns: the rows that are durable from now on.
    mutating func commit(_ xid: UInt64, at now: Int64) -> [LogRow] {
        end(xid)
        let rows = log.filter { $0.xid == xid }
        for row in rows { row.committedAt = now }
        return rows
    }

    mutating func abort(_ xid: UInt64) {
        end(xid)
        log.removeAll { $0.xid == xid }
    }

    private mutating func end(_ xid: UInt64) {
        running.removeAll { $0 == xid }
        writing[xid] = nil
        if writtenBatch?.xid == xid { writtenBatch = nil }
    }

    /// What is visible now and was not before: the difference of two snapshots.
    func new(since position: SimBatch) -> [LogRow] {
        if flaws.contains(.sequenceCursor) {
            return log.filter { $0.committedAt != nil && $0.sequence > position.lastSequence }
        }
        return log.filter { $0.committedAt != nil && !position.snapshot.sees($0.xid) }
    }

    func isNew(since position: SimBatch) -> Bool {
        log.contains { row in
            row.committedAt != nil
                && (flaws.contains(.sequenceCursor)
                    ? row.sequence > position.lastSequence : !position.snapshot.sees(row.xid))
        }
    }

    /// The newest cursor, and what nobody needs any more is put away.
    mutating func append(_ batch: SimBatch) {
        batches.append(batch)
        if batches.count > 64 { batches.removeFirst(32) }
        log.removeAll { $0.committedAt != nil && $0.isPassed && batch.snapshot.sees($0.xid) }
    }
}
