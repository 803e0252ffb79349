-- Write-back: a source may name a column of its own table that receives the counterpart's id of the active link. Off until
-- somebody sets it; a transaction of its own after the effect, never part of a batch.

SET LOCAL ROLE assetlink_owner;

-- Whoever writes into somebody else's tables runs their triggers: a role that has nothing but what is granted for this. Roles are
-- made by whoever migrates.
SET LOCAL ROLE NONE;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'assetlink_write_back') THEN
        CREATE ROLE assetlink_write_back NOLOGIN;
    END IF;
    IF NOT pg_has_role(current_user, 'assetlink_write_back', 'MEMBER') THEN
        EXECUTE format('GRANT assetlink_write_back TO %I', current_user);
    END IF;
END
$$;

SET LOCAL ROLE assetlink_owner;

ALTER TABLE assetlink_internal.source
    ADD COLUMN write_back_column text,
    ADD COLUMN write_back_of integer REFERENCES assetlink_internal.source;
COMMENT ON COLUMN assetlink_internal.source.write_back_column IS 'The column of its base table that receives the counterpart''s id; null = write-back is off.';
COMMENT ON COLUMN assetlink_internal.source.write_back_of IS 'Only ids of this source of the other side; null = of any.';

CREATE TABLE assetlink_internal.write_back (
    source_id integer PRIMARY KEY REFERENCES assetlink_internal.source ON DELETE CASCADE,
    set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    set_by text NOT NULL DEFAULT session_user,
    filled_to text COLLATE "C" DEFAULT '',
    filled_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    failing_since timestamptz,
    error_code text,
    error_text text,
    remedy text
) WITH (fillfactor = 50);
COMMENT ON TABLE assetlink_internal.write_back IS 'How the write-back of a source fares; no row = off.';
COMMENT ON COLUMN assetlink_internal.write_back.source_id IS 'The source.';
COMMENT ON COLUMN assetlink_internal.write_back.set_at IS 'When it was switched on.';
COMMENT ON COLUMN assetlink_internal.write_back.set_by IS 'Who switched it on.';
COMMENT ON COLUMN assetlink_internal.write_back.filled_to IS 'The first pass over all records has got to this key; null = it is over.';
COMMENT ON COLUMN assetlink_internal.write_back.filled_at IS 'When the first pass was over.';
COMMENT ON COLUMN assetlink_internal.write_back.attempts IS 'How often in a row the whole source failed.';
COMMENT ON COLUMN assetlink_internal.write_back.next_attempt_at IS 'When the source is tried again; null = it does not fail.';
COMMENT ON COLUMN assetlink_internal.write_back.failing_since IS 'Since when the whole source fails.';
COMMENT ON COLUMN assetlink_internal.write_back.error_code IS 'The SQLSTATE that it fails with.';
COMMENT ON COLUMN assetlink_internal.write_back.error_text IS 'What is wrong.';
COMMENT ON COLUMN assetlink_internal.write_back.remedy IS 'What to do.';

CREATE TABLE assetlink_internal.write_back_todo (
    source_id integer NOT NULL,
    todo_id bigint GENERATED ALWAYS AS IDENTITY,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (source_id, todo_id)
);
COMMENT ON TABLE assetlink_internal.write_back_todo IS 'Records whose column may have to change, written by the batch that changes their links. A row for each time, never updated: what is queued while another is worked on is not lost with it.';
COMMENT ON COLUMN assetlink_internal.write_back_todo.source_id IS 'The source with the column.';
COMMENT ON COLUMN assetlink_internal.write_back_todo.todo_id IS 'Its place in the queue.';
COMMENT ON COLUMN assetlink_internal.write_back_todo.key IS 'The record''s id.';

CREATE TABLE assetlink_internal.write_back_retry (
    source_id integer NOT NULL REFERENCES assetlink_internal.write_back ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_attempt_at timestamptz NOT NULL,
    error_code text NOT NULL,
    error_text text NOT NULL,
    tried_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (source_id, key)
);
CREATE INDEX write_back_retry_due ON assetlink_internal.write_back_retry (source_id, next_attempt_at);
COMMENT ON INDEX assetlink_internal.write_back_retry_due IS 'What is to be tried again now.';
COMMENT ON TABLE assetlink_internal.write_back_retry IS 'Rows that could not be written, each tried again with growing distance.';
COMMENT ON COLUMN assetlink_internal.write_back_retry.source_id IS 'The source with the column.';
COMMENT ON COLUMN assetlink_internal.write_back_retry.key IS 'The record''s id.';
COMMENT ON COLUMN assetlink_internal.write_back_retry.attempts IS 'How often it failed.';
COMMENT ON COLUMN assetlink_internal.write_back_retry.since IS 'When it failed first.';
COMMENT ON COLUMN assetlink_internal.write_back_retry.next_attempt_at IS 'When it is tried again.';
COMMENT ON COLUMN assetlink_internal.write_back_retry.error_code IS 'locked: another transaction holds the row; otherwise the SQLSTATE.';
COMMENT ON COLUMN assetlink_internal.write_back_retry.error_text IS 'What the server said.';
COMMENT ON COLUMN assetlink_internal.write_back_retry.tried_at IS 'When it failed last: a page that began before that does not remove it.';

GRANT SELECT, INSERT, UPDATE, DELETE ON assetlink_internal.write_back_retry TO assetlink_daemon;
GRANT SELECT, UPDATE ON assetlink_internal.write_back TO assetlink_daemon;
-- UPDATE, because a page locks what it works on.
GRANT SELECT, INSERT, UPDATE, DELETE ON assetlink_internal.write_back_todo TO assetlink_daemon;

-- ---------------------------------------------------------------------------------------------------------------------
-- Reading and writing the column, as the role that has nothing else: whatever the table's owner defined on it runs as that.

CREATE FUNCTION assetlink_internal.write_back_rows(
    relation text, key_column text, key_type text, column_name text, keys text[], locks boolean)
RETURNS TABLE (key text, value text, is_locked boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $$
#variable_conflict use_variable
DECLARE
    target oid;
    rows_of text;
BEGIN
    BEGIN
        target := to_regclass(relation);
    EXCEPTION WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'assetlink_write_back may not use the schema of %', relation USING ERRCODE = 'insufficient_privilege',
            HINT = format('GRANT USAGE ON SCHEMA %s TO assetlink_write_back;', quote_ident((parse_ident(relation))[1]));
    END;
    IF target IS NULL THEN
        RAISE EXCEPTION 'table % is gone', relation USING ERRCODE = 'undefined_table',
            HINT = 'Attach the source to the table''s successor, or unset its write-back.';
    ELSIF NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = target AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped)
    THEN
        RAISE EXCEPTION 'column % of % is gone or has another name', quote_ident(column_name), relation
            USING ERRCODE = 'undefined_column', HINT = 'Give it its name back, or set the write-back of the source anew.';
    ELSIF NOT (has_column_privilege(target, column_name, 'UPDATE') AND has_column_privilege(target, column_name, 'SELECT')
        AND has_column_privilege(target, key_column, 'SELECT'))
    THEN
        RAISE EXCEPTION 'assetlink_write_back may not update column % of %', quote_ident(column_name), relation
            USING ERRCODE = 'insufficient_privilege',
                HINT = format('GRANT SELECT (%1$I, %2$I), UPDATE (%2$I) ON %3$s TO assetlink_write_back;',
                    key_column, column_name, relation);
    ELSIF key_type NOT IN ('bigint', 'integer', 'uuid', 'text') THEN
        RAISE EXCEPTION 'no type of a key: %', quote_literal(key_type) USING ERRCODE = 'invalid_parameter_value';
    END IF;
    rows_of := format(
        'SELECT t.%1$I::text, t.%2$I::text FROM unnest($1::%3$s[]) AS k (key) JOIN %4$s AS t ON t.%1$I = k.key',
        key_column, column_name, key_type, relation);
    IF locks THEN
        FOR key, value IN EXECUTE rows_of || ' FOR NO KEY UPDATE OF t SKIP LOCKED' USING keys LOOP
            is_locked := true;
            RETURN NEXT;
        END LOOP;
    END IF;
    -- A statement of its own, thus a snapshot of its own: whatever of it was not locked above is somebody else's.
    FOR key, value IN EXECUTE rows_of USING keys LOOP
        is_locked := false;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION assetlink_internal.write_back_rows(text, text, text, text, text[], boolean)
    IS 'The rows of a table by key, with what their column holds, each once; before them, where asked, those among them that could be locked at once.';

CREATE FUNCTION assetlink_internal.write_back_set(
    relation text, key_column text, key_type text, column_name text, keys text[], "values" text[])
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $$
#variable_conflict use_variable
DECLARE
    touched bigint;
BEGIN
    IF key_type NOT IN ('bigint', 'integer', 'uuid', 'text') THEN
        RAISE EXCEPTION 'no type of a key: %', quote_literal(key_type) USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format(
        'UPDATE %4$s AS t SET %2$I = k.value FROM unnest($1::%3$s[], $2::%5$s[]) AS k (key, value) '
        'WHERE t.%1$I = k.key AND t.%2$I IS DISTINCT FROM k.value',
        key_column, column_name, key_type, relation, (
            SELECT format_type(a.atttypid, NULL) FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = relation::regclass AND a.attname = column_name AND NOT a.attisdropped))
    USING keys, "values";
    GET DIAGNOSTICS touched = ROW_COUNT;
    -- Deferred checks and triggers too run here, as this role.
    SET CONSTRAINTS ALL IMMEDIATE;
    RETURN touched;
END
$$;
COMMENT ON FUNCTION assetlink_internal.write_back_set(text, text, text, text, text[], text[])
    IS 'Gives the column of the rows of these keys these values; rows that have them are not touched. Returns how many were.';
GRANT EXECUTE ON FUNCTION
    assetlink_internal.write_back_rows(text, text, text, text, text[], boolean),
    assetlink_internal.write_back_set(text, text, text, text, text[], text[])
TO assetlink_daemon;

-- ---------------------------------------------------------------------------------------------------------------------
-- Switching it on and off.

ALTER TABLE assetlink_internal.act DROP CONSTRAINT act_kind_check;
ALTER TABLE assetlink_internal.act ADD CONSTRAINT act_kind_check CHECK (kind IN (
    'pin', 'unpin', 'block', 'unblock', 'requeue', 'close_stale_link', 'set_composite', 'unset_composite',
    'trust_identifier', 'distrust_identifier', 'resolve_conflict', 'approve_held', 'drop_held',
    'replay_dead_letter', 'resync', 'detach_source', 'edit_rules', 'activate_rule_set', 'rollback_rule_set',
    'set_write_back', 'unset_write_back'));
DROP INDEX assetlink_internal.audit_of_act;
CREATE INDEX audit_of_act ON assetlink_internal.audit (((evidence::jsonb ->> 'act')::bigint))
WHERE action IN (
    'pin', 'unpin', 'block', 'unblock', 'requeue', 'close_stale_link', 'set_composite', 'unset_composite',
    'trust_identifier', 'distrust_identifier', 'resolve_conflict', 'approve_held', 'drop_held', 'replay_dead_letter',
    'resync', 'detach_source', 'edit_rules', 'activate_rule_set',
    'rollback_rule_set', 'set_write_back', 'unset_write_back');
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
            'rollback_rule_set', 'set_write_back', 'unset_write_back')
    ORDER BY a.batch_id
    LIMIT 1
) t ON true;

CREATE FUNCTION assetlink_internal.record_write_back(
    source_id integer, column_name text, counterpart integer, reason text, on_behalf_of text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    wanted assetlink_internal.act;
BEGIN
    wanted.kind := CASE WHEN column_name IS NULL THEN 'unset_write_back' ELSE 'set_write_back' END;
    wanted.source_id := source_id;
    wanted.reason := reason;
    -- The source's row changes, so that the next batch reads it again.
    UPDATE assetlink_internal.source AS s SET write_back_column = column_name, write_back_of = counterpart
    WHERE s.source_id = source_id;
    -- Begins anew: whatever is queued or has failed is found by the pass over all records.
    DELETE FROM assetlink_internal.write_back AS w WHERE w.source_id = source_id;
    DELETE FROM assetlink_internal.write_back_todo AS t WHERE t.source_id = source_id;
    IF column_name IS NOT NULL THEN
        INSERT INTO assetlink_internal.write_back (source_id) VALUES (source_id);
    END IF;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink_internal.record_write_back(integer, text, integer, text, text)
    IS 'Enters the column of a source, or that it has none any more, as an act; returns the act''s id.';

CREATE FUNCTION assetlink_internal.check_write_back(
    bound assetlink_internal.source, relation oid, column_name text, counterpart integer)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    what text := format('column %s of %s', quote_ident(column_name), bound.relation_name);
    c pg_catalog.pg_attribute;
    base oid;
    reader text;
    is_read boolean;
BEGIN
    SELECT * INTO c FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = relation AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'table % has no column %', bound.relation_name, coalesce(quote_ident(column_name), 'null')
            USING ERRCODE = 'undefined_object', HINT = assetlink_internal.did_you_mean(coalesce(column_name, ''), ARRAY(
                SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
                WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum));
    ELSIF c.attgenerated <> '' OR c.attidentity <> '' THEN
        RAISE EXCEPTION '% is generated', what USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Add a column for this: ALTER TABLE … ADD COLUMN … text.';
    END IF;

    base := assetlink_internal.base_type(c.atttypid);
    IF base NOT IN ('text'::regtype, 'varchar'::regtype) AND EXISTS (
            SELECT FROM assetlink_internal.source AS s
            WHERE s.side <> bound.side AND (counterpart IS NULL AND s.detached_at IS NULL OR s.source_id = counterpart)
                AND NOT (s.key_type::regtype = base OR s.key_type = 'integer' AND base = 'bigint'::regtype))
        OR base NOT IN ('text'::regtype, 'varchar'::regtype, 'bigint'::regtype, 'integer'::regtype, 'uuid'::regtype)
        OR EXISTS (SELECT FROM pg_catalog.pg_type AS t WHERE t.oid = c.atttypid AND t.typtype = 'd' AND t.typtypmod <> -1)
    THEN
        RAISE EXCEPTION '% is of type %, which cannot hold every id', what, format_type(c.atttypid, c.atttypmod)
            USING ERRCODE = 'datatype_mismatch', HINT = 'Use text, or the type of the key of the one source that counterpart names.';
    END IF;

    IF EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = relation AND i.indisunique AND c.attnum = ANY (i.indkey))
        OR EXISTS (
            SELECT FROM pg_catalog.pg_partitioned_table AS p WHERE p.partrelid = relation AND c.attnum = ANY (p.partattrs))
    THEN
        RAISE EXCEPTION '% is part of a key', what USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Several rows may hold the same id, and rows swap theirs: use a column of no unique index and no partition key.';
    END IF;

    SELECT s.name INTO reader
    FROM assetlink_internal.capture AS k JOIN assetlink_internal.source AS s USING (source_id)
    WHERE k.relation = relation AND (k.key_column = column_name OR column_name = ANY (k.columns)) AND s.detached_at IS NULL
    ORDER BY s.source_id <> bound.source_id, s.name LIMIT 1;
    IF reader IS NULL THEN
        -- What the query reads and no trigger watches: a temporary view tells, as when it was attached.
        BEGIN
            EXECUTE format('CREATE TEMPORARY VIEW assetlink_write_back AS SELECT * FROM (%s' || E'\n) AS b', bound.query);
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE EXCEPTION 'the query of source % can''t be examined: %', quote_literal(bound.name), SQLERRM
                USING ERRCODE = SQLSTATE, HINT = 'This needs TEMPORARY on the database and SELECT on what the query reads.';
        END;
        is_read := EXISTS (
            SELECT FROM assetlink_internal.read_by('pg_temp.assetlink_write_back'::regclass) AS r
            WHERE r.relation = relation AND column_name = ANY (r.columns));
        DROP VIEW pg_temp.assetlink_write_back;
        IF is_read THEN
            reader := bound.name;
        END IF;
    END IF;
    IF reader IS NOT NULL THEN
        RAISE EXCEPTION '% is read by source %', what, quote_literal(reader) USING ERRCODE = 'invalid_parameter_value',
            HINT = 'What the daemon writes must not wake it: use a column that no binding reads, and list columns instead of t.*.';
    END IF;

    SELECT s.name INTO reader
    FROM assetlink_internal.source AS s
    WHERE s.relation_name = bound.relation_name AND s.write_back_column = column_name AND s.source_id <> bound.source_id;
    IF FOUND THEN
        RAISE EXCEPTION '% is written for source % already', what, quote_literal(reader) USING ERRCODE = 'duplicate_object',
            HINT = 'Use a column of its own, or unset that one.';
    END IF;
END
$$;
COMMENT ON FUNCTION assetlink_internal.check_write_back(assetlink_internal.source, oid, text, integer)
    IS 'Raises an error with a hint where a column cannot be written back to.';

CREATE FUNCTION assetlink_internal.grant_write_back(relation oid, key_column text, column_name text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    schema_name text := (SELECT n.nspname FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = relation);
    on_schema text := format('GRANT USAGE ON SCHEMA %I TO assetlink_write_back', schema_name);
    on_table text := format('GRANT SELECT (%1$I, %2$I), UPDATE (%2$I) ON %3$s TO assetlink_write_back',
        key_column, column_name, assetlink_internal.qualified_name(relation));
    others text;
BEGIN
    BEGIN
        IF NOT has_schema_privilege('assetlink_write_back', schema_name, 'USAGE') THEN
            EXECUTE on_schema;
        END IF;
        IF NOT (has_column_privilege('assetlink_write_back', relation, column_name, 'UPDATE')
            AND has_column_privilege('assetlink_write_back', relation, column_name, 'SELECT')
            AND has_column_privilege('assetlink_write_back', relation, key_column, 'SELECT'))
        THEN
            EXECUTE on_table;
        END IF;
    EXCEPTION WHEN insufficient_privilege THEN
        NULL;  -- Told below, as where a grant had no effect.
    END;
    IF NOT (has_schema_privilege('assetlink_write_back', schema_name, 'USAGE')
        AND has_column_privilege('assetlink_write_back', relation, column_name, 'UPDATE')
        AND has_column_privilege('assetlink_write_back', relation, column_name, 'SELECT')
        AND has_column_privilege('assetlink_write_back', relation, key_column, 'SELECT'))
    THEN
        RAISE EXCEPTION 'assetlink_write_back may not update column % of %, and % may not grant it', quote_ident(column_name),
            assetlink_internal.qualified_name(relation), quote_ident(current_user)
            USING ERRCODE = 'insufficient_privilege', HINT = format('Its owner can: %s; %s;', on_schema, on_table);
    END IF;
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO others
    FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> column_name
        AND has_column_privilege('assetlink_write_back', relation, a.attnum, 'UPDATE')
        AND NOT EXISTS (
            SELECT FROM assetlink_internal.source AS s
            WHERE s.relation_name = assetlink_internal.qualified_name(relation) AND s.write_back_column = a.attname);
    IF others IS NOT NULL THEN
        RAISE WARNING 'assetlink_write_back may update further columns of %: %', assetlink_internal.qualified_name(relation), others
            USING HINT = 'It needs only the one; take the others away from it, and from PUBLIC.';
    END IF;
END
$$;
COMMENT ON FUNCTION assetlink_internal.grant_write_back(oid, text, text)
    IS 'Grants, in the caller''s name, what writing one column needs, and raises an error with the exact command where that is not possible.';

CREATE FUNCTION assetlink_internal.written_source(source text)
RETURNS assetlink_internal.source
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound assetlink_internal.source := assetlink_internal.source_named(source);
BEGIN
    IF bound.kind <> 'bound' THEN
        RAISE EXCEPTION 'source % has no table here', quote_literal(source) USING ERRCODE = 'wrong_object_type',
            HINT = 'Its records come with events: read assetlink.link instead.';
    END IF;
    RETURN bound;
END
$$;
COMMENT ON FUNCTION assetlink_internal.written_source(text) IS 'The source of that name, or an error where it has no table.';

CREATE FUNCTION assetlink.set_write_back(
    source text, column_name text, reason text, counterpart text DEFAULT NULL, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
#variable_conflict use_variable
DECLARE
    bound assetlink_internal.source := assetlink_internal.written_source(source);
    other assetlink_internal.source;
    relation oid := to_regclass(bound.relation_name);
BEGIN
    IF bound.detached_at IS NOT NULL THEN
        RAISE EXCEPTION 'source % is detached', quote_literal(source)
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Attach it again first.';
    ELSIF relation IS NULL THEN
        RAISE EXCEPTION 'table % is gone', bound.relation_name USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Detach the source, or attach it to the table''s successor.';
    END IF;
    IF counterpart IS NOT NULL THEN
        other := assetlink_internal.source_named(counterpart);
        IF other.side = bound.side THEN
            RAISE EXCEPTION '% is % source itself', quote_literal(counterpart),
                CASE bound.side WHEN 'ci' THEN 'a CI' ELSE 'an asset' END
                USING ERRCODE = 'invalid_parameter_value', HINT = assetlink_internal.did_you_mean('', ARRAY(
                    SELECT s.name FROM assetlink_internal.source AS s
                    WHERE s.side <> bound.side AND s.detached_at IS NULL ORDER BY s.name));
        END IF;
    END IF;
    PERFORM assetlink_internal.check_write_back(bound, relation, column_name, other.source_id);
    PERFORM assetlink_internal.grant_write_back(relation, k.key_column, column_name)
    FROM assetlink_internal.capture AS k WHERE k.source_id = bound.source_id AND k.ordinal = 0;
    RETURN assetlink_internal.record_write_back(bound.source_id, column_name, other.source_id, reason, on_behalf_of);
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'a table of source % is in use: its lock was not granted within 2 s', quote_literal(source)
        USING ERRCODE = 'lock_not_available', HINT = 'Nothing was changed. Try again when no long transaction is on the table.';
END
$$;
COMMENT ON FUNCTION assetlink.set_write_back(text, text, text, text, text)
    IS 'From now on the column of the source''s own table holds the id of the record that a row is actively linked to, null without one; all rows of known records are brought up to date, whatever the column held. counterpart: ids of this source of the other side only. Grants assetlink_write_back the column in the caller''s name. Returns the act''s id.';

CREATE FUNCTION assetlink.unset_write_back(source text, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
#variable_conflict use_variable
DECLARE
    bound assetlink_internal.source := assetlink_internal.written_source(source);
    relation oid := to_regclass(bound.relation_name);
BEGIN
    IF bound.write_back_column IS NULL THEN
        RAISE EXCEPTION 'source % has no write-back', quote_literal(source)
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'See assetlink.write_back.';
    END IF;
    -- What the owner granted the owner takes away; what somebody else holds stays, and check_source says so.
    IF EXISTS (
        SELECT FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = bound.write_back_column AND NOT a.attisdropped
        WHERE c.oid = relation AND pg_has_role(c.relowner, 'USAGE'))
    THEN
        EXECUTE format('REVOKE SELECT (%1$I), UPDATE (%1$I) ON %2$s FROM assetlink_write_back',
            bound.write_back_column, bound.relation_name);
        IF NOT EXISTS (
            SELECT FROM assetlink_internal.source AS s
            WHERE s.relation_name = bound.relation_name AND s.write_back_column IS NOT NULL AND s.source_id <> bound.source_id)
        THEN
            EXECUTE format('REVOKE SELECT (%I) ON %s FROM assetlink_write_back', (
                SELECT k.key_column FROM assetlink_internal.capture AS k
                WHERE k.source_id = bound.source_id AND k.ordinal = 0), bound.relation_name);
        END IF;
    END IF;
    RETURN assetlink_internal.record_write_back(bound.source_id, NULL, NULL, reason, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.unset_write_back(text, text, text)
    IS 'Ends the write-back of a source. What its column holds stays as it is, and is nobody''s to keep true. Returns the act''s id.';

-- A binding that would be woken by what the daemon writes is refused, whichever comes first.
CREATE FUNCTION assetlink_internal.refuse_written_column() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    other record;
BEGIN
    SELECT s.name, s.write_back_column INTO other
    FROM assetlink_internal.source AS s
    WHERE s.relation_name = NEW.relation_name AND s.write_back_column = ANY (NEW.columns || NEW.key_column);
    IF FOUND THEN
        RAISE EXCEPTION 'column % of % is written back for source %', quote_ident(other.write_back_column), NEW.relation_name,
            quote_literal(other.name)
            USING ERRCODE = 'invalid_parameter_value', HINT = format('Leave it out of the query, or first '
                'SELECT assetlink.unset_write_back(%L, reason => …);', other.name);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION assetlink_internal.refuse_written_column() IS 'Trigger: what is written back is watched by no source.';
CREATE TRIGGER refuse_written_column BEFORE INSERT OR UPDATE ON assetlink_internal.capture
    FOR EACH ROW EXECUTE FUNCTION assetlink_internal.refuse_written_column();
COMMENT ON TRIGGER refuse_written_column ON assetlink_internal.capture IS 'What is written back is watched by no source.';

-- While a source is detached nothing is written; attached again, all of it is brought up to date.
CREATE FUNCTION assetlink_internal.begin_write_back_anew() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE assetlink_internal.write_back AS w
    SET filled_to = '', filled_at = NULL, next_attempt_at = NULL, attempts = 0
    WHERE w.source_id = NEW.source_id;
    DELETE FROM assetlink_internal.write_back_todo AS t WHERE t.source_id = NEW.source_id;
    DELETE FROM assetlink_internal.write_back_retry AS r WHERE r.source_id = NEW.source_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION assetlink_internal.begin_write_back_anew() IS 'Trigger: a source was detached or attached again.';
CREATE TRIGGER begin_write_back_anew AFTER UPDATE OF detached_at ON assetlink_internal.source
    FOR EACH ROW WHEN (NEW.write_back_column IS NOT NULL AND OLD.detached_at IS DISTINCT FROM NEW.detached_at)
    EXECUTE FUNCTION assetlink_internal.begin_write_back_anew();
COMMENT ON TRIGGER begin_write_back_anew ON assetlink_internal.source IS 'A source was detached or attached again.';

GRANT EXECUTE ON FUNCTION
    assetlink_internal.record_write_back(integer, text, integer, text, text),
    assetlink_internal.check_write_back(assetlink_internal.source, oid, text, integer),
    assetlink_internal.grant_write_back(oid, text, text),
    assetlink_internal.written_source(text),
    assetlink.set_write_back(text, text, text, text, text),
    assetlink.unset_write_back(text, text, text)
TO assetlink_integrator;

-- ---------------------------------------------------------------------------------------------------------------------
-- How it fares.

CREATE VIEW assetlink.write_back AS
SELECT
    s.name AS source,
    s.side,
    s.relation_name AS relation,
    s.write_back_column AS column_name,
    o.name AS counterpart,
    CASE
        WHEN s.detached_at IS NOT NULL THEN 'detached'
        WHEN w.failing_since IS NOT NULL THEN 'failing'
        WHEN w.filled_to IS NOT NULL THEN 'filling'
        ELSE 'ok'
    END AS state,
    (SELECT count(*) FROM assetlink_internal.write_back_todo AS t WHERE t.source_id = s.source_id) AS pending,
    (SELECT count(*) FROM assetlink_internal.write_back_retry AS r WHERE r.source_id = s.source_id) AS failed,
    w.error_code,
    w.error_text,
    w.remedy,
    w.failing_since,
    w.next_attempt_at,
    w.filled_at,
    w.set_at,
    w.set_by
FROM assetlink_internal.source AS s
JOIN assetlink_internal.write_back AS w ON w.source_id = s.source_id
LEFT JOIN assetlink_internal.source AS o ON o.source_id = s.write_back_of
WHERE s.write_back_column IS NOT NULL;
COMMENT ON VIEW assetlink.write_back IS 'The sources with write-back, and how it fares.';
COMMENT ON COLUMN assetlink.write_back.source IS 'The source.';
COMMENT ON COLUMN assetlink.write_back.side IS 'asset: its column holds the ids of CIs; ci: those of assets.';
COMMENT ON COLUMN assetlink.write_back.relation IS 'Its own table.';
COMMENT ON COLUMN assetlink.write_back.column_name IS 'The column of it that is written.';
COMMENT ON COLUMN assetlink.write_back.counterpart IS 'The source of the other side whose ids are written; null: of any.';
COMMENT ON COLUMN assetlink.write_back.state IS 'ok; filling: the first pass over all records is under way; failing: nothing can be written; detached: nothing is.';
COMMENT ON COLUMN assetlink.write_back.pending IS 'Changes of links that wait to be written.';
COMMENT ON COLUMN assetlink.write_back.failed IS 'Rows that could not be written and are tried again: assetlink.write_back_failure.';
COMMENT ON COLUMN assetlink.write_back.error_code IS 'The SQLSTATE that the whole source fails with.';
COMMENT ON COLUMN assetlink.write_back.error_text IS 'What is wrong.';
COMMENT ON COLUMN assetlink.write_back.remedy IS 'What to do; work goes on by itself then.';
COMMENT ON COLUMN assetlink.write_back.failing_since IS 'Since when the whole source fails.';
COMMENT ON COLUMN assetlink.write_back.next_attempt_at IS 'When it is tried again.';
COMMENT ON COLUMN assetlink.write_back.filled_at IS 'When the first pass over all records was over.';
COMMENT ON COLUMN assetlink.write_back.set_at IS 'When it was switched on.';
COMMENT ON COLUMN assetlink.write_back.set_by IS 'Who switched it on.';

CREATE VIEW assetlink.write_back_failure AS
SELECT s.name AS source, r.key COLLATE "default" AS id, r.attempts, r.since, r.next_attempt_at, r.error_code, r.error_text
FROM assetlink_internal.write_back_retry AS r
JOIN assetlink_internal.source AS s ON s.source_id = r.source_id;
COMMENT ON VIEW assetlink.write_back_failure IS 'Rows that write-back could not write; each is tried again with growing distance.';
COMMENT ON COLUMN assetlink.write_back_failure.source IS 'The source with the column.';
COMMENT ON COLUMN assetlink.write_back_failure.id IS 'The record''s id.';
COMMENT ON COLUMN assetlink.write_back_failure.attempts IS 'How often it failed.';
COMMENT ON COLUMN assetlink.write_back_failure.since IS 'When it failed first.';
COMMENT ON COLUMN assetlink.write_back_failure.next_attempt_at IS 'When it is tried again.';
COMMENT ON COLUMN assetlink.write_back_failure.error_code IS 'locked: another transaction holds the row; otherwise the SQLSTATE.';
COMMENT ON COLUMN assetlink.write_back_failure.error_text IS 'What the server said.';
GRANT SELECT ON assetlink.write_back, assetlink.write_back_failure TO assetlink_reader, assetlink_operator, assetlink_daemon;

CREATE OR REPLACE VIEW assetlink.alarm AS
SELECT a.alarm, a.severity, a.subject, a.detail, a.remedy, a.since
FROM (
    SELECT f.alarm, f.severity, f.subject, f.detail, f.remedy, f.since FROM assetlink_internal.alarms() AS f
    UNION ALL
    SELECT 'write_back', 'error', format('source %s', w.source),
        format('Nothing is written back to column %s of %s: %s.', w.column_name, w.relation, w.error_text),
        coalesce(w.remedy, format('assetlinkctl sources check %s', w.source)), w.failing_since
    FROM assetlink.write_back AS w WHERE w.state = 'failing'
    UNION ALL
    SELECT 'write_back', 'warning', format('source %s', f.source),
        format(CASE count(*) WHEN 1 THEN 'Row %2$s could not be written back: %3$s.'
            ELSE '%1$s rows could not be written back, first of all %2$s: %3$s.' END, count(*),
            (array_agg(f.id ORDER BY f.since))[1], (array_agg(f.error_text ORDER BY f.since))[1]),
        'assetlinkctl sources write-back failures', min(f.since)
    FROM assetlink.write_back_failure AS f WHERE f.error_code <> 'locked' OR f.attempts > 5 GROUP BY f.source
) AS a
ORDER BY a.severity, a.since NULLS LAST, a.alarm, a.subject;
COMMENT ON COLUMN assetlink.alarm.alarm
    IS 'open_writer, locked_links, log_reader, oldest_prepared_xact, capture, capture_refused, notify_queue or write_back.';

CREATE FUNCTION assetlink_internal.write_back_findings(source_id integer)
RETURNS TABLE (check_name text, severity text, finding text, remedy text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH bound AS (
        SELECT s.relation_name, s.write_back_column AS name, k.key_column, to_regclass(s.relation_name)::oid AS relation
        FROM assetlink_internal.source AS s
        JOIN assetlink_internal.capture AS k ON k.source_id = s.source_id AND k.ordinal = 0
        WHERE s.source_id = write_back_findings.source_id
    ),
    held AS (
        SELECT b.*, a.attnum IS NOT NULL AS is_there, a.attnum IS NOT NULL
            AND has_schema_privilege('assetlink_write_back', c.relnamespace, 'USAGE')
            AND has_column_privilege('assetlink_write_back', b.relation, a.attnum, 'UPDATE')
            AND has_column_privilege('assetlink_write_back', b.relation, a.attnum, 'SELECT')
            AND has_column_privilege('assetlink_write_back', b.relation, b.key_column, 'SELECT') AS is_held
        FROM bound AS b
        JOIN pg_catalog.pg_class AS c ON c.oid = b.relation
        LEFT JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = b.relation AND a.attname = b.name AND a.attnum > 0 AND NOT a.attisdropped
        WHERE b.name IS NOT NULL
    ),
    surplus AS (
        SELECT b.relation_name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
        FROM bound AS b
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = b.relation AND a.attnum > 0 AND NOT a.attisdropped
        WHERE has_column_privilege('assetlink_write_back', b.relation, a.attnum, 'UPDATE')
            AND NOT EXISTS (
                SELECT FROM assetlink_internal.source AS s
                WHERE s.relation_name = b.relation_name AND s.write_back_column = a.attname)
        GROUP BY b.relation_name
    )
    SELECT 'write-back', 'error', format('column %I of %s is gone or has another name', h.name, h.relation_name),
        'Give it its name back, or set or unset the write-back of the source.'
    FROM held AS h WHERE NOT h.is_there
    UNION ALL
    SELECT 'write-back', 'error', format('assetlink_write_back may not update column %I of %s', h.name, h.relation_name),
        format('GRANT USAGE ON SCHEMA %1$I TO assetlink_write_back; '
            'GRANT SELECT (%2$I, %3$I), UPDATE (%3$I) ON %4$s TO assetlink_write_back;',
            (parse_ident(h.relation_name))[1], h.key_column, h.name, h.relation_name)
    FROM held AS h WHERE h.is_there AND NOT h.is_held
    UNION ALL
    SELECT 'write-back', 'ok', format('written to column %I', h.name), NULL FROM held AS h WHERE h.is_held
    UNION ALL
    SELECT 'write-back', 'warning', format('assetlink_write_back may update columns that no write-back needs: %s', u.columns),
        format('REVOKE UPDATE (%s) ON %s FROM assetlink_write_back;', u.columns, u.relation_name)
    FROM surplus AS u
$$;
COMMENT ON FUNCTION assetlink_internal.write_back_findings(integer)
    IS 'Whether the role that writes back may update exactly the column of a source.';
GRANT EXECUTE ON FUNCTION assetlink_internal.write_back_findings(integer) TO assetlink_integrator, assetlink_operator;

CREATE OR REPLACE FUNCTION assetlink.check_source(source text)
RETURNS TABLE (check_name text, severity text, finding text, remedy text)
LANGUAGE sql VOLATILE SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM assetlink_internal.check_source($1)
    UNION ALL
    SELECT f.*
    FROM assetlink_internal.source AS s
    CROSS JOIN LATERAL assetlink_internal.discovery_findings(s.source_id) AS f
    WHERE s.name = $1 AND s.detached_at IS NULL
    UNION ALL
    SELECT f.*
    FROM assetlink_internal.source AS s
    CROSS JOIN LATERAL assetlink_internal.write_back_findings(s.source_id) AS f
    WHERE s.name = $1 AND s.detached_at IS NULL
$$;
COMMENT ON FUNCTION assetlink.check_source(text)
    IS 'How a source fares: its status, the plan of reading one key, triggers that are missing, disabled or bypassable, row security, unmapped states and classes, the rights that discovery and write-back need; severity is ok, warning or error, with a remedy.';

-- What touches the tables of others belongs to the role that may do nothing else.
SET LOCAL ROLE NONE;
GRANT CREATE ON SCHEMA assetlink_internal TO assetlink_write_back;
ALTER FUNCTION assetlink_internal.write_back_rows(text, text, text, text, text[], boolean) OWNER TO assetlink_write_back;
ALTER FUNCTION assetlink_internal.write_back_set(text, text, text, text, text[], text[]) OWNER TO assetlink_write_back;
REVOKE CREATE ON SCHEMA assetlink_internal FROM assetlink_write_back;
