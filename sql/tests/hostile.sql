-- Hostile objects change nothing: every role's calls end as they do without them, with schema public before pg_catalog in
-- the caller's search path and temporary tables before both. They tell more on a database with records in it.
\ir begin.sql
SELECT plan(6);

CREATE TABLE tap.call (n integer GENERATED ALWAYS AS IDENTITY, role text, statement text);
-- Who reads.
INSERT INTO tap.call (role, statement)
SELECT r.role, format('SELECT * FROM assetlink.%I', c.relname)
FROM pg_class c CROSS JOIN (VALUES ('assetlink_reader'), ('assetlink_operator')) AS r (role)
WHERE c.relnamespace = 'assetlink'::regnamespace AND c.relkind IN ('r', 'v')
ORDER BY r.role, c.relname;
INSERT INTO tap.call (role, statement)
SELECT 'assetlink_reader', 'SELECT * FROM assetlink.' || s
FROM unnest(ARRAY[
    'links_as_of(''2999-01-01'')', 'changes_since(''2000-01-01'')', 'decommission_impact(''itam'', ''1'')',
    'suggest_assets(''cmdb'', ''1'')', 'asset_candidates(''itam'', ''1'')', 'record_waits(''cmdb'', ''1'')',
    'orphan_advice(''cmdb'', ''1'')', 'orphan_causes(NULL, NULL, NULL)', 'conflict_detail(1)', 'audit_verify()',
    'source_number(''itam'')', 'source_has_records(''itam'')', 'check_rule(''{"entries": [{}]}'')'
]) s;
-- Whose tables are attached; what they write must reach the log.
INSERT INTO tap.call (role, statement)
SELECT 'assetlink_owner', s
FROM unnest(ARRAY[
    'INSERT INTO itam.asset (asset_id, serial_number) VALUES (700001, ''CZJHOSTILE1'')',
    'INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (700001, ''server'', ''CZJHOSTILE1'')',
    'INSERT INTO cmdb.ci_serial_number (ci_id, type, value) VALUES (700001, ''system'', ''CZJHOSTILE2'')',
    'UPDATE itam.asset SET serial_number = ''CZJHOSTILE3''', 'DELETE FROM cmdb.ci_serial_number',
    'TRUNCATE cmdb.ci_serial_number'
]) s;
-- Who publishes.
INSERT INTO tap.call (role, statement)
SELECT 'assetlink_emitter', 'SELECT assetlink.' || s
FROM unnest(ARRAY[
    'publish_asset(''{"asset_id": "h", "serial_number": "HOSTILE"}'')', 'publish_asset(''[]'')',
    'publish_ci(''{"ci_id": "h", "ci_class": "server", "serial_number": "HOSTILE"}'')',
    'decommission_asset(''h'', reason => ''sold'')', 'delete_asset(''h'')', 'delete_ci(''h'')',
    'discover(''{"items": [{"class": "server", "values": {"serial_number": "HOSTILE"}}]}'')', 'discovery_results(1)'
]) s;
-- Who acts.
INSERT INTO tap.call (role, statement)
SELECT 'assetlink_operator', 'SELECT assetlink.' || s
FROM unnest(ARRAY[
    'pin(''cmdb'', ''1'', ''itam'', ''2'', ''a test'', on_behalf_of => NULL)', 'unpin(''cmdb'', ''1'', ''a test'')',
    'block(''cmdb'', ''2'', ''itam'', ''2'', ''a test'')', 'unblock(''cmdb'', ''2'', ''itam'', ''2'', ''a test'')',
    'requeue(''cmdb'', ''1'', ''a test'')', 'set_composite(''itam'', ''1'', true, ''a test'')',
    'trust_identifier(''serial'', ''X1'', ''a test'')', 'distrust_identifier(''serial'', ''X1'', ''a test'')',
    'close_stale_link(1, ''a test'')', 'resolve_conflict(1, ''cmdb'', ''1'', ''a test'')',
    'approve_held(''itam'', ''a test'')', 'drop_held(''itam'', ''a test'')', 'approve_activation(''a test'')',
    'drop_activation(''a test'')', 'replay_dead_letter(1, ''a test'')', 'rollback_rule_set(1, ''a test'')',
    'activate_rule_set(''{}'', ''a test'')', 'resync(''itam'')', 'check_source(''cmdb'')', 'rebase(''a test'')'
]) s
UNION ALL
SELECT 'assetlink_operator', s
FROM unnest(ARRAY[
    'INSERT INTO assetlink.placeholder (kind, value) VALUES (''serial'', ''HOSTILE'')',
    'UPDATE assetlink.setting SET value = ''89'''
]) s;
-- Who attaches.
CREATE SCHEMA shop;
CREATE TABLE shop.machine (id bigint PRIMARY KEY, serial text, seen timestamptz);
ALTER TABLE shop.machine OWNER TO assetlink_integrator;
ALTER SCHEMA shop OWNER TO assetlink_integrator;
INSERT INTO tap.call (role, statement)
SELECT 'assetlink_integrator', s
FROM unnest(ARRAY[
    'SELECT assetlink.attach_ci_source(''shop'', ''shop.machine'', ''SELECT m.id AS ci_id, m.serial AS serial_number FROM shop.machine m'', ''id'')',
    'INSERT INTO shop.machine (id, serial) VALUES (1, ''HOSTILE'')', 'UPDATE shop.machine SET serial = ''OTHER''',
    'UPDATE shop.machine SET seen = ''2026-01-01''', 'DELETE FROM shop.machine', 'TRUNCATE shop.machine',
    'SELECT assetlink.check_source(''shop'')', 'SELECT assetlink.resync(''shop'')',
    'SELECT assetlink.enable_discovery()', 'SELECT assetlink.disable_discovery()',
    'SELECT assetlink.set_asset_facts(''itam'', ''SELECT asset_id, NULL::text AS owner FROM itam.asset'')',
    'SELECT assetlink.create_published_source(''radio'', ''ci'')', 'SELECT assetlink.detach_source(''shop'')'
]) s;
-- What came of it.
INSERT INTO tap.call (role, statement)
SELECT NULL, format('SELECT FROM assetlink_internal.%I', t)
FROM unnest(ARRAY[
    'act', 'change_log_0', 'change_log_1', 'change_log_2', 'source', 'capture', 'discovery_item', 'dead_letter', 'rule_set'
]) t
UNION ALL
SELECT NULL, format('SELECT FROM public.%I', t)
FROM unnest(ARRAY['act', 'change_log_0', 'source', 'capture', 'pg_class']) t;

-- The caller's own words: nothing in here needs an operator or a function.
CREATE FUNCTION tap.outcome(role text, statement text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_temp, public, pg_catalog AS $$
DECLARE
    n bigint;
BEGIN
    PERFORM pg_catalog.set_config('role', role, true);
    EXECUTE statement;
    GET DIAGNOSTICS n = ROW_COUNT;
    PERFORM pg_catalog.set_config('role', 'none', true);
    RETURN n;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
-- Everything in order, and taken back.
CREATE FUNCTION tap.outcomes() RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    said text[] := '{}';
    next tap.call;
BEGIN
    BEGIN
        FOR next IN SELECT c.* FROM tap.call c ORDER BY c.n LOOP
            said[next.n] := tap.outcome(coalesce(next.role, 'none'), next.statement);
        END LOOP;
        RAISE 'taken back' USING ERRCODE = 'HJ002';
    EXCEPTION WHEN SQLSTATE 'HJ002' THEN
    END;
    RETURN said;
END
$$;

CREATE TABLE tap.before AS SELECT o.said, o.n FROM unnest(tap.outcomes()) WITH ORDINALITY AS o (said, n);
\ir hostile_objects.sql
-- Ours and PostgreSQL's, before everything else; as superuser, whom nothing stops.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT DISTINCT c.relname FROM pg_catalog.pg_class c
        WHERE c.relnamespace IN (
            'assetlink'::regnamespace, 'assetlink_internal'::regnamespace, 'itam'::regnamespace, 'cmdb'::regnamespace,
            'pg_catalog'::regnamespace) AND c.relkind IN ('r', 'v')
    LOOP
        EXECUTE format('CREATE TEMPORARY TABLE %I (hostile integer)', name);
        EXECUTE format('GRANT ALL ON pg_temp.%1$I, public.%1$I TO PUBLIC', name);
    END LOOP;
END
$$;
-- What was planned before would be kept.
DISCARD PLANS;
CREATE TABLE tap.after AS SELECT o.said, o.n FROM unnest(tap.outcomes()) WITH ORDINALITY AS o (said, n);

SELECT is(tap.outcome('none', 'SELECT clock_timestamp()'), 'HJ001', 'the trap works: functions');
SELECT is(tap.outcome('none', 'SELECT ''a''::text = ''b''::text'), 'HJ001', 'the trap works: operators');
SELECT is(tap.outcome('none', 'SELECT oid FROM pg_class'), '42703', 'the trap works: tables');
SELECT cmp_ok((SELECT count(*) FROM tap.before)::integer, '>', 150, 'many calls were made');
SELECT cmp_ok(
    (SELECT count(*) FROM tap.before WHERE said ~ '^[1-9][0-9]*$')::integer, '>', 60, 'and most of them did something');
SELECT is_empty(
    $$
        SELECT c.role, c.statement, b.said, a.said
        FROM tap.call c LEFT JOIN tap.before b ON b.n = c.n LEFT JOIN tap.after a ON a.n = c.n
        WHERE (a.said IS DISTINCT FROM b.said AND c.statement !~ 'FROM public\.') OR a.said = 'HJ001' OR a.said IS NULL
            OR (c.statement ~ 'FROM public\.' AND a.said <> '0')
    $$,
    'every call ends as it does without hostile objects, and none of them was used');

SELECT * FROM finish();
ROLLBACK;
