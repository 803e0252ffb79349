-- Coverage, the feeds and the daemon.
SET LOCAL ROLE assetlink_owner;

-- The percentage is cut, the comparison with the target exact; nothing eligible is neither met nor missed.
CREATE VIEW assetlink.coverage AS
SELECT
    n.eligible_cis,
    n.paired_cis,
    n.orphaned_cis,
    n.conflicted_cis,
    n.excluded_cis,
    free.assets - taken.assets AS unlinked_assets,
    k.conflicts AS open_conflicts,
    n.stale_links,
    n.automatic_links,
    n.manual_links,
    trunc(100.0 * n.paired_cis / nullif(n.eligible_cis, 0), 1) AS coverage_percent,
    t.percent AS target_percent,
    CASE WHEN n.eligible_cis > 0 THEN 100 * n.paired_cis >= t.percent * n.eligible_cis END AS target_met,
    n.orphans_by_reason,
    n.excluded_by_reason,
    u.cis AS unknown_class_cis
FROM (
    SELECT
        coalesce(sum(g.n) FILTER (WHERE g.state <> 'excluded'), 0)::bigint AS eligible_cis,
        coalesce(sum(g.n) FILTER (WHERE g.state = 'linked'), 0)::bigint AS paired_cis,
        coalesce(sum(g.n) FILTER (WHERE g.state = 'orphaned'), 0)::bigint AS orphaned_cis,
        coalesce(sum(g.n) FILTER (WHERE g.state = 'conflicted'), 0)::bigint AS conflicted_cis,
        coalesce(sum(g.n) FILTER (WHERE g.state = 'excluded'), 0)::bigint AS excluded_cis,
        coalesce(sum(g.stale), 0)::bigint AS stale_links,
        coalesce(sum(g.n - g.manual) FILTER (WHERE g.state = 'linked'), 0)::bigint AS automatic_links,
        coalesce(sum(g.manual) FILTER (WHERE g.state = 'linked'), 0)::bigint AS manual_links,
        coalesce(jsonb_object_agg(g.reason, g.n) FILTER (WHERE g.state = 'orphaned'), '{}') AS orphans_by_reason,
        coalesce(jsonb_object_agg(g.reason, g.n) FILTER (WHERE g.state = 'excluded'), '{}') AS excluded_by_reason
    FROM (
        SELECT
            d.state,
            coalesce(d.reason, '') AS reason,
            count(*) AS n,
            count(*) FILTER (WHERE d.link_status = 'stale') AS stale,
            count(*) FILTER (WHERE d.claim_manual) AS manual
        FROM assetlink_internal.ci_decision d
        GROUP BY d.state, d.reason
    ) g
) n
CROSS JOIN (
    SELECT count(*) AS assets
    FROM assetlink_internal.asset a
    WHERE a.standing = 0 AND a.ci_count = 0
) free
CROSS JOIN (
    SELECT count(DISTINCT a.asset_ref) AS assets
    FROM assetlink_internal.conflict_asset m
    JOIN assetlink_internal.asset a ON a.asset_ref = m.asset_ref AND a.standing = 0 AND a.ci_count = 0
) taken
CROSS JOIN (
    SELECT count(*) AS conflicts
    FROM assetlink_internal.conflict c
    WHERE c.closed_at IS NULL
) k
CROSS JOIN (
    SELECT count(*) AS cis
    FROM assetlink_internal.ci c
    WHERE NOT (c.lifecycle_mapped AND c.class_known) AND NOT c.class_known AND c.deleted_at IS NULL
) u
CROSS JOIN (
    SELECT coalesce((SELECT v.value::numeric FROM assetlink.setting v WHERE v.name = 'coverage_target_percent'), 90)
        AS percent
) t;

-- By the record's own class as its source names it: of the CI, and for unlinked assets of the asset.
CREATE VIEW assetlink.coverage_by_class AS
SELECT
    x.class,
    coalesce(n.eligible_cis, 0) AS eligible_cis,
    coalesce(n.paired_cis, 0) AS paired_cis,
    coalesce(n.orphaned_cis, 0) AS orphaned_cis,
    coalesce(n.conflicted_cis, 0) AS conflicted_cis,
    coalesce(n.excluded_cis, 0) AS excluded_cis,
    coalesce(free.assets, 0) AS unlinked_assets,
    coalesce(k.conflicts, 0) AS open_conflicts,
    coalesce(n.stale_links, 0) AS stale_links,
    coalesce(n.automatic_links, 0) AS automatic_links,
    coalesce(n.manual_links, 0) AS manual_links,
    trunc(100.0 * n.paired_cis / nullif(n.eligible_cis, 0), 1) AS coverage_percent,
    t.percent AS target_percent,
    CASE WHEN n.eligible_cis > 0 THEN 100 * n.paired_cis >= t.percent * n.eligible_cis END AS target_met,
    coalesce(n.orphans_by_reason, '{}') AS orphans_by_reason,
    coalesce(n.excluded_by_reason, '{}') AS excluded_by_reason
FROM (
    SELECT
        g.class,
        coalesce(sum(g.n) FILTER (WHERE g.state <> 'excluded'), 0)::bigint AS eligible_cis,
        coalesce(sum(g.n) FILTER (WHERE g.state = 'linked'), 0)::bigint AS paired_cis,
        coalesce(sum(g.n) FILTER (WHERE g.state = 'orphaned'), 0)::bigint AS orphaned_cis,
        coalesce(sum(g.n) FILTER (WHERE g.state = 'conflicted'), 0)::bigint AS conflicted_cis,
        coalesce(sum(g.n) FILTER (WHERE g.state = 'excluded'), 0)::bigint AS excluded_cis,
        coalesce(sum(g.stale), 0)::bigint AS stale_links,
        coalesce(sum(g.n - g.manual) FILTER (WHERE g.state = 'linked'), 0)::bigint AS automatic_links,
        coalesce(sum(g.manual) FILTER (WHERE g.state = 'linked'), 0)::bigint AS manual_links,
        coalesce(jsonb_object_agg(g.reason, g.n) FILTER (WHERE g.state = 'orphaned'), '{}') AS orphans_by_reason,
        coalesce(jsonb_object_agg(g.reason, g.n) FILTER (WHERE g.state = 'excluded'), '{}') AS excluded_by_reason
    FROM (
        SELECT
            coalesce(c.ci_class, '') AS class,
            d.state,
            coalesce(d.reason, '') AS reason,
            count(*) AS n,
            count(*) FILTER (WHERE d.link_status = 'stale') AS stale,
            count(*) FILTER (WHERE d.claim_manual) AS manual
        FROM assetlink_internal.ci_decision d
        JOIN assetlink_internal.ci c ON c.ci_ref = d.ci_ref
        GROUP BY coalesce(c.ci_class, ''), d.state, d.reason
    ) g
    GROUP BY g.class
) n
FULL JOIN (
    SELECT coalesce(a.asset_class, '') AS class, count(*) AS assets
    FROM assetlink_internal.asset a
    WHERE a.standing = 0
        AND a.ci_count = 0
        AND NOT EXISTS (SELECT FROM assetlink_internal.conflict_asset m WHERE m.asset_ref = a.asset_ref)
    GROUP BY coalesce(a.asset_class, '')
) free ON free.class = n.class
CROSS JOIN LATERAL (SELECT coalesce(n.class, free.class) AS class) x
LEFT JOIN (
    SELECT coalesce(c.ci_class, '') AS class, count(DISTINCT d.conflict_id) AS conflicts
    FROM assetlink_internal.ci_decision d
    JOIN assetlink_internal.ci c ON c.ci_ref = d.ci_ref
    WHERE d.state = 'conflicted'
    GROUP BY coalesce(c.ci_class, '')
) k ON k.class = x.class
CROSS JOIN (
    SELECT coalesce((SELECT v.value::numeric FROM assetlink.setting v WHERE v.name = 'coverage_target_percent'), 90)
        AS percent
) t;

-- Written by the daemon; '*' is the total, because a class may be empty.
-- After bulk work: until autovacuum comes by, plans over what was just loaded are guesses.
CREATE FUNCTION assetlink_internal.refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    ANALYZE assetlink_internal.asset, assetlink_internal.ci, assetlink_internal.asset_key, assetlink_internal.ci_key,
        assetlink_internal.asset_value, assetlink_internal.ci_value, assetlink_internal.ci_decision,
        assetlink_internal.link, assetlink_internal.conflict;
END
$$;

-- It reads everything, and the daemon's session is set for index probes: nested loops would take hours over a million.
CREATE FUNCTION assetlink_internal.take_coverage_snapshot(at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = on SET enable_hashjoin = on SET enable_mergejoin = on SET jit = off
AS $$
    INSERT INTO assetlink_internal.coverage_snapshot (taken_at, class, figures)
    SELECT at, '*', to_jsonb(c)
    FROM assetlink.coverage c
    UNION ALL
    SELECT at, c.class, to_jsonb(c) - 'class'
    FROM assetlink.coverage_by_class c
    ON CONFLICT (taken_at, class) DO NOTHING
$$;

CREATE VIEW assetlink.coverage_history AS
SELECT
    h.taken_at,
    nullif(h.class, '*') AS class,
    f.eligible_cis,
    f.paired_cis,
    f.orphaned_cis,
    f.conflicted_cis,
    f.excluded_cis,
    f.unlinked_assets,
    f.open_conflicts,
    f.stale_links,
    f.automatic_links,
    f.manual_links,
    f.coverage_percent,
    f.target_percent,
    f.target_met,
    f.orphans_by_reason,
    f.excluded_by_reason
FROM assetlink_internal.coverage_snapshot h
CROSS JOIN LATERAL jsonb_to_record(h.figures) AS f (
    eligible_cis bigint, paired_cis bigint, orphaned_cis bigint, conflicted_cis bigint, excluded_cis bigint,
    unlinked_assets bigint, open_conflicts bigint, stale_links bigint, automatic_links bigint, manual_links bigint,
    coverage_percent numeric, target_percent numeric, target_met boolean, orphans_by_reason jsonb,
    excluded_by_reason jsonb);

-- ---------------------------------------------------------------------------------------------------------------------
-- Feeds and the daemon.

CREATE VIEW assetlink.feed_status AS
SELECT
    s.name AS source,
    s.side,
    s.kind,
    CASE WHEN s.detached_at IS NOT NULL THEN 'detached' ELSE coalesce(st.status, 'ok') END AS status,
    st.detail,
    CASE s.side
        WHEN 'asset' THEN (
            SELECT count(*) FROM assetlink_internal.asset a WHERE a.source_id = s.source_id
        ) - (
            SELECT count(*)
            FROM assetlink_internal.asset a
            WHERE a.source_id = s.source_id AND a.deleted_at IS NOT NULL
        )
        ELSE coalesce(d.records, 0)
    END AS records,
    coalesce(p.backlog, 0) AS backlog,
    clock_timestamp() - p.oldest AS oldest_unprocessed_age,
    b.committed_at AS last_applied_at,
    b.committed_at - b.oldest_logged_at AS last_applied_lag,
    (SELECT count(*) FROM assetlink_internal.held_change h WHERE h.source_id = s.source_id) AS held_changes,
    s.attached_at,
    s.detached_at
FROM assetlink_internal.source s
LEFT JOIN assetlink_internal.source_status st ON st.source_id = s.source_id
LEFT JOIN (
    SELECT d.source_id, count(*) AS records
    FROM assetlink_internal.ci_decision d
    GROUP BY d.source_id
) d ON d.source_id = s.source_id
LEFT JOIN (
    SELECT w.source_id, count(*) AS backlog, min(w.logged_at) AS oldest
    FROM assetlink_internal.pending_change w
    WHERE w.source_id IS NOT NULL
    GROUP BY w.source_id
) p ON p.source_id = s.source_id
LEFT JOIN (
    SELECT b.committed_at, b.oldest_logged_at
    FROM assetlink_internal.batch b
    WHERE b.oldest_logged_at IS NOT NULL
    ORDER BY b.batch_id DESC
    LIMIT 1
) b ON true;

CREATE VIEW assetlink.daemon_status AS
SELECT
    CASE WHEN l.expires_at > clock_timestamp() THEN l.holder END AS leader,
    l.epoch,
    l.expires_at AS lease_expires_at,
    l.details ->> 'version' AS version,
    b.batch_id AS last_batch,
    b.committed_at AS last_batch_at,
    b.rule_set_version,
    coalesce(p.backlog, 0) AS backlog,
    clock_timestamp() - p.oldest AS oldest_unprocessed_age,
    la.committed_at AS last_applied_at,
    la.committed_at - la.oldest_logged_at AS last_applied_lag,
    coalesce(jsonb_array_length(b.ranges), 0) AS open_ranges,
    CASE WHEN x.held IS NULL THEN 'closed' ELSE 'open' END AS breaker,
    x.held AS held_sources,
    x.broken AS broken_sources,
    (SELECT count(*) FROM assetlink_internal.dead_letter d WHERE d.replayed_at IS NULL) AS dead_letters,
    l.details
FROM (SELECT) one
LEFT JOIN assetlink_internal.lease l ON true
LEFT JOIN (
    SELECT b.batch_id, b.committed_at, b.rule_set_version, b.ranges
    FROM assetlink_internal.batch b
    ORDER BY b.batch_id DESC
    LIMIT 1
) b ON true
LEFT JOIN (
    SELECT b.committed_at, b.oldest_logged_at
    FROM assetlink_internal.batch b
    WHERE b.oldest_logged_at IS NOT NULL
    ORDER BY b.batch_id DESC
    LIMIT 1
) la ON true
CROSS JOIN (SELECT count(*) AS backlog, min(w.logged_at) AS oldest FROM assetlink_internal.pending_change w) p
CROSS JOIN (
    SELECT
        array_agg(s.name ORDER BY s.name) FILTER (WHERE st.status = 'held') AS held,
        array_agg(s.name ORDER BY s.name) FILTER (WHERE st.status = 'broken') AS broken
    FROM assetlink_internal.source_status st
    JOIN assetlink_internal.source s ON s.source_id = st.source_id
) x;

CREATE VIEW assetlink.dead_letter AS
SELECT
    d.id,
    d.at,
    d.feed,
    d.raw,
    d.error_code,
    d.error_text,
    d.replayed_at,
    s.name AS source,
    d.key AS record_id,
    d.attempts,
    d.next_attempt_at
FROM assetlink_internal.dead_letter d
LEFT JOIN assetlink_internal.source s ON s.source_id = d.source_id
ORDER BY d.at, d.id;
