import LinkCore
import Logging
import Postgres

extension CIFacts {
    /// Its decision and its link contradict each other: no batch leaves that behind.
    var isDrifted: Bool {
        guard !isDeleted, let stored else { return false }
        let active = link.flatMap { $0.stale == nil ? $0.asset : nil }
        return active != (stored.state == .linked ? stored.claim : nil)
    }
}

extension BatchEngine {
    /// Puts back links and stored decisions that were changed by hand, as the audit tells them, and says so in it; what
    /// the decision is now is then found as for any other CI.
    func mend(_ refs: [CIRef], _ batch: inout Batch) async throws {
        guard !refs.isEmpty, !isVerifying else { return }
        let rows = try await flush(
            Statement(
                """
                SELECT m.ci_ref, c.source_id, c.key, m.link_id, m.asset_source, m.asset_id, m.found, m.restored
                FROM assetlink_internal.mend($1::bigint[]) AS m JOIN assetlink_internal.ci AS c USING (ci_ref)
                """, [.refs(refs)]))
        for row in rows {
            var columns = Columns(row)
            let ref = try columns.int8()
            var audit = AuditRow("repair", cause: batch.work.cis[ref] ?? .system)
            audit.ciSource = batch.sources[try columns.int4()]?.name
            audit.ciID = try columns.text()
            audit.linkID = try columns.int8OrNil()
            audit.assetSource = try columns.textOrNil()
            audit.assetID = try columns.textOrNil()
            audit.from = try columns.textOrNil()
            audit.to = try columns.textOrNil()
            audit.reason = "changed_by_hand"
            logger.warning(
                "a link or decision was changed by hand; it is put back as the audit has it",
                metadata: [
                    "ci": "\(audit.ciID ?? "")", "found": "\(audit.from ?? "")", "restored": "\(audit.to ?? "")",
                ])
            batch.plan.audit.append(audit)
        }
        // Who was read ahead was read before.
        batch.hood.facts = [:]
    }

    /// Looks at a page of CIs for links and decisions that contradict each other, and queues those: no batch leaves that
    /// behind, so somebody changed them by hand.
    func sweepDecisions(_ position: inout SweepPosition, page: Int) async throws -> Int {
        let refs = try await connection.query(
            Statement(
                "SELECT ci_ref FROM assetlink_internal.ci WHERE ci_ref > $1 ORDER BY ci_ref LIMIT $2",
                [.int8(position.afterCI), .int8(Int64(page))])
        ).map { try $0.int8(0) }
        position.afterCI = refs.count < page ? 0 : refs.last ?? 0
        guard !refs.isEmpty else { return 0 }
        return try await connection.query(
            Statement(
                """
                SELECT assetlink_internal.log_change('ci', NULL, r::text, 'drift')
                FROM assetlink_internal.drifted($1::bigint[]) AS r
                """, [.refs(refs)])
        ).count
    }
}
