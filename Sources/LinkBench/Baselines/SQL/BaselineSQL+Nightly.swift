extension BaselineSQL {
    /// The details of all CIs, each aggregated once and joined, instead of probed CI by CI.
    private static let ciDetails = """
        WITH serials AS (
            SELECT ci_id, jsonb_agg(jsonb_build_object('type', type, 'value', value) ORDER BY type, value) AS list
            FROM cmdb.ci_serial_number GROUP BY ci_id
        ), adapters AS (
            SELECT ci_id, jsonb_agg(jsonb_build_object('name', name, 'mac', mac) ORDER BY name, mac) AS list
            FROM cmdb.ci_network_adapter GROUP BY ci_id
        ), parents AS (
            SELECT child_ci_id AS ci_id, min(parent_ci_id) AS parent FROM cmdb.ci_relationship
            WHERE type = 'contains' GROUP BY child_ci_id
        )
        """

    private static let everyCI = """
        cmdb.ci AS s LEFT JOIN bench.ci AS o ON false
        LEFT JOIN LATERAL (SELECT n.list AS serials, m.list AS adapters, r.parent
            FROM (SELECT) AS one
            LEFT JOIN serials AS n ON n.ci_id = s.ci_id
            LEFT JOIN adapters AS m ON m.ci_id = s.ci_id
            LEFT JOIN parents AS r ON r.ci_id = s.ci_id) AS d ON true
        """

    /// The nightly relink: everything from the sources into empty tables, in one transaction of statements over whole sets.
    static let nightly = [
        """
        BEGIN;
        SET LOCAL work_mem = '256MB';
        SET LOCAL maintenance_work_mem = '256MB';
        -- One pass: no plan is worth compiling, and every join is over everything.
        SET LOCAL jit = off;
        CREATE TEMP TABLE asset_src ON COMMIT DROP AS
        \(assetSource("itam.asset AS s LEFT JOIN bench.asset AS o ON false", ref: "row_number() OVER ()"));
        ANALYZE asset_src (ref);
        CREATE TEMP TABLE asset_val ON COMMIT DROP AS
        WITH src AS (SELECT * FROM asset_src) \(assetValues);
        CREATE TEMP TABLE ci_src ON COMMIT DROP AS
        \(ciDetails) \(ciSource(everyCI, ref: "row_number() OVER ()"));
        ANALYZE ci_src (ref);
        CREATE TEMP TABLE ci_val ON COMMIT DROP AS
        WITH src AS (SELECT * FROM ci_src) \(ciValues);
        """,
        // Who holds what, and what too many hold.
        """
        INSERT INTO bench.asset_value (kind, value, asset_ref, counted)
        SELECT DISTINCT v.kind, v.canonical, v.ref, s.standing = 0 AND NOT s.is_composite
        FROM asset_val AS v JOIN asset_src AS s USING (ref)
        WHERE v.kind IN ('serial', 'uuid') AND v.canonical IS NOT NULL AND NOT v.is_placeholder;
        WITH vals AS (SELECT * FROM ci_val), src AS (SELECT * FROM ci_src)
        INSERT INTO bench.ci_value (kind, value, source_id, ci_ref, counted)
        SELECT h.kind, h.value, bench.cmdb(), h.ref, h.counted FROM (\(ciHeld)) AS h;
        INSERT INTO bench.suspect_value (kind, value, since)
        SELECT kind, value, clock_timestamp() FROM (
            SELECT kind, value FROM bench.asset_value WHERE counted GROUP BY kind, value HAVING count(*) > 5
            UNION
            SELECT kind, value FROM bench.ci_value WHERE counted GROUP BY kind, value HAVING count(*) > 5) AS s;
        ANALYZE bench.suspect_value;
        """,
        // Records and keys.
        """
        WITH src AS (SELECT * FROM asset_src),
        vals AS (
            SELECT v.*, t.value IS NOT NULL AS is_suspect
            FROM asset_val AS v LEFT JOIN bench.suspect_value AS t ON t.kind = v.kind AND t.value = v.canonical),
        usable AS (SELECT * FROM vals WHERE canonical IS NOT NULL AND NOT is_placeholder AND NOT is_suspect),
        keyed AS (
            INSERT INTO bench.asset_key (space_id, key, standing, asset_ref, source_id)
            SELECT k.space_id, k.key, s.standing, k.ref, bench.itam() FROM (\(assetKeys)) AS k JOIN src AS s USING (ref)),
        facts AS (\(assetFacts))
        INSERT INTO bench.asset (\(assetColumns)) \(assetRow);
        WITH src AS (SELECT * FROM ci_src),
        vals AS (
            SELECT v.*, t.value IS NOT NULL AS is_suspect
            FROM ci_val AS v LEFT JOIN bench.suspect_value AS t ON t.kind = v.kind AND t.value = v.canonical),
        usable AS (SELECT * FROM vals WHERE canonical IS NOT NULL AND NOT is_placeholder AND NOT is_suspect),
        keyed AS (
            INSERT INTO bench.ci_key (space_id, key, ci_ref)
            SELECT k.space_id, k.key, k.ref FROM (\(ciKeys)) AS k),
        facts AS (\(ciFacts))
        INSERT INTO bench.ci (\(ciColumns)) \(ciRow);
        ANALYZE bench.asset; ANALYZE bench.asset_key; ANALYZE bench.ci; ANALYZE bench.ci_key; ANALYZE bench.ci_value;
        """,
        // Decisions, settled.
        """
        CREATE TEMP TABLE decided ON COMMIT DROP AS
        \(decide("SELECT * FROM bench.ci"));
        CREATE TEMP TABLE settled ON COMMIT DROP AS
        SELECT d.ci_ref, d.source_id, d.ci_id, CASE WHEN l.is_lost THEN 'conflicted' ELSE d.state END AS state,
            CASE WHEN l.is_lost THEN 'duplicate_ci' ELSE d.reason END AS reason, d.claim, d.rank, d.candidate, d.rule, d.priority,
            d.space, d.matched, CASE WHEN l.is_lost THEN 'itam/' || a.key || ' cmdb' ELSE d.conflict END AS conflict,
            a.key AS asset_id, CASE WHEN NOT l.is_lost THEN row_number() OVER () END AS link_id
        FROM decided AS d
        LEFT JOIN (
            SELECT ci_ref, NOT (rank() OVER (PARTITION BY claim ORDER BY rank) = 1
                AND count(*) OVER (PARTITION BY claim, rank) = 1) AS is_lost
            FROM decided WHERE claim IS NOT NULL) AS l USING (ci_ref)
        LEFT JOIN bench.asset AS a ON a.asset_ref = d.claim;
        ANALYZE settled;
        """,
        // Links, conflicts, states, counts, audit and the chain.
        """
        INSERT INTO bench.conflict (kind, identity, matched_on, ci_ref, asset_ref, ci_source_id, opened_at)
        SELECT DISTINCT ON (reason, conflict) reason, conflict, matched,
            CASE reason WHEN 'contradicting_evidence' THEN ci_ref END, CASE reason WHEN 'duplicate_ci' THEN claim END,
            CASE reason WHEN 'duplicate_ci' THEN source_id END, clock_timestamp()
        FROM settled WHERE conflict IS NOT NULL;
        INSERT INTO bench.link (link_id, ci_ref, ci_source_id, ci_id, asset_ref, asset_source_id, asset_id, status, method, rule,
            entry_priority, matched_on, linked_at, linked_by)
        SELECT link_id, ci_ref, source_id, ci_id, claim, bench.itam(), asset_id, 'active', 'automatic', rule, priority, matched,
            clock_timestamp(), 'assetlinkd'
        FROM settled WHERE link_id IS NOT NULL;
        INSERT INTO bench.link_period (link_id, from_batch, status)
        SELECT link_id, 1, 'active' FROM settled WHERE link_id IS NOT NULL;
        INSERT INTO bench.ci_decision (ci_ref, source_id, state, reason, since, claim_asset, claim_rank, candidate_asset, rule,
            entry_priority, entry_space, matched_on, conflict_id, link_id, link_asset, link_status, link_manual)
        SELECT s.ci_ref, s.source_id, s.state, s.reason, clock_timestamp(), s.claim, s.rank, s.candidate, s.rule, s.priority,
            s.space, s.matched, x.conflict_id, s.link_id, CASE WHEN s.link_id IS NOT NULL THEN s.claim END,
            CASE WHEN s.link_id IS NOT NULL THEN 'active' END, CASE WHEN s.link_id IS NOT NULL THEN false END
        FROM settled AS s
        LEFT JOIN bench.conflict AS x ON x.kind = s.reason AND x.identity = s.conflict;
        UPDATE bench.asset AS a SET ci_count = 1 FROM settled AS s WHERE s.link_id IS NOT NULL AND a.asset_ref = s.claim;
        WITH told AS (
            INSERT INTO bench.audit (batch_id, at, actor, action, ci_source, ci_id, asset_source, asset_id, link_id, to_state,
                reason, rule_set_version, evidence, cause)
            SELECT 1, clock_timestamp(), 'assetlinkd', t.action, 'cmdb', t.ci_id, CASE WHEN t.link_id IS NOT NULL THEN 'itam' END,
                t.asset_id, CASE t.action WHEN 'link' THEN t.link_id END, t.to_state, t.reason, 1, t.evidence,
                json_build_object('source', 'cmdb', 'key', t.ci_id, 'by', 'nightly', 'xid', 0, 'seq', 0)::text
            FROM (
                SELECT 'ci_state' AS action, ci_id, CASE WHEN link_id IS NOT NULL THEN asset_id END AS asset_id, link_id,
                    state AS to_state, reason, NULL::text AS evidence
                FROM settled
                UNION ALL
                SELECT 'link', s.ci_id, s.asset_id, s.link_id, 'active', 'linked', \(evidence("s"))
                FROM (
                    SELECT s.*, c.evidence AS ci_evidence, a.evidence AS asset_evidence
                    FROM settled AS s JOIN bench.ci AS c USING (ci_ref) JOIN bench.asset AS a ON a.asset_ref = s.claim
                    WHERE s.link_id IS NOT NULL) AS s
            ) AS t
            RETURNING audit.*
        ), parts AS (
            -- A part for every 5,000 rows: the bytes of all of them in one value could be too long.
            SELECT audit_id / 5000 + 1 AS number, count(*) AS n, sha256(string_agg(
                assetlink_internal.audit_bytes(ROW(t.*)::assetlink_internal.audit), ''::bytea ORDER BY t.audit_id)) AS hash
            FROM told AS t GROUP BY 1
        )
        INSERT INTO bench.batch (batch_id, epoch, snapshot, committed_at, rule_set_version, changes, audit_rows, previous_digest,
            digest)
        SELECT number, 1, pg_current_snapshot(), clock_timestamp(), 1, n, n, decode(repeat('00', 32), 'hex'), hash FROM parts;
        COMMIT;
        """,
    ]
}
