import LinkCore
import Logging
import Postgres

/// A version of the rules comes into force (engine point 22).
///
/// Keys first, of assets and then of CIs: batches that take in nothing else and leave the cursor where it is, so that
/// nobody is decided while some keys are made by the old rules and some by the new. Then decisions, in pages, while
/// live changes go on. Where an activation has got to is in its range: whoever crashes or takes over goes on from there,
/// and another version begins it again.
extension BatchEngine {
    /// What the phases of a `reevaluate` range are about.
    enum ActivationPhase {
        static let assetKeys = 0
        static let ciKeys = 1
        static let decisions = 2
        /// Keys of assets that no rule asks for any more are taken away.
        static let leftovers = 3
    }

    /// Finds that other rules are in force than those that keys are made by, and whether keys are being made.
    func noteActivation(_ batch: inout Batch) {
        // Before the first batch nothing is stored that was read by other rules.
        if batch.start.cursor.batchID > 0, batch.start.ruleSetVersion != batch.start.cursor.ruleSetVersion {
            var range = BulkRange(.reevaluate, id: 0, cause: "rules")
            // Of several versions in a row, one would go back to the one before them all.
            range.replaces =
                batch.ranges.first { $0.kind == .reevaluate }?.replaces ?? batch.start.cursor.ruleSetVersion
            batch.interruptsActivation = batch.ranges.contains { $0.kind == .reevaluate }
            batch.ranges.removeAll { $0.kind == .reevaluate }
            add(range, to: &batch)
        }
        batch.isRekeying = batch.ranges.contains(where: \.makesKeys)
    }

    /// A batch that makes a page of keys: no decision is taken, and the log waits.
    func rekey(_ batch: inout Batch, _ began: ContinuousClock.Instant) async throws -> BatchOutcome {
        try await refreshRules(&batch)
        try await makeKeys(&batch)
        return .done(try await finish(&batch, began, live: 0))
    }

    /// A page of keys, of whatever the range of the activation is at.
    func makeKeys(_ batch: inout Batch) async throws {
        batch.work.rulesChanged = true
        guard let index = batch.ranges.firstIndex(where: { $0.kind == .reevaluate }) else {
            throw StoreError.corrupt("keys are to be made, and no range says of what")
        }
        var range = batch.ranges[index]
        if range.total == nil { try await begin(&range, batch) }
        batch.work.keepsLimits = range.keepsLimits
        // Values whose verdict flipped, and which too many hold for one batch: their keys are made first.
        let value = batch.ranges.firstIndex { $0.kind == .value }
        var isLast = false
        if !range.makesKeys {
            // Nothing is to be made before decisions.
        } else if let value {
            // Who holds it has other keys by the same rule, and is decided by nobody else.
            range.force = true
            var flipped = batch.ranges.remove(at: value)
            let before = flipped.done
            if try await !takeValue(&flipped, &batch) { batch.ranges.append(flipped) }
            batch.work.rows += flipped.done - before
        } else {
            isLast = try await takeKeys(&range, &batch)
        }
        #if DEBUG
            Failpoint.inBulkRange.reach()
        #endif
        try await read(&batch)
        try await settleValues(&batch)
        if batch.plan.audit.contains(where: { $0.action.hasPrefix("identifier_") }) { range.force = true }
        try await noteRingsOfAssetsAgain(&batch)
        try await write(&batch)
        if isLast, !batch.ranges.contains(where: { $0.kind == .value }) {
            range.phase = ActivationPhase.decisions
            range.after = nil
            logger.info("the keys are made by the new rules", metadata: ["range": "\(range.id)"])
        }
        batch.ranges.removeAll { $0.kind == .reevaluate }
        batch.ranges.insert(range, at: 0)
    }

    /// A page of keys.
    ///
    /// - Returns: whether it was the last one.
    private func takeKeys(_ range: inout BulkRange, _ batch: inout Batch) async throws -> Bool {
        let isAssets = range.phase == ActivationPhase.assetKeys
        let refs = try await page(of: range, isAssets: isAssets)
        for ref in refs {
            if isAssets { batch.work.assetsAgain[ref] = .rules } else { batch.work.cisAgain[ref] = .rules }
        }
        range.done += refs.count
        range.after = refs.last.map { String($0) } ?? range.after
        batch.work.rows += refs.count
        guard refs.count < pace.page else { return false }
        if !isAssets { return true }
        range.phase = ActivationPhase.ciKeys
        range.after = nil
        return false
    }

    /// A page of what comes once all keys are made: decisions, then keys that nobody asks for.
    ///
    /// - Returns: whether it was the last one.
    func takeActivation(_ range: inout BulkRange, _ batch: inout Batch) async throws -> Bool {
        if range.phase == ActivationPhase.leftovers { return try await takeLeftovers(&range, batch) }
        guard try await takeDecisions(&range, &batch) else { return false }
        guard range.leavesKeys else { return true }
        range.phase = ActivationPhase.leftovers
        range.after = nil
        return false
    }

    private func takeLeftovers(_ range: inout BulkRange, _ batch: Batch) async throws -> Bool {
        let rows = try await flush(
            Statement(
                """
                DELETE FROM assetlink_internal.asset_key AS y
                USING (
                    SELECT o.*
                    FROM assetlink_internal.key_space AS s
                    CROSS JOIN LATERAL (
                        SELECT space_id, key, standing, asset_ref FROM assetlink_internal.asset_key
                        WHERE space_id = s.space_id ORDER BY space_id, key, standing, asset_ref LIMIT $2) AS o
                    WHERE s.space_id <> ALL ($1::integer[])
                    LIMIT $2) AS k
                WHERE y.space_id = k.space_id AND y.key = k.key AND y.standing = k.standing
                    AND y.asset_ref = k.asset_ref
                RETURNING y.asset_ref
                """, [.int4s(spaceIDs), .int8(Int64(pace.page))]))
        return rows.count < pace.page
    }

    /// A page of decisions.
    func takeDecisions(_ range: inout BulkRange, _ batch: inout Batch) async throws -> Bool {
        var wanted = range
        if range.force { wanted.classes = nil }
        let refs = try await page(of: wanted, isAssets: false)
        for ref in refs {
            batch.work.cis[ref] = .rules
            if range.rereads { batch.work.cisAgain[ref] = .rules }
        }
        batch.work.keepsLimits = range.keepsLimits
        range.done += refs.count
        range.after = refs.last.map { String($0) } ?? range.after
        return refs.count < pace.page
    }

    private func page(of range: BulkRange, isAssets: Bool) async throws -> [Int64] {
        // By the tables themselves, in a preview too: who is there, and in which order, is not what it changes.
        let page: [Parameter] = [.int8(range.after.flatMap { Int64($0) } ?? 0), .int8(Int64(pace.page))]
        let stored = Shadow.stored
        let statement =
            if isAssets {
                Statement(
                    "SELECT asset_ref FROM \(stored).asset WHERE asset_ref > $1 ORDER BY asset_ref LIMIT $2",
                    page)
            } else if let classes = range.classes, classes.count > 8 {
                // Many classes are most of the CIs: one walk over all pages finds them.
                Statement(
                    """
                    SELECT ci_ref FROM \(stored).ci
                    WHERE ci_ref > $1 AND deleted_at IS NULL AND class = ANY ($3::text[]) ORDER BY ci_ref LIMIT $2
                    """, page + [.texts(classes)])
            } else if let classes = range.classes {
                Statement(
                    """
                    SELECT c.ci_ref
                    FROM unnest($3::text[]) AS k (class)
                    CROSS JOIN LATERAL (
                        -- By both columns: for an order by ci_ref alone a plan walks all CIs to find those of a class.
                        SELECT ci_ref FROM \(stored).ci
                        WHERE (class, ci_ref) > (k.class, $1) AND (class, ci_ref) <= (k.class, 9223372036854775807)
                            AND deleted_at IS NULL
                        ORDER BY class, ci_ref LIMIT $2) AS c
                    ORDER BY 1 LIMIT $2
                    """, page + [.texts(classes)])
            } else {
                Statement(
                    """
                    SELECT ci_ref FROM \(stored).ci
                    WHERE ci_ref > $1 AND deleted_at IS NULL ORDER BY ci_ref LIMIT $2
                    """, page)
            }
        return try await flush(statement).map { row throws(PostgresError) in try row.int8(0) }
    }

    /// Finds out what the version reads otherwise, and counts what there is to do.
    ///
    /// The way back to what was in force needs nobody's approval.
    private func begin(_ range: inout BulkRange, _ batch: Batch) async throws {
        if let rules, !batch.interruptsActivation, let old = try await rulesBefore(batch) {
            range.classes = rules.classes(thatDifferFrom: old)?.sorted()
            range.keepsLimits = rules.hasSameLimits(as: old)
            if let classes = range.classes, rules.asksAssetsNothingNew(as: old) {
                range.phase = ActivationPhase.ciKeys
                range.leavesKeys = Set(rules.spaces) != Set(old.spaces)
                // All keys that decisions ask for are there: nobody need wait for any.
                if classes.allSatisfy({ rules.readsSameValues($0, as: old) && rules.makesNoNewKeys($0, as: old) }) {
                    range.phase = ActivationPhase.decisions
                    range.rereads = true
                }
            }
        }
        let rows = try await flush(
            Statement(
                """
                SELECT (SELECT count(*) FROM assetlink_internal.asset),
                       (SELECT count(*) FROM assetlink_internal.ci
                        WHERE deleted_at IS NULL AND ($1::text[] IS NULL OR class = ANY ($1))),
                       (SELECT r.restores FROM assetlink_internal.rule_set AS r ORDER BY r.version DESC LIMIT 1)
                """, [range.classes.map { .texts($0) } ?? .null]))
        guard let row = rows.first else { return }
        let assets = range.phase == ActivationPhase.assetKeys ? Int(try row.int8(0)) : 0
        let passes = range.phase == ActivationPhase.decisions ? 1 : 2
        range.total = assets + passes * Int(try row.int8(1))
        range.approved = try row.int8OrNil(2) == range.replaces
        logger.info(
            "other rules come into force",
            metadata: [
                "version": "\(batch.start.ruleSetVersion)", "records": "\(range.total ?? 0)",
                "classes": "\(range.classes?.joined(separator: ", ") ?? "all")",
            ])
    }

    /// The rules that all keys are made by, where values mean the same by them as by those in force.
    private func rulesBefore(_ batch: Batch) async throws -> CompiledRuleSet? {
        let version = batch.start.cursor.ruleSetVersion
        let rows = try await flush(
            Statement(
                """
                SELECT o.document - 'classes' = n.document - 'classes'
                FROM assetlink_internal.rule_set AS o CROSS JOIN assetlink_internal.rule_set AS n
                WHERE o.version = $1 AND n.version = $2
                """, [.int8(version), .int8(batch.start.ruleSetVersion)]))
        guard let rules, try rows.first?.boolOrNil(0) == true else { return nil }
        var old = rules.source
        old.classes = try await RuleSetLoader.classes(of: version, connection)
        roundTrips += 1
        return CompiledRuleSet(old)
    }
}

extension BulkRange {
    /// A version of the rules whose keys are not all made yet.
    var makesKeys: Bool { kind == .reevaluate && phase < BatchEngine.ActivationPhase.decisions }
}
