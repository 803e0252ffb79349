-- What stands in the way of each orphan, and how many links its removal would make.
SET LOCAL ROLE assetlink_owner;

-- The row's number is the tie of its order, so that a page can begin after any row.
CREATE OR REPLACE VIEW assetlink.orphaned_ci AS
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
    END AS remedy,
    d.ci_ref,
    c.class
FROM assetlink_internal.ci_decision d
JOIN assetlink_internal.ci c ON c.ci_ref = d.ci_ref
JOIN assetlink_internal.source s ON s.source_id = d.source_id
LEFT JOIN assetlink_internal.asset la ON la.asset_ref = d.link_asset
LEFT JOIN assetlink_internal.source las ON las.source_id = la.source_id
WHERE d.state = 'orphaned'
ORDER BY d.since, d.ci_ref;
COMMENT ON COLUMN assetlink.orphaned_ci.ci_ref IS 'Our number of the CI, which orders CIs of one time.';
COMMENT ON COLUMN assetlink.orphaned_ci.class IS 'Its class in the tree; ci for one that is not in it.';

-- The class in the tree here too: it has an index, and the planner knows how rare it is.
CREATE OR REPLACE VIEW assetlink.stale_link AS
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
    END AS remedy,
    c.class
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
COMMENT ON COLUMN assetlink.stale_link.class IS 'The CI''s class in the tree; ci for one that is not in it.';

CREATE OR REPLACE VIEW assetlink.unlinked_asset AS
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
    END AS remedy,
    a.asset_ref
FROM assetlink_internal.asset a
JOIN assetlink_internal.source s ON s.source_id = a.source_id
WHERE a.standing = 0
    AND a.ci_count = 0
    -- OFFSET keeps it a probe per asset, so that a LIMIT spares the rest.
    AND NOT EXISTS (SELECT FROM assetlink_internal.conflict_asset m WHERE m.asset_ref = a.asset_ref OFFSET 0)
ORDER BY a.since, a.asset_ref;
COMMENT ON COLUMN assetlink.unlinked_asset.asset_ref IS 'Our number of the asset, which orders assets of one time.';

-- One branch for each way to find a cause; a filter on one CI reaches each as a probe.
CREATE VIEW assetlink.orphan_cause AS
SELECT
    s.name AS ci_source,
    c.key AS ci_id,
    c.ci_class,
    c.name,
    w.reason,
    w.since,
    w.cause_kind,
    w.cause,
    w.suppressed_by,
    w.match_key,
    las.name AS asset_source,
    la.key AS asset_id,
    w.cause_at,
    w.decision_id,
    c.last_discovered_at,
    w.ci_ref,
    c.class
FROM (
    -- The strongest key that no asset has.
    SELECT
        d.ci_ref, d.source_id, d.reason, d.since, e.kind AS cause_kind, e.value AS cause, NULL::text AS suppressed_by,
        e.match_key, NULL::bigint AS asset_ref, NULL::timestamptz AS cause_at, NULL::bigint AS decision_id
    FROM assetlink_internal.ci_decision d
    JOIN assetlink_internal.ci c ON c.ci_ref = d.ci_ref
    LEFT JOIN LATERAL (
        SELECT
            CASE v.k WHEN 'attribute' THEN v.a ELSE v.k END AS kind,
            coalesce(v.c, v.r) || CASE v.t WHEN 'dependent' THEN ' in CI ' || c.parent_ci_id ELSE '' END AS value,
            -- A dependent key is one only within the parent, which this one does not name.
            CASE WHEN v.t <> 'dependent' THEN v.sp || ':' || v.key END AS match_key
        FROM jsonb_to_recordset(c.evidence) AS v (
            p integer, t text, k text, a text, r text, c text, s text, sp integer, key text)
        WHERE v.key IS NOT NULL AND v.s IS NULL
        ORDER BY v.p, v.r
        LIMIT 1
    ) e ON true
    WHERE d.state = 'orphaned' AND d.reason = 'no_matching_asset'
    UNION ALL
    -- The ended or deleted asset that the strongest such key finds.
    SELECT
        d.ci_ref, d.source_id, d.reason, d.since, 'asset', coalesce(e.asset_tag, e.serial_number, e.asset_key), NULL,
        e.sp || ':' || e.key, e.asset_ref, coalesce(e.deleted_at, e.lifecycle_since, e.ended_at), NULL
    FROM assetlink_internal.ci_decision d
    JOIN assetlink_internal.ci c ON c.ci_ref = d.ci_ref
    JOIN assetlink_internal.source s ON s.source_id = d.source_id
    LEFT JOIN LATERAL (
        SELECT
            v.sp, v.key, a.asset_ref, a.asset_tag, a.serial_number, a.key AS asset_key, a.deleted_at, a.lifecycle_since,
            a.ended_at
        FROM jsonb_to_recordset(c.evidence) AS v (p integer, s text, sp integer, key text)
        JOIN assetlink_internal.asset_key ak
            ON ak.space_id = v.sp AND ak.key = v.key COLLATE "C"
                AND ak.standing = CASE d.reason WHEN 'asset_deleted' THEN 2 ELSE 1 END
        JOIN assetlink_internal.asset a ON a.asset_ref = ak.asset_ref
        WHERE v.key IS NOT NULL
            AND v.s IS NULL
            AND (s.asset_sources IS NULL OR ak.source_id = ANY (s.asset_sources))
        ORDER BY v.p, ak.asset_ref
        LIMIT 1
    ) e ON true
    WHERE d.state = 'orphaned' AND d.reason IN ('asset_decommissioned', 'asset_deleted')
    UNION ALL
    -- The first value that was not used for this reason.
    SELECT
        d.ci_ref, d.source_id, d.reason, d.since, e.k, e.value, e.s, e.k || ':' || e.value, NULL, NULL, NULL
    FROM assetlink_internal.ci_decision d
    JOIN assetlink_internal.ci c ON c.ci_ref = d.ci_ref
    LEFT JOIN LATERAL (
        SELECT v.k, coalesce(v.c, v.r) AS value, v.s
        FROM jsonb_to_recordset(c.evidence) AS v (p integer, k text, r text, c text, s text)
        WHERE CASE d.reason WHEN 'suspect_identifier' THEN v.s = 'suspect' ELSE v.s NOT IN ('suspect', 'empty') END
        ORDER BY v.p, v.r
        LIMIT 1
    ) e ON true
    WHERE d.state = 'orphaned' AND d.reason IN ('placeholder_identifier', 'suspect_identifier')
    UNION ALL
    -- The oldest block of an eligible asset that shares a key.
    SELECT
        d.ci_ref, d.source_id, d.reason, d.since, 'decision', e.act_id::text, NULL, NULL, e.asset_ref, e.decided_at,
        e.act_id
    FROM assetlink_internal.ci_decision d
    JOIN assetlink_internal.ci c ON c.ci_ref = d.ci_ref
    LEFT JOIN LATERAL (
        SELECT p.act_id, a.asset_ref, t.decided_at
        FROM assetlink_internal.pair_in_force p
        JOIN assetlink_internal.act t ON t.act_id = p.act_id
        JOIN assetlink_internal.asset a
            ON a.source_id = p.asset_source_id AND a.key = p.asset_id AND a.standing = 0
        WHERE p.kind = 'block'
            AND p.ci_source_id = c.source_id
            AND p.ci_id = c.key
            AND EXISTS (
                SELECT
                FROM assetlink_internal.ci_key ck
                JOIN assetlink_internal.asset_key ak
                    ON ak.space_id = ck.space_id AND ak.key = ck.key AND ak.standing = 0 AND ak.asset_ref = a.asset_ref
                WHERE ck.ci_ref = c.ci_ref)
        ORDER BY p.act_id
        LIMIT 1
    ) e ON true
    WHERE d.state = 'orphaned' AND d.reason = 'blocked_by_operator'
    UNION ALL
    SELECT d.ci_ref, d.source_id, d.reason, d.since, 'parent', c.parent_ci_id, NULL, NULL, NULL, NULL, NULL
    FROM assetlink_internal.ci_decision d
    JOIN assetlink_internal.ci c ON c.ci_ref = d.ci_ref
    WHERE d.state = 'orphaned' AND d.reason IN ('parent_not_linked', 'parent_cycle')
    UNION ALL
    -- What the rule requires and the record has not.
    SELECT d.ci_ref, d.source_id, d.reason, d.since, 'attribute', e.names, NULL, NULL, NULL, NULL, NULL
    FROM assetlink_internal.ci_decision d
    JOIN assetlink_internal.ci c ON c.ci_ref = d.ci_ref
    LEFT JOIN LATERAL (
        SELECT string_agg(r.name, ', ' ORDER BY r.name) AS names
        FROM assetlink.ci_class k
        CROSS JOIN LATERAL jsonb_array_elements_text(k.rule -> 'required') r (name)
        WHERE k.class = c.rule
            AND coalesce(btrim(coalesce(to_jsonb(c) ->> r.name, c.attributes ->> r.name)), '') IN ('', '[]', '{}')
    ) e ON true
    WHERE d.state = 'orphaned' AND d.reason = 'incomplete'
    UNION ALL
    SELECT d.ci_ref, d.source_id, d.reason, d.since, 'rule', c.rule, NULL, NULL, NULL, NULL, NULL
    FROM assetlink_internal.ci_decision d
    JOIN assetlink_internal.ci c ON c.ci_ref = d.ci_ref
    WHERE d.state = 'orphaned' AND d.reason = 'no_identifier'
) w
JOIN assetlink_internal.ci c ON c.ci_ref = w.ci_ref
JOIN assetlink_internal.source s ON s.source_id = w.source_id
LEFT JOIN assetlink_internal.asset la ON la.asset_ref = w.asset_ref
LEFT JOIN assetlink_internal.source las ON las.source_id = la.source_id;

-- In words; the same for one CI and for all that share a cause.
CREATE FUNCTION assetlink_internal.orphan_step(
    reason text, cause_kind text, cause text, suppressed_by text, asset text, cause_at timestamptz, seen timestamptz)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE reason
        WHEN 'no_matching_asset' THEN
            coalesce(
                format('Register an asset with %s "%s", or correct one that means it.', translate(cause_kind, '_', ' '), cause),
                'Register the asset under its parent''s, or correct its place there.')
        WHEN 'asset_decommissioned' THEN
            coalesce(format('Asset %s (%s) was decommissioned', asset, cause), 'Its asset was decommissioned')
            || coalesce(to_char(cause_at, ' "on" YYYY-MM-DD'), '')
            || CASE
                WHEN seen > cause_at THEN to_char(seen, '", and the CI was seen since, on "YYYY-MM-DD": ')
                    || 'correct the asset''s state, or find out what answers.'
                ELSE '; the CI was not seen since: retire it.'
            END
        WHEN 'asset_deleted' THEN
            coalesce(format('Asset %s (%s) was deleted', asset, cause), 'Its asset was deleted')
            || coalesce(to_char(cause_at, ' "on" YYYY-MM-DD'), '')
            || CASE
                WHEN seen > cause_at THEN to_char(seen, '", and the CI was seen since, on "YYYY-MM-DD": ')
                    || 'register the asset again.'
                ELSE '; the CI was not seen since: retire it.'
            END
        WHEN 'blocked_by_operator' THEN format('Unblock asset %s (decision %s), or pin another.', asset, cause)
        WHEN 'suspect_identifier' THEN
            format('Too many records hold the %s "%s": trust it if it is real, correct it if not.',
                translate(cause_kind, '_', ' '), cause)
        WHEN 'placeholder_identifier' THEN CASE suppressed_by
            WHEN 'malformed' THEN
                format('"%s" cannot be read as a %s: have the real one discovered.', cause, translate(cause_kind, '_', ' '))
            ELSE
                format('The %s "%s" is a placeholder (%s): have the real one discovered.',
                    translate(cause_kind, '_', ' '), cause, replace(suppressed_by, 'placeholder ', ''))
            END
        WHEN 'parent_not_linked' THEN format('Get the parent, CI %s, linked first.', cause)
        WHEN 'parent_cycle' THEN format('The parents form a ring: correct the parent, now CI %s.', cause)
        WHEN 'incomplete' THEN format('Fill in what the rule requires: %s.', coalesce(cause, 'see its class'))
        WHEN 'no_identifier' THEN format('Have an identifier discovered that the rule of %s reads, or pin.', cause)
    END
$$;

-- Grouped. Of a source, one CI would get the asset; several would be in conflict over it. Not over SET, so that it is
-- inlined and a filter reaches the CIs before they are grouped.
CREATE FUNCTION assetlink.orphan_causes(for_source text, for_class text, for_reason text)
RETURNS TABLE (
    reason text, cause_kind text, cause text, asset_source text, asset_id text, cis bigint, would_link bigint,
    since timestamptz, remedy text, example_ci_source text, example_ci_id text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH one_source AS (
        SELECT
            o.reason, o.cause_kind, o.cause, o.suppressed_by, o.match_key, o.asset_source, o.asset_id, o.ci_source,
            count(*) AS cis, min(o.since) AS since, max(o.cause_at) AS cause_at, max(o.last_discovered_at) AS seen,
            min(o.ci_id) AS example
        FROM assetlink.orphan_cause o
        WHERE (for_source IS NULL OR o.ci_source = for_source)
            AND (for_class IS NULL OR o.class = lower(for_class))
            AND (for_reason IS NULL OR o.reason = for_reason)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    )
    SELECT
        g.reason, g.cause_kind, g.cause, g.asset_source, g.asset_id, g.cis, g.would_link, g.since,
        assetlink_internal.orphan_step(g.reason, g.cause_kind, g.cause, g.suppressed_by,
            g.asset_source || '/' || g.asset_id, g.cause_at, g.seen),
        g.example[1], g.example[2]
    FROM (
        SELECT
            o.reason, o.cause_kind, o.cause, o.suppressed_by, o.asset_source, o.asset_id, sum(o.cis)::bigint AS cis,
            CASE
                WHEN o.reason IN ('no_matching_asset', 'asset_decommissioned', 'asset_deleted')
                    THEN count(*) FILTER (WHERE o.cis = 1)
                WHEN o.reason = 'blocked_by_operator' THEN sum(o.cis)::bigint
            END AS would_link,
            min(o.since) AS since, max(o.cause_at) AS cause_at, max(o.seen) AS seen,
            min(ARRAY[o.ci_source, o.example]) AS example
        FROM one_source o
        GROUP BY 1, 2, 3, 4, 5, 6, o.match_key
    ) g;
END;

-- One CI: the same, counted by probes. Counted no further than 1,000, so that a value that everybody has costs no more.
CREATE FUNCTION assetlink.orphan_advice(ci_source text, ci_id text)
RETURNS TABLE (cause_kind text, cause text, remedy text, cis bigint, would_link bigint, command text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
-- Planned once: a page calls it for each row, and planning costs more than the probes.
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    the_ci bigint;
    the_source integer;
    o record;
    space integer;
    counts bigint[];
BEGIN
    -- First its number, by which each branch of the view is a probe.
    SELECT c.ci_ref, c.source_id INTO the_ci, the_source
    FROM assetlink_internal.source s
    JOIN assetlink_internal.ci c ON c.source_id = s.source_id AND c.key = orphan_advice.ci_id
    WHERE s.name = orphan_advice.ci_source;
    SELECT w.*, w.asset_source || '/' || w.asset_id AS asset INTO o
    FROM assetlink.orphan_cause w
    WHERE w.ci_ref = the_ci;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF o.reason IN ('no_matching_asset', 'asset_decommissioned', 'asset_deleted') AND o.match_key IS NOT NULL THEN
        space := split_part(o.match_key, ':', 1)::integer;
        counts := ARRAY(
            SELECT count(*)
            FROM (
                SELECT d.source_id
                FROM assetlink_internal.ci_key ck
                JOIN assetlink_internal.ci_decision d ON d.ci_ref = ck.ci_ref
                WHERE ck.space_id = space
                    AND ck.key = substr(o.match_key, length(space::text) + 2) COLLATE "C"
                    AND d.state = 'orphaned'
                    AND d.reason = o.reason
                LIMIT 1000
            ) h
            GROUP BY h.source_id);
    ELSIF o.reason = 'suspect_identifier' THEN
        counts := ARRAY(
            SELECT count(*)
            FROM (
                SELECT v.source_id
                FROM assetlink_internal.ci_value v
                WHERE v.kind = o.cause_kind AND v.value = o.cause COLLATE "C"
                LIMIT 1000
            ) h
            GROUP BY h.source_id);
    ELSIF o.reason IN ('parent_not_linked', 'parent_cycle') THEN
        counts := ARRAY(
            SELECT count(*)
            FROM (
                SELECT
                FROM assetlink_internal.ci h
                JOIN assetlink_internal.ci_decision d ON d.ci_ref = h.ci_ref
                WHERE h.source_id = the_source
                    AND h.parent_ci_id = o.cause COLLATE "C"
                    AND d.state = 'orphaned'
                    AND d.reason = o.reason
                LIMIT 1000
            ) h);
    ELSIF o.reason = 'blocked_by_operator' THEN
        counts := '{1}';
    END IF;
    RETURN QUERY SELECT
        o.cause_kind, o.cause,
        assetlink_internal.orphan_step(
            o.reason, o.cause_kind, o.cause, o.suppressed_by, o.asset, o.cause_at, o.last_discovered_at),
        (SELECT sum(n)::bigint FROM unnest(counts) n),
        CASE
            WHEN o.reason IN ('no_matching_asset', 'asset_decommissioned', 'asset_deleted', 'blocked_by_operator')
                THEN (SELECT count(*) FROM unnest(counts) n WHERE n = 1 HAVING counts IS NOT NULL)
            -- Trusted, it finds the one asset that holds it, if one does.
            WHEN o.reason = 'suspect_identifier' THEN CASE
                WHEN (
                    SELECT count(*)
                    FROM (
                        SELECT
                        FROM assetlink_internal.asset_value v
                        WHERE v.kind = o.cause_kind AND v.value = o.cause COLLATE "C" AND v.counted
                        LIMIT 2
                    ) h) = 1
                    THEN (SELECT count(*) FROM unnest(counts) n WHERE n = 1)
                ELSE 0
            END
        END,
        CASE o.reason
            WHEN 'blocked_by_operator' THEN
                format('assetlinkctl unblock %s %s --reason "…"', o.ci_source || '/' || o.ci_id, o.asset)
            WHEN 'suspect_identifier' THEN
                format('assetlinkctl trust %s %s --reason "…"', o.cause_kind,
                    '''' || replace(o.cause, '''', '''\''''') || '''')
        END;
END
$$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Near matches, now of UUIDs too.

-- The four orders that firmware and tools write a UUID's bytes in: field 1, or fields 2 and 3, the other way round.
CREATE FUNCTION assetlink_internal.uuid_orders(digits text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY[digits, one || substr(digits, 9), left(digits, 8) || two || right(digits, 16), one || two || right(digits, 16)]
    FROM (
        SELECT
            substr(digits, 7, 2) || substr(digits, 5, 2) || substr(digits, 3, 2) || left(digits, 2),
            substr(digits, 11, 2) || substr(digits, 9, 2) || substr(digits, 15, 2) || substr(digits, 13, 2)
    ) w (one, two)
$$;

-- The canonical form of a UUID as far as SQL can tell: good enough for suggestions, never for a link.
CREATE FUNCTION assetlink_internal.uuid_form(raw text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN d.digits ~ '^[0-9a-f]{32}$' THEN
        (SELECT min(o.digits COLLATE "C") FROM unnest(assetlink_internal.uuid_orders(d.digits)) o (digits))
    END
    FROM (SELECT translate(regexp_replace(lower(btrim(raw)), '^vmware-', ''), '{}- ', '')) d (digits)
$$;

-- Bounded: a few hundred probes of whole values, however many assets there are.
CREATE OR REPLACE FUNCTION assetlink.suggest_assets(ci_source text, ci_id text)
RETURNS TABLE (
    asset_source text, asset_id text, reason text, asset_tag text, serial_number text, name text, model text,
    lifecycle_phase text, state text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
-- Planned once: a page calls it for each row, and planning costs more than the probes.
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    c assetlink_internal.ci;
BEGIN
    SELECT t.* INTO c
    FROM assetlink_internal.ci t
    JOIN assetlink_internal.source s ON s.source_id = t.source_id
    WHERE s.name = suggest_assets.ci_source AND t.key = suggest_assets.ci_id AND t.deleted_at IS NULL;
    IF c.ci_ref IS NULL THEN
        RAISE EXCEPTION 'CI % of source % is not known', suggest_assets.ci_id, suggest_assets.ci_source
            USING ERRCODE = 'no_data_found', HINT = 'See assetlink.ci_state and assetlink.feed_status for the names.';
    END IF;

    RETURN QUERY
    WITH serial AS (
        SELECT DISTINCT v.value
        FROM (
            SELECT e.c AS value
            FROM jsonb_to_recordset(c.evidence) AS e (k text, c text, s text)
            WHERE e.k = 'serial' AND e.s IS NULL
            UNION ALL
            SELECT assetlink_internal.serial_form(c.serial_number)
        ) v
        WHERE length(v.value) BETWEEN 3 AND 64
        LIMIT 8
    ), variant (value, rank, reason) AS (
        SELECT s.value, 0, 'same serial' FROM serial s
        UNION ALL
        SELECT substr(s.value, 2), 1, 'leading S' FROM serial s WHERE s.value LIKE 'S%'
        UNION ALL
        SELECT 'S' || s.value, 1, 'leading S' FROM serial s
        UNION ALL
        SELECT ltrim(s.value, '0'), 2, 'leading zeros' FROM serial s WHERE s.value LIKE '0%'
        UNION ALL
        SELECT repeat('0', n) || ltrim(s.value, '0'), 2, 'leading zeros' FROM serial s, generate_series(1, 8) n
        UNION ALL
        SELECT translate(s.value, t.these, t.those), 3, 'O/0 or I/1'
        FROM serial s, (VALUES ('O', '0'), ('0', 'O'), ('I', '1'), ('1', 'I'), ('OI', '01'), ('01', 'OI')) t (these, those)
        UNION ALL
        SELECT overlay(s.value PLACING translate(substr(s.value, n, 1), 'O0I1', '0O1I') FROM n FOR 1), 3, 'O/0 or I/1'
        FROM serial s, generate_series(1, length(s.value)) n
        WHERE substr(s.value, n, 1) IN ('O', '0', 'I', '1')
        UNION ALL
        SELECT overlay(s.value PLACING reverse(substr(s.value, n, 2)) FROM n FOR 2), 4, 'two characters swapped'
        FROM serial s, generate_series(1, length(s.value) - 1) n
        WHERE substr(s.value, n, 1) <> substr(s.value, n + 1, 1)
    ), identity AS (
        -- What is a UUID wherever it stands: as such, or in the serial field, as VMware and some tools write it.
        SELECT u.form, bool_and(u.is_serial) AS in_serial
        FROM (
            SELECT assetlink_internal.uuid_form(c.uuid), false
            UNION ALL
            SELECT assetlink_internal.uuid_form(c.serial_number), true
        ) u (form, is_serial)
        WHERE u.form IS NOT NULL
            AND NOT EXISTS (
                SELECT
                FROM jsonb_to_recordset(c.evidence) AS e (k text, c text, s text)
                WHERE e.k = 'uuid' AND e.c = u.form AND e.s IS NOT NULL)
        GROUP BY u.form
    ), written (value) AS (
        SELECT DISTINCT w.text
        FROM identity i
        CROSS JOIN LATERAL unnest(assetlink_internal.uuid_orders(i.form)) o (digits)
        CROSS JOIN LATERAL (VALUES
            (upper(o.digits)),
            (upper(o.digits::uuid::text)),
            ('VMWARE-' || upper(
                btrim(regexp_replace(left(o.digits, 16), '(..)', '\1 ', 'g')) || '-'
                || btrim(regexp_replace(right(o.digits, 16), '(..)', '\1 ', 'g'))))) w (text)
    ), candidate (asset_ref, rank, reason) AS (
        SELECT h.asset_ref, 0, CASE WHEN i.in_serial THEN 'its serial is the asset''s UUID' ELSE 'same UUID' END
        FROM identity i
        CROSS JOIN LATERAL (
            SELECT n.asset_ref
            FROM assetlink_internal.asset_value n
            WHERE n.kind = 'uuid' AND n.value = i.form COLLATE "C"
            LIMIT 10
        ) h
        UNION ALL
        SELECT h.asset_ref, 0, 'the asset''s serial is its UUID: ' || w.value
        FROM written w
        CROSS JOIN LATERAL (
            SELECT n.asset_ref
            FROM assetlink_internal.asset_serial n
            WHERE n.value = w.value COLLATE "C"
            LIMIT 10
        ) h
        UNION ALL
        SELECT h.asset_ref, v.rank, v.reason || ': ' || v.value
        FROM variant v
        CROSS JOIN LATERAL (
            SELECT n.asset_ref
            FROM assetlink_internal.asset_serial n
            WHERE n.value = v.value COLLATE "C"
            LIMIT 10
        ) h
        UNION ALL
        SELECT h.asset_ref, 5, 'same name and model'
        FROM (
            SELECT a.asset_ref, a.model
            FROM assetlink_internal.asset a
            WHERE md5(lower(a.name)) = md5(lower(c.name)) AND lower(a.name) = lower(c.name) AND a.standing = 0
                AND c.name <> ''
            LIMIT 50
        ) h
        WHERE lower(btrim(h.model)) = lower(btrim(c.model))
    ), best AS (
        SELECT DISTINCT ON (n.asset_ref) n.asset_ref, n.rank, n.reason
        FROM candidate n
        ORDER BY n.asset_ref, n.rank, n.reason
    )
    SELECT
        s.name, a.key, b.reason, a.asset_tag, a.serial_number, a.name, a.model, a.phase,
        CASE WHEN a.standing = 1 THEN 'ended' WHEN a.ci_count > 0 THEN 'linked' ELSE 'free' END
    FROM best b
    JOIN assetlink_internal.asset a ON a.asset_ref = b.asset_ref AND a.standing < 2
    JOIN assetlink_internal.source s ON s.source_id = a.source_id
    WHERE NOT EXISTS (
            SELECT
            FROM assetlink_internal.pair_in_force p
            WHERE (p.kind, p.ci_source_id, p.ci_id, p.asset_source_id, p.asset_id)
                = ('block', c.source_id, c.key, a.source_id, a.key))
        AND NOT EXISTS (
            SELECT
            FROM assetlink_internal.ci_decision d
            WHERE d.ci_ref = c.ci_ref AND d.state = 'linked' AND d.claim_asset = a.asset_ref)
    ORDER BY a.standing, b.rank, s.name, a.key
    LIMIT 20;
END
$$;

COMMENT ON FUNCTION assetlink_internal.uuid_orders(text) IS 'The four orders of bytes of 32 hexadecimal digits.';
COMMENT ON FUNCTION assetlink_internal.uuid_form(text) IS 'The canonical form of a UUID as far as SQL can tell: for suggestions, never for links.';
COMMENT ON FUNCTION assetlink_internal.orphan_step(text, text, text, text, text, timestamptz, timestamptz)
    IS 'What to do about a cause, in a sentence.';
COMMENT ON FUNCTION assetlink.orphan_causes(text, text, text)
    IS 'What stands in the way of orphans, of one source, class or reason or of all (null): how many CIs each cause keeps, and how many links its removal would make (null: nobody can tell).';
COMMENT ON FUNCTION assetlink.orphan_advice(text, text)
    IS 'What stands in the way of an orphaned CI, what to do, how many CIs share it (counted to 1,000), how many links that would make (null: nobody can tell), and the command that does it, where there is one. No row: it is no orphan.';
COMMENT ON VIEW assetlink.orphan_cause IS 'Every orphaned CI with what stands in its way.';
DO $$
DECLARE
    word record;
BEGIN
    FOR word IN
        SELECT * FROM (VALUES
            ('cause_kind', 'What the cause is: a kind of identifier or an attribute (its value is in the way), asset, decision, parent, rule.'),
            ('cause', 'The value, the asset''s tag or serial, the decision''s number, the parent''s id, the attributes, the class.'),
            ('suppressed_by', 'What made the value useless: placeholder N, malformed, suspect.'),
            ('match_key', 'What makes causes of several CIs the same, where the value alone does not.'),
            ('asset_source', 'The source of the asset that ended, was deleted, or is blocked.'),
            ('asset_id', 'That asset''s id.'),
            ('cause_at', 'When that asset ended or was deleted, or the decision was made.'),
            ('decision_id', 'The block.'),
            ('ci_ref', 'Our number of the CI, which orders CIs of one time.')) AS own (name, text)
    LOOP
        EXECUTE format('COMMENT ON COLUMN assetlink.orphan_cause.%I IS %L', word.name, word.text);
    END LOOP;
    -- The others mean what they mean in the work list.
    FOR word IN
        SELECT a.attname AS name, col_description(b.attrelid, b.attnum) AS text
        FROM pg_attribute a
        JOIN pg_attribute b ON b.attrelid = 'assetlink.orphaned_ci'::regclass AND b.attname = a.attname
        WHERE a.attrelid = 'assetlink.orphan_cause'::regclass AND a.attnum > 0
            AND col_description(a.attrelid, a.attnum) IS NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN assetlink.orphan_cause.%I IS %L', word.name, word.text);
    END LOOP;
END
$$;

GRANT SELECT ON assetlink.orphan_cause TO assetlink_reader, assetlink_operator, assetlink_daemon;
REVOKE ALL ON FUNCTION
    assetlink.orphan_causes(text, text, text), assetlink.orphan_advice(text, text),
    assetlink_internal.orphan_step(text, text, text, text, text, timestamptz, timestamptz),
    assetlink_internal.uuid_orders(text), assetlink_internal.uuid_form(text)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    assetlink.orphan_causes(text, text, text), assetlink.orphan_advice(text, text),
    assetlink_internal.orphan_step(text, text, text, text, text, timestamptz, timestamptz)
TO assetlink_reader, assetlink_operator;
