-- Rule sets as documents: each version of the rules is kept whole, with who made it and why, and never changes again.
SET LOCAL ROLE assetlink_owner;

ALTER TABLE assetlink_internal.act DROP CONSTRAINT act_kind_check;
ALTER TABLE assetlink_internal.act ADD CONSTRAINT act_kind_check CHECK (kind IN (
    'pin', 'unpin', 'block', 'unblock', 'requeue', 'close_stale_link', 'set_composite', 'unset_composite',
    'trust_identifier', 'distrust_identifier', 'resolve_conflict', 'approve_held', 'drop_held',
    'replay_dead_letter', 'resync', 'detach_source', 'edit_rules', 'activate_rule_set', 'rollback_rule_set'));

-- The new kinds are acts like the others.
DROP INDEX assetlink_internal.audit_of_act;
CREATE INDEX audit_of_act ON assetlink_internal.audit (((evidence::jsonb ->> 'act')::bigint))
WHERE action IN (
    'pin', 'unpin', 'block', 'unblock', 'requeue', 'close_stale_link', 'set_composite', 'unset_composite',
    'trust_identifier', 'distrust_identifier', 'resolve_conflict', 'approve_held', 'drop_held', 'replay_dead_letter',
    'resync', 'detach_source', 'edit_rules', 'activate_rule_set',
    'rollback_rule_set');
COMMENT ON INDEX assetlink_internal.audit_of_act IS 'The batch that took an act up.';
CREATE OR REPLACE VIEW assetlink.operator_act AS
SELECT
    d.act_id,
    d.kind,
    cs.name AS ci_source,
    d.ci_id,
    s.name AS asset_source,
    d.asset_id,
    fs.name AS source,
    d.link_id,
    d.conflict_id,
    d.dead_letter_id,
    d.identifier_kind,
    d.identifier_value,
    coalesce(d.decided_by || ' for ' || d.given_name, d.decided_by) AS decided_by,
    d.reason,
    d.decided_at,
    d.expires_at,
    d.part_of,
    t.at AS taken_up_at,
    t.batch_id
FROM assetlink_internal.act d
LEFT JOIN assetlink_internal.source cs ON cs.source_id = d.ci_source_id
LEFT JOIN assetlink_internal.source s ON s.source_id = d.asset_source_id
LEFT JOIN assetlink_internal.source fs ON fs.source_id = d.source_id
LEFT JOIN LATERAL (
    SELECT a.at, a.batch_id
    FROM assetlink_internal.audit a
    WHERE (a.evidence::jsonb ->> 'act')::bigint = d.act_id
        AND a.action IN (
            'pin', 'unpin', 'block', 'unblock', 'requeue', 'close_stale_link', 'set_composite', 'unset_composite',
            'trust_identifier', 'distrust_identifier', 'resolve_conflict', 'approve_held', 'drop_held',
            'replay_dead_letter', 'resync', 'detach_source', 'edit_rules', 'activate_rule_set',
            'rollback_rule_set')
    ORDER BY a.batch_id
    LIMIT 1
) t ON true;

ALTER TABLE assetlink_internal.rule_set
    ADD COLUMN document jsonb,
    ADD COLUMN digest bytea,
    ADD COLUMN reason text,
    ADD COLUMN act_id bigint REFERENCES assetlink_internal.act,
    ADD COLUMN restores bigint REFERENCES assetlink_internal.rule_set;
COMMENT ON TABLE assetlink_internal.rule_set IS 'Versions of the rules: one for each transaction that changed them.';
COMMENT ON COLUMN assetlink_internal.rule_set.document IS 'All rule tables, as assetlink_internal.rule_document shows them; null for versions older than this column.';
COMMENT ON COLUMN assetlink_internal.rule_set.digest IS 'SHA-256 of the document''s text.';
COMMENT ON COLUMN assetlink_internal.rule_set.reason IS 'Why; null for what was shipped.';
COMMENT ON COLUMN assetlink_internal.rule_set.act_id IS 'The act that made it, with who and for whom; null for what was shipped.';
COMMENT ON COLUMN assetlink_internal.rule_set.restores IS 'The version whose document a rollback brought back.';

-- ---------------------------------------------------------------------------------------------------------------------
-- The document of the rules in force.

CREATE FUNCTION assetlink_internal.rule_document() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH states AS (
        SELECT l.source, l.side, l.meaning, jsonb_agg(l.raw_state ORDER BY l.raw_state COLLATE "C") AS raw_states
        FROM assetlink.lifecycle_state l
        GROUP BY l.source, l.side, l.meaning
    ), sides AS (
        SELECT s.source, s.side, jsonb_object_agg(s.meaning, s.raw_states) AS meanings
        FROM states s
        GROUP BY s.source, s.side
    ), sources AS (
        SELECT s.source, jsonb_object_agg(s.side, s.meanings) AS sides FROM sides s GROUP BY s.source
    )
    SELECT jsonb_build_object(
        'classes', (
            SELECT coalesce(jsonb_object_agg(
                c.class,
                jsonb_strip_nulls(jsonb_build_object('parent', c.parent, 'aged_after_days', c.aged_after_days))
                    || CASE WHEN c.rule IS NULL THEN '{}' ELSE jsonb_build_object('rule', c.rule) END), '{}')
            FROM assetlink.ci_class c),
        'placeholders', (
            SELECT coalesce(jsonb_object_agg(k.kind, k.list), '{}')
            FROM (
                SELECT p.kind, jsonb_agg(
                    jsonb_strip_nulls(jsonb_build_object(
                        CASE WHEN p.is_pattern THEN 'pattern' ELSE 'value' END, p.value,
                        'manufacturer', p.manufacturer, 'note', p.note))
                    ORDER BY p.is_pattern, p.value COLLATE "C", p.manufacturer COLLATE "C" NULLS FIRST) AS list
                FROM assetlink.placeholder p
                GROUP BY p.kind) k),
        'lifecycle', (
            SELECT coalesce((SELECT s.sides FROM sources s WHERE s.source IS NULL), '{}')
                || coalesce(
                    (SELECT jsonb_build_object('sources', jsonb_object_agg(s.source, s.sides))
                    FROM sources s WHERE s.source IS NOT NULL HAVING count(*) > 0), '{}')),
        'manufacturers', (
            SELECT coalesce(jsonb_object_agg(m.manufacturer, m.aliases), '{}')
            FROM (
                SELECT a.manufacturer, jsonb_agg(a.alias ORDER BY a.alias COLLATE "C") AS aliases
                FROM assetlink.manufacturer_alias a
                GROUP BY a.manufacturer) m),
        'suspect_limits', (SELECT coalesce(jsonb_object_agg(l.kind, l.holders), '{}') FROM assetlink.suspect_limit l))
$$;
COMMENT ON FUNCTION assetlink_internal.rule_document() IS 'The rule tables as one document; the same tables give the same text.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Who edits rules at the same time.

CREATE TABLE assetlink_internal.rule_edit (
    xid xid8 PRIMARY KEY DEFAULT pg_current_xact_id()
);
COMMENT ON TABLE assetlink_internal.rule_edit IS 'Transactions that have changed rule tables and not yet made their version; empty to everybody else.';
COMMENT ON COLUMN assetlink_internal.rule_edit.xid IS 'The transaction.';

CREATE TABLE assetlink_internal.rule_head (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    edits bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE assetlink_internal.rule_head IS 'One row that every maker of a version updates: they come one after the other.';
COMMENT ON COLUMN assetlink_internal.rule_head.only_one IS 'There is one row.';
COMMENT ON COLUMN assetlink_internal.rule_head.edits IS 'How many versions were made since there are documents.';
INSERT INTO assetlink_internal.rule_head (edits) VALUES (0);

-- The version is made at the end of the transaction, when its document is whole. Whoever edits beside it waits here, and
-- then, with a new snapshot, sees what the other has committed; with a snapshot that cannot (REPEATABLE READ), the UPDATE
-- fails with 40001. So documents follow each other as their transactions do, and the newest is what the tables hold.
CREATE FUNCTION assetlink_internal.make_rule_set(kind text, reason text, on_behalf_of text, restores bigint)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
    act_number bigint;
    whole jsonb;
    made bigint;
BEGIN
    UPDATE assetlink_internal.rule_head SET edits = edits + 1;
    DELETE FROM assetlink_internal.rule_edit e WHERE e.xid = pg_current_xact_id();
    wanted.kind := kind;
    wanted.reason := reason;
    act_number := assetlink_internal.record_act(wanted, on_behalf_of);
    whole := assetlink_internal.rule_document();
    INSERT INTO assetlink_internal.rule_set AS r (document, digest, reason, act_id, restores)
    VALUES (whole, sha256(convert_to(whole::text, 'UTF8')), btrim(reason), act_number, restores)
    RETURNING r.version INTO made;
    PERFORM assetlink_internal.log_change('rules', NULL, made::text, 'operator');
    RETURN made;
END
$$;
COMMENT ON FUNCTION assetlink_internal.make_rule_set(text, text, text, bigint)
    IS 'Makes a version of what the rule tables hold, with its act, and queues it; returns its number.';

CREATE OR REPLACE FUNCTION assetlink_internal.rules_edited() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    edited boolean := true;
BEGIN
    IF TG_OP = 'INSERT' THEN
        edited := EXISTS (SELECT FROM new_rows);
    ELSIF TG_OP = 'DELETE' THEN
        edited := EXISTS (SELECT FROM old_rows);
    ELSIF TG_OP = 'UPDATE' THEN
        edited := EXISTS (SELECT * FROM old_rows EXCEPT ALL SELECT * FROM new_rows);
    END IF;
    IF edited THEN
        INSERT INTO assetlink_internal.rule_edit DEFAULT VALUES ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION assetlink_internal.rules_edited() IS 'Trigger: notes that the transaction has changed rule tables.';

CREATE FUNCTION assetlink_internal.rules_edit_ends() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Gone when a version was made of it already.
    IF EXISTS (SELECT FROM assetlink_internal.rule_edit e WHERE e.xid = NEW.xid) THEN
        PERFORM assetlink_internal.make_rule_set('edit_rules', 'edited by hand', NULL, NULL);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION assetlink_internal.rules_edit_ends() IS 'Trigger: makes the version of a transaction that edited rule tables by hand.';
CREATE CONSTRAINT TRIGGER rules_edit_ends AFTER INSERT ON assetlink_internal.rule_edit
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION assetlink_internal.rules_edit_ends();
COMMENT ON TRIGGER rules_edit_ends ON assetlink_internal.rule_edit IS 'At the end of the transaction its version is made.';

-- ---------------------------------------------------------------------------------------------------------------------
-- What is in force gets its document; from now on no version changes.

UPDATE assetlink_internal.rule_set r
SET document = d.document, digest = sha256(convert_to(d.document::text, 'UTF8'))
FROM (SELECT assetlink_internal.rule_document() AS document) d
WHERE r.version = (SELECT max(m.version) FROM assetlink_internal.rule_set m);

CREATE TRIGGER never_rewritten BEFORE UPDATE OR DELETE OR TRUNCATE ON assetlink_internal.rule_set
    FOR EACH STATEMENT EXECUTE FUNCTION assetlink_internal.refuse_rewrite();
ALTER TABLE assetlink_internal.rule_set ENABLE ALWAYS TRIGGER never_rewritten;
COMMENT ON TRIGGER never_rewritten ON assetlink_internal.rule_set IS 'A version never changes.';
CREATE OR REPLACE FUNCTION assetlink_internal.refuse_rewrite() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of %.% is refused: its rows are never changed', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
            HINT = CASE TG_TABLE_NAME
                WHEN 'rule_set' THEN 'Edit the rule tables, or use assetlink.activate_rule_set: either makes a new version.'
                ELSE 'assetlink.audit_verify() shows whether the audit is whole.' END;
END
$$;
COMMENT ON FUNCTION assetlink_internal.refuse_rewrite() IS 'Trigger: refuses UPDATE, DELETE and TRUNCATE.';
-- Versions are made by the functions above.
REVOKE INSERT ON assetlink_internal.rule_set FROM assetlink_daemon;
REVOKE USAGE ON SEQUENCE assetlink_internal.rule_set_version_seq FROM assetlink_daemon;
GRANT SELECT ON assetlink_internal.rule_edit, assetlink_internal.rule_head TO assetlink_daemon;

CREATE VIEW assetlink.rule_set AS
SELECT
    r.version,
    r.made_at,
    coalesce(a.decided_by || ' for ' || a.given_name, a.decided_by, r.made_by) AS made_by,
    a.kind AS made_as,
    r.reason,
    r.restores,
    r.version = (SELECT max(m.version) FROM assetlink_internal.rule_set m) AS in_force,
    encode(r.digest, 'hex') AS digest,
    r.document,
    r.act_id
FROM assetlink_internal.rule_set r
LEFT JOIN assetlink_internal.act a ON a.act_id = r.act_id;
COMMENT ON VIEW assetlink.rule_set IS 'Every version of the rules, whole.';
COMMENT ON COLUMN assetlink.rule_set.version IS 'Its number: the rule_set_version of audit rows.';
COMMENT ON COLUMN assetlink.rule_set.made_at IS 'When.';
COMMENT ON COLUMN assetlink.rule_set.made_by IS 'Who: the role, and for whom it acted.';
COMMENT ON COLUMN assetlink.rule_set.made_as IS 'How: edit_rules (by hand), activate_rule_set, rollback_rule_set; null: shipped.';
COMMENT ON COLUMN assetlink.rule_set.reason IS 'Why.';
COMMENT ON COLUMN assetlink.rule_set.restores IS 'The version whose document a rollback brought back.';
COMMENT ON COLUMN assetlink.rule_set.in_force IS 'Whether it is what decides: the newest.';
COMMENT ON COLUMN assetlink.rule_set.digest IS 'SHA-256 of the document''s text: equal for equal rules.';
COMMENT ON COLUMN assetlink.rule_set.document IS 'Classes with their rules, placeholders, life-cycle states, manufacturers and suspect limits; null for versions from before documents were kept.';
COMMENT ON COLUMN assetlink.rule_set.act_id IS 'The act that made it: the audit names it as evidence.';
GRANT SELECT ON assetlink.rule_set TO assetlink_reader, assetlink_operator, assetlink_daemon;
