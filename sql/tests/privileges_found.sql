-- What is granted, one row an object: every object of our schemas, whoever may use it, and every other object of the
-- database that names one of our roles. Privileges of the owner are left out, unless some were taken from it.
CREATE VIEW tap.acl AS
SELECT 'schema' AS kind, n.nspname::text AS object, n.nspowner AS owner, n.nspacl AS acl, 'n'::text AS class,
    n.oid IN (SELECT oid FROM tap.our_schema) AS is_ours
FROM pg_catalog.pg_namespace n
UNION ALL
SELECT
    CASE c.relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' WHEN 'm' THEN 'view' ELSE 'table' END,
    format('%I.%I', n.nspname, c.relname), c.relowner, c.relacl, CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END,
    c.relnamespace IN (SELECT oid FROM tap.our_schema)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relpersistence <> 't'
UNION ALL
SELECT 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname), c.relowner, a.attacl, 'c', false
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE a.attacl IS NOT NULL
UNION ALL
-- Capture functions are generated for each attached table, and have its number in their name.
SELECT
    'function',
    format('%I.%I(%s)', n.nspname, regexp_replace(p.proname, '^capture_[0-9]+', 'capture_N'),
        pg_catalog.pg_get_function_identity_arguments(p.oid)),
    p.proowner, p.proacl, 'f', p.pronamespace IN (SELECT oid FROM tap.our_schema)
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
UNION ALL
-- Not the types that a table brings with it, nor arrays.
SELECT 'type', format('%I.%I', n.nspname, t.typname), t.typowner, t.typacl, 'T',
    t.typnamespace IN (SELECT oid FROM tap.our_schema)
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE t.typelem = 0 AND (t.typrelid = 0 OR c.relkind = 'c')
UNION ALL
SELECT 'database', 'current', d.datdba, d.datacl, 'd', false
FROM pg_catalog.pg_database d
WHERE d.datname = current_database()
UNION ALL
SELECT 'language', l.lanname, l.lanowner, l.lanacl, 'l', false
FROM pg_catalog.pg_language l
UNION ALL
SELECT 'default', format('%s of %s', d.defaclobjtype, coalesce(n.nspname, 'any schema')), d.defaclrole, d.defaclacl,
    d.defaclobjtype::text, d.defaclrole IN (SELECT oid FROM tap.our_role)
FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace;

CREATE VIEW tap.privilege_found AS
SELECT DISTINCT
    a.kind,
    a.object,
    a.owner::regrole::text AS owner,
    coalesce((
        SELECT string_agg(g.line, ' ' ORDER BY g.line)
        FROM (
            SELECT concat(
                CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END, '=',
                string_agg(x.privilege_type || CASE WHEN x.is_grantable THEN '*' ELSE '' END, ','
                    ORDER BY x.privilege_type)) AS line
            FROM aclexplode(coalesce(a.acl, CASE WHEN a.class <> 'c' THEN acldefault(a.class::"char", a.owner) END)) x
            WHERE x.grantee <> a.owner
            GROUP BY x.grantee
            UNION ALL
            SELECT 'owner has less'
            WHERE a.class NOT IN ('c', 'd', 'l') AND a.kind <> 'default' AND a.acl IS NOT NULL AND EXISTS (
                SELECT x.privilege_type FROM aclexplode(acldefault(a.class::"char", a.owner)) x WHERE x.grantee = a.owner
                EXCEPT
                SELECT x.privilege_type FROM aclexplode(a.acl) x WHERE x.grantee = a.owner)
        ) g), '-') AS grants
FROM tap.acl a
WHERE a.is_ours
    OR EXISTS (SELECT FROM aclexplode(a.acl) x WHERE x.grantee IN (SELECT oid FROM tap.our_role))
UNION ALL
-- What a role is by itself, what it is a member of, and what is set for it.
SELECT
    'role', r.rolname, '-',
    concat_ws(
        ' ',
        CASE WHEN r.rolcanlogin THEN 'LOGIN' END,
        CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
        CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
        CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
        CASE WHEN r.rolreplication THEN 'REPLICATION' END,
        CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END,
        CASE WHEN r.rolinherit THEN 'INHERIT' END,
        (
            SELECT 'in ' || string_agg(m.roleid::regrole::text, ',' ORDER BY 1)
            FROM pg_catalog.pg_auth_members m
            WHERE m.member = r.oid),
        (
            SELECT string_agg(c, ' ' ORDER BY c)
            FROM pg_catalog.pg_db_role_setting s CROSS JOIN unnest(s.setconfig) c
            WHERE s.setrole = r.oid))
FROM tap.our_role o JOIN pg_catalog.pg_roles r ON r.oid = o.oid;
