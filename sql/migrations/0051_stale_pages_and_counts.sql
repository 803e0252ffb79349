-- Pages of stale links, and how many links each remedy for an orphan would make, or why nobody can know.
SET LOCAL ROLE assetlink_owner;

-- The first value of a CI that its rule reads and that is a placeholder or cannot be read. One expression, so that it is
-- inlined.
CREATE FUNCTION assetlink_internal.unusable_value(evidence jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        jsonb_path_query_first(evidence, '$[*] ? (@.s starts with "placeholder" || @.s == "malformed")') ->> 'c',
        jsonb_path_query_first(evidence, '$[*] ? (@.s starts with "placeholder" || @.s == "malformed")') ->> 'r')
$$;
COMMENT ON FUNCTION assetlink_internal.unusable_value(jsonb) IS 'The first value of a CI''s evidence that is a placeholder or malformed.';

-- Beside the class, kept in the same way: who has the value is counted in one small index.
ALTER TABLE assetlink_internal.ci_decision ADD COLUMN orphan_value text;
COMMENT ON COLUMN assetlink_internal.ci_decision.orphan_value
    IS 'While it is orphaned for a placeholder, the MD5 of that value; otherwise it means nothing.';
UPDATE assetlink_internal.ci_decision d
SET orphan_value = md5(assetlink_internal.unusable_value(c.evidence))
FROM assetlink_internal.ci c
WHERE c.ci_ref = d.ci_ref AND d.state = 'orphaned' AND d.reason = 'placeholder_identifier';
CREATE INDEX ci_decision_placeholder ON assetlink_internal.ci_decision (orphan_value)
    WHERE state = 'orphaned' AND reason = 'placeholder_identifier';
COMMENT ON INDEX assetlink_internal.ci_decision_placeholder IS 'The orphans that carry a placeholder.';

CREATE OR REPLACE FUNCTION assetlink_internal.note_orphan_class() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    SELECT
        c.class,
        CASE NEW.reason WHEN 'placeholder_identifier' THEN md5(assetlink_internal.unusable_value(c.evidence)) END
    INTO NEW.orphan_class, NEW.orphan_value
    FROM assetlink_internal.ci c
    WHERE c.ci_ref = NEW.ci_ref;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION assetlink_internal.note_orphan_class() IS 'Notes the class of a CI that is orphaned, and its placeholder.';

CREATE FUNCTION assetlink_internal.change_orphan_value() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE assetlink_internal.ci_decision d
    SET orphan_value = md5(assetlink_internal.unusable_value(NEW.evidence))
    WHERE d.ci_ref = NEW.ci_ref AND d.state = 'orphaned' AND d.reason = 'placeholder_identifier';
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION assetlink_internal.change_orphan_value() IS 'Notes the new placeholder of a CI that stays orphaned for one.';
CREATE TRIGGER orphan_value AFTER UPDATE OF evidence ON assetlink_internal.ci
    FOR EACH ROW WHEN (
        OLD.evidence IS DISTINCT FROM NEW.evidence
        AND jsonb_path_exists(NEW.evidence, '$[*] ? (@.s starts with "placeholder" || @.s == "malformed")'))
    EXECUTE FUNCTION assetlink_internal.change_orphan_value();
COMMENT ON TRIGGER orphan_value ON assetlink_internal.ci IS 'Keeps orphan_value when a CI carries another placeholder.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Stale links page by page, too. How long a class may be silent is a setting, so when a link has aged is no column: the
-- index says which CIs have been silent for longest, and their links are looked up in that order.
DROP INDEX assetlink_internal.ci_discovered;
CREATE INDEX ci_discovered ON assetlink_internal.ci (last_discovered_at, class, ci_ref, source_id)
    WHERE deleted_at IS NULL;
COMMENT ON INDEX assetlink_internal.ci_discovered IS 'CIs by last discovery, for aged links.';

-- Each half sorted by itself, so that the two are merged and a LIMIT ends both.
CREATE VIEW assetlink.stale_link_index AS
(
SELECT
    l.ci_ref,
    l.stale_at AS since,
    l.stale_reason AS reason,
    c.source_id,
    c.class,
    l.link_id,
    c.ci_class
FROM assetlink_internal.link l
JOIN assetlink_internal.ci c ON c.ci_ref = l.ci_ref
WHERE l.status = 'stale'
ORDER BY l.stale_at, l.ci_ref
)
UNION ALL
(
SELECT
    g.ci_ref,
    g.since,
    'not_discovered',
    g.source_id,
    g.class,
    d.link_id,
    -- Read only where somebody asks for it.
    (SELECT r.ci_class FROM assetlink_internal.ci r WHERE r.ci_ref = g.ci_ref)
FROM (
    SELECT c.ci_ref, c.last_discovered_at + make_interval(days => y.days) AS since, c.source_id, c.class
    FROM assetlink_internal.ci c
    LEFT JOIN assetlink_internal.class_age o ON o.class = c.class
    CROSS JOIN LATERAL (
        SELECT coalesce(
            o.aged_after_days,
            (SELECT r.aged_after_days FROM assetlink_internal.class_age r WHERE r.class = 'ci'),
            60) AS days
    ) y
    WHERE c.deleted_at IS NULL
        AND c.last_discovered_at < assetlink_internal.aged_before()
        AND c.last_discovered_at < now() - make_interval(days => y.days)
    -- Sorted before the links are looked up, so that a LIMIT spares them.
    ORDER BY since, c.ci_ref
) g
-- OFFSET keeps it a probe.
CROSS JOIN LATERAL (
    SELECT d.link_id
    FROM assetlink_internal.ci_decision d
    WHERE d.ci_ref = g.ci_ref AND d.link_status = 'active'
    OFFSET 0
) d
ORDER BY g.since, g.ci_ref
);
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
    c.class,
    w.ci_ref
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
COMMENT ON COLUMN assetlink.stale_link.ci_ref IS 'Our number of the CI, which orders links of one time.';
COMMENT ON VIEW assetlink.stale_link_index IS 'What filters and orders stale_link, for pages: look up ci_ref here, then the rows there.';
COMMENT ON COLUMN assetlink.stale_link_index.ci_ref IS 'Our number of the CI.';
COMMENT ON COLUMN assetlink.stale_link_index.since IS 'Since when.';
COMMENT ON COLUMN assetlink.stale_link_index.reason IS 'Why.';
COMMENT ON COLUMN assetlink.stale_link_index.source_id IS 'Our number of the CI''s source, by source_number.';
COMMENT ON COLUMN assetlink.stale_link_index.class IS 'The CI''s class in the tree; ci for one that is not in it.';
COMMENT ON COLUMN assetlink.stale_link_index.link_id IS 'The link.';
COMMENT ON COLUMN assetlink.stale_link_index.ci_class IS 'The CI''s class as its source writes it.';
GRANT SELECT ON assetlink.stale_link_index TO assetlink_reader, assetlink_operator, assetlink_daemon;

-- ---------------------------------------------------------------------------------------------------------------------
CREATE FUNCTION assetlink.source_has_records(name text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- In the order of an index: it must not look for the first one from the beginning of the table.
    SELECT
        (
            SELECT a.key FROM assetlink_internal.asset a
            WHERE a.source_id = s.source_id
            ORDER BY a.source_id, a.key LIMIT 1
        ) IS NOT NULL
        OR (
            SELECT c.key FROM assetlink_internal.ci c
            WHERE c.source_id = s.source_id
            ORDER BY c.source_id, c.key LIMIT 1
        ) IS NOT NULL
    FROM assetlink_internal.source s
    WHERE s.name = source_has_records.name
$$;
COMMENT ON FUNCTION assetlink.source_has_records(text) IS 'Whether anything of a source is stored; null: there is no such source.';

-- In words.
CREATE FUNCTION assetlink_internal.unknown_links(reason text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE reason
        WHEN 'placeholder_identifier' THEN 'which asset the real value finds shows only when it is discovered'
        WHEN 'no_identifier' THEN 'which asset an identifier finds shows only when it is discovered'
        WHEN 'incomplete' THEN 'what a complete record matches shows only when it is complete'
        WHEN 'parent_not_linked' THEN 'what they match depends on the asset that the parent gets'
        WHEN 'parent_cycle' THEN 'what they match depends on the parent that is meant'
        WHEN 'no_matching_asset' THEN 'what they match depends on the asset that the parent has'
    END
$$;
COMMENT ON FUNCTION assetlink_internal.unknown_links(text) IS 'Why nobody can say how many links a remedy would make.';

DROP FUNCTION assetlink.orphan_causes(text, text, text);
-- Grouped. Of a source, one CI would get the asset; several would be in conflict over it. Not over SET, so that it is
-- inlined and a filter reaches the CIs before they are grouped.
CREATE FUNCTION assetlink.orphan_causes(for_source text, for_class text, for_reason text)
RETURNS TABLE (
    reason text, cause_kind text, cause text, asset_source text, asset_id text, cis bigint, would_link bigint,
    since timestamptz, remedy text, example_ci_source text, example_ci_id text, unknown_because text)
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
    ), counted AS (
        SELECT
            o.reason, o.cause_kind, o.cause, o.suppressed_by, o.asset_source, o.asset_id, sum(o.cis)::bigint AS cis,
            CASE
                WHEN o.reason IN ('no_matching_asset', 'asset_decommissioned', 'asset_deleted')
                    AND o.match_key IS NOT NULL
                    THEN count(*) FILTER (WHERE o.cis = 1)
                WHEN o.reason = 'blocked_by_operator' THEN sum(o.cis)::bigint
                WHEN o.reason = 'suspect_identifier' THEN coalesce((
                    SELECT i.links_gained
                    FROM assetlink.suspect_identifier i
                    WHERE i.kind = o.cause_kind AND i.value = o.cause COLLATE "C"), 0)
            END AS would_link,
            min(o.since) AS since, max(o.cause_at) AS cause_at, max(o.seen) AS seen,
            min(ARRAY[o.ci_source, o.example]) AS example
        FROM one_source o
        GROUP BY 1, 2, 3, 4, 5, 6, o.match_key
    )
    SELECT
        g.reason, g.cause_kind, g.cause, g.asset_source, g.asset_id, g.cis, g.would_link, g.since,
        assetlink_internal.orphan_step(g.reason, g.cause_kind, g.cause, g.suppressed_by,
            g.asset_source || '/' || g.asset_id, g.cause_at, g.seen),
        g.example[1], g.example[2],
        CASE WHEN g.would_link IS NULL THEN assetlink_internal.unknown_links(g.reason) END
    FROM counted g;
END;
COMMENT ON FUNCTION assetlink.orphan_causes(text, text, text)
    IS 'What stands in the way of orphans, grouped: how many CIs each cause keeps, how many links its removal would make or why nobody can know; null arguments filter nothing.';

DROP FUNCTION assetlink.orphan_advice(text, text);
-- One CI: the same, counted by probes. Counted no further than 1,000, so that a value that everybody has costs no more.
CREATE FUNCTION assetlink.orphan_advice(ci_source text, ci_id text)
RETURNS TABLE (
    cause_kind text, cause text, remedy text, cis bigint, would_link bigint, command text, unknown_because text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
-- Planned once: a page calls it for each row, and planning costs more than the probes.
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    the_ci bigint;
    the_source integer;
    unusable text;
    o record;
    space integer;
    -- Of each source the CIs that have the cause.
    counts bigint[];
    links bigint;
BEGIN
    -- First its number, by which each branch of the view is a probe.
    SELECT c.ci_ref, c.source_id, assetlink_internal.unusable_value(c.evidence) INTO the_ci, the_source, unusable
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
        links := (SELECT count(*) FROM unnest(counts) n WHERE n = 1);
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
        links := coalesce((
            SELECT i.links_gained
            FROM assetlink.suspect_identifier i
            WHERE i.kind = o.cause_kind AND i.value = o.cause COLLATE "C"), 0);
    ELSIF o.reason = 'placeholder_identifier' THEN
        counts := ARRAY(
            SELECT count(*)
            FROM (
                SELECT
                FROM assetlink_internal.ci_decision d
                WHERE d.orphan_value = md5(unusable) COLLATE "default"
                    AND d.state = 'orphaned'
                    AND d.reason = 'placeholder_identifier'
                LIMIT 1000
            ) h);
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
    ELSE
        -- Its own: a block, an attribute or identifier that it has not, a place under its parent.
        counts := '{1}';
        links := CASE WHEN o.reason = 'blocked_by_operator' THEN 1 END;
    END IF;
    RETURN QUERY SELECT
        o.cause_kind, o.cause,
        assetlink_internal.orphan_step(
            o.reason, o.cause_kind, o.cause, o.suppressed_by, o.asset, o.cause_at, o.last_discovered_at),
        (SELECT sum(n)::bigint FROM unnest(counts) n),
        links,
        CASE o.reason
            WHEN 'blocked_by_operator' THEN
                format('assetlinkctl unblock %s %s --reason "…"', o.ci_source || '/' || o.ci_id, o.asset)
            WHEN 'suspect_identifier' THEN
                format('assetlinkctl trust %s %s --reason "…"', o.cause_kind,
                    '''' || replace(o.cause, '''', '''\''''') || '''')
        END,
        CASE WHEN links IS NULL THEN assetlink_internal.unknown_links(o.reason) END;
END
$$;
COMMENT ON FUNCTION assetlink.orphan_advice(text, text)
    IS 'What stands in an orphan''s way, how many CIs share it (up to 1,000), how many links its removal would make or why nobody can know, and the command that does it.';

REVOKE ALL ON FUNCTION
    assetlink.orphan_advice(text, text), assetlink.orphan_causes(text, text, text), assetlink.source_has_records(text),
    assetlink_internal.unusable_value(jsonb), assetlink_internal.unknown_links(text),
    assetlink_internal.change_orphan_value()
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    assetlink.orphan_advice(text, text), assetlink.orphan_causes(text, text, text), assetlink.source_has_records(text),
    assetlink_internal.unknown_links(text)
TO assetlink_reader, assetlink_operator;
-- The triggers work it out as whoever writes a decision.
GRANT EXECUTE ON FUNCTION assetlink_internal.unusable_value(jsonb) TO assetlink_daemon;
