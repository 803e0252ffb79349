-- The daemon can neither change nor remove what it has written into the audit and its chain, nor switch off what keeps
-- others from it; and what keeps them holds for the owner and for replication too.
\ir begin.sql
SELECT plan(33);

-- Something to lose.
INSERT INTO assetlink_internal.batch (
    batch_id, epoch, snapshot, committed_at, rule_set_version, changes, audit_rows, links, previous_digest, digest)
SELECT 1, 1, '3:3:', now(), min(version), 0, 0, '[]', decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')
FROM assetlink_internal.rule_set;
INSERT INTO assetlink_internal.audit (batch_id, at, actor, action, reason, rule_set_version, evidence, cause)
SELECT 1, now(), 'a test', 'rebase', 'a test', min(version), '{}', '{}'
FROM assetlink_internal.rule_set;

-- What a statement ends with when a role runs it: its SQLSTATE, null when it passes. It is taken back in either case.
CREATE FUNCTION tap.as_role(who text, statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', who, true);
    EXECUTE statement;
    RAISE 'it passes' USING ERRCODE = 'HJ002';
EXCEPTION
    WHEN SQLSTATE 'HJ002' THEN RETURN NULL;
    WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;

SELECT is(tap.as_role('assetlink_daemon', t.statement), '42501', 'the daemon is refused: ' || t.statement)
FROM (VALUES
    (1, 'UPDATE assetlink_internal.audit SET reason = NULL'),
    (2, 'DELETE FROM assetlink_internal.audit'),
    (3, 'TRUNCATE assetlink_internal.audit'),
    (4, 'UPDATE assetlink_internal.batch SET digest = previous_digest'),
    (5, 'DELETE FROM assetlink_internal.batch'),
    (6, 'TRUNCATE assetlink_internal.batch'),
    (7, 'SELECT FROM assetlink_internal.audit FOR UPDATE'),
    (8, 'ALTER TABLE assetlink_internal.audit DISABLE TRIGGER never_rewritten'),
    (9, 'ALTER TABLE assetlink_internal.audit DISABLE TRIGGER ALL'),
    (10, 'ALTER TABLE assetlink_internal.audit DISABLE TRIGGER USER'),
    (11, 'ALTER TABLE itam.asset DISABLE TRIGGER ALL'),
    (12, 'DROP TRIGGER never_rewritten ON assetlink_internal.audit'),
    (13, 'CREATE RULE r AS ON INSERT TO assetlink_internal.audit DO INSTEAD NOTHING'),
    (14, 'DROP TABLE assetlink_internal.audit'),
    (15, 'CREATE OR REPLACE FUNCTION assetlink_internal.refuse_rewrite() RETURNS trigger LANGUAGE sql AS ''SELECT NULL'''),
    (16, 'ALTER FUNCTION assetlink_internal.refuse_rewrite() SET search_path = public'),
    (17, 'SET session_replication_role = replica'),
    (18, 'SELECT setval(''assetlink_internal.audit_audit_id_seq'', 1)'),
    (19, 'ALTER TABLE assetlink_internal.audit OWNER TO assetlink_daemon'),
    (20, 'GRANT assetlink_owner TO assetlink_daemon'),
    (21, 'CREATE TABLE assetlink_internal.t ()'),
    (22, 'CREATE TABLE public.t ()')
) AS t (n, statement)
ORDER BY t.n;

-- SET ROLE looks at the session's user: that the daemon is in no group of the owner's is what counts.
SELECT is_empty(
    $$
        SELECT r.rolname FROM tap.our_role r
        WHERE r.rolname <> 'assetlink_owner' AND pg_has_role(r.oid, 'assetlink_owner', 'MEMBER')
    $$,
    'no role of ours is a member of the owner');

SELECT is(tap.as_role('assetlink_owner', t.statement), '23001', 'the owner too is refused: ' || t.statement)
FROM (VALUES
    (1, 'UPDATE assetlink_internal.audit SET reason = NULL'),
    (2, 'DELETE FROM assetlink_internal.audit'),
    (3, 'TRUNCATE assetlink_internal.audit'),
    (4, 'DELETE FROM assetlink_internal.batch')
) AS t (n, statement)
ORDER BY t.n;

SET LOCAL session_replication_role = replica;
SELECT throws_ok('UPDATE assetlink_internal.audit SET reason = NULL', '23001', NULL, 'triggers hold for replication: UPDATE');
SELECT throws_ok('DELETE FROM assetlink_internal.audit', '23001', NULL, 'triggers hold for replication: DELETE');
SELECT throws_ok('TRUNCATE assetlink_internal.batch', '23001', NULL, 'triggers hold for replication: TRUNCATE');
SET LOCAL session_replication_role = origin;

SELECT set_eq(
    $$
        SELECT t.tgrelid::regclass::text, t.tgenabled::text FROM pg_catalog.pg_trigger t
        WHERE t.tgfoid = 'assetlink_internal.refuse_rewrite()'::regprocedure
    $$,
    $$
        VALUES ('assetlink_internal.audit', 'A'), ('assetlink_internal.audit_check', 'A'),
            ('assetlink_internal.audit_detached', 'A'), ('assetlink_internal.audit_head', 'A'),
            ('assetlink_internal.batch', 'A'), ('assetlink_internal.rule_set', 'A')
    $$,
    'what refuses is switched on always, for the audit, its chain, what is on record of it and the versions of the rules');
SELECT is(
    (SELECT count(*) FROM assetlink_internal.audit WHERE actor = 'a test'), 1::bigint, 'what was written is still there');
SELECT is(
    tap.as_role('assetlink_daemon', 'SELECT nextval(''assetlink_internal.audit_audit_id_seq'')'), NULL,
    'what the daemon may do is not refused');

SELECT * FROM finish();
ROLLBACK;
