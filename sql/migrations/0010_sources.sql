-- Sources once they are attached: checked, read again, detached.
SET LOCAL ROLE assetlink_owner;

CREATE FUNCTION assetlink_internal.source_named(source text)
RETURNS assetlink_internal.source
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound assetlink_internal.source;
BEGIN
    SELECT * INTO bound FROM assetlink_internal.source AS s WHERE s.name = source;
    IF bound.source_id IS NULL THEN
        RAISE EXCEPTION 'there is no source %', coalesce(quote_literal(source), 'null')
            USING ERRCODE = 'undefined_object', HINT = assetlink_internal.did_you_mean(coalesce(source, ''),
                ARRAY(SELECT s.name FROM assetlink_internal.source AS s ORDER BY s.name));
    END IF;
    RETURN bound;
END
$$;
COMMENT ON FUNCTION assetlink_internal.source_named(text) IS 'The source of that name, or an error that names the nearest one.';

CREATE FUNCTION assetlink_internal.record_detach(source_id integer, keep boolean, reason text, on_behalf_of text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    wanted assetlink_internal.act;
    act_id bigint;
BEGIN
    wanted.kind := 'detach_source';
    wanted.source_id := source_id;
    wanted.reason := reason;
    act_id := assetlink_internal.record_act(wanted, on_behalf_of);
    PERFORM assetlink_internal.drop_captures(source_id);
    UPDATE assetlink_internal.source AS s SET detached_at = clock_timestamp() WHERE s.source_id = source_id;
    PERFORM assetlink_internal.append_log(
        'source', source_id, act_id::text, NULL, NULL, jsonb_build_object('keep', keep), 'detach');
    RETURN act_id;
END
$$;
COMMENT ON FUNCTION assetlink_internal.record_detach(integer, boolean, text, text)
    IS 'Enters the end of a source and queues it; the log row''s record says whether to keep what was learned.';

CREATE FUNCTION assetlink.detach_source(
    source text, keep boolean DEFAULT true, reason text DEFAULT 'detached', on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
    bound assetlink_internal.source := assetlink_internal.source_named(source);
BEGIN
    IF bound.detached_at IS NOT NULL THEN
        RAISE EXCEPTION 'source % is detached already, since %', quote_literal(source), bound.detached_at
            USING ERRCODE = 'object_not_in_prerequisite_state';
    ELSIF keep IS NULL THEN
        RAISE EXCEPTION 'keep must be true or false' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    PERFORM assetlink_internal.drop_triggers(bound.source_id);
    RETURN assetlink_internal.record_detach(bound.source_id, keep, reason, on_behalf_of);
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'a table of source % is in use: its lock was not granted within 2 s', quote_literal(source)
        USING ERRCODE = 'lock_not_available', HINT = 'Nothing was changed. Try again when no long transaction is on the table.';
END
$$;
COMMENT ON FUNCTION assetlink.detach_source(text, boolean, text, text)
    IS 'Removes the triggers of a source and ends it; keep: its records stay as last read, otherwise they are dropped. '
       'Returns the act''s id.';

CREATE FUNCTION assetlink.resync(source text, reason text DEFAULT 'asked for', on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound assetlink_internal.source := assetlink_internal.source_named(source);
    wanted assetlink_internal.act;
    act_id bigint;
BEGIN
    IF bound.detached_at IS NOT NULL THEN
        RAISE EXCEPTION 'source % is detached', quote_literal(source)
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Attach it again: that reads all of it.';
    END IF;
    wanted.kind := 'resync';
    wanted.source_id := bound.source_id;
    wanted.reason := reason;
    act_id := assetlink_internal.record_act(wanted, on_behalf_of);
    PERFORM assetlink_internal.log_change('source', bound.source_id, act_id::text, 'resync');
    RETURN act_id;
END
$$;
COMMENT ON FUNCTION assetlink.resync(text, text, text)
    IS 'Reads all of a source again in the bulk lane and repairs differences. Returns the act''s id.';

CREATE FUNCTION assetlink_internal.unmapped_counts(source_id integer, OUT states bigint, OUT classes bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        (SELECT count(*) FROM assetlink_internal.asset AS a
            WHERE a.source_id = unmapped_counts.source_id AND a.deleted_at IS NULL AND NOT a.lifecycle_mapped)
        + (SELECT count(*) FROM assetlink_internal.ci AS c
            WHERE c.source_id = unmapped_counts.source_id AND c.deleted_at IS NULL AND NOT c.lifecycle_mapped),
        (SELECT count(*) FROM assetlink_internal.ci AS c
            WHERE c.source_id = unmapped_counts.source_id AND c.deleted_at IS NULL AND NOT c.class_known)
$$;
COMMENT ON FUNCTION assetlink_internal.unmapped_counts(integer) IS 'Records of a source whose raw state or class means nothing yet.';

CREATE FUNCTION assetlink_internal.trigger_findings(source_id integer)
RETURNS TABLE (severity text, finding text, remedy text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH watched AS (
        SELECT c.ordinal, c.relation_name, c.key_column, c.columns,
            coalesce(to_regclass(c.relation_name)::oid, (SELECT r.oid FROM pg_catalog.pg_class AS r WHERE r.oid = c.relation)) AS relation
        FROM assetlink_internal.capture AS c WHERE c.source_id = trigger_findings.source_id
    ),
    wanted AS (
        SELECT w.ordinal, m.member, assetlink_internal.qualified_name(m.member) AS name, o.operation,
            format('assetlink_%s_%s_%s', trigger_findings.source_id, w.ordinal, o.operation) AS trigger_name
        FROM watched AS w
        CROSS JOIN LATERAL assetlink_internal.relation_tree(w.relation) AS m
        CROSS JOIN (VALUES ('insert'), ('update'), ('delete'), ('truncate'), ('replica')) AS o (operation)
        WHERE w.relation IS NOT NULL
    ),
    state AS (
        SELECT w.*, g.tgenabled
        FROM wanted AS w
        LEFT JOIN (pg_catalog.pg_trigger AS g
            JOIN pg_catalog.pg_proc AS p ON p.oid = g.tgfoid AND p.pronamespace = 'assetlink_internal'::regnamespace)
            ON g.tgrelid = w.member AND g.tgname = w.trigger_name
                AND p.proname = format('capture_%s_%s', trigger_findings.source_id, w.ordinal)
    )
    SELECT 'error', format('table %s is gone', w.relation_name), 'Detach the source, or attach it to the table''s successor.'
    FROM watched AS w WHERE w.relation IS NULL
    UNION ALL
    SELECT 'error', format('column %I of %s is gone or has another name', c.name, assetlink_internal.qualified_name(w.relation)),
        'Its owner''s writes go on, each marked as "read it all". Detach the source and attach it with a query that fits.'
    FROM watched AS w
    CROSS JOIN LATERAL unnest(w.key_column || w.columns) AS c (name)
    WHERE w.relation IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = w.relation AND a.attname = c.name AND a.attnum > 0 AND NOT a.attisdropped)
    UNION
    SELECT CASE WHEN s.operation = 'replica' THEN 'warning' ELSE 'error' END,
        format('%s has no %s trigger', s.name, CASE s.operation WHEN 'replica' THEN 'replica-role' ELSE s.operation END),
        'Detach the source and attach it again, as the table''s owner.'
    FROM state AS s WHERE s.tgenabled IS NULL
    UNION ALL
    SELECT 'error', format('trigger %I of %s does not fire', s.trigger_name, s.name),
        format('ALTER TABLE %s ENABLE %sTRIGGER %I;', s.name,
            CASE s.operation WHEN 'truncate' THEN 'ALWAYS ' WHEN 'replica' THEN 'REPLICA ' ELSE '' END, s.trigger_name)
    FROM state AS s
    WHERE s.tgenabled = 'D' OR (s.operation NOT IN ('replica', 'truncate') AND s.tgenabled = 'R')
        OR (s.operation = 'truncate' AND s.tgenabled NOT IN ('A', 'O'))
    UNION ALL
    SELECT 'warning', format('trigger %I of %s does not fire in replica role', s.trigger_name, s.name),
        format('ALTER TABLE %s ENABLE %s TRIGGER %I;', s.name,
            CASE s.operation WHEN 'truncate' THEN 'ALWAYS' ELSE 'REPLICA' END, s.trigger_name)
    FROM state AS s WHERE s.operation IN ('truncate', 'replica') AND s.tgenabled = 'O'
$$;
COMMENT ON FUNCTION assetlink_internal.trigger_findings(integer)
    IS 'Triggers of a source that are missing, disabled or would be passed by, on partitions too.';

CREATE FUNCTION assetlink.check_source(source text)
RETURNS TABLE (check_name text, severity text, finding text, remedy text)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound assetlink_internal.source := assetlink_internal.source_named(source);
    how record;
    counts record;
    problems boolean := false;
BEGIN
    IF bound.detached_at IS NOT NULL THEN
        RETURN QUERY SELECT 'status', 'warning', format('detached since %s', bound.detached_at), 'Attach it again when it is wanted.';
        RETURN;
    END IF;
    RETURN QUERY
        SELECT 'status', CASE coalesce(t.status, 'ok') WHEN 'ok' THEN 'ok' ELSE 'error' END,
            concat_ws(': ', coalesce(t.status, 'ok'), t.detail),
            CASE t.status WHEN 'broken' THEN 'Detach it and attach it with a query that fits its tables.'
                WHEN 'held' THEN 'Look at assetlink.held_change, then approve_held or drop_held.' END
        FROM (SELECT) AS one LEFT JOIN assetlink_internal.source_status AS t ON t.source_id = bound.source_id;

    BEGIN
        SELECT * INTO how FROM assetlink_internal.plan_source(bound.source_id);
        RETURN QUERY
            SELECT 'plan', CASE WHEN w.is_large THEN 'error' ELSE 'warning' END,
                format('reading one key scans %s whole (%s pages)', w.relation, w.pages)
                    || CASE WHEN w.is_large THEN E'\n' || how.shown ELSE '' END,
                'Index the key column and the columns that join details to it; show the key without a cast; '
                    'aggregate in sub-selects of the SELECT list instead of GROUP BY.'
            FROM (
                SELECT * FROM assetlink_internal.whole_scans(how.plan) AS l WHERE l.is_large
                UNION
                SELECT * FROM assetlink_internal.whole_scans(how.without_scans)
            ) AS w;
        IF NOT FOUND THEN
            RETURN QUERY SELECT 'plan', 'ok', 'one key is read by index', NULL;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        RETURN QUERY SELECT 'plan', 'error', format('the query can''t be planned as the daemon: %s', SQLERRM),
            'Grant what is missing, or detach the source and attach it with a query that fits its tables.';
    END;
    IF bound.kind = 'bound' THEN
        RETURN QUERY SELECT 'triggers', t.severity, t.finding, t.remedy FROM assetlink_internal.trigger_findings(bound.source_id) AS t;
        IF NOT FOUND THEN
            RETURN QUERY SELECT 'triggers', 'ok', 'all in place', NULL;
        END IF;
        RETURN QUERY
            SELECT 'row security', 'error', format('%s has row security', t.name),
                'A policy would hide rows, so the daemon refuses to read: let the query read a view that the table''s owner owns.'
            FROM unnest(bound.tables) AS t (name)
            JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(t.name)
            WHERE c.relrowsecurity
                AND NOT (SELECT r.rolbypassrls OR r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = 'assetlink_daemon');
    END IF;
    SELECT * INTO counts FROM assetlink_internal.unmapped_counts(bound.source_id);
    RETURN QUERY
        SELECT 'unmapped', CASE WHEN u.n = 0 THEN 'ok' ELSE 'warning' END, format('%s records with an unmapped %s', u.n, u.what),
            CASE WHEN u.n > 0 THEN u.remedy END
        FROM (VALUES
            (counts.states, 'life-cycle state', 'Look at assetlink.unmapped and add rows to assetlink.lifecycle_state.'),
            (counts.classes, 'class', 'Look at assetlink.unmapped and add rows to assetlink.ci_class.')) AS u (n, what, remedy)
        WHERE bound.side = 'ci' OR u.what <> 'class';
END
$$;
COMMENT ON FUNCTION assetlink.check_source(text)
    IS 'How a source fares: its status, the plan of reading one key, triggers that are missing, disabled or bypassable, row security, '
       'unmapped states and classes; severity is ok, warning or error, with a remedy.';

GRANT EXECUTE ON FUNCTION
    assetlink_internal.register_source(text, text, text, text, text, text[], oid, text[], text[], text),
    assetlink_internal.attach(text, text, regclass, text, name, jsonb, name[], text[], text),
    assetlink_internal.record_detach(integer, boolean, text, text),
    assetlink.attach_asset_source(text, regclass, text, name, jsonb, name[]),
    assetlink.attach_ci_source(text, regclass, text, name, jsonb, name[], text[], text),
    assetlink.detach_source(text, boolean, text, text)
TO assetlink_integrator;
GRANT EXECUTE ON FUNCTION
    assetlink_internal.source_named(text),
    assetlink_internal.plan_source(integer),
    assetlink_internal.whole_scans(jsonb),
    assetlink_internal.unmapped_counts(integer),
    assetlink_internal.trigger_findings(integer),
    assetlink.check_source(text),
    assetlink.resync(text, text, text)
TO assetlink_integrator, assetlink_operator;

-- Only here does the migrating role act itself: what plans the bindings belongs to the daemon's role.
SET LOCAL ROLE NONE;
DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'assetlink_daemon', 'MEMBER') THEN
        EXECUTE format('GRANT assetlink_daemon TO %I', current_user);
    END IF;
END
$$;
GRANT CREATE ON SCHEMA assetlink_internal TO assetlink_daemon;
ALTER FUNCTION assetlink_internal.plan_source(integer) OWNER TO assetlink_daemon;
GRANT EXECUTE ON FUNCTION assetlink_internal.plan_source(integer) TO assetlink_owner;
REVOKE CREATE ON SCHEMA assetlink_internal FROM assetlink_daemon;
