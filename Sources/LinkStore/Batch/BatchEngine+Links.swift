import LinkCore
import Logging
import Postgres

extension BatchEngine {
    /// What becomes of the state and the link of every CI that was decided, and the audit of it.
    func planLinks(_ batch: inout Batch) async throws {
        try await closeByOperator(&batch)
        for ref in batch.decisions.keys.sorted() {
            guard let decision = batch.decisions[ref] else { continue }
            planState(decision, &batch)
            planLink(decision, &batch)
            if decision.facts.isDeleted {
                batch.plan.removedDecisions.append(ref)
            } else {
                batch.plan.decisions.append(batch.decisions[ref] ?? decision)
            }
            countLinked(decision, &batch)
        }
        try await numberLinks(&batch)
    }

    private func planState(_ decision: CIDecision, _ batch: inout Batch) {
        let old = decision.facts.stored
        if decision.facts.isDeleted {
            guard let old else { return }
            var row = ciAudit("ci_state", decision, batch)
            row.from = old.state.rawValue
            row.reason = "deleted"
            batch.plan.audit.append(row)
            return
        }
        guard old?.state != decision.state || old?.reason != decision.reason || oldLinked(old) != decision.linked else {
            return
        }
        var row = ciAudit("ci_state", decision, batch)
        row.from = old?.state.rawValue
        row.to = decision.state.rawValue
        row.reason = decision.reason?.rawValue
        if let asset = decision.linked { name(&row, batch.hood.infos[asset]?.name, batch) }
        if let id = decision.conflictID { row.evidence = JSONText.object(["conflict": String(id)]) }
        batch.plan.audit.append(row)
    }

    private func oldLinked(_ old: StoredDecision?) -> AssetRef? { old?.state == .linked ? old?.claim : nil }

    private func countLinked(_ decision: CIDecision, _ batch: inout Batch) {
        let old = oldLinked(decision.facts.stored)
        let new = decision.facts.isDeleted ? nil : decision.linked
        guard old != new else { return }
        if let old { batch.plan.counts[old, default: 0] -= 1 }
        if let new { batch.plan.counts[new, default: 0] += 1 }
    }

    private func final(_ decision: CIDecision) -> FinalState {
        if decision.facts.isDeleted { return .deleted }
        switch decision.state {
        case .linked: return decision.claim.map { .linked($0) } ?? .conflicted
        case .conflicted: return .conflicted
        case .excluded: return .excluded(decision.reason ?? .classExcluded)
        case .orphaned: return .orphaned(decision.reason ?? .noIdentifier)
        }
    }

    private func planLink(_ decision: CIDecision, _ batch: inout Batch) {
        let facts = decision.facts
        let link = facts.link
        let context = link.map { link in
            LinkContext(
                // Of a dropped source nothing is deleted: it is no longer bound.
                standing: batch.sources[link.assetName.source]?.isDropped == true ? .eligible : link.standing,
                isBlocked: link.isBlocked,
                policy: batch.sources[facts.name.source]?.policy ?? .flag, endedPin: endedPin(link),
                isSourceBound: batch.assetSources(of: facts.name.source).contains(link.assetName.source),
                rulesChanged: batch.work.rulesChanged)
        }
        let transition = LinkTransition.of(
            final(decision),
            link: link.map { OpenLink(asset: $0.asset, stale: $0.stale, isManual: $0.isManual) }, context: context)
        let wasActive = link.map { $0.stale == nil } ?? false
        switch transition {
        case .none: break
        case .open(let asset): open(asset, nil, decision, &batch)
        case .supersede(let asset):
            guard let link else { break }
            update(link, decision, status: "closed", close: .superseded, &batch)
            open(asset, link.id, decision, &batch)
            if wasActive { ended(decision, &batch) }
        case .close(let reason):
            guard let link else { break }
            update(link, decision, status: "closed", close: reason, &batch)
            if wasActive { ended(decision, &batch) }
        case .markStale(let reason), .changeStaleReason(let reason):
            guard let link else { break }
            update(link, decision, status: "stale", stale: reason, &batch)
            if wasActive { ended(decision, &batch) }
        case .restore:
            guard let link else { break }
            update(link, decision, status: "active", &batch)
            batch.plan.activeDelta[facts.name.source, default: 0] += 1
        case .keep:
            guard let link, let old = facts.stored else { break }
            if link.isManual != decision.isManual || old.rule != decision.rule || old.priority != decision.priority
                || old.matchedOn != decision.matchedOn
            {
                update(link, decision, status: "active", isEvidence: true, &batch)
            }
        }
    }

    private func endedPin(_ link: LinkState) -> CloseReason? {
        guard link.isManual, let ended = link.endedPin else { return nil }
        return ended == "expired" ? .pinExpired : .removedByOperator
    }

    /// An active link ends: counted for the breaker against the source that caused it.
    private func ended(_ decision: CIDecision, _ batch: inout Batch) {
        batch.plan.activeDelta[decision.facts.name.source, default: 0] -= 1
        if decision.cause.isRules {
            batch.plan.ruleEndings[decision.facts.name.source, default: 0] += 1
        } else if let source = decision.cause.source, !decision.cause.isExempt {
            batch.plan.endings[source, default: 0] += 1
        }
    }

    private func actor(_ decision: CIDecision) -> String {
        decision.isManual ? decision.facts.pin?.actor ?? "assetlinkd" : "assetlinkd"
    }

    private func open(_ asset: AssetRef, _ predecessor: Int64?, _ decision: CIDecision, _ batch: inout Batch) {
        guard let name = batch.hood.infos[asset]?.name else { return }
        batch.plan.activeDelta[decision.facts.name.source, default: 0] += 1
        noteWriteBack(decision.facts.name, name, &batch)
        batch.plan.newLinks.append(
            NewLink(
                ci: decision.facts.ref, ciName: decision.facts.name, asset: asset, assetName: name,
                isManual: decision.isManual, rule: decision.rule, priority: decision.priority,
                matchedOn: decision.matchedOn, linkedBy: actor(decision), predecessor: predecessor))
    }

    private func update(
        _ link: LinkState, _ decision: CIDecision, status: String, stale: StaleReason? = nil,
        close: CloseReason? = nil, isEvidence: Bool = false, _ batch: inout Batch
    ) {
        let isLinked = status == "active"
        if !isEvidence { noteWriteBack(decision.facts.name, link.assetName, &batch) }
        batch.plan.linkUpdates.append(
            LinkUpdate(
                id: link.id, status: status, staleReason: stale?.rawValue, closeReason: close?.rawValue,
                actor: decision.cause.actor ?? "assetlinkd",
                method: (isLinked ? decision.isManual : link.isManual) ? "manual" : "automatic",
                rule: isLinked ? decision.rule : nil, priority: isLinked ? decision.priority : nil,
                matchedOn: isLinked ? decision.matchedOn : nil, isPeriod: !isEvidence))
        var row = ciAudit("link", decision, batch)
        name(&row, link.assetName, batch)
        row.linkID = link.id
        row.from = link.stale == nil ? "active" : "stale"
        row.to = status
        row.reason = isEvidence ? "evidence" : close?.rawValue ?? stale?.rawValue ?? "restored"
        row.evidence = decision.evidence
        batch.plan.audit.append(row)
    }

    private func ciAudit(_ action: String, _ decision: CIDecision, _ batch: Batch) -> AuditRow {
        var row = AuditRow(action, cause: decision.cause)
        row.ciSource = batch.sources[decision.facts.name.source]?.name
        row.ciID = decision.facts.name.id
        return row
    }

    private func name(_ row: inout AuditRow, _ asset: AssetName?, _ batch: Batch) {
        row.assetSource = asset.flatMap { batch.sources[$0.source]?.name }
        row.assetID = asset?.id
    }

    /// New links get their numbers, so that states, periods and audit rows can name them.
    private func numberLinks(_ batch: inout Batch) async throws {
        let missing = batch.plan.newLinks.count - linkIDs.count
        if missing > 0 { for row in try await flush(Self.linkNumbers(missing)) { linkIDs.append(try row.int8(0)) } }
        let ids = linkIDs.prefix(batch.plan.newLinks.count)
        linkIDs.removeFirst(ids.count)
        for (index, id) in ids.enumerated() {
            batch.plan.newLinks[index].id = id
            let link = batch.plan.newLinks[index]
            guard let decision = batch.decisions[link.ci] else { continue }
            var audit = ciAudit("link", decision, batch)
            name(&audit, link.assetName, batch)
            audit.linkID = id
            audit.to = "active"
            audit.reason = link.predecessor == nil ? "linked" : "succeeded"
            audit.evidence = decision.evidence
            batch.plan.audit.append(audit)
        }
    }

    /// Numbers that no link has; what a batch does not use, the next one does.
    static func linkNumbers(_ count: Int) -> Statement {
        Statement(
            "SELECT nextval('assetlink_internal.link_link_id_seq'::regclass) FROM generate_series(1, $1)",
            [.int4(Int32(count))])
    }

    /// Stale links closed by an operator or by retention: their CIs have no link any more.
    private func closeByOperator(_ batch: inout Batch) async throws {
        for (id, cause) in batch.work.links where batch.plan.operatorCloses[id] == nil {
            batch.plan.operatorCloses[id] = (.retention, cause)
        }
        guard !batch.plan.operatorCloses.isEmpty else { return }
        let rows = try await flush(
            Statement(
                """
                SELECT l.link_id, l.ci_ref
                FROM unnest($1::bigint[]) AS k (id)
                JOIN assetlink_internal.link AS l ON l.link_id = k.id
                WHERE l.status = 'stale'
                """, [.refs(batch.plan.operatorCloses.keys)]))
        var missing: [CIRef] = []
        for row in rows {
            let ref = try row.int8(1)
            if batch.decisions[ref] == nil { missing.append(ref) }
        }
        for fact in try await ciStates(missing, batch) {
            guard let old = fact.stored else { continue }
            let decision = CIDecision(fact, keeping: old, state: old.state, cause: .system)
            decision.reason = old.reason
            decision.conflictID = old.conflict
            batch.decisions[fact.ref] = decision
        }
        for row in rows {
            let (id, ref) = (try row.int8(0), try row.int8(1))
            guard let (reason, cause) = batch.plan.operatorCloses[id], let decision = batch.decisions[ref],
                let link = decision.facts.link, link.id == id, decision.linked != link.asset
            else { continue }
            let own = decision.cause
            decision.cause = cause
            update(link, decision, status: "closed", close: reason, &batch)
            decision.cause = own
            decision.facts.link = nil
        }
    }
}
