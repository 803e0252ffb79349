-- Every record answered for: assets by what they show and who points at them, and records that no batch has taken in.
SET LOCAL ROLE assetlink_owner;

CREATE VIEW assetlink.asset_evidence AS
SELECT
    s.name AS asset_source,
    a.key AS asset_id,
    e.k AS kind,
    e.a AS attribute,
    e.r AS raw_value,
    e.c AS canonical_value,
    e.s AS suppressed_by
FROM assetlink_internal.asset a
JOIN assetlink_internal.source s ON s.source_id = a.source_id
CROSS JOIN LATERAL jsonb_to_recordset(a.evidence) AS e (k text, a text, r text, c text, s text);

-- Each way to the asset is a probe, and taken no further than 200 CIs: a value that everybody has says nothing of one.
CREATE FUNCTION assetlink.asset_candidates(asset_source text, asset_id text)
RETURNS TABLE (
    ci_source text, ci_id text, ci_class text, name text, state text, reason text, shared jsonb, standing text,
    linked_asset_source text, linked_asset_id text, conflict_id bigint, last_discovered_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    WITH it AS (
        SELECT a.asset_ref, a.source_id, a.key
        FROM assetlink_internal.asset a
        JOIN assetlink_internal.source s ON s.source_id = a.source_id
        WHERE s.name = asset_candidates.asset_source AND a.key = asset_candidates.asset_id
    ), way AS (
        (
            SELECT ck.ci_ref, ck.key AS value
            FROM it
            JOIN assetlink_internal.asset_key ak ON ak.asset_ref = it.asset_ref
            JOIN assetlink_internal.ci_key ck ON ck.space_id = ak.space_id AND ck.key = ak.key
            LIMIT 200
        )
        UNION
        (
            SELECT cv.ci_ref, cv.value
            FROM it
            JOIN assetlink_internal.asset_value av ON av.asset_ref = it.asset_ref
            JOIN assetlink_internal.ci_value cv ON cv.kind = av.kind AND cv.value = av.value
            LIMIT 200
        )
        UNION
        (
            SELECT d.ci_ref, NULL
            FROM it
            JOIN assetlink_internal.ci_decision d ON d.candidate_asset = it.asset_ref
            LIMIT 200
        )
        UNION
        (
            SELECT d.ci_ref, NULL
            FROM it
            JOIN assetlink_internal.ci_decision d ON d.link_asset = it.asset_ref
            LIMIT 200
        )
        UNION
        (
            SELECT c.ci_ref, NULL
            FROM it
            JOIN assetlink_internal.pair_in_force p ON p.asset_source_id = it.source_id AND p.asset_id = it.key
            JOIN assetlink_internal.ci c ON c.source_id = p.ci_source_id AND c.key = p.ci_id
            LIMIT 200
        )
    )
    SELECT
        s.name, c.key, c.ci_class, c.name, d.state, d.reason, w.shared,
        CASE
            WHEN EXISTS (
                SELECT
                FROM assetlink_internal.pair_in_force p
                WHERE (p.kind, p.ci_source_id, p.ci_id, p.asset_source_id, p.asset_id)
                    = ('block', c.source_id, c.key, it.source_id, it.key))
                THEN 'blocked'
            WHEN s.asset_sources IS NOT NULL AND it.source_id <> ALL (s.asset_sources) THEN 'source not bound'
            WHEN d.state = 'excluded' THEN 'excluded'
            WHEN d.state = 'linked' AND d.claim_asset = it.asset_ref THEN 'linked'
            WHEN d.state = 'linked' THEN 'linked elsewhere'
            WHEN d.state = 'conflicted' THEN 'in conflict'
            WHEN d.link_asset = it.asset_ref THEN 'link stale'
            ELSE 'not matched'
        END,
        las.name, la.key, d.conflict_id, c.last_discovered_at
    FROM it
    JOIN (
        SELECT v.ci_ref, coalesce(jsonb_agg(DISTINCT v.value) FILTER (WHERE v.value IS NOT NULL), '[]') AS shared
        FROM way v
        GROUP BY v.ci_ref
    ) w ON true
    JOIN assetlink_internal.ci c ON c.ci_ref = w.ci_ref AND c.deleted_at IS NULL
    JOIN assetlink_internal.ci_decision d ON d.ci_ref = c.ci_ref
    JOIN assetlink_internal.source s ON s.source_id = c.source_id
    LEFT JOIN assetlink_internal.asset la ON la.asset_ref = CASE WHEN d.state = 'linked' THEN d.claim_asset END
    LEFT JOIN assetlink_internal.source las ON las.source_id = la.source_id
    ORDER BY (d.claim_asset = it.asset_ref) DESC NULLS LAST, s.name, c.key
    LIMIT 100
$$;

-- What of a record has been said and not yet taken in.
CREATE FUNCTION assetlink.record_waits(source text, id text)
RETURNS TABLE (what text, since timestamptz, detail text, remedy text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    WITH s AS (
        SELECT t.source_id, t.name, t.side FROM assetlink_internal.source t WHERE t.name = record_waits.source
    )
    SELECT
        'change', min(w.logged_at), count(*) || ' of it in the log, by ' || string_agg(DISTINCT w.cause, ', '),
        'Wait for the daemon; assetlinkctl status says how far it is.'
    FROM s
    JOIN assetlink_internal.pending_change w ON w.source_id = s.source_id AND w.key = record_waits.id
    HAVING count(*) > 0
    UNION ALL
    SELECT
        'source', min(w.logged_at), 'all of source ' || max(s.name) || ' is to be read, by ' || string_agg(DISTINCT w.cause, ', '),
        'Wait for the daemon; assetlinkctl status says how far it is.'
    FROM s
    JOIN assetlink_internal.pending_change w ON w.source_id = s.source_id AND w.topic = 'source'
    HAVING count(*) > 0
    UNION ALL
    SELECT
        'source', NULL, 'source ' || s.name || ' is being read in bulk: ' || (r ->> 'done') || ' records so far',
        'Wait for the daemon; assetlinkctl status says how far it is.'
    FROM s
    JOIN (
        SELECT b.ranges FROM assetlink_internal.batch b ORDER BY b.batch_id DESC LIMIT 1
    ) n ON true
    CROSS JOIN LATERAL jsonb_array_elements(n.ranges) r
    WHERE (r ->> 'source')::integer = s.source_id
    UNION ALL
    SELECT
        'act', min(t.decided_at), 'operators'' acts not taken up: ' || string_agg(t.kind, ', ' ORDER BY t.act_id),
        'Wait for the daemon; assetlinkctl status says how far it is.'
    FROM s
    JOIN assetlink_internal.pending_change w ON w.topic = 'act'
    JOIN assetlink_internal.act t ON t.act_id::text = w.key
        AND CASE s.side WHEN 'ci' THEN (t.ci_source_id, t.ci_id) ELSE (t.asset_source_id, t.asset_id) END
            = (s.source_id, record_waits.id)
    HAVING count(*) > 0
    UNION ALL
    SELECT
        'held', h.held_at, coalesce(st.detail, 'source ' || s.name || ' is held'),
        format('assetlinkctl held approve %1$s lets it through, held drop %1$s forgets it until the next resync.', s.name)
    FROM s
    JOIN assetlink_internal.held_change h ON h.source_id = s.source_id AND h.key IN ('', record_waits.id)
    LEFT JOIN assetlink_internal.source_status st ON st.source_id = s.source_id
    UNION ALL
    SELECT
        'rejected', x.at, x.error_text || ' (' || x.error_code || ')',
        format('Correct it at its source; assetlinkctl dead-letters replay %s tries again.', x.id)
    FROM s
    JOIN assetlink_internal.dead_letter x
        ON x.source_id = s.source_id AND md5(x.key) = md5(record_waits.id) AND x.key = record_waits.id
            AND x.replayed_at IS NULL
    UNION ALL
    SELECT 'broken', st.since, st.detail, format('assetlinkctl sources check %s', s.name)
    FROM s
    JOIN assetlink_internal.source_status st ON st.source_id = s.source_id AND st.status = 'broken'
    UNION ALL
    SELECT 'deleted', c.deleted_at, 'it was deleted at its source', 'Nothing, unless it should be there: look at its source.'
    FROM s
    JOIN assetlink_internal.ci c ON c.source_id = s.source_id AND c.key = record_waits.id AND c.deleted_at IS NOT NULL
    WHERE s.side = 'ci'
    UNION ALL
    SELECT 'deleted', a.deleted_at, 'it was deleted at its source', 'Nothing, unless it should be there: look at its source.'
    FROM s
    JOIN assetlink_internal.asset a ON a.source_id = s.source_id AND a.key = record_waits.id AND a.deleted_at IS NOT NULL
    WHERE s.side = 'asset'
$$;

COMMENT ON VIEW assetlink.asset_evidence IS 'Every identifier that an asset shows, with what became of it.';
COMMENT ON COLUMN assetlink.asset_evidence.asset_source IS 'The asset''s source.';
COMMENT ON COLUMN assetlink.asset_evidence.asset_id IS 'The asset''s id in its source, as text.';
COMMENT ON COLUMN assetlink.asset_evidence.kind IS 'The kind of identifier that the value is read as.';
COMMENT ON COLUMN assetlink.asset_evidence.attribute IS 'The column or list that the value stands in.';
COMMENT ON COLUMN assetlink.asset_evidence.raw_value IS 'The value as the source has it.';
COMMENT ON COLUMN assetlink.asset_evidence.canonical_value IS 'Its canonical form; null if it has none.';
COMMENT ON COLUMN assetlink.asset_evidence.suppressed_by IS 'Why it gives no match key: placeholder N, malformed, suspect; null: it does.';
COMMENT ON FUNCTION assetlink.asset_candidates(text, text)
    IS 'The CIs that share a value with an asset, claim it, are linked to it or have a decision about it, at most 100, and how each stands to it: linked, linked elsewhere, link stale, in conflict, blocked, excluded, source not bound, not matched.';
COMMENT ON FUNCTION assetlink.record_waits(text, text)
    IS 'What of a record is not taken in: changes in the log, reads of its source, acts, what the breaker holds, what was rejected, a broken source, its deletion; each with what to do.';

GRANT SELECT ON assetlink.asset_evidence TO assetlink_reader, assetlink_operator, assetlink_daemon;
REVOKE ALL ON FUNCTION assetlink.asset_candidates(text, text), assetlink.record_waits(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assetlink.asset_candidates(text, text), assetlink.record_waits(text, text)
TO assetlink_reader, assetlink_operator;

-- An ended asset that is silent may still be wrong in its state: both ways are named.
CREATE OR REPLACE FUNCTION assetlink_internal.orphan_step(
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
                ELSE '; the CI was not seen since: retire it, or correct the asset''s state if it runs.'
            END
        WHEN 'asset_deleted' THEN
            coalesce(format('Asset %s (%s) was deleted', asset, cause), 'Its asset was deleted')
            || coalesce(to_char(cause_at, ' "on" YYYY-MM-DD'), '')
            || CASE
                WHEN seen > cause_at THEN to_char(seen, '", and the CI was seen since, on "YYYY-MM-DD": ')
                    || 'register the asset again.'
                ELSE '; the CI was not seen since: retire it, or register the asset again if it runs.'
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
