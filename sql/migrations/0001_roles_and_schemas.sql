-- Roles and schemas. Roles belong to the whole cluster, so they may be there already.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY[
        'assetlink_owner', 'assetlink_daemon', 'assetlink_operator', 'assetlink_reader',
        'assetlink_emitter', 'assetlink_integrator', 'assetlink_delegate'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        END IF;
    END LOOP;
    -- Migrations create everything in the owner's name.
    IF NOT pg_has_role(current_user, 'assetlink_owner', 'MEMBER') THEN
        EXECUTE format('GRANT assetlink_owner TO %I', current_user);
    END IF;
END
$$;

CREATE SCHEMA assetlink AUTHORIZATION assetlink_owner;
COMMENT ON SCHEMA assetlink IS 'The public contract of assetlinkd: what others may read and call.';
CREATE SCHEMA assetlink_internal AUTHORIZATION assetlink_owner;
COMMENT ON SCHEMA assetlink_internal IS 'Private to assetlinkd; may change with any release.';

ALTER DEFAULT PRIVILEGES FOR ROLE assetlink_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE assetlink_owner REVOKE USAGE ON TYPES FROM PUBLIC;
