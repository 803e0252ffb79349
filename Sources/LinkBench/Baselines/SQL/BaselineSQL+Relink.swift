extension BaselineSQL {
    /// Decides some CIs, settles who else claims their assets, and writes states, links, conflicts, counts and audit.
    ///
    /// Claims on one asset: the strongest rank wins when one CI has it; otherwise all are in conflict, and so are the
    /// weaker (domain.md section 6). What becomes of an open link is section 7.
    static let relink = """
        \(decisions)

        CREATE FUNCTION bench.settled(refs bigint[]) RETURNS SETOF bench.decision STABLE LANGUAGE plpgsql AS $$
        DECLARE
            own bench.decision[] := ARRAY(SELECT d FROM bench.decide(refs) AS d);
        BEGIN
            RETURN QUERY
            WITH own AS (SELECT d.* FROM unnest(own) AS d),
            contested AS (
                SELECT claim AS asset FROM own WHERE claim IS NOT NULL
                UNION
                SELECT d.claim_asset FROM unnest(refs) AS k (ref) JOIN bench.ci_decision AS d ON d.ci_ref = k.ref
                WHERE d.claim_asset IS NOT NULL
            ), claims AS (
                SELECT o.ci_ref, o.claim, o.rank, true AS is_own FROM own AS o WHERE o.claim IS NOT NULL
                UNION ALL
                SELECT d.ci_ref, d.claim_asset, d.claim_rank, false
                FROM contested AS c JOIN bench.ci_decision AS d ON d.claim_asset = c.asset
                WHERE d.ci_ref <> ALL (refs)
            ), ranked AS (
                SELECT c.*, rank() OVER (PARTITION BY c.claim ORDER BY c.rank) AS place,
                    count(*) OVER (PARTITION BY c.claim, c.rank) AS ties
                FROM claims AS c
            ), lost AS (
                SELECT r.ci_ref, r.claim, r.is_own, NOT (r.place = 1 AND r.ties = 1) AND NOT a.composite AS is_lost, a.key
                FROM ranked AS r JOIN bench.asset AS a ON a.asset_ref = r.claim
            )
            SELECT o.ci_ref, o.source_id, o.ci_id, CASE WHEN l.is_lost THEN 'conflicted' ELSE o.state END,
                CASE WHEN l.is_lost THEN 'duplicate_ci' ELSE o.reason END, o.claim, o.rank, o.candidate, o.rule, o.priority,
                o.space, o.matched, CASE WHEN l.is_lost THEN 'itam/' || l.key || ' cmdb' ELSE o.conflict END
            FROM own AS o LEFT JOIN lost AS l ON l.ci_ref = o.ci_ref AND l.is_own
            UNION ALL
            -- Others whose outcome changes, though nothing of their own did.
            SELECT d.ci_ref, d.source_id, c.key, CASE WHEN l.is_lost THEN 'conflicted' ELSE 'linked' END,
                CASE WHEN l.is_lost THEN 'duplicate_ci' END, d.claim_asset, d.claim_rank, d.candidate_asset, d.rule,
                d.entry_priority, d.entry_space, d.matched_on, CASE WHEN l.is_lost THEN 'itam/' || l.key || ' cmdb' END
            FROM lost AS l
            JOIN bench.ci_decision AS d ON d.ci_ref = l.ci_ref
            JOIN bench.ci AS c ON c.ci_ref = l.ci_ref
            WHERE NOT l.is_own AND l.is_lost <> (d.state = 'conflicted');
        END
        $$;

        \(write)
        """

    /// Writes what was settled; `number` is the batch's, or null for a transaction of its own without a place in the chain.
    private static let write = """
        CREATE FUNCTION bench.relink(refs bigint[], number bigint) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            new bench.decision[] := ARRAY(SELECT d FROM bench.settled(refs) AS d);
            at timestamptz := clock_timestamp();
            left_conflicts bigint[];
        BEGIN
            left_conflicts := ARRAY(
                SELECT DISTINCT d.conflict_id FROM (SELECT n.ci_ref FROM unnest(new) AS n UNION SELECT unnest(refs)) AS n (ref)
                JOIN bench.ci_decision AS d ON d.ci_ref = n.ref WHERE d.conflict_id IS NOT NULL);
            INSERT INTO bench.conflict (kind, identity, matched_on, ci_ref, asset_ref, ci_source_id, opened_at)
            SELECT DISTINCT ON (n.reason, n.conflict) n.reason, n.conflict, n.matched,
                CASE n.reason WHEN 'contradicting_evidence' THEN n.ci_ref END,
                CASE n.reason WHEN 'duplicate_ci' THEN n.claim END, CASE n.reason WHEN 'duplicate_ci' THEN n.source_id END, at
            FROM unnest(new) AS n WHERE n.conflict IS NOT NULL
            ON CONFLICT (kind, md5(identity)) WHERE closed_at IS NULL DO NOTHING;

            WITH plan AS MATERIALIZED (
                SELECT k.ref AS ci_ref, n.source_id, coalesce(n.ci_id, c.key) AS ci_id, n.state, n.reason, n.claim, n.rank,
                    n.candidate, n.rule, n.priority, n.space, n.matched, o.state AS old_state, o.reason AS old_reason,
                    o.link_id AS old_link, o.link_asset AS old_asset, o.link_status AS old_status, o.link_reason,
                    o.matched_on AS old_matched, o.entry_priority AS old_priority,
                    CASE WHEN o.state = 'linked' THEN o.claim_asset END AS was,
                    CASE WHEN n.state = 'linked' THEN n.claim END AS now,
                    (SELECT x.conflict_id FROM bench.conflict AS x
                     WHERE x.kind = n.reason AND md5(x.identity) = md5(n.conflict) AND x.closed_at IS NULL) AS conflict_id,
                    oa.standing AS old_standing, oa.key AS old_asset_id, na.key AS new_asset_id, na.evidence AS asset_evidence,
                    c.evidence AS ci_evidence
                FROM (SELECT n.ci_ref FROM unnest(new) AS n UNION SELECT unnest(refs)) AS k (ref)
                JOIN bench.ci AS c ON c.ci_ref = k.ref
                LEFT JOIN unnest(new) AS n ON n.ci_ref = k.ref
                LEFT JOIN bench.ci_decision AS o ON o.ci_ref = k.ref
                LEFT JOIN bench.asset AS oa ON oa.asset_ref = o.link_asset
                LEFT JOIN bench.asset AS na ON na.asset_ref = n.claim
            ), fate AS MATERIALIZED (
                SELECT p.*,
                    CASE WHEN p.old_link IS NULL THEN NULL
                        WHEN p.state IS NULL THEN 'closed'
                        WHEN p.now = p.old_asset THEN 'active'
                        WHEN p.now IS NOT NULL OR p.state = 'excluded' THEN 'closed'
                        WHEN p.old_standing <> 0 OR p.state = 'conflicted' THEN 'stale'
                        ELSE 'closed' END AS status,
                    CASE WHEN p.old_link IS NULL THEN NULL
                        WHEN p.state IS NULL THEN 'ci_deleted'
                        WHEN p.now = p.old_asset THEN NULL
                        WHEN p.now IS NOT NULL THEN 'superseded'
                        WHEN p.state = 'excluded' THEN p.reason
                        WHEN p.old_standing = 1 THEN 'asset_decommissioned'
                        WHEN p.old_standing = 2 THEN 'asset_deleted'
                        WHEN p.state = 'conflicted' THEN 'in_conflict'
                        ELSE 'identifier_changed' END AS why,
                    CASE WHEN p.now IS NOT NULL AND p.now IS DISTINCT FROM p.old_asset
                        THEN nextval(pg_get_serial_sequence('bench.link', 'link_id')) END AS new_link
                FROM plan AS p
            ), moved AS (
                SELECT * FROM fate AS f
                WHERE f.old_link IS NOT NULL AND (f.status <> f.old_status OR f.why IS DISTINCT FROM f.link_reason)
            ), kept AS (
                UPDATE bench.link AS l
                SET status = f.status, method = 'automatic',
                    rule = CASE f.status WHEN 'active' THEN f.rule ELSE l.rule END,
                    entry_priority = CASE f.status WHEN 'active' THEN f.priority ELSE l.entry_priority END,
                    matched_on = CASE f.status WHEN 'active' THEN f.matched ELSE l.matched_on END,
                    stale_at = CASE f.status WHEN 'active' THEN NULL WHEN 'stale' THEN coalesce(l.stale_at, at) ELSE l.stale_at END,
                    stale_reason = CASE f.status WHEN 'active' THEN NULL WHEN 'stale' THEN f.why ELSE l.stale_reason END,
                    closed_at = CASE f.status WHEN 'closed' THEN at END,
                    closed_by = CASE f.status WHEN 'closed' THEN 'assetlinkd' END,
                    close_reason = CASE f.status WHEN 'closed' THEN f.why END
                FROM fate AS f
                WHERE l.link_id = f.old_link AND (f.status <> f.old_status OR f.why IS DISTINCT FROM f.link_reason
                    OR (f.status = 'active' AND (f.matched, f.priority) IS DISTINCT FROM (f.old_matched, f.old_priority)))
                RETURNING l.link_id
            ), made AS (
                -- Only after the old one is closed: a CI has one open link at most.
                INSERT INTO bench.link (link_id, ci_ref, ci_source_id, ci_id, asset_ref, asset_source_id, asset_id, status,
                    method, rule, entry_priority, matched_on, linked_at, linked_by, predecessor_link_id)
                SELECT f.new_link, f.ci_ref, f.source_id, f.ci_id, f.claim, bench.itam(), f.new_asset_id, 'active', 'automatic',
                    f.rule, f.priority, f.matched, at, 'assetlinkd', f.old_link
                FROM fate AS f WHERE f.new_link IS NOT NULL AND (SELECT count(*) FROM kept) >= 0
            ), ended AS (
                UPDATE bench.link_period AS p SET to_batch = coalesce(number, 0)
                FROM moved AS m WHERE p.link_id = m.old_link AND p.to_batch IS NULL
            ), begun AS (
                INSERT INTO bench.link_period (link_id, from_batch, status, reason)
                SELECT m.old_link, coalesce(number, nextval('bench.worker_number')), m.status, m.why FROM moved AS m
                UNION ALL
                SELECT f.new_link, coalesce(number, nextval('bench.worker_number')), 'active', NULL
                FROM fate AS f WHERE f.new_link IS NOT NULL
            ), counted AS (
                UPDATE bench.asset AS a
                SET ci_count = a.ci_count + k.delta,
                    since = CASE WHEN (a.ci_count = 0) = (a.ci_count + k.delta = 0) THEN a.since ELSE at END
                FROM (
                    SELECT ref, sum(d) AS delta
                    FROM (SELECT was AS ref, -1 AS d FROM fate UNION ALL SELECT now, 1 FROM fate) AS c
                    WHERE ref IS NOT NULL GROUP BY ref HAVING sum(d) <> 0) AS k
                WHERE a.asset_ref = k.ref
            ), removed AS (
                DELETE FROM bench.ci_decision AS d USING fate AS f WHERE d.ci_ref = f.ci_ref AND f.state IS NULL
            ), put AS (
                INSERT INTO bench.ci_decision AS d (ci_ref, source_id, state, reason, since, claim_asset, claim_rank,
                    candidate_asset, rule, entry_priority, entry_space, matched_on, conflict_id, link_id, link_asset,
                    link_status, link_reason, link_manual)
                SELECT f.ci_ref, f.source_id, f.state, f.reason, at, f.claim, f.rank, f.candidate, f.rule, f.priority, f.space,
                    f.matched, f.conflict_id, coalesce(f.new_link, CASE WHEN f.status <> 'closed' THEN f.old_link END),
                    CASE WHEN f.new_link IS NOT NULL THEN f.claim WHEN f.status <> 'closed' THEN f.old_asset END,
                    CASE WHEN f.new_link IS NOT NULL THEN 'active' WHEN f.status <> 'closed' THEN f.status END,
                    CASE WHEN f.new_link IS NULL AND f.status = 'stale' THEN f.why END,
                    CASE WHEN f.new_link IS NOT NULL OR f.status <> 'closed' THEN false END
                FROM fate AS f WHERE f.state IS NOT NULL
                ON CONFLICT (ci_ref) DO UPDATE SET
                    state = excluded.state, reason = excluded.reason,
                    since = CASE WHEN (d.state, d.reason, d.claim_asset)
                        IS NOT DISTINCT FROM (excluded.state, excluded.reason, excluded.claim_asset) THEN d.since ELSE at END,
                    claim_asset = excluded.claim_asset, claim_rank = excluded.claim_rank,
                    candidate_asset = excluded.candidate_asset, rule = excluded.rule,
                    entry_priority = excluded.entry_priority, entry_space = excluded.entry_space,
                    matched_on = excluded.matched_on, conflict_id = excluded.conflict_id, link_id = excluded.link_id,
                    link_asset = excluded.link_asset, link_status = excluded.link_status,
                    link_reason = excluded.link_reason, link_manual = excluded.link_manual
            ), told AS (
                INSERT INTO bench.audit (batch_id, at, actor, action, ci_source, ci_id, asset_source, asset_id, link_id,
                    from_state, to_state, reason, rule_set_version, evidence, cause)
                SELECT coalesce(number, 0), at, 'assetlinkd', t.action, 'cmdb', t.ci_id, t.asset_source, t.asset_id, t.link_id,
                    t.from_state, t.to_state, t.reason, 1, t.evidence,
                    json_build_object('source', 'cmdb', 'key', t.ci_id, 'by', 'trigger', 'xid', 0, 'seq', 0)::text
                FROM (
                    SELECT 'ci_state' AS action, f.ci_id, CASE WHEN f.now IS NOT NULL THEN 'itam' END AS asset_source,
                        CASE WHEN f.now IS NOT NULL THEN f.new_asset_id END AS asset_id, NULL::bigint AS link_id,
                        f.old_state AS from_state, f.state AS to_state, coalesce(f.reason, CASE WHEN f.state IS NULL THEN 'deleted' END)
                            AS reason, NULL::text AS evidence
                    FROM fate AS f
                    WHERE (f.old_state, f.old_reason, f.was) IS DISTINCT FROM (f.state, f.reason, f.now)
                    UNION ALL
                    SELECT 'link', m.ci_id, 'itam', m.old_asset_id, m.old_link, m.old_status, m.status, coalesce(m.why, 'restored'),
                        \(evidence("m"))
                    FROM moved AS m
                    UNION ALL
                    SELECT 'link', f.ci_id, 'itam', f.new_asset_id, f.new_link, NULL, 'active',
                        CASE WHEN f.old_link IS NULL THEN 'linked' ELSE 'succeeded' END, \(evidence("f"))
                    FROM fate AS f WHERE f.new_link IS NOT NULL
                ) AS t
                RETURNING audit.*
            )
            INSERT INTO bench.batch (batch_id, epoch, snapshot, committed_at, rule_set_version, changes, audit_rows,
                previous_digest, digest)
            SELECT number, 1, pg_current_snapshot(), at, 1, cardinality(refs), b.n, p.digest,
                assetlink_internal.batch_digest(p.digest, number, b.bytes)
            FROM (
                SELECT count(*) AS n, coalesce(string_agg(
                    assetlink_internal.audit_bytes(ROW(t.*)::assetlink_internal.audit), ''::bytea ORDER BY t.audit_id), '')
                    AS bytes
                FROM told AS t WHERE number IS NOT NULL) AS b
            CROSS JOIN LATERAL (
                SELECT coalesce((SELECT digest FROM bench.batch ORDER BY batch_id DESC LIMIT 1), decode(repeat('00', 32), 'hex'))
                    AS digest) AS p
            WHERE number IS NOT NULL;

            -- A conflict that nobody is in any more.
            IF left_conflicts <> '{}' THEN
                UPDATE bench.conflict AS c SET closed_at = at, close_reason = 'resolved', closed_by = 'assetlinkd'
                WHERE c.conflict_id = ANY (left_conflicts) AND c.closed_at IS NULL
                    AND NOT EXISTS (SELECT FROM bench.ci_decision AS d WHERE d.conflict_id = c.conflict_id);
            END IF;
        END
        $$;
        CREATE SEQUENCE bench.worker_number START 1000000000;
        """

    /// What an audit row says of the values on both sides.
    static func evidence(_ row: String) -> String {
        """
        CASE WHEN \(row).claim IS NOT NULL THEN json_build_object('rule', \(row).rule, 'entry', \(row).priority,
            'matched_on', \(row).matched,
            'ci', jsonb_path_query_array(\(row).ci_evidence, '$[*] ? (@.p == $p)', jsonb_build_object('p', \(row).priority)),
            'asset', \(row).asset_evidence)::text END
        """
    }
}
