import LinkCore
import Logging
import Postgres

extension BatchEngine {
    /// Writes the plan, the audit and the cursor, and commits: all of it or nothing.
    func apply(_ batch: inout Batch) async throws -> BatchReport {
        auditEndedPairs(&batch)
        var list = decisionStatements(batch) + linkStatements(batch) + conflictStatements(batch)
        list += countStatements(batch) + sourceStatements(&batch) + writeBackStatements(&batch)
        list.append(auditStatement(batch))
        if trial != nil {
            // All but the commit: most of what can fail fails here.
            _ = try await flush(list)
            throw StoreError.trialSucceeded
        }
        var rows: [Rows] = []
        #if DEBUG
            if Failpoint.beforeCommit.isChosen {
                rows = try await flush(list)
                list = []
                Failpoint.beforeCommit.reach()
            }
        #endif
        list.append(Statement("COMMIT"))
        rows += try await flush(list)
        #if DEBUG
            Failpoint.afterCommit.reach()
        #endif
        let auditRow = rows[rows.count - 2]
        let digest = try auditRow.first?.bytes(0) ?? []
        var report = BatchReport(batchID: batch.id, time: batch.time)
        report.changes = batch.work.rows
        report.ignored = batch.plan.ignored
        report.auditRows = batch.plan.audit.count
        report.oldestLoggedAt = batch.work.oldestLoggedAt
        report.ranges = batch.ranges
        count(batch, into: &report)
        report.writesBack = !batch.plan.writeBack.isEmpty || batch.plan.changesWriteBack
        for (source, count) in batch.plan.endings { ended.append((batch.time, source, count)) }
        cursor = Cursor(
            batchID: batch.id, snapshot: batch.seen, ranges: batch.ranges, committedAt: batch.time, digest: digest,
            links: links(batch), ruleSetVersion: batch.start.ruleSetVersion)
        return report
    }

    /// What others want to know in numbers.
    private func count(_ batch: Batch, into report: inout BatchReport) {
        report.loggedAt = batch.work.loggedAt
        report.rejected = batch.plan.deadLetters.count
        for decision in batch.plan.decisions { report.decisions[decision.state, default: 0] += 1 }
        report.links.made = batch.plan.newLinks.count
        for update in batch.plan.linkUpdates {
            switch update.status {
            case "closed": report.links.closed += 1
            case "stale": report.links.stale += 1
            default: report.links.renewed += 1
            }
        }
    }

    private func links(_ batch: Batch) -> [Int32: Int] {
        batch.start.cursor.links.merging(batch.plan.activeDelta, uniquingKeysWith: +)
    }

    private func auditEndedPairs(_ batch: inout Batch) {
        for (pair, reason, cause) in batch.plan.endedPairs where reason != "removed" {
            var row = AuditRow(pair.kind, cause: cause)
            row.ciSource = batch.sources[pair.ci.source]?.name
            row.ciID = pair.ci.id
            row.assetSource = batch.sources[pair.asset.source]?.name
            row.assetID = pair.asset.id
            row.from = "in_force"
            row.to = "ended"
            row.reason = reason
            row.evidence = JSONText.object(["act": String(pair.actID)])
            batch.plan.audit.append(row)
        }
    }

    /// The link that a CI has after this batch.
    private struct LinkAfter {
        var id: Int64
        var asset: AssetRef
        var status: String
        var reason: String?
        var isManual: Bool
    }

    private func linkAfter(_ decision: CIDecision, _ new: [CIRef: NewLink], _ updates: [Int64: LinkUpdate])
        -> LinkAfter?
    {
        if let link = new[decision.facts.ref] {
            return LinkAfter(id: link.id, asset: link.asset, status: "active", reason: nil, isManual: link.isManual)
        }
        guard let link = decision.facts.link else { return nil }
        if let update = updates[link.id] {
            if update.status == "closed" { return nil }
            return LinkAfter(
                id: link.id, asset: link.asset, status: update.status, reason: update.staleReason,
                isManual: update.method == "manual")
        }
        return LinkAfter(
            id: link.id, asset: link.asset, status: link.stale == nil ? "active" : "stale",
            reason: link.stale?.rawValue, isManual: link.isManual)
    }

    func decisionStatements(_ batch: Batch) -> [Statement] {
        var list: [Statement] = []
        if !batch.plan.removedDecisions.isEmpty {
            list.append(
                Statement(
                    "DELETE FROM assetlink_internal.ci_decision WHERE ci_ref = ANY ($1::bigint[])",
                    [.refs(batch.plan.removedDecisions)]))
        }
        let new = Dictionary(batch.plan.newLinks.map { ($0.ci, $0) }, uniquingKeysWith: { a, _ in a })
        let updates = Dictionary(batch.plan.linkUpdates.map { ($0.id, $0) }, uniquingKeysWith: { _, b in b })
        let rows = batch.plan.decisions.filter { decision in
            let isSame = decision.facts.stored.map { $0 == StoredDecision(decision) } ?? false
            let linkIsSame =
                new[decision.facts.ref] == nil && decision.facts.link.map { updates[$0.id] == nil } ?? true
                && !batch.plan.operatorCloses.contains { $0.key == batch.decisions[decision.facts.ref]?.facts.link?.id }
            return !isSame || !linkIsSame || !batch.plan.operatorCloses.isEmpty
        }
        list.insert(contentsOf: taking(.decision, batch.plan.removedDecisions + rows.map(\.facts.ref)), at: 0)
        guard !rows.isEmpty else { return list }
        let after = rows.map { linkAfter($0, new, updates) }
        list.append(
            Statement(
                """
                INSERT INTO assetlink_internal.ci_decision AS d (
                    ci_ref, source_id, state, reason, since, claim_asset, claim_rank, claim_manual, candidate_asset, rule,
                    entry_priority, entry_space, matched_on, conflict_id, link_id, link_asset, link_status, link_reason,
                    link_manual)
                SELECT r.ref, r.source, r.state, r.reason, $19, r.claim, r.rank, r.manual, r.candidate, r.rule, r.priority,
                       r.space, r.matched::jsonb, r.conflict, r.link, r.link_asset, r.status, r.link_reason, r.link_manual
                FROM unnest(
                    $1::bigint[], $2::integer[], $3::text[], $4::text[], $5::bigint[], $6::integer[], $7::boolean[],
                    $8::bigint[], $9::text[], $10::integer[], $11::integer[], $12::text[], $13::bigint[], $14::bigint[],
                    $15::bigint[], $16::text[], $17::text[], $18::boolean[]
                ) AS r (ref, source, state, reason, claim, rank, manual, candidate, rule, priority, space, matched,
                        conflict, link, link_asset, status, link_reason, link_manual)
                ON CONFLICT (ci_ref) DO UPDATE SET
                    state = excluded.state, reason = excluded.reason,
                    since = CASE WHEN d.state = excluded.state AND d.reason IS NOT DISTINCT FROM excluded.reason
                                     AND (d.state <> 'linked' OR d.claim_asset = excluded.claim_asset)
                                 THEN d.since ELSE excluded.since END,
                    claim_asset = excluded.claim_asset, claim_rank = excluded.claim_rank,
                    claim_manual = excluded.claim_manual, candidate_asset = excluded.candidate_asset,
                    rule = excluded.rule, entry_priority = excluded.entry_priority, entry_space = excluded.entry_space,
                    matched_on = excluded.matched_on, conflict_id = excluded.conflict_id, link_id = excluded.link_id,
                    link_asset = excluded.link_asset, link_status = excluded.link_status,
                    link_reason = excluded.link_reason, link_manual = excluded.link_manual
                """,
                [
                    .refs(rows.map(\.facts.ref)), .int4s(rows.map(\.facts.name.source)),
                    .texts(rows.map(\.state.rawValue)), .textArray(rows.map { $0.reason?.rawValue }),
                    .int8Array(rows.map(\.claim)), .int4Array(rows.map { $0.rank.map { Int32($0) } }),
                    .boolArray(rows.map(\.isManual)), .int8Array(rows.map(\.candidate)), .textArray(rows.map(\.rule)),
                    .int4Array(rows.map { $0.priority.map { Int32($0) } }), .int4Array(rows.map(\.space)),
                    .textArray(rows.map(\.matchedOn)), .int8Array(rows.map(\.conflictID)),
                    .int8Array(after.map { $0?.id }), .int8Array(after.map { $0?.asset }),
                    .textArray(after.map { $0?.status }), .textArray(after.map { $0?.reason }),
                    .boolArray(after.map { $0?.isManual }), .timestamptz(batch.time),
                ]))
        return list
    }

    private func linkStatements(_ batch: Batch) -> [Statement] {
        var list: [Statement] = []
        let updates = batch.plan.linkUpdates
        if !updates.isEmpty {
            list.append(
                Statement(
                    """
                    UPDATE assetlink_internal.link AS l
                    SET status = r.status, method = r.method,
                        rule = CASE r.status WHEN 'active' THEN r.rule ELSE l.rule END,
                        entry_priority = CASE r.status WHEN 'active' THEN r.priority ELSE l.entry_priority END,
                        matched_on = CASE r.status WHEN 'active' THEN r.matched::jsonb ELSE l.matched_on END,
                        stale_at = CASE r.status WHEN 'active' THEN NULL WHEN 'stale' THEN coalesce(l.stale_at, $9)
                                                 ELSE l.stale_at END,
                        stale_reason = CASE r.status WHEN 'active' THEN NULL WHEN 'stale' THEN r.stale_reason
                                                     ELSE l.stale_reason END,
                        closed_at = CASE r.status WHEN 'closed' THEN $9 END,
                        closed_by = CASE r.status WHEN 'closed' THEN r.actor END,
                        close_reason = r.close_reason
                    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[],
                                $8::text[], $10::text[])
                        AS r (id, status, stale_reason, close_reason, method, priority, matched, rule, actor)
                    WHERE l.link_id = r.id
                    """,
                    [
                        .refs(updates.map(\.id)), .texts(updates.map(\.status)), .textArray(updates.map(\.staleReason)),
                        .textArray(updates.map(\.closeReason)), .texts(updates.map(\.method)),
                        .int4Array(updates.map { $0.priority.map { Int32($0) } }), .textArray(updates.map(\.matchedOn)),
                        .textArray(updates.map(\.rule)), .timestamptz(batch.time), .texts(updates.map(\.actor)),
                    ]))
        }
        let new = batch.plan.newLinks
        if !new.isEmpty {
            list.append(
                Statement(
                    """
                    INSERT INTO assetlink_internal.link (
                        link_id, ci_ref, ci_source_id, ci_id, asset_ref, asset_source_id, asset_id, status, method, rule,
                        entry_priority, matched_on, linked_at, linked_by, predecessor_link_id)
                    SELECT r.id, r.ci, r.ci_source, r.ci_id, r.asset, r.asset_source, r.asset_id, 'active', r.method,
                           r.rule, r.priority, r.matched::jsonb, $13, r.linked_by, r.predecessor
                    FROM unnest(
                        $1::bigint[], $2::bigint[], $3::integer[], $4::text[], $5::bigint[], $6::integer[], $7::text[],
                        $8::text[], $9::text[], $10::integer[], $11::text[], $12::text[], $14::bigint[]
                    ) AS r (id, ci, ci_source, ci_id, asset, asset_source, asset_id, method, rule, priority, matched,
                            linked_by, predecessor)
                    """,
                    [
                        .refs(new.map(\.id)), .refs(new.map(\.ci)), .int4s(new.map(\.ciName.source)),
                        .texts(new.map(\.ciName.id)), .refs(new.map(\.asset)), .int4s(new.map(\.assetName.source)),
                        .texts(new.map(\.assetName.id)), .texts(new.map { $0.isManual ? "manual" : "automatic" }),
                        .textArray(new.map(\.rule)), .int4Array(new.map { $0.priority.map { Int32($0) } }),
                        .textArray(new.map(\.matchedOn)), .texts(new.map(\.linkedBy)), .timestamptz(batch.time),
                        .int8Array(new.map(\.predecessor)),
                    ]))
        }
        return list + periodStatements(batch)
    }

    /// Status periods, for questions about the past.
    private func periodStatements(_ batch: Batch) -> [Statement] {
        let moved = batch.plan.linkUpdates.filter(\.isPeriod)
        let begin =
            moved.map { ($0.id, $0.status, $0.closeReason ?? $0.staleReason) }
            + batch.plan.newLinks.map { ($0.id, "active", nil) }
        guard !begin.isEmpty else { return [] }
        let ended = """
            WITH ended AS (
                UPDATE assetlink_internal.link_period AS p SET to_batch = $4
                FROM unnest($5::bigint[]) AS k (id) WHERE p.link_id = k.id AND p.to_batch IS NULL
            )

            """
        return [
            Statement(
                """
                \(moved.isEmpty ? "" : ended)\
                INSERT INTO assetlink_internal.link_period (link_id, from_batch, status, reason)
                SELECT k.id, $4, k.status, k.reason FROM unnest($1::bigint[], $2::text[], $3::text[]) AS k (id, status, reason)
                """,
                [.refs(begin.map(\.0)), .texts(begin.map(\.1)), .textArray(begin.map(\.2)), .int8(batch.id)]
                    + (moved.isEmpty ? [] : [.refs(moved.map(\.id))]))
        ]
    }

    func conflictStatements(_ batch: Batch) -> [Statement] {
        let closed = batch.plan.closedConflicts
        guard !closed.isEmpty else { return [] }
        return [
            Statement(
                """
                UPDATE assetlink_internal.conflict AS c
                SET closed_at = $4, close_reason = k.reason, closed_by = k.actor
                FROM unnest($1::bigint[], $2::text[], $3::text[]) AS k (id, reason, actor)
                WHERE c.conflict_id = k.id AND c.closed_at IS NULL
                """,
                [
                    .refs(closed.map(\.id)), .texts(closed.map(\.reason)), .texts(closed.map(\.actor)),
                    .timestamptz(batch.time),
                ])
        ]
    }

    private func countStatements(_ batch: Batch) -> [Statement] {
        var list: [Statement] = []
        let counts = batch.plan.counts.filter { $0.value != 0 }
        if !counts.isEmpty {
            let refs = Array(counts.keys)
            list.append(
                Statement(
                    """
                    UPDATE assetlink_internal.asset AS a
                    SET ci_count = a.ci_count + k.delta,
                        since = CASE WHEN (a.ci_count = 0) = (a.ci_count + k.delta = 0) THEN a.since ELSE $3 END
                    FROM unnest($1::bigint[], $2::integer[]) AS k (ref, delta)
                    WHERE a.asset_ref = k.ref
                    """, [.refs(refs), .smallInts(refs.map { counts[$0] ?? 0 }), .timestamptz(batch.time)]))
        }
        let seen = batch.plan.discovered
        if !seen.isEmpty { list.append(Self.freshness(seen)) }
        return list
    }
}

extension StoredDecision {
    init(_ decision: CIDecision) {
        state = decision.state
        reason = decision.reason
        claim = decision.claim
        rank = decision.rank
        isManual = decision.isManual
        candidate = decision.candidate
        rule = decision.rule
        priority = decision.priority
        space = decision.space
        matchedOn = decision.matchedOn
        conflict = decision.conflictID
    }
}
