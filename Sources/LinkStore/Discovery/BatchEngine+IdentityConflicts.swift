import LinkCore
import Postgres

extension BatchEngine {
    /// Opens the conflicts that items of payloads are in, and closes those that none is in any more: the batch writes
    /// the audit, so it is the one to do it (engine point 18).
    func takeIdentityConflicts(_ batch: inout Batch) async throws {
        guard let cause = batch.work.discovery else { return }
        let rows = try await flush([
            Statement(
                """
                INSERT INTO assetlink_internal.conflict (kind, identity, matched_on, ci_source_id, opened_at)
                SELECT DISTINCT ON (i.conflict_identity)
                    'duplicate_ci_identity', i.conflict_identity, i.matched_on, p.source_id, $1::timestamptz
                FROM assetlink_internal.discovery_item AS i
                JOIN assetlink_internal.discovery_payload AS p USING (payload_id)
                WHERE i.state = 'conflict' AND i.conflict_id IS NULL AND i.conflict_identity IS NOT NULL
                ORDER BY i.conflict_identity, i.payload_id, i.item
                ON CONFLICT (kind, md5(identity)) WHERE closed_at IS NULL DO NOTHING
                RETURNING conflict_id, matched_on::text
                """, [.timestamptz(batch.time)]),
            Statement(
                """
                UPDATE assetlink_internal.discovery_item AS i SET conflict_id = c.conflict_id
                FROM assetlink_internal.conflict AS c
                WHERE i.state = 'conflict' AND i.conflict_id IS NULL AND c.kind = 'duplicate_ci_identity'
                    AND md5(c.identity) = md5(i.conflict_identity) AND c.identity = i.conflict_identity
                    AND c.closed_at IS NULL
                """),
            Statement(
                """
                SELECT c.conflict_id, c.matched_on::text
                FROM assetlink_internal.conflict AS c
                WHERE c.kind = 'duplicate_ci_identity' AND c.closed_at IS NULL AND NOT EXISTS (
                    SELECT FROM assetlink_internal.discovery_item AS i
                    WHERE i.conflict_id = c.conflict_id AND i.state = 'conflict')
                ORDER BY c.conflict_id
                """),
        ])
        let kind = "duplicate_ci_identity"
        for row in rows[0] {
            batch.plan.audit.append(
                conflictAudit(try row.int8(0), kind, try row.textOrNil(1), nil, "open", nil, cause))
        }
        for row in rows[2] {
            let id = try row.int8(0)
            batch.plan.closedConflicts.append((id: id, reason: "resolved", actor: cause.actor ?? "assetlinkd"))
            batch.plan.audit.append(
                conflictAudit(id, kind, try row.textOrNil(1), "open", "closed", "resolved", cause))
        }
    }
}
