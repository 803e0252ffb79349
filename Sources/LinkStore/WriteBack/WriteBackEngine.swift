package import Logging
package import Postgres

/// What came of a round of write-back.
package enum WriteBackOutcome: Sendable {
    /// Something was done, and more may be left.
    case done
    /// Nothing is to be done now; the first time that something is due again by itself, from now.
    case idle(Duration?)
    /// No source has write-back.
    case off
}

/// How much is written back at once.
package struct WriteBackLimits: Sendable {
    /// Rows of one transaction.
    package var page = 200
    /// Records that a pass over all of them compares at once.
    package var fillPage = 1_000
    /// Rest between two such pages once the first pass is over; `.zero`: never again.
    package var sweepInterval: Duration = .seconds(10)
    /// Rows that fail one after the other, and none between them that does not, before the whole source rests.
    package var failures = 10

    package init() {}
}

/// Writes the ids of active links into the sources' own tables (engine point 20): on a connection of its own, beside the
/// batches, one short transaction a page.
///
/// It locks a row first and only then reads, by a later snapshot, what the row is to hold. So of two daemons that write
/// the same row the one that has it last has read last, whatever stood still in between: a page of a leader of old writes
/// nothing that its successor does not look at again.
///
/// Tables of others have triggers of others. They run as a role that has nothing else, and what they leave behind in the
/// session is discarded before each page; so nothing on this connection is kept prepared.
///
/// Not `Sendable`: one task owns it.
package final class WriteBackEngine {
    let connection: PostgresConnection
    /// The lease's epoch under which is written.
    let epoch: Int64
    let limits: WriteBackLimits
    let logger: Logger

    /// How far the queue of each source was worked off: rows that are gone need not be walked over again.
    private(set) var places: [Int32: Int64] = [:]
    private var lookedAt: [Int32: ContinuousClock.Instant] = [:]
    /// Where the pass over all records of a source has got to, once the first one is over.
    private var sweeps: [Int32: (after: String, at: ContinuousClock.Instant)] = [:]

    #if DEBUG
        /// Called between locking a page's rows and writing them: where tests let something happen.
        package var interception: (() async throws -> Void)?
    #endif

    package init(
        connection: PostgresConnection, epoch: Int64, limits: WriteBackLimits = WriteBackLimits(), logger: Logger
    ) {
        self.connection = connection
        self.epoch = epoch
        self.limits = limits
        self.logger = logger
    }

    /// Whether any source has write-back.
    package static func isOn(_ connection: PostgresConnection) async throws(PostgresError) -> Bool {
        try await connection.query("SELECT EXISTS (SELECT FROM assetlink_internal.write_back)").first?.bool(0) ?? false
    }

    /// A page of every source that has something to do.
    ///
    /// - Throws: ``StoreError/lostLease`` when another daemon leads; what is wrong with the connection or the server.
    package func run() async throws -> WriteBackOutcome {
        try await discard()
        let sources = try await connection.query(WriteBackSource.statement).map { try WriteBackSource($0) }
        guard !sources.isEmpty else { return .off }
        var isBusy = false
        var next: Duration?
        for source in sources where !source.isDetached {
            if !source.isResting, try await work(source) {
                isBusy = true
            } else if let wait = source.wait {
                next = min(next ?? wait, wait)
            }
        }
        return isBusy ? .done : .idle(next)
    }

    /// A page of one source: what is queued first, then of the pass over all records.
    private func work(_ source: WriteBackSource) async throws -> Bool {
        do {
            if try await workOff(source) { return true }
            if source.filledTo != nil {
                try await fill(source)
                return true
            }
            try await sweep(source)
            if source.hasFailed {
                _ = try await connection.query(source.rows([], locks: false))
                _ = try await connection.query(WriteBackQueue.recover(source.id))
            }
            return false
        } catch let error as PostgresError where error.isOfTable {
            await rollback()
            try await discard()
            let attempts = try await connection.query(WriteBackQueue.failSource(source.id, error)).first?.int4(0)
            if attempts == 1 {
                logger.warning(
                    "nothing is written back to a source for now",
                    metadata: ["source": "\(source.name)", "error": "\(error)"])
            }
            return false
        }
    }

    /// What is queued, and what failed and is due again.
    private func workOff(_ source: WriteBackSource) async throws -> Bool {
        let place = places[source.id] ?? 0
        if var page = try await begin(source, after: place) {
            do {
                try await write(&page)
            } catch let error as RefusedRows {
                try await singly(page, error)
            }
            if let last = page.places.map(\.id).max() { places[source.id] = max(place, last) }
            return true
        }
        // Now and then from its beginning: what another daemon had locked was passed over.
        let now = ContinuousClock().now
        guard place > 0, lookedAt[source.id].map({ now - $0 > .seconds(5) }) ?? true else { return false }
        lookedAt[source.id] = now
        places[source.id] = 0
        return true
    }

    /// A page of the first pass over all records.
    private func fill(_ source: WriteBackSource) async throws {
        let last = try await compare(source, after: source.filledTo ?? "")
        _ = try await connection.query(WriteBackQueue.fill(source, to: last))
        if last == nil {
            logger.info("all rows of a source are written back", metadata: ["source": "\(source.name)"])
        }
    }

    /// A page of the passes after it: what somebody else wrote into the column is put right.
    private func sweep(_ source: WriteBackSource) async throws {
        guard limits.sweepInterval > .zero else { return }
        let now = ContinuousClock().now
        let (after, at) = sweeps[source.id] ?? ("", now)
        if sweeps[source.id] != nil, now - at < limits.sweepInterval { return }
        sweeps[source.id] = (after, now)
        let last = try await compare(source, after: after)
        sweeps[source.id] = (last ?? "", now)
    }

    /// Compares a page of records with their rows without a lock, and writes those that differ.
    ///
    /// - Returns: the last key of the page; `nil` where there is none beyond it.
    private func compare(_ source: WriteBackSource, after: String) async throws -> String? {
        let keys = try await connection.query(source.records(after: after, limit: limits.fillPage)).map {
            try $0.text(0)
        }
        guard let last = keys.last else { return nil }
        let results = try await connection.pipeline([
            source.rows(keys, locks: false), source.truth(keys), WriteBackQueue.failed(source.id, keys),
        ])
        let wanted = try WriteBackPage.values(results[1])
        var differing: Set<String> = []
        for row in results[0] where try row.textOrNil(1) != wanted[try row.text(0)] ?? nil {
            differing.insert(try row.text(0))
        }
        // What failed has its own times: rows that are refused whenever they are tried hold up nobody behind them.
        differing.subtract(try results[2].map { try $0.text(0) })
        let list = differing.sorted()
        for start in stride(from: 0, to: list.count, by: limits.page) {
            try await discard()
            var page = WriteBackPage(source: source, keys: Array(list[start..<min(start + limits.page, list.count)]))
            do {
                _ = try await begin()
                try await write(&page)
            } catch let error as RefusedRows {
                try await singly(page, error)
            }
        }
        return keys.count < limits.fillPage ? nil : last
    }

    /// Ends a transaction; where that fails, the session is lost and the transaction with it.
    func rollback() async {
        do { try await connection.script("ROLLBACK") } catch {
            logger.debug("rollback failed", metadata: ["error": "\(error)"])
        }
    }

    /// The session as it was when it began, whatever triggers did to it.
    func discard() async throws {
        try await connection.script("DISCARD ALL")
        try await connection.script(BatchEngine.sessionSettings + Self.patience)
    }

    /// A lock is waited for less than deadlock_timeout, so that it is never a writer who gives way; a trigger that goes
    /// on and on keeps its row for as long, not for ever.
    private static let patience = "SET lock_timeout = '50ms'; SET statement_timeout = '10s';"
}

extension PostgresError {
    /// The server refuses what is asked of a table: not the connection, want of room, or an operator.
    var isOfTable: Bool {
        guard code == .server, !isConnectionFailure else { return false }
        let state = sqlState ?? ""
        // What took too long is a trigger of theirs, and what writes after the page is over another one.
        return ["57014", "25006"].contains(state) || !["53", "57", "58", "25"].contains { state.hasPrefix($0) }
    }
}
