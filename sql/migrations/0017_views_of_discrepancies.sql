-- Discrepancies worth an alarm; a filter on kind leaves only that branch.
SET LOCAL ROLE assetlink_owner;

-- Rings of parents. Each ring is found from its smallest member: a walk up goes on only while it is at larger ones, so
-- that long chains cost little; UNION ends the walks that run into a ring they are not on.
CREATE VIEW assetlink_internal.ci_ring (ci_ref) AS
WITH RECURSIVE node AS MATERIALIZED (
    SELECT c.ci_ref, p.ci_ref AS parent_ref
    FROM assetlink_internal.ci c
    JOIN assetlink_internal.ci p ON p.source_id = c.source_id AND p.key = c.parent_ci_id
    WHERE c.parent_ci_id IS NOT NULL
        AND p.parent_ci_id IS NOT NULL
        AND c.deleted_at IS NULL
        AND p.deleted_at IS NULL
        AND EXISTS (
            SELECT
            FROM assetlink_internal.ci h
            WHERE h.source_id = c.source_id AND h.parent_ci_id = c.key)
), walk (start, at) AS (
    SELECT n.ci_ref, n.parent_ref
    FROM node n
    UNION
    SELECT w.start, n.parent_ref
    FROM walk w
    JOIN node n ON n.ci_ref = w.at
    WHERE w.at > w.start
), member (ci_ref) AS (
    SELECT w.start
    FROM walk w
    WHERE w.at = w.start
    UNION
    SELECT n.parent_ref
    FROM member m
    JOIN node n ON n.ci_ref = m.ci_ref
)
SELECT m.ci_ref
FROM member m;

CREATE VIEW assetlink_internal.asset_ring (asset_ref) AS
WITH RECURSIVE node AS MATERIALIZED (
    SELECT a.asset_ref, p.asset_ref AS parent_ref
    FROM assetlink_internal.asset a
    JOIN assetlink_internal.asset p ON p.source_id = a.source_id AND p.key = a.parent_asset_id
    WHERE a.parent_asset_id IS NOT NULL
        AND p.parent_asset_id IS NOT NULL
        AND a.deleted_at IS NULL
        AND p.deleted_at IS NULL
        AND EXISTS (
            SELECT
            FROM assetlink_internal.asset h
            WHERE h.source_id = a.source_id AND h.parent_asset_id = a.key)
), walk (start, at) AS (
    SELECT n.asset_ref, n.parent_ref
    FROM node n
    UNION
    SELECT w.start, n.parent_ref
    FROM walk w
    JOIN node n ON n.asset_ref = w.at
    WHERE w.at > w.start
), member (asset_ref) AS (
    SELECT w.start
    FROM walk w
    WHERE w.at = w.start
    UNION
    SELECT n.parent_ref
    FROM member m
    JOIN node n ON n.asset_ref = m.asset_ref
)
SELECT m.asset_ref
FROM member m;

-- What the entries would have claimed for each pinned CI, by its stored keys. The contradiction guard is left out: an
-- entry that it stops disagrees with the pin all the more.
CREATE VIEW assetlink_internal.pinned_entry_claim (ci_ref, pinned_asset, claimed_asset, since) AS
SELECT c.ci_ref, pa.asset_ref, best.asset_ref, d.since
FROM assetlink_internal.pair_in_force p
JOIN assetlink_internal.ci c ON c.source_id = p.ci_source_id AND c.key = p.ci_id
JOIN assetlink_internal.ci_decision d ON d.ci_ref = c.ci_ref AND d.claim_manual
JOIN assetlink_internal.asset pa ON pa.source_id = p.asset_source_id AND pa.key = p.asset_id
JOIN assetlink_internal.source s ON s.source_id = c.source_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN count(DISTINCT ak.asset_ref) = 1 THEN min(ak.asset_ref) END AS asset_ref
    FROM (SELECT DISTINCT v.p, v.sp FROM jsonb_to_recordset(c.evidence) AS v (p integer, sp integer)) e
    JOIN assetlink_internal.ci_key ck ON ck.ci_ref = c.ci_ref AND ck.space_id = e.sp
    JOIN assetlink_internal.asset_key ak ON ak.space_id = ck.space_id AND ak.key = ck.key AND ak.standing = 0
    JOIN assetlink_internal.asset a ON a.asset_ref = ak.asset_ref
    WHERE (s.asset_sources IS NULL OR ak.source_id = ANY (s.asset_sources))
        AND NOT EXISTS (
            SELECT
            FROM assetlink_internal.pair_in_force b
            WHERE (b.kind, b.ci_source_id, b.ci_id, b.asset_source_id, b.asset_id)
                = ('block', c.source_id, c.key, a.source_id, a.key))
    GROUP BY e.p
    ORDER BY e.p
    LIMIT 1
) best
WHERE p.kind = 'pin'
    AND best.asset_ref IS NOT NULL;

CREATE VIEW assetlink.discrepancy AS
SELECT
    w.kind,
    cs.name AS ci_source,
    c.key AS ci_id,
    s.name AS asset_source,
    a.key AS asset_id,
    w.since,
    c.last_discovered_at,
    a.phase AS lifecycle_phase,
    CASE w.kind
        WHEN 'ghost' THEN 'The machine still answers: correct the asset''s state, or switch the machine off and retire the CI.'
        WHEN 'missing_seen' THEN 'The missing asset was discovered: find it by its CI, and correct its state.'
        WHEN 'stock_seen' THEN 'It is running: set the asset to in use.'
        WHEN 'zombie' THEN 'It is in use by the books but not discovered: repair its discovery, or find out where it is.'
        WHEN 'unseen' THEN 'No discovery knows it: have it discovered, or correct the asset''s state.'
        WHEN 'inherited_serial' THEN 'A CI of an excluded class reports an asset''s serial: correct the class if it is hardware.'
        WHEN 'asset_cycle' THEN 'Its parents form a ring: correct parent_asset_id.'
        WHEN 'ci_cycle' THEN 'Its parents form a ring: correct parent_ci_id.'
        WHEN 'pin_disagrees' THEN 'Its identifiers point at this asset, its pin at another: unpin it, or correct the identifiers.'
    END AS remedy
FROM (
    -- By the open link, and for orphaned CIs by their keys; since when the asset was gone.
    SELECT 'ghost'::text AS kind, g.ci_ref, g.asset_ref, z.gone_at AS since
    FROM (
        SELECT l.ci_ref, l.asset_ref
        FROM assetlink_internal.link l
        WHERE l.status = 'stale'
        UNION
        SELECT d.ci_ref, ak.asset_ref
        FROM assetlink_internal.ci_decision d
        JOIN assetlink_internal.source so ON so.source_id = d.source_id
        JOIN assetlink_internal.ci_key ck ON ck.ci_ref = d.ci_ref
        JOIN assetlink_internal.asset_key ak
            ON ak.space_id = ck.space_id AND ak.key = ck.key AND ak.standing IN (1, 2)
        WHERE d.state = 'orphaned'
            AND d.reason IN ('incomplete', 'blocked_by_operator', 'asset_decommissioned', 'asset_deleted')
            AND (so.asset_sources IS NULL OR ak.source_id = ANY (so.asset_sources))
    ) g
    JOIN assetlink_internal.ci gc ON gc.ci_ref = g.ci_ref
    JOIN assetlink_internal.asset ga ON ga.asset_ref = g.asset_ref AND ga.standing > 0
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN ga.phase IN ('retired', 'disposed') THEN coalesce(ga.lifecycle_since, ga.ended_at, ga.deleted_at)
            ELSE ga.deleted_at
        END AS gone_at
    ) z
    WHERE gc.last_discovered_at > z.gone_at
    UNION ALL
    SELECT 'missing_seen', d.ci_ref, m.asset_ref, gc.last_discovered_at
    FROM assetlink_internal.asset m
    JOIN assetlink_internal.ci_decision d ON d.link_asset = m.asset_ref
    JOIN assetlink_internal.ci gc ON gc.ci_ref = d.ci_ref
    WHERE m.phase = 'missing'
        AND m.standing = 0
        AND gc.last_discovered_at > coalesce(m.lifecycle_since, m.phase_since, m.first_seen_at)
    UNION ALL
    SELECT 'stock_seen', d.ci_ref, m.asset_ref, coalesce(m.lifecycle_since, m.phase_since, m.first_seen_at)
    FROM assetlink_internal.asset m
    JOIN assetlink_internal.ci_decision d ON d.link_asset = m.asset_ref
    JOIN assetlink_internal.ci gc ON gc.ci_ref = d.ci_ref
    LEFT JOIN assetlink_internal.class_age ag ON ag.class = gc.class
    LEFT JOIN assetlink_internal.class_age r ON r.class = 'ci'
    WHERE m.phase IN ('in_stock', 'planned')
        AND m.standing = 0
        AND gc.last_discovered_at
            >= now() - make_interval(days => coalesce(ag.aged_after_days, r.aged_after_days, 60))
    UNION ALL
    SELECT 'zombie', g.ci_ref, g.asset_ref, g.aged_at
    FROM assetlink_internal.aged_link g
    JOIN assetlink_internal.asset m ON m.asset_ref = g.asset_ref
    WHERE m.phase = 'in_use'
        AND m.standing = 0
    UNION ALL
    -- No CI at all: none claims it, none has a link to it, none shares a key with it.
    SELECT 'unseen', NULL::bigint, m.asset_ref, m.since
    FROM assetlink_internal.asset m
    WHERE m.standing = 0
        AND m.ci_count = 0
        AND m.phase = 'in_use'
        AND NOT EXISTS (SELECT FROM assetlink_internal.ci_decision d WHERE d.link_asset = m.asset_ref)
        AND NOT EXISTS (SELECT FROM assetlink_internal.ci_decision d WHERE d.candidate_asset = m.asset_ref)
        AND NOT EXISTS (
            SELECT
            FROM assetlink_internal.asset_key ak
            JOIN assetlink_internal.ci_key ck ON ck.space_id = ak.space_id AND ck.key = ak.key
            WHERE ak.asset_ref = m.asset_ref)
    UNION ALL
    SELECT 'inherited_serial', d.ci_ref, v.asset_ref, d.since
    FROM assetlink_internal.ci_decision d
    JOIN assetlink_internal.ci gc ON gc.ci_ref = d.ci_ref
    CROSS JOIN LATERAL (SELECT assetlink_internal.serial_form(gc.serial_number) COLLATE "C" AS value OFFSET 0) f
    CROSS JOIN LATERAL (
        SELECT DISTINCT n.asset_ref
        FROM assetlink_internal.asset_serial n
        WHERE n.value = f.value
        OFFSET 0
    ) v
    JOIN assetlink_internal.asset m ON m.asset_ref = v.asset_ref AND m.standing < 2
    WHERE d.state = 'excluded'
        AND d.reason = 'class_excluded'
        AND gc.serial_number IS NOT NULL
    UNION ALL
    SELECT 'asset_cycle', NULL::bigint, m.asset_ref, m.first_seen_at
    FROM assetlink_internal.asset_ring g
    JOIN assetlink_internal.asset m ON m.asset_ref = g.asset_ref
    UNION ALL
    SELECT 'ci_cycle', gc.ci_ref, NULL::bigint, gc.first_seen_at
    FROM assetlink_internal.ci_ring g
    JOIN assetlink_internal.ci gc ON gc.ci_ref = g.ci_ref
    UNION ALL
    SELECT 'pin_disagrees', g.ci_ref, g.claimed_asset, g.since
    FROM assetlink_internal.pinned_entry_claim g
    WHERE g.claimed_asset <> g.pinned_asset
    -- Sorted before the joins, so that a LIMIT spares them.
    ORDER BY since, kind, ci_ref, asset_ref
) w
LEFT JOIN assetlink_internal.ci c ON c.ci_ref = w.ci_ref
LEFT JOIN assetlink_internal.asset a ON a.asset_ref = w.asset_ref
LEFT JOIN assetlink_internal.source cs ON cs.source_id = c.source_id
LEFT JOIN assetlink_internal.source s ON s.source_id = a.source_id
ORDER BY w.since, w.kind, w.ci_ref, w.asset_ref;
