-- The generated trigger functions
SET LOCAL ROLE assetlink_owner;

CREATE FUNCTION assetlink_internal.watched_column(relation oid, column_name name)
RETURNS TABLE (base oid, is_text boolean, is_fixed boolean, item_is_ours boolean, needs_text boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.oid,
        t.typcategory = 'S' AND t.typcollation <> 0 AND t.typnamespace = 'pg_catalog'::regnamespace,
        t.typlen > 0,
        i.typnamespace = 'pg_catalog'::regnamespace OR i.typtype = 'e',
        -- No default equality (json, xml), or one that takes different texts for equal.
        i.oid IN ('numeric'::regtype, 'interval'::regtype) OR (i.typtype = 'b' AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_opclass AS o JOIN pg_catalog.pg_am AS m ON m.oid = o.opcmethod
            WHERE m.amname = 'btree' AND o.opcdefault AND o.opcintype IN (i.oid, CASE i.oid WHEN 'varchar'::regtype THEN 'text'::regtype END)))
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_type AS t ON t.oid = assetlink_internal.base_type(a.atttypid)
    JOIN pg_catalog.pg_type AS i
        ON i.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN assetlink_internal.base_type(t.typelem) ELSE t.oid END
    WHERE a.attrelid = relation AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped
$$;
COMMENT ON FUNCTION assetlink_internal.watched_column(oid, name)
    IS 'How a column is compared: its base type, whether text, of fixed size, of a type of PostgreSQL''s own, compared as text.';

CREATE FUNCTION assetlink_internal.capture_body(
    source_id integer, relation oid, key_column name, columns name[], is_unique boolean)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    column_name name;
    c record;
    ident text;
    key_of text;            -- the key of a row; %1$s stands for the row
    differ text[] := '{}';  -- whether two rows differ; %1$s and %2$s stand for them
    fixed name[] := '{}';
    bag text[] := '{}';     -- the columns of a row, as they are compared in a bag
    changed text;           -- the query of the keys that an UPDATE changed
    unchanged text;         -- the same over no rows: the shape probe
    log_keys text;
BEGIN
    -- Nothing below runs a cast or an operator of the table's owner, whatever a column may be altered to: COLLATE refuses
    -- what is not text, COALESCE what is of another category, record_image_ne compares bytes. The probe turns refusals into a marker.
    SELECT * INTO c FROM assetlink_internal.watched_column(relation, key_column);
    ident := replace(quote_ident(key_column), '%', '%%');
    key_of := CASE WHEN c.is_text
        THEN format('(%%1$s.%s COLLATE pg_catalog."C")', ident)
        ELSE format('coalesce(%%1$s.%s, NULL::%s)', ident, format_type(c.base, NULL)) END;

    FOREACH column_name IN ARRAY columns LOOP
        CONTINUE WHEN column_name = key_column;
        SELECT * INTO c FROM assetlink_internal.watched_column(relation, column_name);
        IF NOT c.item_is_ours THEN
            RAISE EXCEPTION 'relevant column % of % has the user-defined type %',
                quote_ident(column_name), assetlink_internal.qualified_name(relation), format_type(c.base, NULL)
                USING ERRCODE = 'feature_not_supported',
                    HINT = format('Comparing its values would run other people''s code in the writers'' transactions. '
                        'Name it in ignore_columns (its changes are then found by the sweep), or read a text column generated from it.');
        END IF;
        ident := replace(quote_ident(column_name), '%', '%%');
        IF c.is_text THEN
            -- Without a row around it, so that two huge values need no more memory than one.
            differ := differ || format('%%1$s.%1$s COLLATE pg_catalog."C" IS DISTINCT FROM %%2$s.%1$s COLLATE pg_catalog."C"', ident);
            bag := bag || format('%%1$s.%s COLLATE pg_catalog."C"', ident);
        ELSE
            IF c.is_fixed THEN
                fixed := fixed || column_name;
            ELSE
                differ := differ || format('pg_catalog.record_image_ne(ROW(%%1$s.%1$s), ROW(%%2$s.%1$s))', ident);
            END IF;
            bag := bag || CASE WHEN c.needs_text
                THEN format('coalesce(%%1$s.%s, NULL::%s)::pg_catalog.text COLLATE pg_catalog."C"', ident, format_type(c.base, NULL))
                ELSE format('%%1$s.%s', ident) END;
        END IF;
    END LOOP;
    IF fixed <> '{}' THEN
        differ := (
            SELECT format('pg_catalog.record_image_ne(ROW(%s), ROW(%s))',
                string_agg('%1$s.' || replace(quote_ident(f), '%', '%%'), ', '),
                string_agg('%2$s.' || replace(quote_ident(f), '%', '%%'), ', '))
            FROM unnest(fixed) AS f) || differ;
    END IF;
    IF differ = '{}' THEN
        differ := ARRAY['false'];
    END IF;

    IF is_unique THEN
        changed := format(
            $q$SELECT coalesce(%1$s, %2$s)::pg_catalog.text AS key
                FROM assetlink_old AS o FULL JOIN assetlink_new AS n ON %1$s = %2$s
                WHERE %1$s IS NULL OR %2$s IS NULL
                    OR %3$s$q$,
            format(key_of, 'o'), format(key_of, 'n'),
            format(array_to_string(differ, E'\n                    OR '), 'o', 'n'));
        unchanged := format(
            $q$SELECT %1$s = %2$s, %3$s FROM assetlink_old AS o CROSS JOIN assetlink_new AS n WHERE false$q$,
            format(key_of, 'o'), format(key_of, 'n'), format(array_to_string(differ, ', '), 'o', 'n'));
    ELSE
        log_keys := (SELECT string_agg(format(', %s AS c%s', b, n), '' ORDER BY n) FROM unnest(bag) WITH ORDINALITY AS x (b, n));
        log_keys := format('SELECT %s::pg_catalog.text AS key%s', key_of, coalesce(log_keys, ''));
        changed := format(
            $q$SELECT DISTINCT d.key
                FROM (
                    (%1$s FROM assetlink_old AS o EXCEPT ALL %2$s FROM assetlink_new AS n)
                    UNION ALL
                    (%2$s FROM assetlink_new AS n EXCEPT ALL %1$s FROM assetlink_old AS o)
                ) AS d$q$,
            format(log_keys, 'o'), format(log_keys, 'n'));
        unchanged := format(
            $q$%1$s FROM assetlink_old AS o WHERE false EXCEPT ALL %2$s FROM assetlink_new AS n WHERE false$q$,
            format(log_keys, 'o'), format(log_keys, 'n'));
    END IF;

    log_keys := (
        SELECT string_agg(format(
            $q$%1$s log_table = %2$s THEN
            INSERT INTO assetlink_internal.change_log_%2$s (topic, source_id, key, cause)
            SELECT 'record', %3$s, k.key, 'trigger'
            FROM (
                %%1$s
            ) AS k WHERE k.key IS NOT NULL;$q$, CASE n WHEN 0 THEN 'IF' ELSE 'ELSIF' END, n, source_id), E'\n        ' ORDER BY n)
        FROM generate_series(0, 2) AS n) || E'\n        END IF;';

    RETURN format(
        $body$
#variable_conflict use_column
DECLARE
    log_table bigint;
    row_keys text[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM assetlink_internal.log_change('source', %1$s, NULL, 'truncate');
        RETURN NULL;
    END IF;
    -- The shape probe: a renamed, dropped or altered column must never fail the writer.
    BEGIN
        IF TG_LEVEL = 'ROW' THEN
            IF TG_OP = 'INSERT' THEN
                row_keys := ARRAY[%3$s::pg_catalog.text];
            ELSIF TG_OP = 'DELETE' THEN
                row_keys := ARRAY[%2$s::pg_catalog.text];
            ELSIF %2$s IS DISTINCT FROM %3$s
                OR %4$s
            THEN
                row_keys := ARRAY[%2$s::pg_catalog.text, %3$s::pg_catalog.text];
            END IF;
        ELSIF TG_OP = 'INSERT' THEN
            PERFORM %5$s;
        ELSIF TG_OP = 'DELETE' THEN
            PERFORM %6$s;
        ELSE
            PERFORM FROM (%7$s) AS probe;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        PERFORM assetlink_internal.log_change('source', %1$s, NULL, 'shape');
        RETURN NULL;
    END;
    log_table := (SELECT c.last_value FROM assetlink_internal.log_current AS c);
    IF TG_LEVEL = 'ROW' THEN
        %8$s
    ELSIF TG_OP = 'INSERT' THEN
        %9$s
    ELSIF TG_OP = 'DELETE' THEN
        %10$s
    ELSE
        %11$s
    END IF;
    -- First the rows, then the bell: whoever arms it in between sees the rows, or our lock on the log.
    IF FOUND AND (SELECT b.is_called FROM assetlink_internal.bell AS b) THEN
        PERFORM pg_catalog.pg_notify('assetlink_wake', '');
    END IF;
    RETURN NULL;
END
$body$,
        source_id,
        format(key_of, 'OLD'), format(key_of, 'NEW'),
        format(array_to_string(differ, E'\n                OR '), 'OLD', 'NEW'),
        format('%s, %s FROM assetlink_new AS o CROSS JOIN assetlink_new AS n WHERE false',
            format(key_of, 'n'), format(array_to_string(differ, ', '), 'o', 'n')),
        format('%s, %s FROM assetlink_old AS o CROSS JOIN assetlink_old AS n WHERE false',
            format(key_of, 'o'), format(array_to_string(differ, ', '), 'o', 'n')),
        unchanged,
        format(log_keys, 'SELECT DISTINCT u.key FROM unnest(row_keys) AS u (key)'),
        format(log_keys, format('SELECT %s%s::pg_catalog.text AS key FROM assetlink_new AS n',
            CASE WHEN is_unique THEN '' ELSE 'DISTINCT ' END, format(key_of, 'n'))),
        format(log_keys, format('SELECT %s%s::pg_catalog.text AS key FROM assetlink_old AS o',
            CASE WHEN is_unique THEN '' ELSE 'DISTINCT ' END, format(key_of, 'o'))),
        format(log_keys, changed));
END
$$;
COMMENT ON FUNCTION assetlink_internal.capture_body(integer, oid, name, name[], boolean)
    IS 'The text of a trigger function: static SQL over the relevant columns.';

CREATE FUNCTION assetlink_internal.make_capture(
    source_id integer, ordinal integer, relation oid, key_column name, columns name[], is_unique boolean)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    function_name text := format('assetlink_internal.capture_%s_%s', source_id, ordinal);
BEGIN
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER '
        'SET search_path = pg_catalog, pg_temp %s AS %L',
        function_name,
        -- A bag of millions of rows is sorted on disk, not hashed in the writer's memory.
        CASE WHEN is_unique THEN '' ELSE 'SET enable_hashagg = off' END,
        assetlink_internal.capture_body(source_id, relation, key_column, columns, is_unique));
    EXECUTE format('COMMENT ON FUNCTION %s() IS %L', function_name,
        format('Logs the keys of changed rows of %s; generated by attach.', assetlink_internal.qualified_name(relation)));
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s() TO assetlink_integrator', function_name);
    INSERT INTO assetlink_internal.capture AS x (source_id, ordinal, relation, relation_name, key_column, columns, is_unique)
    VALUES (source_id, ordinal, relation, assetlink_internal.qualified_name(relation), key_column, columns, is_unique);
END
$$;
COMMENT ON FUNCTION assetlink_internal.make_capture(integer, integer, oid, name, name[], boolean)
    IS 'Generates the trigger function of one table of a source.';

CREATE FUNCTION assetlink_internal.drop_captures(source_id integer)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    f record;
BEGIN
    FOR f IN
        SELECT p.oid::regprocedure AS name, EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgfoid = p.oid) AS in_use
        FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'assetlink_internal'::regnamespace AND p.proname ~ format('^capture_%s_\d+$', source_id)
    LOOP
        IF f.in_use THEN
            -- A trigger that its table's owner has to drop does nothing until then.
            EXECUTE format('CREATE OR REPLACE FUNCTION %s RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp '
                'AS %L', f.name, 'BEGIN RETURN NULL; END');
        ELSE
            EXECUTE format('DROP FUNCTION %s', f.name);
        END IF;
    END LOOP;
    DELETE FROM assetlink_internal.capture AS c WHERE c.source_id = source_id;
END
$$;
COMMENT ON FUNCTION assetlink_internal.drop_captures(integer)
    IS 'Drops the trigger functions of a source, or empties those that still have triggers.';

CREATE FUNCTION assetlink_internal.create_triggers(relation oid, source_id integer, ordinal integer)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    t record;
    operation text;
    owned boolean;
BEGIN
    FOR t IN
        SELECT m.member, m.is_partition, assetlink_internal.qualified_name(m.member) AS name, c.relowner
        FROM assetlink_internal.relation_tree(relation) AS m JOIN pg_catalog.pg_class AS c ON c.oid = m.member
        ORDER BY m.member <> relation, m.member
    LOOP
        owned := pg_has_role(t.relowner, 'USAGE');
        FOREACH operation IN ARRAY ARRAY['insert', 'update', 'delete', 'truncate'] LOOP
            EXECUTE format(
                'CREATE OR REPLACE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION assetlink_internal.capture_%s_%s()',
                format('assetlink_%s_%s_%s', source_id, ordinal, operation), operation, t.name,
                CASE operation
                    WHEN 'insert' THEN 'REFERENCING NEW TABLE AS assetlink_new'
                    WHEN 'update' THEN 'REFERENCING OLD TABLE AS assetlink_old NEW TABLE AS assetlink_new'
                    WHEN 'delete' THEN 'REFERENCING OLD TABLE AS assetlink_old'
                    ELSE '' END,
                source_id, ordinal);
        END LOOP;
        IF NOT owned THEN
            RAISE WARNING 'only the owner of % can let triggers fire for streamed changes', t.name
                USING HINT = 'Changes applied by logical replication, or by a session in replica role, are found by the sweep only, '
                    'unless the owner attaches.';
            CONTINUE;
        END IF;
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.name, format('assetlink_%s_%s_truncate', source_id, ordinal));
        -- Row triggers of a partitioned table are cloned to its partitions by PostgreSQL itself.
        IF NOT t.is_partition THEN
            EXECUTE format(
                'CREATE OR REPLACE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW '
                'EXECUTE FUNCTION assetlink_internal.capture_%s_%s()',
                format('assetlink_%s_%s_replica', source_id, ordinal), t.name, source_id, ordinal);
            EXECUTE format('ALTER TABLE %s ENABLE REPLICA TRIGGER %I', t.name, format('assetlink_%s_%s_replica', source_id, ordinal));
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION assetlink_internal.create_triggers(oid, integer, integer)
    IS 'Puts the triggers of a source on a table, its partitions and children, in the caller''s name.';

CREATE FUNCTION assetlink_internal.drop_triggers(source_id integer)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t record;
BEGIN
    FOR t IN
        SELECT format('DROP TRIGGER %I ON %s', g.tgname, assetlink_internal.qualified_name(g.tgrelid)) AS command,
            pg_has_role(c.relowner, 'USAGE') AS owned
        FROM pg_catalog.pg_trigger AS g
        JOIN pg_catalog.pg_proc AS p ON p.oid = g.tgfoid
        JOIN pg_catalog.pg_class AS c ON c.oid = g.tgrelid
        WHERE p.pronamespace = 'assetlink_internal'::regnamespace AND p.proname ~ format('^capture_%s_\d+$', source_id)
            AND g.tgparentid = 0
        ORDER BY g.tgrelid, g.tgname
    LOOP
        IF t.owned THEN
            EXECUTE t.command;
        ELSE
            RAISE WARNING 'a trigger that does nothing any more is left for its table''s owner to drop' USING HINT = t.command;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION assetlink_internal.drop_triggers(integer) IS 'Removes the triggers of a source, in the caller''s name.';

GRANT EXECUTE ON FUNCTION
    assetlink_internal.nearest(text, text[]),
    assetlink_internal.did_you_mean(text, text[]),
    assetlink_internal.binding_columns(text),
    assetlink_internal.base_type(oid),
    assetlink_internal.check_binding_type(text, text, oid),
    assetlink_internal.read_by(oid),
    assetlink_internal.column_origin(oid, text),
    assetlink_internal.relation_tree(oid),
    assetlink_internal.qualified_name(oid),
    assetlink_internal.watched_column(oid, name),
    assetlink_internal.make_capture(integer, integer, oid, name, name[], boolean),
    assetlink_internal.drop_captures(integer),
    assetlink_internal.create_triggers(oid, integer, integer),
    assetlink_internal.drop_triggers(integer)
TO assetlink_integrator, assetlink_operator;
REVOKE EXECUTE ON FUNCTION
    assetlink_internal.make_capture(integer, integer, oid, name, name[], boolean),
    assetlink_internal.drop_captures(integer)
FROM assetlink_operator;
