-- Work lists, oldest first.
SET LOCAL ROLE assetlink_owner;

CREATE VIEW assetlink.orphaned_ci AS
SELECT
    s.name AS ci_source,
    c.key AS ci_id,
    c.ci_class,
    c.name,
    d.reason,
    d.since,
    c.serial_number,
    c.uuid,
    c.asset_tag,
    c.last_discovered_at,
    las.name AS stale_asset_source,
    la.key AS stale_asset_id,
    CASE d.reason
        WHEN 'incomplete' THEN 'Fill in the attributes that the rule requires, or relax the rule of the class.'
        WHEN 'blocked_by_operator' THEN 'Every matching asset is blocked: unblock the right one, or pin another.'
        WHEN 'asset_decommissioned' THEN 'Its asset has ended: retire the CI, or correct the asset''s life-cycle state.'
        WHEN 'asset_deleted' THEN 'Its asset was deleted: retire the CI, or register the asset again.'
        WHEN 'no_matching_asset' THEN 'Register the asset, correct the identifiers, or pin; assetlink.suggest_assets shows near matches.'
        WHEN 'parent_cycle' THEN 'Its parents form a ring: correct parent_ci_id.'
        WHEN 'parent_not_linked' THEN 'Get its parent linked first.'
        WHEN 'suspect_identifier' THEN 'Its identifier is held by too many records: correct it, or trust it.'
        WHEN 'placeholder_identifier' THEN 'Its identifier is a placeholder or unreadable: have the real one discovered.'
        WHEN 'no_identifier' THEN 'It has no identifier that its rule reads: have one discovered, or pin.'
    END AS remedy
FROM assetlink_internal.ci_decision d
JOIN assetlink_internal.ci c ON c.ci_ref = d.ci_ref
JOIN assetlink_internal.source s ON s.source_id = d.source_id
LEFT JOIN assetlink_internal.asset la ON la.asset_ref = d.link_asset
LEFT JOIN assetlink_internal.source las ON las.source_id = la.source_id
WHERE d.state = 'orphaned'
ORDER BY d.since, d.ci_ref;

-- The latest discovery that can be aged in any class. A function and not a subquery, because the planner works a stable
-- function out beforehand and so knows how few CIs are that old.
CREATE FUNCTION assetlink_internal.aged_before() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT now() - make_interval(days => least(min(c.aged_after_days), 60))
    FROM assetlink.ci_class c
$$;

-- Active links whose CI has not been discovered for too long: a matter of reading time.
CREATE VIEW assetlink_internal.aged_link (ci_ref, link_id, asset_ref, aged_at) AS
SELECT d.ci_ref, d.link_id, d.link_asset, c.last_discovered_at + make_interval(days => g.days)
FROM assetlink_internal.ci c
JOIN assetlink_internal.ci_decision d ON d.ci_ref = c.ci_ref
LEFT JOIN assetlink_internal.class_age o ON o.class = c.class
CROSS JOIN LATERAL (
    SELECT coalesce(
        o.aged_after_days,
        (SELECT r.aged_after_days FROM assetlink_internal.class_age r WHERE r.class = 'ci'),
        60) AS days
) g
WHERE c.deleted_at IS NULL
    AND c.last_discovered_at < assetlink_internal.aged_before()
    AND c.last_discovered_at < now() - make_interval(days => g.days)
    AND d.link_status = 'active';

CREATE VIEW assetlink.stale_link AS
SELECT
    w.link_id,
    cs.name AS ci_source,
    c.key AS ci_id,
    s.name AS asset_source,
    a.key AS asset_id,
    w.reason,
    w.since,
    CASE w.reason WHEN 'not_discovered' THEN 'active' ELSE 'stale' END AS status,
    c.ci_class,
    c.name,
    c.last_discovered_at,
    a.phase AS lifecycle_phase,
    CASE w.reason
        WHEN 'asset_decommissioned' THEN 'Retire the CI, or correct the asset''s life-cycle state; close_stale_link when done.'
        WHEN 'asset_deleted' THEN 'Retire the CI, or register the asset again; close_stale_link when done.'
        WHEN 'in_conflict' THEN 'Resolve the CI''s conflict (assetlink.conflict_queue).'
        WHEN 'not_discovered' THEN 'Find out whether the machine is still there: repair its discovery, or retire the CI.'
    END AS remedy
FROM (
    SELECT l.link_id, l.ci_ref, l.asset_ref, l.stale_reason AS reason, l.stale_at AS since
    FROM assetlink_internal.link l
    WHERE l.status = 'stale'
    UNION ALL
    SELECT g.link_id, g.ci_ref, g.asset_ref, 'not_discovered', g.aged_at
    FROM assetlink_internal.aged_link g
    -- Sorted before the joins, so that a LIMIT spares them.
    ORDER BY since, link_id
) w
JOIN assetlink_internal.ci c ON c.ci_ref = w.ci_ref
JOIN assetlink_internal.asset a ON a.asset_ref = w.asset_ref
JOIN assetlink_internal.source cs ON cs.source_id = c.source_id
JOIN assetlink_internal.source s ON s.source_id = a.source_id
ORDER BY w.since, w.link_id;

CREATE VIEW assetlink.unlinked_asset AS
SELECT
    s.name AS asset_source,
    a.key AS asset_id,
    a.asset_tag,
    a.serial_number,
    a.name,
    a.manufacturer,
    a.model,
    a.asset_class,
    a.phase AS lifecycle_phase,
    a.since,
    CASE
        WHEN a.phase IN ('planned', 'in_stock') THEN 'Nothing to do while it is not in use.'
        WHEN a.phase = 'missing' THEN 'Find it, or retire it.'
        WHEN a.serial_number IS NULL AND a.uuid IS NULL AND a.asset_tag IS NULL THEN 'Record its serial number.'
        ELSE 'Have the machine discovered, correct its identifiers, or retire the asset.'
    END AS remedy
FROM assetlink_internal.asset a
JOIN assetlink_internal.source s ON s.source_id = a.source_id
WHERE a.standing = 0
    AND a.ci_count = 0
    -- OFFSET keeps it a probe per asset, so that a LIMIT spares the rest.
    AND NOT EXISTS (SELECT FROM assetlink_internal.conflict_asset m WHERE m.asset_ref = a.asset_ref OFFSET 0)
ORDER BY a.since, a.asset_ref;

CREATE VIEW assetlink.conflict_queue AS
SELECT
    k.conflict_id,
    k.kind,
    k.matched_on,
    k.opened_at AS since,
    s.name AS asset_source,
    a.key AS asset_id,
    (SELECT count(*) FROM assetlink_internal.conflict_ci m WHERE m.conflict_id = k.conflict_id) AS cis,
    (
        SELECT count(DISTINCT m.asset_ref)
        FROM assetlink_internal.conflict_asset m
        WHERE m.conflict_id = k.conflict_id
    ) AS assets,
    CASE k.kind
        WHEN 'duplicate_asset' THEN 'Several assets match: retire or correct the wrong ones, or resolve_conflict naming the asset to keep.'
        WHEN 'contradicting_evidence' THEN 'A stronger identifier says otherwise: correct it, resolve_conflict naming the asset if it is right, block the pair if not.'
        WHEN 'duplicate_ci' THEN 'Several CIs claim the asset: merge or retire the wrong ones, resolve_conflict naming the CI to keep, or set_composite.'
        WHEN 'asset_already_linked' THEN 'The asset is pinned to another CI: unpin that one, correct this one, or resolve_conflict naming the CI to keep.'
    END AS remedy
FROM assetlink_internal.conflict k
LEFT JOIN assetlink_internal.asset a ON a.asset_ref = k.asset_ref
LEFT JOIN assetlink_internal.source s ON s.source_id = a.source_id
WHERE k.closed_at IS NULL
ORDER BY k.opened_at, k.conflict_id;

CREATE VIEW assetlink.suspect_identifier AS
SELECT
    v.kind,
    v.value,
    c.holders AS ci_holders,
    a.holders AS asset_holders,
    v.since,
    CASE
        WHEN a.holders = 0 THEN 'Nothing is linked: no eligible asset holds it.'
        WHEN a.holders > 1 AND c.holders > 0 THEN 'Conflicts of ' || a.holders || ' assets (duplicate_asset) unless other values tell them apart.'
        WHEN c.holders = 1 THEN 'One CI may link to one asset.'
        WHEN c.holders > 1 THEN c.holders || ' CIs claim one asset (duplicate_ci).'
        ELSE 'Nothing is linked: no CI holds it.'
    END AS if_trusted,
    'Correct it at its source, add it to assetlink.placeholder if it means "not filled in", or trust_identifier if it is real.'
        AS remedy
FROM assetlink_internal.suspect_value v
CROSS JOIN LATERAL (
    SELECT count(*) AS holders
    FROM assetlink_internal.ci_value h
    WHERE h.kind = v.kind AND h.value = v.value AND h.counted
) c
CROSS JOIN LATERAL (
    SELECT count(*) AS holders
    FROM assetlink_internal.asset_value h
    WHERE h.kind = v.kind AND h.value = v.value AND h.counted
) a
ORDER BY v.since, v.kind, v.value;

CREATE VIEW assetlink.held_change AS
SELECT
    s.name AS source,
    s.side,
    nullif(h.key, '') AS id,
    h.held_at AS since,
    h.batch_id,
    st.detail,
    'Look at what changed at the source; then approve_held lets it through, drop_held forgets it until the next resync.'
        AS remedy
FROM assetlink_internal.held_change h
JOIN assetlink_internal.source s ON s.source_id = h.source_id
LEFT JOIN assetlink_internal.source_status st ON st.source_id = h.source_id
ORDER BY h.held_at, h.source_id, h.key;

CREATE VIEW assetlink.unmapped AS
SELECT
    s.name AS source,
    s.side,
    u.what,
    u.raw_value,
    count(*) AS records,
    min(u.first_seen_at) AS since,
    CASE u.what
        WHEN 'lifecycle' THEN 'Say what it means in assetlink.lifecycle_state.'
        ELSE 'Add the class to assetlink.ci_class, or have the source fill it in.'
    END AS remedy
FROM (
    SELECT a.source_id, 'lifecycle'::text AS what, a.lifecycle_raw AS raw_value, a.first_seen_at
    FROM assetlink_internal.asset a
    WHERE NOT a.lifecycle_mapped AND a.standing < 2
    UNION ALL
    SELECT c.source_id, v.what, v.raw_value, c.first_seen_at
    FROM assetlink_internal.ci c
    CROSS JOIN LATERAL (
        SELECT 'lifecycle'::text AS what, c.lifecycle_raw AS raw_value
        WHERE NOT c.lifecycle_mapped
        UNION ALL
        SELECT 'class', c.ci_class
        WHERE NOT c.class_known
    ) v
    WHERE NOT (c.lifecycle_mapped AND c.class_known) AND c.deleted_at IS NULL
) u
JOIN assetlink_internal.source s ON s.source_id = u.source_id
GROUP BY s.name, s.side, u.what, u.raw_value
ORDER BY min(u.first_seen_at), s.name, u.what, u.raw_value;
