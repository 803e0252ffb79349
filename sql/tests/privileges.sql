-- Who may do what: the exact set, both ways, so that an object without an entry, a privilege too many and one too few
-- all fail.
\ir begin.sql
\ir privileges_found.sql
\ir privileges_expected.sql
SELECT plan(12);

SELECT set_eq(
    format('SELECT object, owner, grants FROM tap.privilege_found WHERE kind = %L', k.kind),
    format('SELECT object, owner, grants FROM tap.privilege_expected WHERE kind = %L', k.kind),
    format('who owns and may use each %s', k.kind))
FROM unnest(ARRAY[
    'role', 'schema', 'table', 'view', 'column', 'sequence', 'function', 'type', 'default']) AS k (kind);
SELECT is_empty(
    $$
        SELECT kind, object, grants FROM tap.privilege_found
        WHERE kind NOT IN ('role', 'schema', 'table', 'view', 'column', 'sequence', 'function', 'type', 'default')
    $$,
    'no role of ours has a privilege of another kind');
SELECT is_empty(
    $$SELECT kind, object FROM tap.privilege_found WHERE grants ~ 'PUBLIC'$$,
    'PUBLIC has nothing');
SELECT cmp_ok(
    (SELECT count(*) FROM tap.privilege_found)::integer, '>', 300, 'there is something to look at');

SELECT * FROM finish();
ROLLBACK;
