-- Who may do what. PUBLIC has nothing; every role has exactly what follows and what 0006 and 0007 granted beside the
-- functions that integrators and emitters call. Granting again changes nothing.
SET LOCAL ROLE assetlink_owner;

REVOKE ALL ON SCHEMA assetlink, assetlink_internal FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA assetlink, assetlink_internal FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA assetlink, assetlink_internal FROM PUBLIC;

GRANT USAGE ON SCHEMA assetlink TO
    assetlink_reader, assetlink_operator, assetlink_emitter, assetlink_integrator, assetlink_daemon;

-- ---------------------------------------------------------------------------------------------------------------------
-- Readers: the public relations, and the functions that answer questions. Operators read the same.

GRANT SELECT ON ALL TABLES IN SCHEMA assetlink TO assetlink_reader, assetlink_operator;
GRANT EXECUTE ON FUNCTION
    assetlink.links_as_of(timestamptz),
    assetlink.decommission_impact(text, text),
    assetlink.suggest_assets(text, text),
    -- Called by the views and by links_as_of in their reader's name.
    assetlink_internal.aged_before(),
    assetlink_internal.batch_at(timestamptz),
    assetlink_internal.serial_form(text)
TO assetlink_reader, assetlink_operator;

-- ---------------------------------------------------------------------------------------------------------------------
-- Operators: the acts, and the tables of rules and settings.

GRANT EXECUTE ON FUNCTION
    assetlink.pin(text, text, text, text, text, timestamptz, text),
    assetlink.unpin(text, text, text, text),
    assetlink.block(text, text, text, text, text, timestamptz, text),
    assetlink.unblock(text, text, text, text, text, text),
    assetlink.requeue(text, text, text, text),
    assetlink.resolve_conflict(bigint, text, text, text, text),
    assetlink.close_stale_link(bigint, text, text),
    assetlink.set_composite(text, text, boolean, text, text),
    assetlink.trust_identifier(text, text, text, text),
    assetlink.distrust_identifier(text, text, text, text),
    assetlink.approve_held(text, text, text),
    assetlink.drop_held(text, text, text),
    assetlink.replay_dead_letter(bigint, text, text)
TO assetlink_operator;
GRANT INSERT, UPDATE, DELETE ON
    assetlink.ci_class, assetlink.placeholder, assetlink.lifecycle_state, assetlink.manufacturer_alias,
    assetlink.suspect_limit, assetlink.setting
TO assetlink_operator;

-- ---------------------------------------------------------------------------------------------------------------------
-- The daemon: reads everything, writes what it keeps, and changes or deletes only what is not history.

GRANT USAGE ON SCHEMA assetlink_internal TO assetlink_daemon;
GRANT SELECT ON ALL TABLES IN SCHEMA assetlink, assetlink_internal TO assetlink_daemon;

-- Records and what is made of them.
GRANT INSERT, UPDATE, DELETE ON
    assetlink_internal.asset, assetlink_internal.ci,
    assetlink_internal.asset_key, assetlink_internal.ci_key,
    assetlink_internal.asset_value, assetlink_internal.ci_value,
    assetlink_internal.suspect_value, assetlink_internal.trusted_value,
    assetlink_internal.composite_mark, assetlink_internal.published_record
TO assetlink_daemon;
GRANT INSERT ON assetlink_internal.key_space TO assetlink_daemon;

-- Decisions. Links and conflicts are closed, never deleted; acts are ended by a row of their own.
GRANT INSERT, UPDATE, DELETE ON assetlink_internal.ci_decision, assetlink_internal.pair_in_force TO assetlink_daemon;
GRANT INSERT, UPDATE ON
    assetlink_internal.link, assetlink_internal.link_period, assetlink_internal.conflict
TO assetlink_daemon;
GRANT INSERT ON assetlink_internal.act_end TO assetlink_daemon;

-- The log, the cursor and the audit are append-only.
GRANT INSERT ON
    assetlink_internal.change_log_0, assetlink_internal.change_log_1, assetlink_internal.change_log_2,
    assetlink_internal.batch, assetlink_internal.audit, assetlink_internal.rule_set
TO assetlink_daemon;

-- Feeds, and the daemon itself.
GRANT INSERT, UPDATE, DELETE ON
    assetlink_internal.source_status, assetlink_internal.held_change, assetlink_internal.lease,
    assetlink_internal.lineage, assetlink_internal.coverage_snapshot
TO assetlink_daemon;
GRANT INSERT, UPDATE ON assetlink_internal.dead_letter TO assetlink_daemon;

-- UPDATE, because the doorbell is armed by setval.
GRANT SELECT, UPDATE ON SEQUENCE assetlink_internal.bell TO assetlink_daemon;
GRANT SELECT ON SEQUENCE assetlink_internal.log_current TO assetlink_daemon;
GRANT USAGE ON SEQUENCE
    assetlink_internal.change_seq, assetlink_internal.asset_asset_ref_seq, assetlink_internal.ci_ci_ref_seq,
    assetlink_internal.key_space_space_id_seq, assetlink_internal.link_link_id_seq,
    assetlink_internal.conflict_conflict_id_seq, assetlink_internal.audit_audit_id_seq,
    assetlink_internal.dead_letter_id_seq, assetlink_internal.rule_set_version_seq
TO assetlink_daemon;

GRANT EXECUTE ON FUNCTION
    assetlink.links_as_of(timestamptz),
    assetlink_internal.aged_before(),
    assetlink_internal.batch_at(timestamptz),
    assetlink_internal.serial_form(text),
    assetlink_internal.take_coverage_snapshot(timestamptz),
    assetlink_internal.refresh_statistics()
TO assetlink_daemon;

-- ---------------------------------------------------------------------------------------------------------------------
-- The audit and the chain of batches are never rewritten, not even by their owner or while triggers are off for
-- replication.

CREATE FUNCTION assetlink_internal.refuse_rewrite() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of %.% is refused: its rows are never changed', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
            HINT = 'assetlink.audit_verify() shows whether the audit is whole.';
END
$$;
COMMENT ON FUNCTION assetlink_internal.refuse_rewrite() IS 'Trigger: refuses UPDATE, DELETE and TRUNCATE.';

CREATE TRIGGER never_rewritten BEFORE UPDATE OR DELETE OR TRUNCATE ON assetlink_internal.audit
    FOR EACH STATEMENT EXECUTE FUNCTION assetlink_internal.refuse_rewrite();
ALTER TABLE assetlink_internal.audit ENABLE ALWAYS TRIGGER never_rewritten;
COMMENT ON TRIGGER never_rewritten ON assetlink_internal.audit IS 'The audit is append-only.';
CREATE TRIGGER never_rewritten BEFORE UPDATE OR DELETE OR TRUNCATE ON assetlink_internal.batch
    FOR EACH STATEMENT EXECUTE FUNCTION assetlink_internal.refuse_rewrite();
ALTER TABLE assetlink_internal.batch ENABLE ALWAYS TRIGGER never_rewritten;
COMMENT ON TRIGGER never_rewritten ON assetlink_internal.batch IS 'The cursor and the audit chain are append-only.';
