-- Capture: bindings of other people's tables, and the triggers generated for them.
-- No foreign keys, no dependent views, no trigger that names a column: their ALTER TABLE never trips over us.
SET LOCAL ROLE assetlink_owner;

-- Integrators call the helpers below in their own name, and the daemon plans the bindings.
GRANT USAGE ON SCHEMA assetlink TO assetlink_integrator, assetlink_operator, assetlink_emitter, assetlink_daemon;
GRANT USAGE ON SCHEMA assetlink_internal TO assetlink_integrator, assetlink_operator, assetlink_daemon;
GRANT SELECT ON assetlink_internal.source TO assetlink_integrator, assetlink_operator, assetlink_daemon;
GRANT SELECT ON assetlink_internal.source_status TO assetlink_integrator, assetlink_operator, assetlink_daemon;

CREATE TABLE assetlink_internal.capture (
    source_id integer NOT NULL REFERENCES assetlink_internal.source ON DELETE CASCADE,
    ordinal integer NOT NULL,
    relation oid NOT NULL,
    relation_name text NOT NULL,
    key_column text NOT NULL,
    columns text[] NOT NULL,
    is_unique boolean NOT NULL,
    PRIMARY KEY (source_id, ordinal)
);
COMMENT ON TABLE assetlink_internal.capture IS 'What the generated trigger functions watch; ordinal 0 is the base table, the others are detail tables.';
COMMENT ON COLUMN assetlink_internal.capture.source_id IS 'The source.';
COMMENT ON COLUMN assetlink_internal.capture.ordinal IS 'The function is assetlink_internal.capture_<source_id>_<ordinal>.';
COMMENT ON COLUMN assetlink_internal.capture.relation IS 'The table; not a foreign key, on purpose.';
COMMENT ON COLUMN assetlink_internal.capture.relation_name IS 'The table as it was called when attached, quoted and qualified.';
COMMENT ON COLUMN assetlink_internal.capture.key_column IS 'The column whose value names the record.';
COMMENT ON COLUMN assetlink_internal.capture.columns IS 'The relevant columns: a change in no other is logged.';
COMMENT ON COLUMN assetlink_internal.capture.is_unique IS 'Whether old and new rows are joined by key, or compared as bags.';
GRANT SELECT ON assetlink_internal.capture TO assetlink_integrator, assetlink_operator;

-- ---------------------------------------------------------------------------------------------------------------------
-- The log

CREATE FUNCTION assetlink_internal.append_log(
    topic text, source_id integer, key text, event text, version timestamptz, record jsonb, cause text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    log_table bigint := (SELECT c.last_value FROM assetlink_internal.log_current AS c);
    seq bigint;
BEGIN
    IF log_table = 0 THEN
        INSERT INTO assetlink_internal.change_log_0 AS l (topic, source_id, key, event, version, record, cause)
        VALUES (topic, source_id, key, event, version, record, cause) RETURNING l.seq INTO seq;
    ELSIF log_table = 1 THEN
        INSERT INTO assetlink_internal.change_log_1 AS l (topic, source_id, key, event, version, record, cause)
        VALUES (topic, source_id, key, event, version, record, cause) RETURNING l.seq INTO seq;
    ELSE
        INSERT INTO assetlink_internal.change_log_2 AS l (topic, source_id, key, event, version, record, cause)
        VALUES (topic, source_id, key, event, version, record, cause) RETURNING l.seq INTO seq;
    END IF;
    -- First the row, then the bell: whoever arms it in between sees the row or our lock.
    IF (SELECT b.is_called FROM assetlink_internal.bell AS b) THEN
        PERFORM pg_catalog.pg_notify('assetlink_wake', '');
    END IF;
    RETURN seq;
END
$$;
COMMENT ON FUNCTION assetlink_internal.append_log(text, integer, text, text, timestamptz, jsonb, text)
    IS 'Appends one row to the current change log and rings the bell if it is armed; returns the row''s seq.';

CREATE FUNCTION assetlink_internal.log_change(topic text, source_id integer, key text, cause text)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT assetlink_internal.append_log(topic, source_id, key, NULL, NULL, NULL, cause)
$$;
COMMENT ON FUNCTION assetlink_internal.log_change(text, integer, text, text)
    IS 'Appends a row without a record to the change log; returns its seq.';
GRANT EXECUTE ON FUNCTION
    assetlink_internal.append_log(text, integer, text, text, timestamptz, jsonb, text),
    assetlink_internal.log_change(text, integer, text, text)
TO assetlink_daemon;
