-- The roles of the contract (deploy/docs/contract.md). Run as often as one likes: what is right is left as it is.
--
-- `assetlinkctl migrate` runs it first. Where the role that migrates may not create roles, a superuser runs it once
-- before that, and names the role that will migrate:
--   PGOPTIONS='-c assetlink.migrator=NAME' psql -X -d DATABASE -f roles.sql
DO $$
DECLARE
    migrator name;
    wanted record;
    present record;
BEGIN
    -- Nothing of what others put before PostgreSQL's own is called.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    migrator := coalesce(nullif(current_setting('assetlink.migrator', true), ''), current_user);
    FOR wanted IN
        SELECT w.name, w.meaning, w.is_own
        FROM (VALUES
            ('assetlink_owner', 'assetlinkd: owns the schemas; only migrations run as it.', true),
            ('assetlink_daemon', 'assetlinkd: what the service needs and no more; the role that the service logs in as is a member.', true),
            ('assetlink_write_back', 'assetlinkd: what write-back runs as; has only the columns that set_write_back granted to it.', true),
            ('assetlink_operator', 'assetlinkd: acts (pin, block, resync …), and reads the public relations.', false),
            ('assetlink_reader', 'assetlinkd: reads the public relations.', false),
            ('assetlink_emitter', 'assetlinkd: calls the publish functions and discover; nothing else.', false),
            ('assetlink_integrator', 'assetlinkd: attaches sources; a binding runs as the daemon, so its members are trusted with the links.', false),
            ('assetlink_delegate', 'assetlinkd: front ends that may pass the name of the person who acts.', false)
        ) AS w (name, meaning, is_own)
    LOOP
        SELECT r.oid, r.rolcanlogin OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
            OR r.rolbypassrls AS has_powers
        INTO present
        FROM pg_catalog.pg_roles AS r
        WHERE r.rolname = wanted.name;
        IF NOT FOUND THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted.name);
        ELSIF present.has_powers THEN
            EXECUTE format(
                'ALTER ROLE %I NOLOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS', wanted.name);
        END IF;
        -- A comment is worth no failure: only who may create roles may write it.
        IF shobj_description(wanted.name::regrole, 'pg_authid') IS DISTINCT FROM wanted.meaning
            AND (SELECT r.rolsuper OR r.rolcreaterole FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user)
        THEN
            BEGIN
                EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.meaning);
            EXCEPTION WHEN insufficient_privilege THEN NULL;
            END;
        END IF;
        -- Migrations create everything in the name of these.
        IF wanted.is_own AND NOT pg_has_role(
            migrator, wanted.name,
            CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END)
        THEN
            EXECUTE format('GRANT %I TO %I', wanted.name, migrator);
        END IF;
    END LOOP;
END
$$;
