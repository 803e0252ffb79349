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
    }

    /// Finds that other rules are in force than those that keys are made by, and whether keys are being made.
    func noteActivation(_ batch: inout Batch) {
        // Before the first batch nothing is stored that was read by other rules.
        if batch.start.cursor.batchID > 0, batch.start.ruleSetVersion != batch.start.cursor.ruleSetVersion {
            var range = BulkRange(.reevaluate, id: 0, cause: "rules")
            // Of several versions in a row, one would go back to the one before them all.
            range.replaces =
                batch.ranges.first { $0.kind == .reevaluate }?.replaces ?? batch.start.cursor.ruleSetVersion
            batch.ranges.removeAll { $0.kind == .reevaluate }
            add(range, to: &batch)
        }
        batch.isRekeying = batch.ranges.contains {
            $0.kind == .reevaluate && $0.phase != ActivationPhase.decisions
        }
    }

    /// A batch that makes a page of keys: no decision is taken, and the log waits.
    func rekey(_ batch: inout Batch, _ began: ContinuousClock.Instant) async throws -> BatchOutcome {
        try await refreshRules(&batch)
        tried = []
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
        if range.total == nil { try await begin(&range) }
        // Values whose verdict flipped, and which too many hold for one batch: their keys are made first.
        let value = batch.ranges.firstIndex { $0.kind == .value }
        var isLast = false
        if let value {
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

    /// A page of decisions, once all keys are made.
    func takeDecisions(_ range: inout BulkRange, _ batch: inout Batch) async throws -> Bool {
        let refs = try await page(of: range, isAssets: false)
        for ref in refs { batch.work.cis[ref] = .rules }
        range.done += refs.count
        range.after = refs.last.map { String($0) } ?? range.after
        return refs.count < pace.page
    }

    private func page(of range: BulkRange, isAssets: Bool) async throws -> [Int64] {
        try await flush(
            Statement(
                isAssets
                    ? "SELECT asset_ref FROM assetlink_internal.asset WHERE asset_ref > $1 ORDER BY asset_ref LIMIT $2"
                    : """
                    SELECT ci_ref FROM assetlink_internal.ci
                    WHERE ci_ref > $1 AND deleted_at IS NULL ORDER BY ci_ref LIMIT $2
                    """, [.int8(range.after.flatMap { Int64($0) } ?? 0), .int8(Int64(pace.page))])
        ).map { row throws(PostgresError) in try row.int8(0) }
    }

    /// Counts what there is to do.
    ///
    /// The way back to what was in force needs nobody's approval.
    private func begin(_ range: inout BulkRange) async throws {
        let rows = try await flush(
            Statement(
                """
                SELECT (SELECT count(*) FROM assetlink_internal.asset)
                    + 2 * (SELECT count(*) FROM assetlink_internal.ci WHERE deleted_at IS NULL),
                    (SELECT r.restores FROM assetlink_internal.rule_set AS r ORDER BY r.version DESC LIMIT 1)
                """))
        guard let row = rows.first else { return }
        range.total = Int(try row.int8(0))
        range.approved = try row.int8OrNil(1) == range.replaces
    }

    /// CIs that wait for their turn and claim, or will claim, an asset that is settled now: they are decided with it.
    ///
    /// A claim by the old rules must not be weighed against one by the new, or a link would move that neither moves.
    func joinWaiting(_ round: inout [CIRef], _ batch: inout Batch) async throws {
        guard
            let range = batch.ranges.first(where: {
                $0.kind == .reevaluate && $0.phase == ActivationPhase.decisions && $0.held == nil
            })
        else { return }
        let after = range.after.flatMap { Int64($0) } ?? 0
        var looked: Set<AssetRef> = []
        var fresh = round
        var room = limits.holders
        while !fresh.isEmpty, room > 0 {
            var claimed: Set<AssetRef> = []
            for ref in fresh {
                guard let decision = batch.decisions[ref] else { continue }
                claimed.formUnion([decision.claim, decision.facts.stored?.claim].compactMap(\.self))
            }
            let assets = claimed.subtracting(looked).sorted()
            guard !assets.isEmpty else { return }
            looked.formUnion(assets)
            fresh = try await waitingClaimants(of: assets, after: after, most: room)
                .filter { batch.decisions[$0] == nil }
            room -= fresh.count
            for ref in fresh { batch.work.cis[ref] = batch.work.cis[ref] ?? .rules }
            if !fresh.isEmpty { try await decide(fresh, &batch) }
            round += fresh
        }
    }

    /// CIs beyond a position that claim one of the assets by the old rules, or share a key with one by the new.
    private func waitingClaimants(of assets: [AssetRef], after: CIRef, most: Int) async throws -> [CIRef] {
        let rows = try await flush(
            Statement(
                """
                SELECT DISTINCT w.ci_ref
                FROM unnest($1::bigint[]) AS k (ref)
                CROSS JOIN LATERAL (
                    (SELECT d.ci_ref FROM assetlink_internal.ci_decision AS d
                     WHERE d.claim_asset = k.ref AND d.ci_ref > $2 LIMIT $3)
                    UNION ALL
                    (SELECT y.ci_ref
                     FROM (SELECT space_id, key FROM assetlink_internal.asset_key
                           WHERE asset_ref = k.ref OFFSET 0) AS a
                     CROSS JOIN LATERAL (
                         SELECT ci_ref FROM assetlink_internal.ci_key
                         WHERE space_id = a.space_id AND key = a.key AND ci_ref > $2 LIMIT $3) AS y)
                ) AS w
                ORDER BY w.ci_ref LIMIT $3
                """, [.refs(assets), .int8(after), .int8(Int64(most))]))
        return try rows.map { row throws(PostgresError) in try row.int8(0) }
    }
}
