package import Postgres

/// What must hold after every batch, whatever happened.
package enum EngineInvariants {
    /// What does not hold, in words.
    package static func problems(_ connection: PostgresConnection) async throws -> [String] {
        try await connection.query(Statement(all, prepared: false)).map { try $0.text(0) }
    }

    /// Each batch beside the one before it; while keys are made by other rules, the log waits and nobody is decided.
    private static let batches = """
        SELECT x.batch_id, x.snapshot, x.committed_at, lag(batch_id) OVER w AS id, lag(snapshot) OVER w AS old,
            lag(committed_at) OVER w AS at,
            jsonb_path_exists(x.ranges, '\(makesKeys)')
                OR coalesce(jsonb_path_exists(lag(ranges) OVER w, '\(makesKeys)'), false)
                -- All keys that another version needs may be made by the batch that finds it.
                OR coalesce(lag(batch_id) OVER w > 0 AND x.rule_set_version <> lag(rule_set_version) OVER w, false)
                AS makes_keys
        FROM assetlink_internal.batch AS x WINDOW w AS (ORDER BY batch_id)
        """
    private static let makesKeys = #"$[*] ? (@.kind == "reevaluate" && @.phase < 2)"#

    private static let all = """
        SELECT 'CI ' || l.ci_id || ' has ' || count(*) || ' open links' FROM assetlink_internal.link AS l
        WHERE l.status <> 'closed' GROUP BY l.ci_ref, l.ci_id HAVING count(*) > 1
        UNION ALL
        SELECT 'CI ' || coalesce(d.ci_ref, l.ci_ref) || ': its decision does not show its open link'
        FROM (SELECT * FROM assetlink_internal.link WHERE status <> 'closed') AS l
        FULL JOIN (SELECT * FROM assetlink_internal.ci_decision WHERE link_id IS NOT NULL) AS d ON d.link_id = l.link_id
        WHERE (d.ci_ref, d.link_asset, d.link_status, d.link_reason, d.link_manual)
            IS DISTINCT FROM (l.ci_ref, l.asset_ref, l.status, l.stale_reason, l.method = 'manual')
        UNION ALL
        SELECT 'CI ' || d.ci_ref || ' is ' || d.state || ' and its link ' || coalesce(d.link_status, 'not there')
        FROM assetlink_internal.ci_decision AS d
        WHERE (d.state = 'linked') <> (d.link_status IS NOT DISTINCT FROM 'active')
            OR d.state = 'linked' AND d.claim_asset <> d.link_asset
        UNION ALL
        SELECT 'asset ' || a.key || ' counts ' || a.ci_count || ' CIs' FROM assetlink_internal.asset AS a
        WHERE a.ci_count <> (SELECT count(*) FROM assetlink_internal.ci_decision AS d
            WHERE d.state = 'linked' AND d.claim_asset = a.asset_ref)
        UNION ALL
        SELECT 'link ' || p.link_id || ': its periods do not follow each other' FROM (
            SELECT *, lag(to_batch) OVER w AS before, lead(from_batch) OVER w AS next, row_number() OVER w AS n
            FROM assetlink_internal.link_period WINDOW w AS (PARTITION BY link_id ORDER BY from_batch)) AS p
        JOIN assetlink_internal.link AS l USING (link_id)
        WHERE n > 1 AND before IS DISTINCT FROM from_batch OR n = 1 AND p.status <> 'active'
            OR (next IS NULL) <> (to_batch IS NULL)
            OR next IS NULL AND (p.status <> l.status
                OR p.reason IS DISTINCT FROM CASE l.status WHEN 'closed' THEN l.close_reason ELSE l.stale_reason END)
        UNION ALL
        SELECT 'link ' || l.link_id || ' has no period' FROM assetlink_internal.link AS l
        WHERE NOT EXISTS (SELECT FROM assetlink_internal.link_period AS p WHERE p.link_id = l.link_id)
        UNION ALL
        SELECT 'source ' || coalesce(c.source, n.source) || ': the newest batch counts ' || coalesce(c.count, 0)
        FROM (SELECT e.key::integer AS source, e.value::bigint AS count FROM (
                SELECT links FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1) AS b,
                jsonb_each_text(b.links) AS e WHERE e.value::bigint <> 0) AS c
        FULL JOIN (SELECT ci_source_id AS source, count(*) AS count FROM assetlink_internal.link
            WHERE status = 'active' GROUP BY 1) AS n ON n.source = c.source
        WHERE c.count IS DISTINCT FROM n.count
        UNION ALL
        SELECT 'batch ' || b.batch_id || ' does not move on' FROM (\(batches)) AS b
        WHERE b.batch_id <> b.id + 1 OR b.committed_at <= b.at
            OR CASE WHEN b.makes_keys THEN b.snapshot::text <> b.old::text
                ELSE pg_snapshot_xmax(b.snapshot) <= pg_snapshot_xmax(b.old) END
        UNION ALL
        SELECT 'batch ' || b.batch_id || ' decides while keys are made' FROM (\(batches)) AS b
        WHERE b.makes_keys AND EXISTS (
            SELECT FROM assetlink_internal.audit AS a
            WHERE a.batch_id = b.batch_id AND a.action IN ('link', 'ci_state', 'conflict'))
        UNION ALL
        SELECT 'conflict ' || c.conflict_id || ' is ' || CASE WHEN c.closed_at IS NULL THEN 'open' ELSE 'closed' END
        FROM assetlink_internal.conflict AS c
        WHERE (c.closed_at IS NULL) <> EXISTS (
            SELECT FROM assetlink_internal.ci_decision AS d WHERE d.conflict_id = c.conflict_id
            UNION ALL
            SELECT FROM assetlink_internal.discovery_item AS i
            WHERE i.conflict_id = c.conflict_id AND i.state = 'conflict')
        UNION ALL
        SELECT 'CI ' || d.ci_ref || ' is ' || d.state || ' with conflict ' || coalesce(d.conflict_id::text, 'none')
        FROM assetlink_internal.ci_decision AS d
        LEFT JOIN assetlink_internal.conflict AS c ON c.conflict_id = d.conflict_id
        WHERE (d.state = 'conflicted') <> (c.conflict_id IS NOT NULL) OR c.kind <> d.reason
        UNION ALL
        SELECT 'audit: batch ' || v.batch_id || ': ' || v.problem FROM assetlink.audit_verify() AS v
        UNION ALL
        SELECT 'audit: link ' || coalesce(l.link_id, a.link_id) || ' is ' || coalesce(l.status, 'not there') || ', not '
            || coalesce(a.to_state, 'there')
        FROM (SELECT DISTINCT ON (link_id) link_id, to_state,
                CASE WHEN to_state <> 'active' THEN reason END AS reason FROM assetlink_internal.audit
            WHERE action = 'link' ORDER BY link_id, audit_id DESC) AS a
        FULL JOIN assetlink_internal.link AS l ON l.link_id = a.link_id
        WHERE l.status IS DISTINCT FROM a.to_state
            OR a.reason IS DISTINCT FROM CASE l.status WHEN 'closed' THEN l.close_reason ELSE l.stale_reason END
        UNION ALL
        SELECT 'audit: ' || a.action || ' ' || a.who || ' goes on from ' || coalesce(a.from_state, 'nothing')
            || ', was ' || coalesce(a.before, 'nothing')
        FROM (SELECT *, lag(to_state) OVER (PARTITION BY action, who ORDER BY audit_id) AS before FROM (
            SELECT *, CASE action WHEN 'link' THEN link_id::text ELSE ci_source || '/' || ci_id END AS who
            FROM assetlink_internal.audit WHERE action IN ('link', 'ci_state')) AS a) AS a
        WHERE a.from_state IS DISTINCT FROM a.before
        UNION ALL
        SELECT 'audit: link ' || a.link_id || ' moves twice in batch ' || a.batch_id FROM assetlink_internal.audit AS a
        WHERE a.action = 'link' GROUP BY a.link_id, a.batch_id HAVING count(*) > 1
        UNION ALL
        SELECT 'audit: CI ' || a.ci_id || ' moves twice in batch ' || a.batch_id FROM assetlink_internal.audit AS a
        WHERE a.action = 'ci_state' GROUP BY a.ci_source, a.ci_id, a.batch_id HAVING count(*) > 1
        """
}
