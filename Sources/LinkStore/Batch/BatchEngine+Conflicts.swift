import LinkCore
import Logging
import Postgres

extension BatchEngine {
    /// Finds or opens the conflicts that CIs are in now, and closes those that nobody is in any more.
    func settleConflicts(_ batch: inout Batch) async throws {
        var wanted: [ConflictName: Cause] = [:]
        var leaving: [Int64: [CIDecision]] = [:]
        for decision in batch.decisions.values {
            if let name = decision.conflict { wanted[name] = wanted[name] ?? decision.cause }
            if let old = decision.facts.stored?.conflict { leaving[old, default: []].append(decision) }
        }
        guard !wanted.isEmpty || !leaving.isEmpty else { return }
        let names = Array(wanted.keys)
        let old = leaving.keys.sorted()
        let rows = try await flush([
            Statement(
                """
                INSERT INTO assetlink_internal.conflict (
                    kind, identity, matched_on, ci_ref, asset_ref, ci_source_id, opened_at)
                SELECT k.kind, k.identity, k.matched::jsonb, k.ci, k.asset, k.source, $7
                FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::integer[])
                    AS k (kind, identity, matched, ci, asset, source)
                ON CONFLICT (kind, md5(identity)) WHERE closed_at IS NULL DO NOTHING
                RETURNING conflict_id
                """,
                [
                    .texts(names.map(\.kind.rawValue)), .texts(names.map(\.identity)),
                    .textArray(names.map(\.matchedOn)), .int8Array(names.map(\.ci)), .int8Array(names.map(\.asset)),
                    .int4Array(names.map(\.ciSource)), .timestamptz(batch.time),
                ]),
            Statement(
                """
                SELECT k.ord, c.conflict_id
                FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (kind, identity, ord)
                CROSS JOIN LATERAL (
                    SELECT c.conflict_id FROM assetlink_internal.conflict AS c
                    WHERE c.kind = k.kind AND md5(c.identity) = md5(k.identity) AND c.closed_at IS NULL OFFSET 0) AS c
                """, [.texts(names.map(\.kind.rawValue)), .texts(names.map(\.identity))]),
            Statement(
                """
                SELECT k.id, (SELECT count(*) FROM (
                    SELECT FROM assetlink_internal.ci_decision AS d WHERE d.conflict_id = k.id LIMIT k.most) AS x)
                FROM unnest($1::bigint[], $2::integer[]) AS k (id, most)
                """, [.refs(old), .smallInts(old.map { (leaving[$0]?.count ?? 0) + 1 })]),
        ])
        let opened = Set(try rows[0].map { try $0.int8(0) })
        var ids: [ConflictName: Int64] = [:]
        for row in rows[1] { ids[names[Int(try row.int8(0)) - 1]] = try row.int8(1) }
        for decision in batch.decisions.values {
            if let name = decision.conflict { decision.conflictID = ids[name] }
        }
        for (name, cause) in wanted {
            guard let id = ids[name], opened.contains(id) else { continue }
            batch.plan.audit.append(conflictAudit(id, name.kind.rawValue, name.matchedOn, nil, "open", nil, cause))
        }
        let entered = Set(batch.decisions.values.compactMap(\.conflictID))
        for row in rows[2] {
            let id = try row.int8(0)
            let members = leaving[id] ?? []
            guard try row.int8(1) <= Int64(members.count), !entered.contains(id) else { continue }
            guard let last = members.min(by: { $0.facts.ref < $1.facts.ref }) else { continue }
            let reason =
                members.allSatisfy(\.facts.isDeleted)
                ? "record_deleted"
                : members.contains { $0.cause.actor != nil }
                    ? "by_operator" : members.contains { $0.conflict != nil } ? "kind_changed" : "resolved"
            batch.plan.closedConflicts.append((id: id, reason: reason, actor: last.cause.actor ?? "assetlinkd"))
            batch.plan.audit.append(
                conflictAudit(
                    id, last.facts.stored?.reason?.rawValue ?? "", last.facts.stored?.matchedOn, "open", "closed",
                    reason, last.cause))
        }
    }

    func conflictAudit(
        _ id: Int64, _ kind: String, _ matchedOn: String?, _ from: String?, _ to: String, _ reason: String?,
        _ cause: Cause
    ) -> AuditRow {
        var row = AuditRow("conflict", cause: cause)
        row.from = from
        row.to = to
        row.reason = reason ?? kind
        row.evidence = JSONText.object([
            "conflict": String(id), "kind": JSONText.string(kind), "matched_on": matchedOn,
        ])
        return row
    }
}
