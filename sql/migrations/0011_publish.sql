-- Records that events carry, the rotation of the change log, and the watch over the rule tables.
SET LOCAL ROLE assetlink_owner;

-- ---------------------------------------------------------------------------------------------------------------------
-- Published sources

CREATE FUNCTION assetlink_internal.published_query(source_id integer, side text)
RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format(
        E'SELECT %s\nFROM assetlink_internal.published_record AS r\nWHERE r.source_id = %s AND %s\n'
        '    AND (r.deleted_version IS NULL OR r.body_version > r.deleted_version)',
        string_agg(
            CASE
                WHEN c.kind = 'id' THEN 'r.key'
                WHEN c.column_name = 'version' AND side = 'asset' THEN 'greatest(r.body_version, r.ended_version)'
                WHEN c.column_name = 'version' THEN 'r.body_version'
                WHEN c.column_name = 'lifecycle_raw' AND side = 'asset'
                    THEN format('CASE WHEN %s THEN ''decommissioned'' ELSE r.body ->> ''lifecycle_raw'' END', e.in_force)
                WHEN c.column_name = 'lifecycle_since'
                    THEN format('CASE WHEN %s THEN r.ended_version ELSE (r.body ->> ''lifecycle_since'')::pg_catalog.timestamptz END', e.in_force)
                WHEN c.kind = 'text[]' THEN format('ARRAY(SELECT pg_catalog.jsonb_array_elements_text(r.body -> %L))', c.column_name)
                WHEN c.kind IN ('serials', 'adapters', 'object') THEN format('r.body -> %L', c.column_name)
                WHEN c.kind IN ('boolean', 'timestamptz') THEN format('(r.body ->> %L)::pg_catalog.%I', c.column_name,
                    CASE c.kind WHEN 'boolean' THEN 'bool' ELSE c.kind END)
                ELSE format('r.body ->> %L', c.column_name)
            END || ' AS ' || quote_ident(c.column_name), E',\n    '),
        source_id,
        CASE side WHEN 'asset' THEN '(r.body IS NOT NULL OR r.ended_version IS NOT NULL)' ELSE 'r.body IS NOT NULL' END)
    FROM assetlink_internal.binding_columns(side) AS c
    CROSS JOIN (VALUES (
        'r.ended_version IS NOT NULL AND (r.body_version IS NULL OR r.ended_version >= r.body_version)')) AS e (in_force)
$$;
COMMENT ON FUNCTION assetlink_internal.published_query(integer, text)
    IS 'The binding of a published source: what its records say, less what was deleted, with decommissions in force.';

CREATE FUNCTION assetlink.create_published_source(
    source text, side text, asset_sources text[] DEFAULT NULL, removal_policy text DEFAULT 'flag')
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new_id integer;
BEGIN
    IF side IS NULL OR side NOT IN ('asset', 'ci') THEN
        RAISE EXCEPTION 'side must be asset or ci, not %', coalesce(quote_literal(side), 'null')
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF side = 'asset' AND asset_sources IS NOT NULL THEN
        RAISE EXCEPTION 'asset_sources is for sources of the ci side' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    new_id := assetlink_internal.register_source(source, side, 'published', '', 'text',
        ARRAY(SELECT c.column_name FROM assetlink_internal.binding_columns(side) AS c), NULL, '{}', asset_sources, removal_policy);
    UPDATE assetlink_internal.source AS s
    SET query = assetlink_internal.published_query(s.source_id, s.side)
    WHERE s.source_id = new_id;
    RETURN new_id;
END
$$;
COMMENT ON FUNCTION assetlink.create_published_source(text, text, text[], text)
    IS 'Makes a source whose records come with events; side is asset or ci, the rest as for attach_ci_source. Returns its number.';
GRANT EXECUTE ON FUNCTION assetlink.create_published_source(text, text, text[], text) TO assetlink_integrator;
GRANT SELECT ON assetlink_internal.published_record TO assetlink_daemon;

-- ---------------------------------------------------------------------------------------------------------------------
-- What an event says

CREATE FUNCTION assetlink_internal.published_source(side text, source text)
RETURNS integer
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    named assetlink_internal.source;
BEGIN
    SELECT * INTO named FROM assetlink_internal.source AS s WHERE s.name = published_source.source;
    IF named.source_id IS NULL THEN
        RAISE EXCEPTION 'there is no source %', coalesce(quote_literal(source), 'null')
            USING ERRCODE = 'undefined_object', HINT = assetlink_internal.did_you_mean(coalesce(source, ''), ARRAY(
                SELECT s.name FROM assetlink_internal.source AS s
                WHERE s.kind = 'published' AND s.side = published_source.side ORDER BY s.name));
    ELSIF named.kind <> 'published' THEN
        RAISE EXCEPTION 'source % is bound to the table %', quote_literal(source), named.relation_name
            USING ERRCODE = 'wrong_object_type', HINT = 'Change the row there: its triggers report it.';
    ELSIF named.side <> side THEN
        RAISE EXCEPTION 'source % holds records of the % side', quote_literal(source), named.side
            USING ERRCODE = 'wrong_object_type',
                HINT = CASE named.side WHEN 'asset' THEN 'Use publish_asset, decommission_asset and delete_asset.'
                    ELSE 'Use publish_ci and delete_ci.' END;
    ELSIF named.detached_at IS NOT NULL THEN
        RAISE EXCEPTION 'source % is detached', quote_literal(source)
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'create_published_source opens it again.';
    END IF;
    RETURN named.source_id;
END
$$;
COMMENT ON FUNCTION assetlink_internal.published_source(text, text) IS 'The number of a published source that takes events of a side.';

CREATE FUNCTION assetlink_internal.check_time(at timestamptz, member text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT isfinite(at) OR at < '0001-01-01 00:00+00' OR at >= '10000-01-01 00:00+00' THEN
        RAISE EXCEPTION '% must be a time of the years 1 to 9999', member USING ERRCODE = 'datetime_field_overflow';
    END IF;
END
$$;
COMMENT ON FUNCTION assetlink_internal.check_time(timestamptz, text) IS 'Refuses times that have no ISO form.';

CREATE FUNCTION assetlink_internal.check_id(id text, member text)
RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF id IS NULL OR btrim(id) = '' THEN
        RAISE EXCEPTION '% is missing or empty', member USING ERRCODE = 'null_value_not_allowed',
            HINT = 'Every event names its record.';
    ELSIF octet_length(id) > 512 THEN
        RAISE EXCEPTION '% is % bytes long; 512 is the limit', member, octet_length(id)
            USING ERRCODE = 'string_data_right_truncation';
    END IF;
    RETURN id;
END
$$;
COMMENT ON FUNCTION assetlink_internal.check_id(text, text) IS 'Refuses ids that are missing, empty or longer than 512 bytes.';

CREATE FUNCTION assetlink_internal.normalised_member(member text, kind text, value jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    type text := jsonb_typeof(value);
    wanted text;
    hint text;
    at timestamptz;
    parts text[];
    problem text;
BEGIN
    CASE kind
    WHEN 'id', 'reference' THEN
        IF type = 'number' AND value::text ~ '^-?\d+$' THEN
            value := to_jsonb(value #>> '{}');
        ELSIF type <> 'string' THEN
            wanted := 'a string or a whole number';
        END IF;
    WHEN 'text' THEN
        IF type <> 'string' THEN
            wanted := 'a string';
            hint := 'Put it in double quotes: numbers would lose leading zeros.';
        END IF;
    WHEN 'boolean' THEN
        IF type <> 'boolean' THEN
            wanted := 'true or false';
        END IF;
    WHEN 'timestamptz' THEN
        IF type <> 'string' THEN
            wanted := 'a time in ISO 8601, as a string';
        ELSE
            BEGIN
                at := (value #>> '{}')::timestamptz;
            EXCEPTION WHEN data_exception THEN
                RAISE EXCEPTION '"%" is no time: %', member, left(value #>> '{}', 100)
                    USING ERRCODE = 'invalid_datetime_format', HINT = 'Write ISO 8601 with a zone, such as 2026-03-01T12:00:00Z.';
            END;
            PERFORM assetlink_internal.check_time(at, format('"%s"', member));
            value := to_jsonb(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
        END IF;
    WHEN 'text[]' THEN
        IF type <> 'array' THEN
            wanted := 'a list of strings';
        ELSIF EXISTS (SELECT FROM jsonb_array_elements(value) AS e WHERE jsonb_typeof(e) <> 'string') THEN
            wanted := 'a list of strings only';
        END IF;
    WHEN 'serials', 'adapters' THEN
        parts := CASE kind WHEN 'serials' THEN '{type,value}' ELSE '{name,mac}' END;
        IF type <> 'array' THEN
            wanted := format('a list of objects with "%s" and "%s"', parts[1], parts[2]);
        ELSE
            SELECT CASE
                    WHEN jsonb_typeof(e) <> 'object' THEN format('has an entry that is no object: %s', left(e::text, 100))
                    WHEN m.key <> ALL (parts) THEN format('has an entry with the unknown member "%s"', m.key)
                    WHEN jsonb_typeof(m.value) NOT IN ('string', 'null') THEN format('has an entry whose "%s" is no string', m.key)
                END
            INTO problem
            FROM jsonb_array_elements(value) AS e
            LEFT JOIN LATERAL jsonb_each(CASE jsonb_typeof(e) WHEN 'object' THEN e ELSE '{}' END) AS m ON true
            WHERE jsonb_typeof(e) <> 'object' OR m.key <> ALL (parts) OR jsonb_typeof(m.value) NOT IN ('string', 'null')
            LIMIT 1;
            IF problem IS NOT NULL THEN
                RAISE EXCEPTION '"%" %', member, problem USING ERRCODE = 'datatype_mismatch',
                    HINT = format('Each entry is {"%s": "…", "%s": "…"}.', parts[1], parts[2]);
            END IF;
        END IF;
    WHEN 'object' THEN
        IF type <> 'object' THEN
            wanted := 'an object';
        END IF;
    END CASE;
    IF wanted IS NOT NULL THEN
        RAISE EXCEPTION '"%" must be %, not %', member, wanted,
            CASE type WHEN 'array' THEN 'a list' WHEN 'object' THEN 'an object' ELSE 'a ' || type END
            USING ERRCODE = 'datatype_mismatch', HINT = coalesce(hint, 'Leave the member out when there is nothing to say.');
    END IF;
    RETURN value;
END
$$;
COMMENT ON FUNCTION assetlink_internal.normalised_member(text, text, jsonb)
    IS 'A member of a published record in its normal form (ids as text, times in UTC), or an error that says what it must be.';

CREATE FUNCTION assetlink_internal.check_members(record jsonb, known text[])
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown text;
BEGIN
    IF record IS NULL OR jsonb_typeof(record) <> 'object' THEN
        RAISE EXCEPTION 'a record must be a JSON object, not %', coalesce(jsonb_typeof(record), 'null')
            USING ERRCODE = 'datatype_mismatch', HINT = format('Such as {"%s": "4711", …}.', known[1]);
    ELSIF octet_length(record::text) > 262144 THEN
        RAISE EXCEPTION 'the record is % bytes long; 262144 is the limit', octet_length(record::text)
            USING ERRCODE = 'program_limit_exceeded', HINT = 'Leave out of attributes what no rule compares.';
    END IF;
    SELECT k INTO unknown FROM jsonb_object_keys(record) AS k WHERE k <> ALL (known) ORDER BY k LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the record has the unknown member "%"', unknown
            USING ERRCODE = 'undefined_column',
                HINT = assetlink_internal.did_you_mean(unknown, known) || ' Whatever else rules compare goes into attributes.';
    END IF;
END
$$;
COMMENT ON FUNCTION assetlink_internal.check_members(jsonb, text[])
    IS 'Refuses what is no object, too large, or has members that mean nothing.';

CREATE FUNCTION assetlink_internal.publish(side text, record jsonb, cause text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    id_member text := side || '_id';
    source_id integer;
    body jsonb;
BEGIN
    PERFORM assetlink_internal.check_members(record,
        ARRAY(SELECT c.column_name FROM assetlink_internal.binding_columns(side) AS c) || '{source,op}'::text[]);
    -- A member that is null is a member that is not there.
    SELECT coalesce(jsonb_object_agg(m.key, assetlink_internal.normalised_member(m.key, coalesce(c.kind, 'text'), m.value)), '{}')
    INTO body
    FROM jsonb_each(record) AS m
    LEFT JOIN assetlink_internal.binding_columns(side) AS c ON c.column_name = m.key
    WHERE jsonb_typeof(m.value) <> 'null';
    PERFORM assetlink_internal.check_id(body ->> id_member, format('"%s"', id_member));
    source_id := assetlink_internal.published_source(
        side, coalesce(body ->> 'source', CASE side WHEN 'asset' THEN 'itam_events' ELSE 'cmdb_events' END));
    RETURN assetlink_internal.append_log('record', source_id, body ->> id_member, 'publish',
        (body ->> 'version')::timestamptz, body - '{source,op}'::text[], cause);
END
$$;
COMMENT ON FUNCTION assetlink_internal.publish(text, jsonb, text) IS 'Checks a published record and appends it to the log.';

CREATE FUNCTION assetlink_internal.publish_end(
    side text, event text, id text, at timestamptz, reason text, source text, cause text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM assetlink_internal.check_id(id, side || '_id');
    IF at IS NULL THEN
        RAISE EXCEPTION 'at is missing' USING ERRCODE = 'null_value_not_allowed', HINT = 'Leave the argument out to mean now.';
    END IF;
    PERFORM assetlink_internal.check_time(at, 'at');
    IF octet_length(reason) > 8192 THEN
        RAISE EXCEPTION 'reason is % bytes long; 8192 is the limit', octet_length(reason) USING ERRCODE = 'string_data_right_truncation';
    END IF;
    RETURN assetlink_internal.append_log('record', assetlink_internal.published_source(side, source), id, event, at,
        CASE WHEN reason IS NOT NULL THEN jsonb_build_object('reason', reason) END, cause);
END
$$;
COMMENT ON FUNCTION assetlink_internal.publish_end(text, text, text, timestamptz, text, text, text)
    IS 'Checks a decommission or deletion and appends it to the log; the row''s record has the reason.';

-- ---------------------------------------------------------------------------------------------------------------------
-- What emitters call: an insert into the log, in their transaction, and nothing else

CREATE FUNCTION assetlink.publish_asset(record jsonb)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ SELECT assetlink_internal.publish('asset', record, 'publish') $$;
COMMENT ON FUNCTION assetlink.publish_asset(jsonb)
    IS 'Says what an asset is now: an object with asset_id and the columns of an asset binding; version is the time it is true of '
       '(an older one than known is ignored), source a published source (itam_events). Returns the place in the log.';

CREATE FUNCTION assetlink.decommission_asset(
    asset_id text, at timestamptz DEFAULT now(), reason text DEFAULT NULL, source text DEFAULT 'itam_events')
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ SELECT assetlink_internal.publish_end('asset', 'decommission', asset_id, at, reason, source, 'publish') $$;
COMMENT ON FUNCTION assetlink.decommission_asset(text, timestamptz, text, text)
    IS 'Says that an asset ended at a time: its links become stale, unless a record published since says otherwise.';

CREATE FUNCTION assetlink.delete_asset(asset_id text, at timestamptz DEFAULT now(), source text DEFAULT 'itam_events')
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ SELECT assetlink_internal.publish_end('asset', 'delete', asset_id, at, NULL, source, 'publish') $$;
COMMENT ON FUNCTION assetlink.delete_asset(text, timestamptz, text) IS 'Says that an asset record is no more.';

CREATE FUNCTION assetlink.publish_ci(record jsonb)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ SELECT assetlink_internal.publish('ci', record, 'publish') $$;
COMMENT ON FUNCTION assetlink.publish_ci(jsonb)
    IS 'Says what a CI is now: an object with ci_id and the columns of a CI binding; otherwise as publish_asset (cmdb_events).';

CREATE FUNCTION assetlink.delete_ci(ci_id text, at timestamptz DEFAULT now(), source text DEFAULT 'cmdb_events')
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ SELECT assetlink_internal.publish_end('ci', 'delete', ci_id, at, NULL, source, 'publish') $$;
COMMENT ON FUNCTION assetlink.delete_ci(text, timestamptz, text) IS 'Says that a CI is no more.';

GRANT EXECUTE ON FUNCTION
    assetlink.publish_asset(jsonb),
    assetlink.decommission_asset(text, timestamptz, text, text),
    assetlink.delete_asset(text, timestamptz, text),
    assetlink.publish_ci(jsonb),
    assetlink.delete_ci(text, timestamptz, text)
TO assetlink_emitter;

CREATE FUNCTION assetlink_internal.take_event(side text, payload jsonb, cause text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    id_member text := side || '_id';
    operations text[] := CASE side WHEN 'asset' THEN '{publish,decommission,delete}' ELSE '{publish,delete}' END;
    operation text := 'publish';
    body jsonb;
BEGIN
    IF jsonb_typeof(payload) = 'object' AND payload ? 'op' THEN
        operation := payload ->> 'op';
        IF operation IS NULL OR operation <> ALL (operations) THEN
            RAISE EXCEPTION 'unknown op %', coalesce(quote_literal(operation), 'null') USING ERRCODE = 'invalid_parameter_value',
                HINT = assetlink_internal.did_you_mean(coalesce(operation, ''), operations);
        END IF;
    END IF;
    IF operation = 'publish' THEN
        RETURN assetlink_internal.publish(side, payload, cause);
    END IF;
    PERFORM assetlink_internal.check_members(payload,
        ARRAY[id_member, 'op', 'at', 'source'] || CASE operation WHEN 'decommission' THEN '{reason}' ELSE '{}' END::text[]);
    SELECT jsonb_object_agg(m.key, assetlink_internal.normalised_member(m.key,
        CASE m.key WHEN id_member THEN 'id' WHEN 'at' THEN 'timestamptz' ELSE 'text' END, m.value))
    INTO body
    FROM jsonb_each(payload) AS m
    WHERE jsonb_typeof(m.value) <> 'null';
    RETURN assetlink_internal.publish_end(side, operation, body ->> id_member,
        coalesce((body ->> 'at')::timestamptz, clock_timestamp()), body ->> 'reason',
        coalesce(body ->> 'source', CASE side WHEN 'asset' THEN 'itam_events' ELSE 'cmdb_events' END), cause);
END
$$;
COMMENT ON FUNCTION assetlink_internal.take_event(text, jsonb, text)
    IS 'Takes in an event with an "op": publish (default), decommission or delete.';

CREATE FUNCTION assetlink_internal.take_notification(channel text, payload text)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    message text;
    hint text;
BEGIN
    IF channel IS NULL OR channel NOT IN ('itam_asset', 'cmdb_ci') THEN
        RAISE EXCEPTION 'unknown channel %', coalesce(quote_literal(channel), 'null') USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM assetlink_internal.take_event(CASE channel WHEN 'itam_asset' THEN 'asset' ELSE 'ci' END, payload::jsonb, 'notify');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    INSERT INTO assetlink_internal.dead_letter (feed, raw, error_code, error_text)
    VALUES (coalesce(channel, ''), payload, SQLSTATE, concat_ws(E'\n', message, nullif(hint, '')));
END
$$;
COMMENT ON FUNCTION assetlink_internal.take_notification(text, text)
    IS 'Stores a raw notification of channel itam_asset or cmdb_ci in the log; what is malformed goes to dead_letter. Never fails.';
GRANT EXECUTE ON FUNCTION
    assetlink_internal.take_event(text, jsonb, text),
    assetlink_internal.take_notification(text, text)
TO assetlink_daemon;

DO $$
BEGIN
    PERFORM assetlink.create_published_source('itam_events', 'asset');
    PERFORM assetlink.create_published_source('cmdb_events', 'ci');
END
$$;
