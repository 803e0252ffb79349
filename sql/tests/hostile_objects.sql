-- What somebody could put where names are looked up: a function and an operator for PostgreSQL's own of the same name
-- and arguments, whenever ours call one of that name, in schema public, which goes before pg_catalog; and a table of the
-- name of each of ours and of PostgreSQL's, in public. Whoever calls one of them is refused with HJ001.
DO $hostile$
DECLARE
    callee record;
    made integer := 0;
    path text := pg_catalog.current_setting('search_path');
BEGIN
    -- Or this block would be caught by what it makes.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true);
    FOR callee IN
        -- Words before a parenthesis in the texts of our functions, and every operator that has two names to take.
        WITH word AS (
            SELECT DISTINCT m[1] AS name
            FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            CROSS JOIN LATERAL regexp_matches(p.prosrc, '\m([a-z_0-9]+)\(', 'g') m
            WHERE n.nspname IN ('assetlink', 'assetlink_internal', 'itam', 'cmdb')
        )
        SELECT
            p.proname AS name, pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments,
            pg_catalog.pg_get_function_result(p.oid) AS result, NULL::text AS operator, NULL::text AS sides
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.proname IN (SELECT name FROM word)
        UNION ALL
        -- Exact matches go before those that take any number of anything.
        SELECT w.name, array_to_string(array_fill('text'::text, ARRAY[k]), ', '), w.result, NULL, NULL
        FROM (VALUES
            ('format', 'text'), ('concat', 'text'), ('concat_ws', 'text'), ('jsonb_build_object', 'jsonb'),
            ('jsonb_build_array', 'jsonb'), ('json_build_object', 'json')) AS w (name, result)
        CROSS JOIN generate_series(1, 6) k
        UNION ALL
        SELECT
            'hostile_' || o.oid, concat_ws(', ', nullif(o.oprleft, 0)::regtype, o.oprright::regtype),
            o.oprresult::regtype::text, o.oprname,
            concat_ws(', ', 'LEFTARG = ' || nullif(o.oprleft, 0)::regtype::text,
                'RIGHTARG = ' || o.oprright::regtype::text)
        FROM pg_catalog.pg_operator o
        WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprcode <> 0
    LOOP
        BEGIN
            EXECUTE format(
                'CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE plpgsql AS $$BEGIN RAISE %L USING ERRCODE = ''HJ001''; END$$',
                callee.name, callee.arguments, callee.result,
                format('called: public.%s(%s)', coalesce(callee.operator, callee.name), replace(callee.arguments, '%', '')));
            IF callee.operator IS NOT NULL THEN
                EXECUTE format(
                    'CREATE OPERATOR public.%s (FUNCTION = public.%I, %s)', callee.operator, callee.name, callee.sides);
            END IF;
            made := made + 1;
        EXCEPTION WHEN OTHERS THEN
            -- Some pseudo-types belong to PostgreSQL alone.
            NULL;
        END;
    END LOOP;
    FOR callee IN
        SELECT DISTINCT c.relname AS name
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('assetlink', 'assetlink_internal', 'itam', 'cmdb', 'pg_catalog') AND c.relkind IN ('r', 'v')
    LOOP
        EXECUTE format('CREATE TABLE public.%I (hostile integer)', callee.name);
        made := made + 1;
    END LOOP;
    IF made < 500 THEN RAISE 'only % hostile objects could be made', made; END IF;
    PERFORM pg_catalog.set_config('search_path', path, true);
END
$hostile$;
