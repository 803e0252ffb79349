-- Functions to read.
SET LOCAL ROLE assetlink_owner;

CREATE FUNCTION assetlink_internal.batch_at(at timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT b.batch_id
    FROM assetlink_internal.batch b
    WHERE b.committed_at <= batch_at.at
    ORDER BY b.committed_at DESC
    LIMIT 1
$$;

-- Over public views and without SET, so that it is inlined and a filter on one CI stays a probe.
CREATE FUNCTION assetlink.links_as_of(at timestamptz)
RETURNS TABLE (
    link_id bigint, ci_source text, ci_id text, asset_source text, asset_id text, status text, reason text,
    method text, rule text, entry_priority integer, matched_on jsonb, linked_at timestamptz, from_batch bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        l.link_id, l.ci_source, l.ci_id, l.asset_source, l.asset_id, p.status, p.reason,
        l.method, l.rule, l.entry_priority, l.matched_on, l.linked_at, p.from_batch
    FROM assetlink.link l
    JOIN assetlink.link_period p ON p.link_id = l.link_id
    WHERE p.from_batch <= (SELECT assetlink_internal.batch_at(at))
        AND (p.to_batch IS NULL OR p.to_batch > (SELECT assetlink_internal.batch_at(at)))
        AND p.status <> 'closed';
END;

-- Level by level over two kinds of edges: parent_ci_id, and cmdb.ci_relationship where that table exists. There the child
-- depends on its parent (contains, hosts …), or the parent on the child where the type reads like "depends on". Each CI
-- comes once, at its smallest depth; a CI seen before ends the walk, so rings do.
CREATE FUNCTION assetlink.decommission_impact(asset_source text, asset_id text)
RETURNS TABLE (
    depth integer, role text, ci_source text, ci_id text, ci_class text, name text, state text, depends_on text,
    relation text, last_discovered_at timestamptz, aged boolean, verdict text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
    the_asset bigint;
    -- Only our own table: anybody else's could run code in our name.
    has_relations boolean := EXISTS (
        SELECT
        FROM pg_class r
        WHERE r.oid = to_regclass('cmdb.ci_relationship')
            AND r.relkind = 'r'
            AND r.relowner = 'assetlink_owner'::regrole
            AND NOT r.relrowsecurity);
    level integer := 0;
    frontier bigint[];
    -- What was found, as parallel arrays: refs in order of discovery.
    refs bigint[];
    depths integer[] := '{}';
    vias text[] := '{}';
    relations text[] := '{}';
    found record;
    next bigint[];
BEGIN
    SELECT a.asset_ref INTO the_asset
    FROM assetlink_internal.asset a
    JOIN assetlink_internal.source s ON s.source_id = a.source_id
    WHERE s.name = decommission_impact.asset_source AND a.key = decommission_impact.asset_id;
    IF the_asset IS NULL THEN
        RAISE EXCEPTION 'asset % of source % is not known', decommission_impact.asset_id, decommission_impact.asset_source
            USING ERRCODE = 'no_data_found',
                HINT = 'See assetlink.asset_state and assetlink.feed_status for the names.';
    END IF;

    refs := ARRAY(
        SELECT d.ci_ref FROM assetlink_internal.ci_decision d WHERE d.link_asset = the_asset ORDER BY d.ci_ref);
    depths := array_fill(1, ARRAY[cardinality(refs)]);
    vias := array_fill(NULL::text, ARRAY[cardinality(refs)]);
    relations := array_fill('link'::text, ARRAY[cardinality(refs)]);
    frontier := refs;
    level := 1;
    WHILE cardinality(frontier) > 0 LOOP
        level := level + 1;
        next := '{}';
        FOR found IN EXECUTE
            'SELECT DISTINCT ON (w.ci_ref) w.ci_ref, w.via, w.relation FROM ('
                'SELECT h.ci_ref, p.key AS via, ''parent_ci_id''::text AS relation '
                'FROM assetlink_internal.ci p '
                'JOIN assetlink_internal.ci h ON h.source_id = p.source_id AND h.parent_ci_id = p.key '
                'WHERE p.ci_ref = ANY ($1) AND h.deleted_at IS NULL'
            || CASE WHEN has_relations THEN
                ' UNION ALL '
                'SELECT h.ci_ref, p.key, r.type '
                'FROM assetlink_internal.ci p '
                'JOIN assetlink_internal.source s ON s.source_id = p.source_id '
                'CROSS JOIN LATERAL (SELECT CASE WHEN s.relation_name = ''cmdb.ci'' AND s.key_type = ''bigint'' '
                    'THEN p.key::bigint END AS id) i '
                'CROSS JOIN LATERAL ('
                    'SELECT t.child_ci_id AS id, t.type FROM cmdb.ci_relationship t '
                    'WHERE t.parent_ci_id = i.id AND t.type !~* ''^(depend|run|use)'' '
                    'UNION ALL '
                    'SELECT t.parent_ci_id, t.type FROM cmdb.ci_relationship t '
                    'WHERE t.child_ci_id = i.id AND t.type ~* ''^(depend|run|use)'') r '
                'JOIN assetlink_internal.ci h ON h.source_id = p.source_id AND h.key = r.id::text '
                'WHERE p.ci_ref = ANY ($1) AND h.deleted_at IS NULL'
            ELSE '' END
            || ') w WHERE w.ci_ref <> ALL ($2) ORDER BY w.ci_ref, w.relation, w.via'
            USING frontier, refs
        LOOP
            next := next || found.ci_ref;
            depths := depths || level;
            vias := vias || found.via;
            relations := relations || found.relation;
        END LOOP;
        refs := refs || next;
        frontier := next;
    END LOOP;

    RETURN QUERY
    WITH member AS (
        SELECT
            m.depth, m.via, m.relation, s.name AS source, c.key, c.ci_class, c.name, d.state, c.last_discovered_at,
            c.last_discovered_at < now() - make_interval(days => y.days) AS aged,
            CASE
                WHEN c.retired THEN 'safe'
                WHEN c.last_discovered_at IS NULL THEN 'unknown'
                WHEN c.last_discovered_at < now() - make_interval(days => y.days) THEN 'safe'
                ELSE 'in_service'
            END AS verdict
        FROM unnest(refs, depths, vias, relations) AS m (ci_ref, depth, via, relation)
        JOIN assetlink_internal.ci c ON c.ci_ref = m.ci_ref
        JOIN assetlink_internal.ci_decision d ON d.ci_ref = c.ci_ref
        JOIN assetlink_internal.source s ON s.source_id = c.source_id
        LEFT JOIN assetlink_internal.class_age g ON g.class = c.class
        CROSS JOIN LATERAL (
            SELECT coalesce(
                g.aged_after_days,
                (SELECT r.aged_after_days FROM assetlink_internal.class_age r WHERE r.class = 'ci'),
                60) AS days
        ) y
    )
    SELECT
        0, 'asset'::text, NULL::text, NULL::text, NULL::text, a.name,
        CASE a.standing WHEN 0 THEN a.phase WHEN 1 THEN 'ended' ELSE 'deleted' END, NULL::text,
        NULL::text, (SELECT max(m.last_discovered_at) FROM member m), NULL::boolean,
        CASE
            WHEN EXISTS (SELECT FROM member m WHERE m.verdict = 'in_service') THEN 'in_service'
            WHEN NOT EXISTS (SELECT FROM member m) OR EXISTS (SELECT FROM member m WHERE m.verdict = 'unknown')
                THEN 'unknown'
            ELSE 'safe'
        END
    FROM assetlink_internal.asset a
    WHERE a.asset_ref = the_asset
    UNION ALL
    SELECT
        m.depth, CASE WHEN m.depth = 1 THEN 'linked' ELSE 'dependant' END, m.source, m.key, m.ci_class, m.name, m.state,
        m.via, m.relation, m.last_discovered_at, m.aged, m.verdict
    FROM member m
    ORDER BY 1, 3, 4;
END
$$;

-- Bounded: a few hundred probes of whole values, however many assets there are.
CREATE FUNCTION assetlink.suggest_assets(ci_source text, ci_id text)
RETURNS TABLE (
    asset_source text, asset_id text, reason text, asset_tag text, serial_number text, name text, model text,
    lifecycle_phase text, state text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
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
    ), candidate (asset_ref, rank, reason) AS (
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
