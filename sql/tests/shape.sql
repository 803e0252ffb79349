-- What every object must have: an owner that nobody logs in as, a comment, a function's fixed search path.
\ir begin.sql
SELECT plan(14);

CREATE VIEW tap.our_function AS
SELECT p.*, format('%I.%I(%s)', s.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS name
FROM tap.our_schema s JOIN pg_catalog.pg_proc p ON p.pronamespace = s.oid;
CREATE VIEW tap.our_relation AS
SELECT c.*, format('%I.%I', s.nspname, c.relname) AS name
FROM tap.our_schema s JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid;

SELECT cmp_ok((SELECT count(*) FROM tap.our_function)::integer, '>', 150, 'there are functions to look at');
SELECT cmp_ok((SELECT count(*) FROM tap.our_relation)::integer, '>', 200, 'there are relations to look at');

-- ---------------------------------------------------------------------------------------------------------------------
-- Owners.

SELECT is_empty(
    $$
        SELECT name FROM tap.our_relation WHERE relowner <> 'assetlink_owner'::regrole
        UNION ALL
        SELECT f.name FROM tap.our_function f
        WHERE f.proowner <> CASE
            WHEN f.proname IN ('write_back_rows', 'write_back_set') THEN 'assetlink_write_back'::regrole
            -- They read tables of others, which only the daemon was granted.
            WHEN f.proname IN ('alarms', 'asset_facts', 'plan_source') THEN 'assetlink_daemon'::regrole
            ELSE 'assetlink_owner'::regrole
        END
        UNION ALL
        SELECT n.nspname FROM tap.our_schema s JOIN pg_catalog.pg_namespace n USING (oid)
        WHERE n.nspowner <> 'assetlink_owner'::regrole
        UNION ALL
        SELECT t.typname FROM tap.our_schema s JOIN pg_catalog.pg_type t ON t.typnamespace = s.oid
        WHERE t.typowner <> 'assetlink_owner'::regrole
    $$,
    'everything belongs to assetlink_owner, but for what runs as daemon or write-back');
SELECT is_empty(
    $$
        SELECT r.rolname FROM tap.our_role o JOIN pg_catalog.pg_roles r USING (oid)
        WHERE r.rolcanlogin OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls
    $$,
    'nobody logs in as an owner or a group, and none has a power of its own');
SELECT is_empty(
    $$
        SELECT s.nspname, r.rolname
        FROM tap.our_role r CROSS JOIN (SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname <> 'tap') s
        WHERE r.rolname <> 'assetlink_owner' AND s.nspname !~ '^pg_(toast_)?temp_' AND has_schema_privilege(r.oid, s.oid, 'CREATE')
    $$,
    'no role but the owner may create objects anywhere');

-- ---------------------------------------------------------------------------------------------------------------------
-- Functions.

SELECT is_empty(
    $$
        SELECT name, proconfig FROM tap.our_function
        WHERE prosecdef AND NOT EXISTS (
            SELECT FROM unnest(proconfig) c (setting)
            WHERE c.setting ~ '^search_path=pg_catalog(, (assetlink|assetlink_internal))*, pg_temp$')
    $$,
    'every SECURITY DEFINER function has pg_catalog first and pg_temp last');
SELECT is_empty(
    $$
        SELECT name FROM tap.our_function
        WHERE prosqlbody IS NULL AND NOT EXISTS (
            SELECT FROM unnest(proconfig) c (setting) WHERE c.setting ~ '^search_path=.*pg_temp$')
    $$,
    'every function whose body is read when it is called fixes its search path');
SELECT is_empty(
    $$
        SELECT name FROM tap.our_function f JOIN pg_catalog.pg_language l ON l.oid = f.prolang
        WHERE l.lanname NOT IN ('sql', 'plpgsql')
    $$,
    'no function is in a language that reaches beyond the database');

-- ---------------------------------------------------------------------------------------------------------------------
-- Comments.

SELECT is_empty(
    $$
        SELECT name FROM tap.our_relation c
        WHERE relkind IN ('r', 'p', 'v', 'm', 'i', 'S', 'c') AND obj_description(oid, 'pg_class') IS NULL
            -- What belongs to a constraint or to an identity column has a name that says it.
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = c.oid)
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i')
    $$,
    'every table, view, index and sequence has a comment');
SELECT is_empty(
    $$
        SELECT c.name, a.attname FROM tap.our_relation c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped
            AND coalesce(btrim(col_description(c.oid, a.attnum)), '') = ''
    $$,
    'every column has a comment');
SELECT is_empty(
    $$SELECT name FROM tap.our_function WHERE coalesce(btrim(obj_description(oid, 'pg_proc')), '') = ''$$,
    'every function has a comment');
SELECT is_empty(
    $$
        SELECT c.name, t.tgname FROM tap.our_relation c JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid
        -- Those of attached tables are named by a pattern: only a table's owner may comment on its triggers.
        WHERE NOT t.tgisinternal AND t.tgname !~ '^assetlink_[0-9]+_[0-9]+_'
            AND coalesce(btrim(obj_description(t.oid, 'pg_trigger')), '') = ''
    $$,
    'every trigger has a comment');
SELECT is_empty(
    $$
        SELECT n.nspname FROM tap.our_schema n WHERE obj_description(n.oid, 'pg_namespace') IS NULL
        UNION ALL
        SELECT t.typname FROM tap.our_schema s JOIN pg_catalog.pg_type t ON t.typnamespace = s.oid
        WHERE t.typelem = 0 AND t.typrelid = 0 AND obj_description(t.oid, 'pg_type') IS NULL
        UNION ALL
        SELECT o.oprname FROM tap.our_schema s JOIN pg_catalog.pg_operator o ON o.oprnamespace = s.oid
    $$,
    'every schema, type and domain has a comment, and there are no operators of ours');
SELECT is_empty(
    $$SELECT rolname FROM tap.our_role WHERE coalesce(btrim(shobj_description(oid, 'pg_authid')), '') = ''$$,
    'every role has a comment');

SELECT * FROM finish();
ROLLBACK;
