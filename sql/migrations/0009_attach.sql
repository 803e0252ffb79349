-- Attaching
SET LOCAL ROLE assetlink_owner;

CREATE FUNCTION assetlink_internal.register_source(
    source text, side text, kind text, query text, key_type text, columns text[], relation oid, tables text[],
    asset_sources text[], removal_policy text)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    known assetlink_internal.source;
    wanted text;
    bound_to integer[];
    source_id integer;
BEGIN
    IF source IS NULL OR btrim(source) = '' OR octet_length(source) > 63 THEN
        RAISE EXCEPTION 'a source needs a name of 1 to 63 bytes' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF removal_policy IS NULL OR removal_policy NOT IN ('flag', 'remove') THEN
        RAISE EXCEPTION 'removal_policy must be flag or remove, not %', coalesce(quote_literal(removal_policy), 'null')
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'flag keeps the link of an ended asset as stale; remove closes it.';
    END IF;
    IF asset_sources IS NOT NULL THEN
        FOREACH wanted IN ARRAY asset_sources LOOP
            bound_to := bound_to || (SELECT s.source_id FROM assetlink_internal.source AS s WHERE s.name = wanted AND s.side = 'asset');
            IF bound_to[cardinality(bound_to)] IS NULL THEN
                RAISE EXCEPTION 'there is no asset source %', coalesce(quote_literal(wanted), 'null')
                    USING ERRCODE = 'undefined_object', HINT = assetlink_internal.did_you_mean(coalesce(wanted, ''),
                        ARRAY(SELECT s.name FROM assetlink_internal.source AS s WHERE s.side = 'asset' ORDER BY s.name));
            END IF;
        END LOOP;
        bound_to := coalesce(bound_to, '{}');
    END IF;
    SELECT * INTO known FROM assetlink_internal.source AS s WHERE s.name = source FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO assetlink_internal.source AS s
            (name, side, kind, query, key_type, columns, relation, relation_name, tables, asset_sources, removal_policy)
        VALUES (source, side, kind, query, key_type, columns, relation, assetlink_internal.qualified_name(relation), tables,
            bound_to, removal_policy)
        RETURNING s.source_id INTO source_id;
    ELSIF known.detached_at IS NULL THEN
        RAISE EXCEPTION 'source % is already attached', quote_literal(source)
            USING ERRCODE = 'duplicate_object',
                HINT = format('To change it, call assetlink.detach_source(%L, keep => true, reason => …) and attach it again '
                    'in the same transaction.', source);
    ELSIF known.side <> side OR known.kind <> kind THEN
        RAISE EXCEPTION 'source % was a % source of the % side', quote_literal(source), known.kind, known.side
            USING ERRCODE = 'duplicate_object', HINT = 'What was learned from it is kept under its name: choose another name.';
    ELSE
        source_id := known.source_id;
        UPDATE assetlink_internal.source AS s
        SET query = register_source.query, key_type = register_source.key_type, columns = register_source.columns,
            relation = register_source.relation, relation_name = assetlink_internal.qualified_name(register_source.relation),
            tables = register_source.tables, asset_sources = bound_to, removal_policy = register_source.removal_policy,
            attached_at = now(), attached_by = session_user, detached_at = NULL
        WHERE s.source_id = known.source_id;
    END IF;
    -- The first read of everything.
    PERFORM assetlink_internal.log_change('source', source_id, NULL, 'attach');
    RETURN source_id;
END
$$;
COMMENT ON FUNCTION assetlink_internal.register_source(text, text, text, text, text, text[], oid, text[], text[], text)
    IS 'Enters a source, or the new binding of a detached one, and queues its first full read; returns its number.';

-- Owned by the daemon's role (below): planning runs what the binding's authors wrote, so never in the caller's name,
-- and what the daemon may not read shows here.
CREATE FUNCTION assetlink_internal.plan_source(source_id integer, OUT plan jsonb, OUT shown text, OUT without_scans jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET enable_seqscan = on
AS $$
DECLARE
    statement text;
    line text;
    explained json;
BEGIN
    SELECT format(
        'SELECT b.* FROM unnest(ARRAY[NULL]::%1$s[]) AS k (id) '
        'CROSS JOIN LATERAL (SELECT * FROM (%2$s' || E'\n' || ') AS b WHERE b.%3$I = k.id OFFSET 0) AS b',
        s.key_type, s.query, s.side || '_id')
    INTO statement
    FROM assetlink_internal.source AS s WHERE s.source_id = plan_source.source_id;
    EXECUTE 'EXPLAIN (VERBOSE, FORMAT JSON) ' || statement INTO explained;
    plan := explained;
    FOR line IN EXECUTE 'EXPLAIN ' || statement LOOP
        shown := concat_ws(E'\n', shown, line);
    END LOOP;
    PERFORM set_config('enable_seqscan', 'off', true);
    EXECUTE 'EXPLAIN (VERBOSE, FORMAT JSON) ' || statement INTO explained;
    without_scans := explained;
END
$$;
COMMENT ON FUNCTION assetlink_internal.plan_source(integer)
    IS 'How the daemon would read one key of a source: the plan as JSON and as text, and the plan that avoids scans where it can.';

CREATE FUNCTION assetlink_internal.whole_scans(plan jsonb)
RETURNS TABLE (relation text, pages bigint, is_large boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Partitions count together: reading all of many small ones is reading all.
    WITH scan AS (
        SELECT to_regclass(format('%I.%I', node ->> 'Schema', node ->> 'Relation Name'))::oid AS relation
        FROM jsonb_path_query(plan, 'strict $.** ? (@."Relation Name" starts with "")') AS node
        WHERE node ->> 'Node Type' = 'Seq Scan'
            OR (node ->> 'Node Type' IN ('Index Scan', 'Index Only Scan') AND NOT node ? 'Index Cond')
    ),
    sized AS (
        SELECT coalesce(pg_partition_root(s.relation)::oid, s.relation) AS relation,
            sum(pg_relation_size(s.relation) / current_setting('block_size')::bigint)::bigint AS pages,
            sum(greatest(c.reltuples, 0)) AS rows
        FROM (SELECT DISTINCT scan.relation FROM scan WHERE scan.relation IS NOT NULL) AS s
        JOIN pg_catalog.pg_class AS c ON c.oid = s.relation
        GROUP BY 1
    )
    SELECT assetlink_internal.qualified_name(sized.relation), sized.pages, sized.pages > 1000 OR sized.rows > 10000
    FROM sized
$$;
COMMENT ON FUNCTION assetlink_internal.whole_scans(jsonb)
    IS 'The tables that a plan reads whole, and whether they are large (over 1,000 pages or 10,000 rows).';

CREATE FUNCTION assetlink_internal.attach(
    source text, side text, relation regclass, query text, key_column name, detail_tables jsonb, ignore_columns name[],
    asset_sources text[], removal_policy text)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
-- A trigger's lock that waits would queue every writer behind it.
SET lock_timeout = '2s'
AS $$
#variable_conflict use_variable
DECLARE
    id_column text := side || '_id';
    binding text := rtrim(query, E' \t\r\n;');
    probe oid;
    base_name text;
    key_type oid;
    key_number smallint;
    columns text[] := '{}';
    tables text[] := '{}';
    ignored name[];
    origins jsonb := '{}';
    captures jsonb := '[]';  -- what gets triggers: relation, key, columns
    r record;
    source_id integer;
    how record;
    slow text;
BEGIN
    IF relation IS NULL OR query IS NULL OR key_column IS NULL OR btrim(binding) = '' THEN
        RAISE EXCEPTION 'relation, query and key_column are needed' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    base_name := assetlink_internal.qualified_name(relation);
    detail_tables := coalesce(detail_tables, '{}');
    IF jsonb_typeof(detail_tables) <> 'object' THEN
        RAISE EXCEPTION 'detail_tables must be an object' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Write {"schema.table": "column that names the record"}.';
    END IF;
    IF (SELECT c.relkind NOT IN ('r', 'p') FROM pg_catalog.pg_class AS c WHERE c.oid = relation) THEN
        RAISE EXCEPTION '% is not a table', base_name USING ERRCODE = 'wrong_object_type',
            HINT = 'Name the table under the view as relation; the query may read the view.';
    END IF;
    SELECT a.attnum, assetlink_internal.base_type(a.atttypid) INTO key_number, key_type
    FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = relation AND a.attname = key_column AND a.attnum > 0 AND NOT a.attisdropped;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% has no column %', base_name, quote_ident(key_column) USING ERRCODE = 'undefined_column',
            HINT = assetlink_internal.did_you_mean(key_column, ARRAY(
                SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
                WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum));
    END IF;

    -- A temporary view finds out what the query shows and reads; it is gone before anything is created.
    BEGIN
        EXECUTE format('CREATE TEMPORARY VIEW assetlink_attach AS SELECT * FROM (%s' || E'\n) AS b', binding);
    EXCEPTION
        WHEN insufficient_privilege THEN
            RAISE EXCEPTION 'the query of source % can''t be examined: %', quote_literal(source), SQLERRM
                USING ERRCODE = SQLSTATE, HINT = 'attach needs TEMPORARY on the database and SELECT on what the query reads.';
        WHEN undefined_table OR invalid_schema_name THEN
            RAISE EXCEPTION 'the query of source % does not hold: %', quote_literal(source), SQLERRM
                USING ERRCODE = SQLSTATE, HINT = 'Write every name with its schema: the daemon reads with an empty search path.';
        WHEN syntax_error_or_access_rule_violation THEN
            RAISE EXCEPTION 'the query of source % does not hold: %', quote_literal(source), SQLERRM USING ERRCODE = SQLSTATE,
                HINT = 'It must be one SELECT whose columns have the names of the binding''s columns, each once.';
    END;
    probe := 'pg_temp.assetlink_attach'::regclass;

    FOR r IN
        SELECT a.attname, a.atttypid, b.kind
        FROM pg_catalog.pg_attribute AS a
        LEFT JOIN assetlink_internal.binding_columns(side) AS b ON b.column_name = a.attname
        WHERE a.attrelid = probe AND a.attnum > 0
        ORDER BY a.attnum
    LOOP
        IF r.kind IS NULL THEN
            RAISE EXCEPTION 'the query has a column %, which no % binding has', quote_ident(r.attname), side
                USING ERRCODE = 'undefined_column', HINT = assetlink_internal.did_you_mean(r.attname,
                    ARRAY(SELECT b.column_name FROM assetlink_internal.binding_columns(side) AS b))
                    || ' Whatever else rules compare goes into attributes.';
        END IF;
        PERFORM assetlink_internal.check_binding_type(r.attname, r.kind, r.atttypid);
        columns := columns || r.attname::text;
        origins := origins || coalesce((
            SELECT jsonb_build_object(r.attname, format('%s.%s', o.relation, o.column_name))
            FROM assetlink_internal.column_origin(probe, r.attname) AS o), '{}');
    END LOOP;
    IF NOT id_column = ANY (columns) THEN
        RAISE EXCEPTION 'the query has no column %', id_column USING ERRCODE = 'undefined_column',
            HINT = format('Show the key: SELECT t.%I AS %s, ….', key_column, id_column);
    END IF;
    IF origins ? id_column AND origins ->> id_column <> format('%s.%s', relation::oid, key_column)
        OR key_type <> (SELECT assetlink_internal.base_type(a.atttypid) FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = probe AND a.attname = id_column)
    THEN
        RAISE EXCEPTION 'the query''s % is not the column % of %', id_column, quote_ident(key_column), base_name
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'key_column is the column of relation that the query shows as its id, unchanged and in its own type.';
    END IF;

    -- Columns that only feed ignored binding columns are ignored too, under whatever name they have in the table.
    ignored := coalesce(ignore_columns, '{}') || ARRAY(
        SELECT substr(o.value, length(relation::oid::text) + 2)::name
        FROM jsonb_each_text(origins) AS o
        WHERE o.key = ANY (ignore_columns::text[]) AND o.value LIKE relation::oid::text || '.%'
            AND NOT EXISTS (SELECT FROM jsonb_each_text(origins) AS other
                WHERE other.value = o.value AND NOT other.key = ANY (ignore_columns::text[])));

    FOR r IN
        SELECT x.relation, x.kind, x.columns, assetlink_internal.qualified_name(x.relation) AS name, n.nspname,
            c.relpersistence = 't' AS is_temporary,
            CASE WHEN x.relation = relation THEN key_column ELSE e.value::name END AS key_column
        FROM assetlink_internal.read_by(probe) AS x
        JOIN pg_catalog.pg_class AS c ON c.oid = x.relation
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN jsonb_each_text(detail_tables) AS e ON to_regclass(e.key) = x.relation
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
        ORDER BY x.relation <> relation, n.nspname, c.relname
    LOOP
        IF r.is_temporary THEN
            RAISE EXCEPTION 'the query reads the temporary table %', r.name USING ERRCODE = 'invalid_table_definition';
        END IF;
        IF r.kind IN ('r', 'p') THEN
            tables := tables || r.name;
        END IF;
        IF r.kind IN ('r', 'p') AND r.key_column IS NOT NULL THEN
            captures := captures || jsonb_build_object('relation', r.relation, 'name', r.name, 'key_column', r.key_column, 'columns',
                ARRAY(SELECT c FROM unnest(r.columns) AS c WHERE c <> ALL (ignored) OR c = r.key_column));
        ELSIF r.kind <> 'v' THEN
            RAISE WARNING 'changes of % are not captured: only the sweep finds them', r.name
                USING HINT = 'If its rows name the record by a column, list it in detail_tables.';
        END IF;
        IF NOT has_schema_privilege('assetlink_daemon', r.nspname, 'USAGE') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO assetlink_daemon', r.nspname);
        END IF;
        IF NOT has_table_privilege('assetlink_daemon', r.relation, 'SELECT') THEN
            EXECUTE format('GRANT SELECT ON %s TO assetlink_daemon', r.name);
        END IF;
        IF NOT has_schema_privilege('assetlink_daemon', r.nspname, 'USAGE')
            OR NOT has_table_privilege('assetlink_daemon', r.relation, 'SELECT')
        THEN
            RAISE EXCEPTION 'the daemon may not read %, and % may not grant it', r.name, quote_ident(current_user)
                USING ERRCODE = 'insufficient_privilege',
                    HINT = format('Its owner can: GRANT USAGE ON SCHEMA %I TO assetlink_daemon; GRANT SELECT ON %s TO assetlink_daemon;',
                        r.nspname, r.name);
        END IF;
    END LOOP;
    DROP VIEW pg_temp.assetlink_attach;
    IF NOT base_name = ANY (tables) THEN
        RAISE EXCEPTION 'the query does not read %', base_name USING ERRCODE = 'invalid_parameter_value',
            HINT = 'relation is the table with one row per record.';
    END IF;
    FOR r IN SELECT e.key AS name, e.value AS key_column, to_regclass(e.key)::oid AS relation FROM jsonb_each_text(detail_tables) AS e LOOP
        IF r.relation IS NULL OR r.relation = relation OR NOT assetlink_internal.qualified_name(r.relation) = ANY (tables) THEN
            RAISE EXCEPTION 'detail table % is no further table that the query reads', r.name
                USING ERRCODE = 'invalid_parameter_value', HINT = 'It reads: ' || array_to_string(tables, ', ') || '.';
        ELSIF NOT EXISTS (
            SELECT FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = r.relation AND a.attname = r.key_column AND a.attnum > 0 AND NOT a.attisdropped
                AND (assetlink_internal.base_type(a.atttypid) = key_type
                    OR assetlink_internal.base_type(a.atttypid) IN ('integer'::regtype, 'bigint'::regtype)
                        AND key_type IN ('integer'::regtype, 'bigint'::regtype)
                    OR assetlink_internal.base_type(a.atttypid) IN ('text'::regtype, 'varchar'::regtype)
                        AND key_type IN ('text'::regtype, 'varchar'::regtype)))
        THEN
            RAISE EXCEPTION 'detail table % has no column % of type %', r.name, quote_ident(r.key_column), format_type(key_type, NULL)
                USING ERRCODE = 'undefined_column', HINT = 'Name the column that holds the record''s key.';
        END IF;
    END LOOP;

    source_id := assetlink_internal.register_source(source, side, 'bound', binding,
        CASE key_type WHEN 'varchar'::regtype THEN 'text' ELSE format_type(key_type, NULL) END,
        columns, relation, tables, asset_sources, removal_policy);

    -- Slow plans are refused before any trigger takes a lock.
    SELECT * INTO how FROM assetlink_internal.plan_source(source_id);
    SELECT string_agg(format('%s (%s pages)', w.relation, w.pages), ', ') INTO slow
    FROM assetlink_internal.whole_scans(how.plan) AS w WHERE w.is_large;
    IF slow IS NOT NULL THEN
        RAISE EXCEPTION 'reading one key of source % would scan whole: %', quote_literal(source), slow
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = how.shown,
                HINT = 'Index the key column and the columns that join details to it, show the key without a cast, '
                    'and aggregate in sub-selects of the SELECT list instead of GROUP BY.';
    END IF;
    SELECT string_agg(w.relation, ', ') INTO slow FROM assetlink_internal.whole_scans(how.without_scans) AS w;
    IF slow IS NOT NULL THEN
        RAISE WARNING 'no index helps to read one key of source %: % will be scanned whole when large', quote_literal(source), slow
            USING HINT = 'Index the key column and the columns that join details to it.';
    END IF;

    PERFORM assetlink_internal.drop_triggers(source_id);
    PERFORM assetlink_internal.drop_captures(source_id);
    FOR r IN
        SELECT (c.value ->> 'relation')::oid AS relation, c.value ->> 'key_column' AS key_column, c.n::integer - 1 AS ordinal,
            ARRAY(SELECT jsonb_array_elements_text(c.value -> 'columns'))::name[] AS columns,
            EXISTS (
                SELECT FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_attribute AS a
                    ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                WHERE i.indrelid = (c.value ->> 'relation')::oid AND a.attname = c.value ->> 'key_column'
                    AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indpred IS NULL) AS is_unique
        FROM jsonb_array_elements(captures) WITH ORDINALITY AS c (value, n)
        ORDER BY c.n
    LOOP
        PERFORM assetlink_internal.make_capture(source_id, r.ordinal, r.relation, r.key_column::name, r.columns, r.is_unique);
        PERFORM assetlink_internal.create_triggers(r.relation, source_id, r.ordinal);
    END LOOP;
    RETURN source_id;
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'a table of source % is in use: its lock was not granted within 2 s', quote_literal(source)
        USING ERRCODE = 'lock_not_available', HINT = 'Nothing was changed. Try again when no long transaction is on the table.';
END
$$;
COMMENT ON FUNCTION assetlink_internal.attach(text, text, regclass, text, name, jsonb, name[], text[], text)
    IS 'What attach_asset_source and attach_ci_source do.';

CREATE FUNCTION assetlink.attach_asset_source(
    source text, relation regclass, query text, key_column name, detail_tables jsonb DEFAULT '{}',
    ignore_columns name[] DEFAULT '{last_discovered_at,version}')
RETURNS integer
LANGUAGE sql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT assetlink_internal.attach(source, 'asset', relation, query, key_column, detail_tables, ignore_columns, NULL, 'flag')
$$;
COMMENT ON FUNCTION assetlink.attach_asset_source(text, regclass, text, name, jsonb, name[])
    IS 'Binds a table of assets: query shows it in the columns of an asset binding, key_column is the column of relation shown as '
       'asset_id, detail_tables names further tables with the column that names the asset. Columns of the table or the binding in '
       'ignore_columns are no reason to look at an asset again. Returns the source''s number.';

CREATE FUNCTION assetlink.attach_ci_source(
    source text, relation regclass, query text, key_column name, detail_tables jsonb DEFAULT '{}',
    ignore_columns name[] DEFAULT '{last_discovered_at,version}', asset_sources text[] DEFAULT NULL,
    removal_policy text DEFAULT 'flag')
RETURNS integer
LANGUAGE sql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT assetlink_internal.attach(source, 'ci', relation, query, key_column, detail_tables, ignore_columns, asset_sources, removal_policy)
$$;
COMMENT ON FUNCTION assetlink.attach_ci_source(text, regclass, text, name, jsonb, name[], text[], text)
    IS 'Binds a table of CIs, as attach_asset_source does for assets. asset_sources: the asset sources it is matched against (null = all); '
       'removal_policy: flag keeps the link of an ended asset as stale, remove closes it. Returns the source''s number.';
