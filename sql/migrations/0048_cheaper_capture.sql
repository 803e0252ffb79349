-- Capture looks at a statement's rows once: the keys of a thousand rows or fewer are found by the query that also finds a
-- table of another shape, and what is irrelevant ends there, without a look at the log or at the bell.
SET LOCAL ROLE assetlink_owner;

CREATE OR REPLACE FUNCTION assetlink_internal.capture_body(
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
    inserted text;          -- that of an INSERT, and of a DELETE
    deleted text;
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
    END IF;

    -- Of a row that came or went nothing is compared, but every column is named.
    inserted := format('SELECT %s%s::pg_catalog.text AS key FROM assetlink_new AS n WHERE true OR %s',
        CASE WHEN is_unique THEN '' ELSE 'DISTINCT ' END, format(key_of, 'n'),
        format(array_to_string(differ, ' OR '), 'n', 'n'));
    deleted := format('SELECT %s%s::pg_catalog.text AS key FROM assetlink_old AS o WHERE true OR %s',
        CASE WHEN is_unique THEN '' ELSE 'DISTINCT ' END, format(key_of, 'o'),
        format(array_to_string(differ, ' OR '), 'o', 'o'));

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
    -- A renamed, dropped or altered column must never fail the writer: whatever reads one is in here, whatever writes is
    -- not. A log that cannot be written must: a change that nobody hears of would leave links wrong, unseen.
    BEGIN
        -- A function call is no query: what is read of both sequences costs a twentieth so.
        log_table := coalesce(pg_catalog.pg_sequence_last_value('assetlink_internal.log_current'::pg_catalog.regclass), 0);
        IF NOT pg_catalog.has_table_privilege('assetlink_internal.change_log_' || log_table, 'INSERT') THEN
            RAISE insufficient_privilege USING
                MESSAGE = current_user || ' may not write assetlink_internal.change_log_' || log_table;
        END IF;
        IF TG_LEVEL = 'ROW' THEN
            IF TG_OP = 'INSERT' THEN
                row_keys := ARRAY[%3$s::pg_catalog.text];
            ELSIF TG_OP = 'DELETE' THEN
                row_keys := ARRAY[%2$s::pg_catalog.text];
            ELSIF %2$s IS DISTINCT FROM %3$s
                OR %4$s
            THEN
                row_keys := ARRAY[%2$s::pg_catalog.text];
                IF %2$s IS DISTINCT FROM %3$s THEN
                    row_keys := row_keys || %3$s::pg_catalog.text;
                END IF;
            END IF;
        ELSIF TG_OP = 'INSERT' THEN
            row_keys := ARRAY(SELECT k.key FROM (
                %5$s
            ) AS k WHERE k.key IS NOT NULL LIMIT 1001);
        ELSIF TG_OP = 'DELETE' THEN
            row_keys := ARRAY(SELECT k.key FROM (
                %6$s
            ) AS k WHERE k.key IS NOT NULL LIMIT 1001);
        ELSE
            row_keys := ARRAY(SELECT k.key FROM (
                %7$s
            ) AS k WHERE k.key IS NOT NULL LIMIT 1001);
        END IF;
    EXCEPTION
        WHEN insufficient_privilege OR undefined_table OR invalid_schema_name OR undefined_function THEN
            RAISE EXCEPTION 'assetlink cannot log this change of %%: %%', TG_RELID::pg_catalog.regclass, SQLERRM
                USING ERRCODE = SQLSTATE,
                    HINT = 'assetlinkctl status says what to give back. To write without it, the table''s owner disables its '
                        'triggers assetlink_%1$s_*, and after enabling them again calls assetlink.resync.';
        WHEN OTHERS THEN
            PERFORM assetlink_internal.log_change('source', %1$s, NULL, 'shape');
            RETURN NULL;
    END;
    IF coalesce(row_keys, '{}') = '{}' THEN
        RETURN NULL;
    ELSIF cardinality(row_keys) = 1 THEN
        %8$s
    ELSIF cardinality(row_keys) <= 1000 THEN
        %9$s
    -- More than fit the writer's memory: straight into the log.
    ELSIF TG_OP = 'INSERT' THEN
        %10$s
    ELSIF TG_OP = 'DELETE' THEN
        %11$s
    ELSE
        %12$s
    END IF;
    -- First the rows, then the bell: whoever arms it in between sees the rows, or our lock on the log.
    IF FOUND AND pg_catalog.pg_sequence_last_value('assetlink_internal.bell'::pg_catalog.regclass) IS NOT NULL THEN
        PERFORM pg_catalog.pg_notify('assetlink_wake', '');
    END IF;
    RETURN NULL;
END
$body$,
        source_id,
        format(key_of, 'OLD'), format(key_of, 'NEW'),
        format(array_to_string(differ, E'\n                OR '), 'OLD', 'NEW'),
        inserted, deleted, changed,
        format(log_keys, 'SELECT row_keys[1] AS key'), format(log_keys, 'SELECT u.key FROM unnest(row_keys) AS u (key)'),
        format(log_keys, inserted), format(log_keys, deleted), format(log_keys, changed));
END
$$;

-- The functions of what is attached already. One whose table has changed since stays as it is.
DO $$
DECLARE
    c assetlink_internal.capture;
BEGIN
    FOR c IN SELECT * FROM assetlink_internal.capture LOOP
        BEGIN
            PERFORM assetlink_internal.write_capture(
                c.source_id, c.ordinal, c.relation, c.key_column, c.columns::name[], c.is_unique);
        EXCEPTION WHEN OTHERS THEN
            RAISE NOTICE 'the triggers of % are left as they are: %', c.relation_name, SQLERRM;
        END;
    END LOOP;
END
$$;
