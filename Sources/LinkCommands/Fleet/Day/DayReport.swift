import Postgres

/// What changed in the public relations, as small tables.
struct DayReport: Sendable {
    let connection: PostgresConnection

    /// The newest audit row, to begin a step from.
    func newestAudit() async throws -> Int64 {
        try await connection.query("SELECT coalesce(max(audit_id), 0) FROM assetlink.audit").first?.int8(0) ?? 0
    }

    /// Prints what the audit says of some records since a row, and what the relations then show of them.
    func print(since audit: Int64, cis: [String], assets: [String]) async throws {
        let parameters: [Parameter] = [.textArray(cis), .textArray(assets), .int8(audit)]
        let results = try await connection.pipeline(Self.parts.map { Statement($0.sql, parameters) })
        for (part, rows) in zip(Self.parts, results) where !rows.isEmpty {
            Swift.print("  \(part.title)")
            Swift.print(SmallTable(columns: rows.columns, rows: try rows.texts()).text)
        }
    }

    /// The day's audit rows since the last step, and what else their batches say of conflicts.
    private static let touched = """
        WITH ours AS (
            SELECT * FROM assetlink.audit
            WHERE audit_id > $3 AND (ci_source = 'cmdb' AND ci_id = ANY ($1::text[])
                OR asset_source = 'itam' AND asset_id = ANY ($2::text[]))),
        touched AS (
            SELECT * FROM ours
            UNION
            SELECT a.* FROM assetlink.audit a
            WHERE a.audit_id > $3 AND a.ci_id IS NULL AND a.asset_id IS NULL
                AND a.batch_id IN (SELECT o.batch_id FROM ours o))
        """

    private static let parts: [(title: String, sql: String)] = [
        (
            "assetlink.ci_state",
            """
            \(touched)
            SELECT ci_id, name, state, reason, asset_id, rule || ' ' || entry_priority AS rule,
                matched_on::text AS matched_on
            FROM assetlink.ci_state
            WHERE ci_source = 'cmdb' AND ci_id IN (SELECT ci_id FROM touched) ORDER BY ci_id
            """
        ),
        (
            "assetlink.link",
            """
            \(touched)
            SELECT link_id::text, ci_id, asset_id, status, coalesce(close_reason, stale_reason) AS reason,
                predecessor_link_id::text AS predecessor
            FROM assetlink.link
            WHERE link_id IN (SELECT link_id FROM touched) ORDER BY link_id
            """
        ),
        (
            "assetlink.conflict",
            """
            \(touched)
            SELECT c.conflict_id::text, c.kind, c.matched_on::text AS matched_on,
                CASE WHEN c.closed_at IS NULL THEN 'open' ELSE 'closed' END AS state, c.close_reason,
                (SELECT string_agg(m.side || ' ' || m.id, ', ' ORDER BY m.side, m.id)
                 FROM assetlink.conflict_member m WHERE m.conflict_id = c.conflict_id) AS members
            FROM assetlink.conflict c
            WHERE greatest(c.opened_at, c.closed_at) >= (SELECT min(at) FROM touched) ORDER BY c.conflict_id
            """
        ),
        (
            "assetlink.audit",
            """
            \(touched)
            SELECT audit_id::text, actor, action, ci_id, asset_id, from_state, to_state, reason,
                concat_ws(' ', cause ->> 'by', cause ->> 'key') AS cause
            FROM touched ORDER BY audit_id
            """
        ),
    ]
}
