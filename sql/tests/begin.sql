-- Included by every test of this folder: pgTAP in a schema of its own, all within a transaction that is rolled back.
\set QUIET on
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
\pset pager off
BEGIN;
SET LOCAL client_min_messages = error;
SET LOCAL jit = off;
CREATE SCHEMA tap;
CREATE EXTENSION pgtap SCHEMA tap;
-- What other objects of ours are called is found by nobody here.
SET LOCAL search_path = tap, pg_catalog, pg_temp;

-- The roles of the contract.
CREATE VIEW tap.our_role AS
SELECT r.oid, r.rolname
FROM pg_catalog.pg_roles r
WHERE r.rolname IN (
    'assetlink_owner', 'assetlink_daemon', 'assetlink_operator', 'assetlink_reader', 'assetlink_emitter',
    'assetlink_integrator', 'assetlink_delegate', 'assetlink_write_back');

-- The schemas that migrations make.
CREATE VIEW tap.our_schema AS
SELECT n.oid, n.nspname
FROM pg_catalog.pg_namespace n
WHERE n.nspname IN ('assetlink', 'assetlink_internal', 'itam', 'cmdb');

-- For the controls: what a test must find.
\if :{?broken}
:broken;
\endif
