-- The records of an open conflict side by side, and which one the evidence speaks for.
SET LOCAL ROLE assetlink_owner;

-- Only one side can be kept: an asset where several assets match a CI, a CI where several CIs claim an asset. Of those,
-- one is suggested when it alone is first by the first of these that tells them apart: a pin, the number of entries by
-- which it matches the other side, the phase of an asset or the latest discovery of a CI, the link there was.
CREATE FUNCTION assetlink.conflict_detail(conflict_id bigint)
RETURNS TABLE (
    side text, source text, id text, since timestamptz, name text, class text, serial_number text, uuid text,
    asset_tag text, manufacturer text, model text, lifecycle text, last_seen_at timestamptz, matches bigint,
    can_be_kept boolean, suggested boolean, why text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    WITH k AS (
        SELECT c.* FROM assetlink_internal.conflict c WHERE c.conflict_id = conflict_detail.conflict_id
    ), cis AS (
        SELECT m.ci_ref, min(m.since) AS since
        FROM assetlink_internal.conflict_ci m
        WHERE m.conflict_id = conflict_detail.conflict_id
        GROUP BY m.ci_ref
    ), assets AS (
        SELECT DISTINCT m.asset_ref
        FROM assetlink_internal.conflict_asset m
        WHERE m.conflict_id = conflict_detail.conflict_id
    ), shared AS (
        SELECT DISTINCT ck.space_id, ck.ci_ref, ak.asset_ref
        FROM cis
        JOIN assetlink_internal.ci_key ck ON ck.ci_ref = cis.ci_ref
        JOIN assetlink_internal.asset_key ak ON ak.space_id = ck.space_id AND ak.key = ck.key
        JOIN assets ON assets.asset_ref = ak.asset_ref
    ), member AS (
        SELECT
            'asset'::text AS side, s.name AS source, a.key AS id, k.opened_at AS since, a.name, a.asset_class AS class,
            a.serial_number, a.uuid, a.asset_tag, a.manufacturer, a.model, a.phase AS lifecycle,
            coalesce(a.lifecycle_since, a.version) AS last_seen_at,
            (SELECT count(DISTINCT h.space_id) FROM shared h WHERE h.asset_ref = a.asset_ref) AS matches,
            k.asset_ref IS NULL AS can_be_kept,
            false AS pinned,
            - array_position(ARRAY['in_use', 'in_maintenance', 'missing', 'in_stock', 'planned'], a.phase)::numeric
                AS freshness,
            EXISTS (
                SELECT
                FROM cis
                JOIN assetlink_internal.ci_decision d ON d.ci_ref = cis.ci_ref
                WHERE d.link_asset = a.asset_ref) AS was_linked
        FROM k
        CROSS JOIN assets
        JOIN assetlink_internal.asset a ON a.asset_ref = assets.asset_ref
        JOIN assetlink_internal.source s ON s.source_id = a.source_id
        UNION ALL
        SELECT
            'ci', s.name, c.key, cis.since, c.name, c.ci_class, c.serial_number, c.uuid, c.asset_tag, c.manufacturer,
            c.model, c.lifecycle_raw, c.last_discovered_at,
            (SELECT count(DISTINCT h.space_id) FROM shared h WHERE h.ci_ref = c.ci_ref),
            k.asset_ref IS NOT NULL, coalesce(d.claim_manual, false),
            coalesce(extract(epoch FROM c.last_discovered_at), 0), d.link_asset = k.asset_ref
        FROM k
        CROSS JOIN cis
        JOIN assetlink_internal.ci c ON c.ci_ref = cis.ci_ref
        JOIN assetlink_internal.source s ON s.source_id = c.source_id
        LEFT JOIN assetlink_internal.ci_decision d ON d.ci_ref = c.ci_ref
    ), ranked AS (
        SELECT
            m.*,
            row_number() OVER w AS place,
            lead(m.pinned) OVER w AS next_pinned,
            lead(m.matches) OVER w AS next_matches,
            lead(m.freshness) OVER w AS next_freshness,
            lead(m.was_linked) OVER w AS next_was_linked,
            lead(m.lifecycle) OVER w AS next_lifecycle
        FROM member m
        WINDOW w AS (
            PARTITION BY m.can_be_kept
            ORDER BY m.pinned DESC, m.matches DESC, m.freshness DESC NULLS LAST, m.was_linked DESC NULLS LAST,
                m.source, m.id)
    ), judged AS (
        SELECT
            r.*,
            CASE
                WHEN NOT r.can_be_kept OR r.place > 1 THEN NULL
                WHEN r.next_matches IS NULL THEN 'it is the only one'
                WHEN r.pinned > r.next_pinned THEN 'an operator pinned it'
                WHEN r.matches > r.next_matches
                    THEN format('it matches by %s entries, the next one by %s', r.matches, r.next_matches)
                WHEN r.freshness > coalesce(r.next_freshness, r.freshness - 1) THEN
                    CASE r.side
                        WHEN 'asset' THEN format('it is %s, the next one %s', r.lifecycle, r.next_lifecycle)
                        ELSE 'it was discovered last'
                    END
                WHEN r.was_linked AND NOT coalesce(r.next_was_linked, false) THEN 'they were linked before'
            END AS why
        FROM ranked r
    )
    SELECT
        j.side, j.source, j.id, j.since, j.name, j.class, j.serial_number, j.uuid, j.asset_tag, j.manufacturer, j.model,
        j.lifecycle, j.last_seen_at, j.matches, j.can_be_kept, j.why IS NOT NULL, j.why
    FROM judged j
    ORDER BY j.can_be_kept DESC, j.place
$$;
COMMENT ON FUNCTION assetlink.conflict_detail(bigint)
    IS 'The records of an open conflict, those that can be kept first, the suggested one (if the evidence tells them apart) with its reason; matches counts the entries by which a record matches the other side; last_seen_at is the last discovery of a CI, the last change of life cycle of an asset.';
REVOKE ALL ON FUNCTION assetlink.conflict_detail(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assetlink.conflict_detail(bigint) TO assetlink_reader, assetlink_operator;
