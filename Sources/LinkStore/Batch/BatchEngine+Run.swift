import LinkCore
import Logging
import Postgres

extension BatchEngine {
    /// Takes in what is new, or a page of a bulk range: one transaction.
    ///
    /// - Throws: ``StoreError/lostLease`` when another daemon leads; database errors after the transaction is rolled
    ///   back. Retriable ones are retried here.
    package func run() async throws -> BatchOutcome {
        var attempt = 0
        var held: Set<Int32> = []
        var heldWhole: Set<Int32> = []
        while true {
            do {
                return try await once(held: held, heldWhole: heldWhole)
            } catch {
                await rollback()
                forgetRulesOfThisBatch()
                attempt += 1
                switch error {
                case StoreError.tablesChanged, StoreError.staleCursor:
                    guard attempt < 100 else { throw error }
                case StoreError.sourcesLocked:
                    guard attempt < 100 else { throw error }
                    lockedTables = try await findLockedTables()
                    lockedAt = ContinuousClock().now
                case StoreError.breaker(let source, let ending, let window, let limit):
                    // First its changed records wait and its new ones pass; if those end links too, all of it waits.
                    if held.contains(source) { heldWhole.insert(source) } else { held.insert(source) }
                    logger.error(
                        "breaker: the source would end too many links and is held",
                        metadata: [
                            "source_id": "\(source)", "ending": "\(ending)", "window": "\(window)", "limit": "\(limit)",
                        ])
                    trips[source] = (ending, window, limit)
                case StoreError.activationBreaker(let source, let ended, let limit):
                    activationTrip = (source, ended, limit)
                    logger.error(
                        "breaker: the rules in force would end too many links and are held",
                        metadata: ["ended": "\(ended)", "limit": "\(limit)"])
                case StoreError.brokenSource(let source, let cause):
                    heldWhole.insert(source)
                    broken[source] = cause
                    logger.error(
                        "the query of a source cannot be run; its keys wait",
                        metadata: ["source_id": "\(source)", "error": "\(cause)"])
                case let error as PostgresError
                where error.sqlState == "23505" && error.constraint != "batch_pkey" && !mendsAll:
                    // Rows are not as batches leave them: somebody changed them by hand, or writes the same batch.
                    mendsAll = true
                case let error as PostgresError
                where error.isRetriable || error.sqlState == "23505" || error.isLocked:
                    // 40001, 40P01, or somebody else wrote or is writing the batch: a new snapshot, at once at first.
                    // Who locks our rows may do so for long: that is soon found out.
                    guard attempt < (error.isLocked ? 4 : 20), trial == nil || !error.isLocked else { throw error }
                    if attempt >= 3 { try await Task.sleep(for: .milliseconds(Int.random(in: 1...(10 * attempt)))) }
                default: throw error
                }
            }
        }
    }

    func once(held: Set<Int32>, heldWhole: Set<Int32>) async throws -> BatchOutcome {
        roundTrips = 0
        statements = 0
        tried = []
        let began = ContinuousClock().now
        // A locked table is asked for again, but not by every batch.
        if !lockedTables.isEmpty, ContinuousClock().now - lockedAt > .seconds(1) { lockedTables = [] }
        #if DEBUG
            Failpoint.beforeSnapshot.reach()
        #endif
        var (batch, rows) = try await begin()
        batch.held = held
        batch.heldWhole = heldWhole
        noteActivation(&batch)
        if rows.isEmpty, broken.isEmpty, !batch.isRekeying, !batch.ranges.contains(where: { isRunnable($0, batch) }) {
            await rollback()
            // Nothing is new: what this snapshot sees, the next may take for seen.
            return .idle(cursor.snapshot)
        }
        #if DEBUG
            Failpoint.afterReading.reach()
        #endif
        if batch.isRekeying { return try await rekey(&batch, began) }
        noteTrips(&batch)
        holdActivation(&batch)
        try await refreshRules(&batch)
        try await collect(rows, into: &batch)
        try await takeActs(&batch)
        try await takeIdentityConflicts(&batch)
        try await read(&batch)
        try await findRings(&batch)
        try await settleValues(&batch)
        try await noteRingsOfAssetsAgain(&batch)
        try await write(&batch)
        #if DEBUG
            Failpoint.afterRecords.reach()
        #endif
        try await mend(batch.work.cis.filter(\.value.isDrift).map(\.key), &batch)
        try await decideAll(&batch)
        try checkBreaker(batch)
        try countActivationEndings(&batch)
        let report = try await finish(&batch, began, live: rows.count > limits.live ? 0 : rows.count)
        trips = [:]
        activationTrip = nil
        broken = [:]
        poison = [:]
        mendsAll = false
        return .done(report)
    }

    /// Decides everybody whom the batch reaches, settles their claims and conflicts, and plans their links.
    func decideAll(_ batch: inout Batch) async throws {
        var round = neighbourhood(batch)
        var rounds = 0
        // Dependants settle level by level down the tree (engine point 12).
        // A composite mark alone decides nobody again, but settles its asset.
        while !round.isEmpty || rounds == 0 && !batch.hood.compositeChanged.isEmpty, rounds < 64 {
            if mendsAll { try await mend(round, &batch) }
            try await decide(round, &batch)
            try await joinWaiting(&round, &batch)
            try await settle(round, &batch)
            round = try await dependants(&batch)
            rounds += 1
        }
        try await settleConflicts(&batch)
        try await planLinks(&batch)
    }

    /// Commits, and learns how long it took since `began` with so many live changes.
    func finish(_ batch: inout Batch, _ began: ContinuousClock.Instant, live: Int) async throws -> BatchReport {
        var report = try await apply(&batch)
        report.duration = ContinuousClock().now - began
        report.roundTrips = roundTrips
        report.statements = statements
        pace.note(report.duration, records: batch.work.rows, live: live)
        rulesBefore = nil
        return report
    }

    /// A source that tripped the breaker or cannot be read in this attempt is marked in the same transaction.
    private func noteTrips(_ batch: inout Batch) {
        for (source, trip) in trips where batch.held.contains(source) || batch.heldWhole.contains(source) {
            guard batch.sources[source]?.status != .held else { continue }
            batch.sources[source]?.status = .held
            batch.plan.statuses[source] = (
                status: "held",
                detail: "It would have ended \(trip.ending) active links at once, after \(trip.window) within the "
                    + "window; the limit is \(trip.limit). Look at held_change, then approve_held or drop_held."
            )
        }
        for (source, error) in broken {
            guard batch.sources[source]?.status != .broken else { continue }
            batch.sources[source]?.status = .broken
            batch.plan.statuses[source] = (
                status: "broken",
                detail: "Its query cannot be run: \(error.message). Repair the tables or attach it again; "
                    + "then its keys are read by themselves."
            )
        }
    }

    /// Whether a source would end more active links than the limit, in this batch or the sliding window.
    private func checkBreaker(_ batch: Batch) throws {
        let active = batch.start.cursor.links.values.reduce(0, +)
        let limit = max(limits.breakerMinimum, active * limits.breakerPercent / 100)
        let since = batch.time - Int64(limits.breakerWindow) * 1_000_000
        ended.removeAll { $0.time < since }
        for (source, ending) in batch.plan.endings {
            let window = ended.filter { $0.source == source }.reduce(0) { $0 + $1.count }
            if ending + window > limit {
                throw StoreError.breaker(source: source, ending: ending, window: window, limit: limit)
            }
        }
    }
}
