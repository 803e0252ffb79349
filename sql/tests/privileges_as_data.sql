-- Prints what is granted in the form of privileges_expected.sql, for whoever has changed it on purpose:
--   psql -X -d DATABASE -f sql/tests/privileges_as_data.sql > sql/tests/privileges_expected.sql
\ir begin.sql
\ir privileges_found.sql
\echo '-- Who may do what, exactly: kind, owner, who has which privilege beside the owner, object. Made by privileges_as_data.sql;'
\echo '-- a difference is read before it is committed.'
\echo 'CREATE TABLE tap.privilege_expected (kind text, owner text, grants text, object text);'
\echo 'COPY tap.privilege_expected (kind, owner, grants, object) FROM stdin;'
COPY (
    SELECT kind, owner, grants, object
    FROM tap.privilege_found
    ORDER BY kind COLLATE "C", object COLLATE "C"
) TO STDOUT;
\echo '\\.'
ROLLBACK;
