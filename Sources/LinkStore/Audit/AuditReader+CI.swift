import Postgres

extension AuditReader {
    /// Verifies what the audit says of one CI: every batch that tells of it, and that each row goes on from the one before.
    ///
    /// A batch that is missing altogether shows as a step that is not told; only the whole audit shows everything.
    package func verifyCI(_ source: String, _ id: String) async throws -> AuditFindings {
        let batches = try await connection.query(
            """
            SELECT a.batch_id FROM assetlink.audit_record AS a WHERE a.ci_source = $1 AND a.ci_id = $2
            UNION
            SELECT p.batch_id
            FROM assetlink.link AS l JOIN assetlink.link_period AS q USING (link_id)
            CROSS JOIN LATERAL (VALUES (q.from_batch), (q.to_batch)) AS p (batch_id)
            WHERE l.ci_source = $1 AND l.ci_id = $2
                AND p.batch_id > (SELECT coalesce(max(d.last_batch), 0) FROM assetlink.audit_detached AS d)
            ORDER BY 1
            """, [.text(source), .text(id)]
        ).map { try $0.int8(0) }
        var findings = AuditFindings()
        for batch in batches {
            let found = try await verify(from: batch, to: batch)
            findings.rows += found.rows
            findings.add(found)
        }
        if let first = batches.first, let last = batches.last { findings.batches = first...last }
        for row in try await connection.query(Self.steps, [.text(source), .text(id)]) {
            let (was, said) = (try row.textOrNil(2) ?? "nothing", try row.textOrNil(3) ?? "nothing")
            let what = try row.text(4)
            findings.note(
                try row.int8(0), row: try row.int8OrNil(1),
                "\(what) goes on from \(was), and was left as \(said) by what is told")
        }
        findings.sort()
        return findings
    }

    /// Rows of a CI that do not go on from the row before; what is before the first row that is left is not known.
    private static let steps = """
        WITH gone AS (SELECT count(*) > 0 AS is_cut FROM assetlink.audit_detached),
        step AS (
            SELECT a.batch_id, a.audit_id, a.from_state, a.action, a.link_id, a.to_state,
                lag(a.to_state) OVER w AS before, row_number() OVER w AS n
            FROM assetlink.audit_record AS a
            WHERE a.ci_source = $1 AND a.ci_id = $2 AND a.action IN ('link', 'ci_state')
            WINDOW w AS (PARTITION BY a.action, a.link_id ORDER BY a.audit_id)
        )
        SELECT s.batch_id, s.audit_id, s.from_state, s.before,
            CASE s.action WHEN 'link' THEN 'link ' || s.link_id ELSE 'the state of the CI' END
        FROM step AS s CROSS JOIN gone AS g
        WHERE s.from_state IS DISTINCT FROM s.before AND NOT (s.n = 1 AND g.is_cut)
        UNION ALL
        SELECT l.batch_id, NULL, c.state, l.to_state, 'the state of the CI now'
        FROM assetlink.ci_state AS c
        JOIN LATERAL (
            SELECT s.batch_id, s.to_state FROM step AS s WHERE s.action = 'ci_state' ORDER BY s.audit_id DESC LIMIT 1
        ) AS l ON l.to_state IS DISTINCT FROM c.state
        WHERE c.ci_source = $1 AND c.ci_id = $2
        ORDER BY 1, 2
        """
}
