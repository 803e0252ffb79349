-- What changed since, and coverage by source.
SET LOCAL ROLE assetlink_owner;

-- Like links_as_of without SET, so that it is inlined; the batches of the time are found by their index.
CREATE FUNCTION assetlink.changes_since(at timestamptz)
RETURNS TABLE (
    action text, from_state text, to_state text, reason text, changes bigint, first_at timestamptz,
    last_at timestamptz, by_people bigint, example_ci text, example_asset text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        a.action, a.from_state, a.to_state,
        CASE WHEN a.to_state IS NULL THEN NULL ELSE a.reason END,
        count(*), min(a.at), max(a.at), count(*) FILTER (WHERE a.actor <> 'assetlinkd'),
        min(a.ci_source || '/' || a.ci_id), min(a.asset_source || '/' || a.asset_id)
    FROM assetlink.audit a
    WHERE a.batch_id > coalesce((SELECT assetlink_internal.batch_at(changes_since.at)), 0)
    GROUP BY 1, 2, 3, 4;
END;
COMMENT ON FUNCTION assetlink.changes_since(timestamptz)
    IS 'What the audit says since a time, grouped: how many of each kind of transition, by how many people''s acts, with an example. Operators'' own words are left out: their acts are counted.';
REVOKE ALL ON FUNCTION assetlink.changes_since(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assetlink.changes_since(timestamptz) TO assetlink_reader, assetlink_operator, assetlink_daemon;

-- CIs by their source; unlinked assets by theirs.
CREATE VIEW assetlink.coverage_by_source AS
SELECT
    s.name AS source,
    s.side,
    coalesce(n.eligible_cis, 0) AS eligible_cis,
    coalesce(n.paired_cis, 0) AS paired_cis,
    coalesce(n.orphaned_cis, 0) AS orphaned_cis,
    coalesce(n.conflicted_cis, 0) AS conflicted_cis,
    coalesce(n.excluded_cis, 0) AS excluded_cis,
    coalesce(free.assets, 0) AS unlinked_assets,
    coalesce(n.stale_links, 0) AS stale_links,
    coalesce(n.automatic_links, 0) AS automatic_links,
    coalesce(n.manual_links, 0) AS manual_links,
    trunc(100.0 * n.paired_cis / nullif(n.eligible_cis, 0), 1) AS coverage_percent,
    t.percent AS target_percent,
    CASE WHEN n.eligible_cis > 0 THEN 100 * n.paired_cis >= t.percent * n.eligible_cis END AS target_met,
    coalesce(n.orphans_by_reason, '{}') AS orphans_by_reason
FROM assetlink_internal.source s
LEFT JOIN (
    SELECT
        g.source_id,
        coalesce(sum(g.n) FILTER (WHERE g.state <> 'excluded'), 0)::bigint AS eligible_cis,
        coalesce(sum(g.n) FILTER (WHERE g.state = 'linked'), 0)::bigint AS paired_cis,
        coalesce(sum(g.n) FILTER (WHERE g.state = 'orphaned'), 0)::bigint AS orphaned_cis,
        coalesce(sum(g.n) FILTER (WHERE g.state = 'conflicted'), 0)::bigint AS conflicted_cis,
        coalesce(sum(g.n) FILTER (WHERE g.state = 'excluded'), 0)::bigint AS excluded_cis,
        coalesce(sum(g.stale), 0)::bigint AS stale_links,
        coalesce(sum(g.n - g.manual) FILTER (WHERE g.state = 'linked'), 0)::bigint AS automatic_links,
        coalesce(sum(g.manual) FILTER (WHERE g.state = 'linked'), 0)::bigint AS manual_links,
        coalesce(jsonb_object_agg(g.reason, g.n) FILTER (WHERE g.state = 'orphaned'), '{}') AS orphans_by_reason
    FROM (
        SELECT
            d.source_id,
            d.state,
            coalesce(d.reason, '') AS reason,
            count(*) AS n,
            count(*) FILTER (WHERE d.link_status = 'stale') AS stale,
            count(*) FILTER (WHERE d.claim_manual) AS manual
        FROM assetlink_internal.ci_decision d
        GROUP BY d.source_id, d.state, d.reason
    ) g
    GROUP BY g.source_id
) n ON n.source_id = s.source_id
LEFT JOIN (
    SELECT a.source_id, count(*) AS assets
    FROM assetlink_internal.asset a
    WHERE a.standing = 0
        AND a.ci_count = 0
        AND NOT EXISTS (SELECT FROM assetlink_internal.conflict_asset m WHERE m.asset_ref = a.asset_ref)
    GROUP BY a.source_id
) free ON free.source_id = s.source_id
CROSS JOIN (
    SELECT coalesce((SELECT v.value::numeric FROM assetlink.setting v WHERE v.name = 'coverage_target_percent'), 90)
        AS percent
) t
WHERE s.detached_at IS NULL;
COMMENT ON VIEW assetlink.coverage_by_source IS 'Coverage by the CIs'' source; unlinked assets by theirs.';
DO $$
DECLARE
    column_name text;
BEGIN
    -- What a figure means is said at coverage_by_class, which has the same columns.
    FOR column_name IN
        SELECT a.attname
        FROM pg_attribute a
        WHERE a.attrelid = 'assetlink.coverage_by_source'::regclass AND a.attnum > 0
    LOOP
        EXECUTE format(
            'COMMENT ON COLUMN assetlink.coverage_by_source.%I IS %L', column_name,
            CASE column_name
                WHEN 'source' THEN 'The source.'
                WHEN 'side' THEN 'asset or ci.'
                ELSE (
                    SELECT col_description(b.attrelid, b.attnum)
                    FROM pg_attribute b
                    WHERE b.attrelid = 'assetlink.coverage_by_class'::regclass AND b.attname = column_name)
            END);
    END LOOP;
END
$$;
GRANT SELECT ON assetlink.coverage_by_source TO assetlink_reader, assetlink_operator, assetlink_daemon;
