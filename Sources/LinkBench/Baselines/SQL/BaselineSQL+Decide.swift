extension BaselineSQL {
    /// Each CI of `scope` by its own evidence (domain.md section 6), before claims on one asset are settled.
    ///
    /// Columns as in type `bench.decision`. `scope` has the columns of `bench.ci`.
    static func decide(_ scope: String) -> String {
        """
        WITH scope AS (\(scope)),
        hit AS MATERIALIZED (
            SELECT y.ci_ref, e.priority, y.space_id, e.kind, e.signature, y.key, e.is_plain, a.standing, a.asset_ref
            FROM scope AS s
            JOIN bench.ci_key AS y ON y.ci_ref = s.ci_ref
            JOIN bench.entry AS e ON e.space_id = y.space_id
            LEFT JOIN bench.asset_key AS a ON a.space_id = y.space_id AND a.key = y.key
            WHERE NOT s.retired
        ), best AS (
            -- The first entry with a candidate.
            SELECT DISTINCT ON (h.ci_ref) h.ci_ref, h.priority, h.space_id, h.kind, h.signature, h.asset_ref, h.is_single,
                h.matched, h.least
            FROM (
                SELECT ci_ref, priority, space_id, kind, signature, min(asset_ref) AS asset_ref,
                    min(asset_ref) = max(asset_ref) AS is_single,
                    '[' || string_agg(DISTINCT CASE WHEN is_plain THEN '[' || to_json(key) || ']' ELSE key END, ', ') || ']'
                        AS matched,
                    min(CASE WHEN is_plain THEN '[[' || to_json(key) || ']]' ELSE '[' || key || ']' END COLLATE "C") AS least
                FROM hit WHERE standing = 0
                GROUP BY ci_ref, priority, space_id, kind, signature
            ) AS h
            ORDER BY h.ci_ref, h.priority
        ), had AS (
            SELECT ci_ref, bool_or(standing = 1) AS ended, bool_or(standing = 2) AS deleted FROM hit GROUP BY ci_ref
        ), judged AS (
            SELECT s.ci_ref, s.source_id, s.key AS ci_id, s.rule, s.retired, s.evidence, b.priority, b.space_id, b.signature,
                b.asset_ref, b.is_single, b.matched, b.least, h.ended, h.deleted, h.ci_ref IS NOT NULL AS has_key,
                -- The guard: both sides hold a value of a stronger kind, and no eligible asset shared it.
                b.is_single AND b.priority >= 30 AND EXISTS (
                    SELECT FROM bench.ci_key AS y
                    JOIN bench.entry AS e ON e.space_id = y.space_id
                    JOIN bench.asset_key AS a ON a.asset_ref = b.asset_ref AND a.space_id = e.guard_space
                    WHERE y.ci_ref = s.ci_ref AND e.priority < b.priority AND e.kind <> b.kind) AS is_contradicted
            FROM scope AS s
            LEFT JOIN best AS b ON b.ci_ref = s.ci_ref
            LEFT JOIN had AS h ON h.ci_ref = s.ci_ref
            WHERE s.deleted_at IS NULL
        )
        SELECT j.ci_ref, j.source_id, j.ci_id,
            CASE WHEN j.rule IS NULL OR j.retired THEN 'excluded' WHEN j.is_single AND NOT j.is_contradicted THEN 'linked'
                WHEN j.priority IS NOT NULL THEN 'conflicted' ELSE 'orphaned' END AS state,
            CASE WHEN j.retired THEN 'ci_retired' WHEN j.rule IS NULL THEN 'class_excluded'
                WHEN j.is_contradicted THEN 'contradicting_evidence' WHEN j.is_single THEN NULL
                WHEN j.priority IS NOT NULL THEN 'duplicate_asset'
                WHEN j.ended THEN 'asset_decommissioned' WHEN j.deleted THEN 'asset_deleted'
                WHEN j.has_key THEN 'no_matching_asset'
                WHEN EXISTS (
                    SELECT FROM bench.ci_value AS v JOIN bench.suspect_value AS x ON x.kind = v.kind AND x.value = v.value
                    WHERE v.ci_ref = j.ci_ref) THEN 'suspect_identifier'
                WHEN j.evidence::text ~ '"s": "(placeholder|malformed)' THEN 'placeholder_identifier'
                ELSE 'no_identifier' END AS reason,
            CASE WHEN j.is_single AND NOT j.is_contradicted THEN j.asset_ref END AS claim,
            CASE WHEN j.is_single AND NOT j.is_contradicted THEN j.priority END AS rank,
            CASE WHEN j.is_single THEN j.asset_ref END AS candidate,
            CASE WHEN j.priority IS NOT NULL THEN j.rule END AS rule, j.priority, j.space_id AS space,
            j.matched::jsonb AS matched,
            CASE WHEN j.is_contradicted THEN 'cmdb/' || j.ci_id
                WHEN NOT j.is_single THEN j.signature || ' ' || j.least END AS conflict
        FROM judged AS j
        """
    }

    /// The type of a decision, and the function that decides some CIs.
    static let decisions = """
        CREATE TYPE bench.decision AS (
            ci_ref bigint, source_id integer, ci_id text, state text, reason text, claim bigint, rank integer,
            candidate bigint, rule text, priority integer, space integer, matched jsonb, conflict text);
        CREATE FUNCTION bench.decide(refs bigint[]) RETURNS SETOF bench.decision STABLE LANGUAGE plpgsql AS $$
        BEGIN
            RETURN QUERY
            \(decide("SELECT c.* FROM unnest(refs) AS k (ref) JOIN bench.ci AS c ON c.ci_ref = k.ref"));
        END
        $$;
        """
}
