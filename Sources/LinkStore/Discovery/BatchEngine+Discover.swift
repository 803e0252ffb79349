import LinkCore
import Logging
import Postgres

extension BatchEngine {
    /// Works on a page of the oldest open payload: a transaction of its own, never part of a batch, as it waits for
    /// other people's row locks (engine point 20).
    ///
    /// Call it after a batch. What it writes comes back through the change log like anybody's change.
    ///
    /// - Returns: how many items were decided; 0: nothing is to be done, or not now.
    package func discover() async throws -> Int {
        guard isDiscoveryDue, rules != nil else { return 0 }
        do {
            return try await discoverPage(of: nil, refused: nil)
        } catch {
            guard error.isOfDiscovery else { throw error }
            logger.warning("a page of discovery failed and is taken apart", metadata: ["error": "\(error)"])
            return try await discoverSingly(nil)
        }
    }

    /// Halves the page until the item that the server refuses is alone.
    private func discoverSingly(_ numbers: [Int]?) async throws -> Int {
        var waiting = [numbers ?? discovered]
        var done = 0
        while let part = waiting.popLast() {
            guard !part.isEmpty else { continue }
            do {
                done += try await discoverPage(of: part, refused: nil)
            } catch {
                guard let failure = error as? PostgresError, failure.isOfDiscovery else { throw error }
                if part.count == 1 {
                    done += try await discoverPage(of: part, refused: Self.problem(failure))
                } else {
                    waiting.append(Array(part[(part.count / 2)...]))
                    waiting.append(Array(part[..<(part.count / 2)]))
                }
            }
        }
        return done
    }

    private static func problem(_ error: PostgresError) -> DiscoveryProblem {
        error.isLocked
            ? DiscoveryProblem(.lockTimeout, "Another transaction holds a lock on a row that it changes.")
            : DiscoveryProblem(.invalidInputData, "The database refuses it (\(error.sqlState ?? "")): \(error.message)")
    }

    private func discoverPage(of numbers: [Int]?, refused: DiscoveryProblem?) async throws -> Int {
        var attempt = 0
        while true {
            do {
                return try await discoverOnce(numbers, refused)
            } catch {
                await rollback()
                attempt += 1
                // Somebody wrote the same row meanwhile: with a new snapshot it is there.
                guard let failure = error as? PostgresError, failure.isRetriable || failure.sqlState == "23505",
                    attempt < 10
                else { throw error }
                if attempt >= 3 { try await Task.sleep(for: .milliseconds(Int.random(in: 1...(10 * attempt)))) }
            }
        }
    }

    private func discoverOnce(_ numbers: [Int]?, _ refused: DiscoveryProblem?) async throws -> Int {
        guard var page = try await beginDiscovery(numbers) else {
            await rollback()
            return 0
        }
        discovered = page.numbers
        if let refused { for number in page.numbers { page.refused[number] = refused } }
        try await planDiscovery(&page)
        guard !page.isPostponed else {
            await rollback()
            return 0
        }
        try await writeDiscovery(&page)
        // The end of a payload without items is something done, too.
        return max(1, page.outcomes.count)
    }

    /// Opens the transaction and chooses what to work on; `nil`: nothing is to be done, or not now.
    ///
    /// Identification must see the CMDB as it is: as stored, and what has changed since the last batch.
    private func beginDiscovery(_ numbers: [Int]?) async throws -> DiscoveryPage? {
        guard try await lockForDiscovery() else { return nil }
        let rows = try await flush([
            CursorStatements.start, SourceInfo.statement, CursorStatements.ranges, DiscoveryStatements.open,
        ])
        guard let first = rows[0].first, let open = rows[3].first else {
            isDiscoveryDue = false
            return nil
        }
        let start = try CursorStatements.decodeStart(first)
        guard start.leaseEpoch == epoch else { throw StoreError.lostLease }
        var columns = Columns(open)
        let payload = DiscoveryPayload(
            id: try columns.int8(), submittedAt: try columns.time(), types: Set(try columns.texts()))
        let sourceID = try columns.int4()
        let source = try rows[1].map { try SourceInfo($0) }.first { $0.id == sourceID }
        guard let source, source.status == .ok, !source.isDetached, start.cursor.batchID == cursor.batchID,
            start.ruleSetVersion == rules?.version,
            try !rows[2].map({ try CursorStatements.decodeRange($0) }).contains(where: { $0.hides(source.id) })
        else { return nil }
        var page = DiscoveryPage(source: source, payload: payload, time: start.time)
        try await readSkeleton(&page.payload)
        page.numbers = choose(page.payload, numbers)
        return page
    }

    /// One daemon at a time, whatever its lease says; the tables first, for TRUNCATE is not MVCC-safe (engine point 3).
    private func lockForDiscovery() async throws -> Bool {
        let tables = tables.filter { $0.hasPrefix("cmdb.") }
        var list = [
            Statement("BEGIN ISOLATION LEVEL REPEATABLE READ"),
            Statement("SET LOCAL lock_timeout = '\(limits.lockTimeoutMilliseconds)ms'", prepared: false),
        ]
        if !tables.isEmpty {
            list.append(Statement("LOCK TABLE \(tables.joined(separator: ", ")) IN ACCESS SHARE MODE", prepared: false))
        }
        list.append(Statement("LOCK TABLE assetlink_internal.discovery_target IN EXCLUSIVE MODE", prepared: false))
        do {
            _ = try await flush(list)
            return true
        } catch {
            guard error.isLocked else { throw error }
            return false
        }
    }

    /// The next items: parents before what is within them.
    private func choose(_ payload: DiscoveryPayload, _ numbers: [Int]?) -> [Int] {
        if let numbers { return numbers.filter { payload.items[$0].state == "pending" } }
        let levels = payload.graph.levels()
        let pending = payload.items.indices.filter { payload.items[$0].state == "pending" }
        var bytes = 0
        // However large they are, one at least.
        let page = pending.sorted { (levels[$0] ?? 0, $0) < (levels[$1] ?? 0, $1) }.prefix(limits.discovery)
            .prefix { number in
                defer { bytes += payload.items[number].size }
                return bytes < limits.discoveryBytes
            }
        return Array(page)
    }
}

extension BulkRange {
    /// Whether records of a source may be stored otherwise than they are while the range is open.
    func hides(_ id: Int32) -> Bool {
        switch kind {
        case .log, .value: true
        case .reevaluate: makesKeys
        case .read, .release: source == id
        case .holders: false
        }
    }
}

extension Error {
    /// The server refuses what an item asks for: not the connection, want of room, an operator, or a privilege.
    fileprivate var isOfDiscovery: Bool {
        guard let error = self as? PostgresError, error.code == .server else { return false }
        return error.blamesRecord
    }
}
