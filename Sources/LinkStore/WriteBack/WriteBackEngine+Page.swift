import Logging
import Postgres

/// Rows of one source that are written together.
struct WriteBackPage {
    let source: WriteBackSource
    var keys: [String]
    /// What of the queue it works off, by place.
    var places: [(id: Int64, key: String)] = []
    /// Those of its keys that failed before and are due again.
    var retried: Set<String> = []

    init(source: WriteBackSource, keys: [String]) {
        self.source = source
        self.keys = keys
    }

    /// Of the page only this key.
    func only(_ key: String) -> WriteBackPage {
        var page = WriteBackPage(source: source, keys: [key])
        page.places = places.filter { $0.key == key }
        return page
    }

    /// Values by key.
    static func values(_ rows: Rows) throws -> [String: String?] {
        var values: [String: String?] = [:]
        for row in rows { values[try row.text(0)] = try row.textOrNil(1) }
        return values
    }
}

/// The server refuses to write the rows of a page; alone each of them may go through.
struct RefusedRows: Error {
    let cause: PostgresError
}

extension WriteBackEngine {
    /// Opens a transaction, fenced: it is this daemon that leads.
    ///
    /// - Returns: what the statements that go along with it answer.
    func begin(_ list: [Statement] = []) async throws -> [Rows] {
        let head = [
            Statement("BEGIN ISOLATION LEVEL READ COMMITTED", prepared: false),
            Statement("SELECT l.epoch FROM assetlink_internal.lease AS l", prepared: false),
        ]
        let results = try await connection.pipeline(head + list)
        guard try results[1].first?.int8(0) == epoch else {
            await rollback()
            throw StoreError.lostLease
        }
        return Array(results[head.count...])
    }

    /// Opens a transaction and locks what is queued or due; `nil`, and no transaction, where nothing is.
    func begin(_ source: WriteBackSource, after place: Int64) async throws -> WriteBackPage? {
        try await discard()
        let results = try await begin([
            WriteBackQueue.next(source.id, after: place, limit: limits.page),
            WriteBackQueue.due(source.id, limit: limits.page),
        ])
        var page = WriteBackPage(source: source, keys: [])
        page.places = try results[0].map { (try $0.int8(0), try $0.text(1)) }
        let queued = Set(page.places.map(\.key))
        page.retried = Set(try results[1].map { try $0.text(0) }).subtracting(queued)
        // What is new comes first: rows that are refused whenever they are tried hold up nobody.
        page.keys = queued.sorted() + page.retried.sorted()
        guard page.keys.isEmpty else { return page }
        await rollback()
        return nil
    }

    /// Locks the rows, reads what they are to hold, writes those that differ, and commits; the transaction is open.
    ///
    /// - Throws: ``RefusedRows``, rolled back, where writing the rows failed.
    func write(_ page: inout WriteBackPage) async throws {
        let source = page.source
        // Two statements, two snapshots: what is read after the lock is what counts.
        let results = try await connection.pipeline([source.rows(page.keys, locks: true), source.truth(page.keys)])
        var locked: [String: Int] = [:]
        var there: [String: Int] = [:]
        var differing: Set<String> = []
        let wanted = try WriteBackPage.values(results[1])
        for row in results[0] {
            let key = try row.text(0)
            if try !row.bool(2) {
                there[key, default: 0] += 1
            } else {
                locked[key, default: 0] += 1
                if try row.textOrNil(1) != wanted[key] ?? nil { differing.insert(key) }
            }
        }
        // Somebody holds a row, or has just made one: not now, and nobody waits.
        let busy = page.keys.filter { there[$0, default: 0] > locked[$0, default: 0] }
        let settled = Set(page.keys).subtracting(busy).sorted()
        #if DEBUG
            Failpoint.beforeWriteBack.reach()
            try await interception?()
        #endif
        var list = [
            WriteBackQueue.remove(source.id, page.places.map(\.id)), WriteBackQueue.settle(source.id, settled),
        ]
        if !busy.isEmpty {
            list.append(
                WriteBackQueue.fail(
                    source.id, busy, code: "locked", text: "Another transaction holds the row; it is not waited for."))
        }
        if source.hasFailed { list.append(WriteBackQueue.recover(source.id)) }
        let values = differing.subtracting(busy).sorted().map { ($0, wanted[$0] ?? nil) }
        if !values.isEmpty { list.append(source.set(values)) }
        // A trigger that put itself off until now may write nothing in our name.
        list.append(Statement("SET TRANSACTION READ ONLY", prepared: false))
        list.append(Statement("COMMIT", prepared: false))
        do {
            _ = try await connection.pipeline(list)
        } catch {
            guard error.isOfTable else { throw error }
            await rollback()
            throw RefusedRows(cause: error)
        }
    }

    /// Each row of a refused page alone: those that are to blame are kept with their error, the others are written.
    ///
    /// - Throws: the error, when the first rows all fail and so does whatever follows, presumably.
    func singly(_ page: WriteBackPage, _ refused: RefusedRows) async throws {
        logger.debug("a page of write-back is taken apart", metadata: ["error": "\(refused.cause)"])
        var failures = 0
        for key in page.keys {
            var single = page.only(key)
            try await discard()
            do {
                _ = try await begin()
                try await write(&single)
                failures = -page.keys.count
            } catch let error as RefusedRows {
                try await keep(single, error.cause)
                guard !page.retried.contains(key) else { continue }
                failures += 1
                // One row after the other would be refused, however many there are.
                if failures >= limits.failures { throw error.cause }
            }
        }
    }

    private func keep(_ page: WriteBackPage, _ error: PostgresError) async throws {
        try await discard()
        _ = try await begin([
            WriteBackQueue.remove(page.source.id, page.places.map(\.id)),
            WriteBackQueue.fail(
                page.source.id, page.keys, code: error.isLocked ? "locked" : error.sqlState ?? "", text: error.message),
            Statement("COMMIT", prepared: false),
        ])
    }
}
