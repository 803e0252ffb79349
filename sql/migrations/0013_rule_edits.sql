-- The rule tables: every edit makes a version, and is a change like any other
SET LOCAL ROLE assetlink_owner;

CREATE FUNCTION assetlink_internal.rules_edited()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    edited boolean := true;
    made bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        edited := EXISTS (SELECT FROM new_rows);
    ELSIF TG_OP = 'DELETE' THEN
        edited := EXISTS (SELECT FROM old_rows);
    ELSIF TG_OP = 'UPDATE' THEN
        edited := EXISTS (SELECT * FROM old_rows EXCEPT ALL SELECT * FROM new_rows);
    END IF;
    -- One transaction makes one version, however many statements it has.
    IF edited AND NOT EXISTS (
        SELECT FROM assetlink_internal.rule_set AS r
        WHERE r.version = (SELECT max(m.version) FROM assetlink_internal.rule_set AS m)
            AND r.xmin = pg_current_xact_id()::xid)
    THEN
        INSERT INTO assetlink_internal.rule_set AS r DEFAULT VALUES RETURNING r.version INTO made;
        PERFORM assetlink_internal.log_change('rules', NULL, made::text, 'operator');
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION assetlink_internal.rules_edited() IS 'Makes a version of the rule set when a statement changed a rule table.';

DO $do$
DECLARE
    t text;
    e record;
BEGIN
    FOREACH t IN ARRAY ARRAY['ci_class', 'placeholder', 'lifecycle_state', 'manufacturer_alias', 'suspect_limit'] LOOP
        FOR e IN
            SELECT * FROM (VALUES
                ('insert', 'REFERENCING NEW TABLE AS new_rows'),
                ('update', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'),
                ('delete', 'REFERENCING OLD TABLE AS old_rows'),
                ('truncate', '')) AS v (operation, tables)
        LOOP
            EXECUTE format(
                'CREATE TRIGGER rules_%1$s AFTER %1$s ON assetlink.%2$I %3$s FOR EACH STATEMENT '
                'EXECUTE FUNCTION assetlink_internal.rules_edited()', e.operation, t, e.tables);
        END LOOP;
    END LOOP;
END
$do$;

CREATE FUNCTION assetlink.check_rule(rule jsonb)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    attributes constant text[] := '{name,serial_number,uuid,asset_tag,manufacturer,model,cloud_resource_id,position}';
    lists constant text[] := '{serials,mac_addresses}';
    entry jsonb;
    n bigint;
    priority numeric;
    previous numeric := 0;
    type text;
    after_dependent boolean := false;
    word text;
    problem text;
    hint text;
BEGIN
    IF rule IS NULL OR rule = '"none"' THEN
        RETURN true;
    ELSIF jsonb_typeof(rule) <> 'object' OR jsonb_typeof(rule -> 'entries') IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'a rule is null, "none", or an object with a list "entries"' USING ERRCODE = 'check_violation',
            HINT = 'Such as {"entries": [{"priority": 10, "type": "regular", "attributes": ["serial_number"]}]}.';
    END IF;
    SELECT k INTO word FROM jsonb_object_keys(rule) AS k WHERE k <> ALL ('{entries,required,related}'::text[]) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a rule has no member "%"', word USING ERRCODE = 'check_violation',
            HINT = assetlink_internal.did_you_mean(word, '{entries,required,related}');
    ELSIF rule -> 'entries' = '[]' THEN
        RAISE EXCEPTION 'a rule needs at least one entry' USING ERRCODE = 'check_violation', HINT = 'To exclude a class, write "none".';
    ELSIF rule ? 'required' AND (jsonb_typeof(rule -> 'required') <> 'array'
        OR EXISTS (SELECT FROM jsonb_array_elements(rule -> 'required') AS r WHERE jsonb_typeof(r) <> 'string'))
    THEN
        RAISE EXCEPTION '"required" must be a list of attributes' USING ERRCODE = 'check_violation';
    ELSIF rule ? 'related' AND jsonb_typeof(rule -> 'related') <> 'array' THEN
        RAISE EXCEPTION '"related" must be a list' USING ERRCODE = 'check_violation';
    END IF;
    FOR word IN
        SELECT r #>> '{}' FROM jsonb_array_elements(coalesce(rule -> 'required', '[]')) AS r
        UNION ALL
        SELECT a.value
        FROM jsonb_array_elements(rule -> 'entries') AS e
        CROSS JOIN LATERAL jsonb_array_elements(
            CASE jsonb_typeof(e -> 'attributes') WHEN 'array' THEN e -> 'attributes' ELSE '[]' END) AS x
        CROSS JOIN LATERAL (
            SELECT x #>> '{}' WHERE jsonb_typeof(x) = 'string'
            UNION ALL
            SELECT x ->> 'ci' WHERE jsonb_typeof(x) = 'object'
            UNION ALL
            SELECT x ->> 'asset' WHERE jsonb_typeof(x) = 'object') AS a (value)
    LOOP
        IF word IS NULL OR NOT (word = ANY (attributes) OR word LIKE 'attributes._%') THEN
            RAISE EXCEPTION 'unknown attribute %', coalesce(quote_literal(word), 'null') USING ERRCODE = 'check_violation',
                HINT = assetlink_internal.did_you_mean(coalesce(word, ''), attributes)
                    || ' A member of attributes is written attributes.member.';
        END IF;
    END LOOP;

    FOR entry, n IN SELECT e.value, e.ordinality FROM jsonb_array_elements(rule -> 'entries') WITH ORDINALITY AS e LOOP
        problem := NULL;
        hint := NULL;
        type := coalesce(entry ->> 'type', 'regular');
        IF jsonb_typeof(entry) <> 'object' THEN
            problem := 'is no object';
        ELSIF EXISTS (SELECT FROM jsonb_object_keys(entry) AS k WHERE k <> ALL (
            '{priority,type,attributes,list,types,exact_count,allow_null,dependent}'::text[]))
        THEN
            SELECT k INTO word FROM jsonb_object_keys(entry) AS k WHERE k <> ALL (
                '{priority,type,attributes,list,types,exact_count,allow_null,dependent}'::text[]) ORDER BY k LIMIT 1;
            problem := format('has the unknown member "%s"', word);
            hint := assetlink_internal.did_you_mean(word, '{priority,type,attributes,list,types,exact_count,allow_null,dependent}');
        ELSIF jsonb_typeof(entry -> 'priority') IS DISTINCT FROM 'number'
            OR entry ->> 'priority' !~ '^\d{1,9}$' OR (entry ->> 'priority')::integer < 1
        THEN
            problem := 'needs a "priority", a whole number from 1';
        ELSIF type NOT IN ('regular', 'lookup', 'hybrid') THEN
            problem := format('has the unknown type "%s"', type);
            hint := assetlink_internal.did_you_mean(type, '{regular,lookup,hybrid}')
                || ' A dependent entry is a regular or lookup one with "dependent": true.';
        ELSIF EXISTS (
            SELECT FROM (VALUES ('exact_count'), ('allow_null'), ('dependent')) AS b (name)
            WHERE entry ? b.name AND jsonb_typeof(entry -> b.name) <> 'boolean')
        THEN
            problem := 'has an option that is neither true nor false';
        ELSIF type IN ('regular', 'hybrid') AND (jsonb_typeof(entry -> 'attributes') IS DISTINCT FROM 'array' OR entry -> 'attributes' = '[]') THEN
            problem := format('is of type %s and needs "attributes"', type);
            hint := 'A list of attributes, each a name or {"ci": name, "asset": name}.';
        ELSIF type = 'lookup' AND entry ? 'attributes' THEN
            problem := 'is of type lookup and has "attributes"';
            hint := 'A list member together with attributes is of type hybrid.';
        ELSIF type IN ('lookup', 'hybrid') AND (entry ->> 'list' IS NULL OR entry ->> 'list' <> ALL (lists)) THEN
            problem := format('is of type %s and needs "list"', type);
            hint := assetlink_internal.did_you_mean(coalesce(entry ->> 'list', ''), lists);
        ELSIF type = 'regular' AND (entry ? 'list' OR entry ? 'types' OR entry ? 'exact_count') THEN
            problem := 'is of type regular and has an option of lookups';
        ELSIF type <> 'regular' AND entry ? 'allow_null' THEN
            problem := 'has "allow_null", which is for regular entries';
        ELSIF type = 'hybrid' AND coalesce((entry ->> 'exact_count')::boolean, false) THEN
            problem := 'has "exact_count", which is for lookup entries';
        ELSIF entry ? 'types' AND (jsonb_typeof(entry -> 'types') NOT IN ('array', 'null')
            OR jsonb_typeof(entry -> 'types') = 'array' AND (entry -> 'types' = '[]' OR EXISTS (
                SELECT FROM jsonb_array_elements(entry -> 'types') AS t WHERE jsonb_typeof(t) <> 'string')))
        THEN
            problem := 'has "types" that are no list of words';
        ELSIF EXISTS (
            SELECT FROM jsonb_array_elements(CASE jsonb_typeof(entry -> 'attributes') WHEN 'array' THEN entry -> 'attributes' ELSE '[]' END) AS a
            WHERE jsonb_typeof(a) NOT IN ('string', 'object')
                OR jsonb_typeof(a) = 'object' AND (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(a) AS k) <> '{asset,ci}'::text[])
        THEN
            problem := 'has an attribute that is neither a name nor {"ci": name, "asset": name}';
        ELSIF after_dependent AND NOT coalesce((entry ->> 'dependent')::boolean, false) THEN
            problem := 'comes after a dependent entry';
            hint := 'Dependent entries come last.';
        ELSE
            priority := (entry ->> 'priority')::numeric;
            IF priority = previous THEN
                problem := format('has priority %s, as the one before it', priority);
                hint := 'Priorities say which entry is stronger: no two may be equal.';
            ELSIF priority < previous THEN
                problem := format('has priority %s after %s', priority, previous);
                hint := 'Write entries in the order of their priority, strongest (lowest) first.';
            END IF;
            previous := priority;
            after_dependent := coalesce((entry ->> 'dependent')::boolean, false);
        END IF;
        IF problem IS NOT NULL THEN
            RAISE EXCEPTION 'entry % %', n, problem USING ERRCODE = 'check_violation',
                HINT = coalesce(hint, 'The comment on column assetlink.ci_class.rule describes the form.');
        END IF;
    END LOOP;
    RETURN true;
END
$$;
COMMENT ON FUNCTION assetlink.check_rule(jsonb)
    IS 'True, or an error that names the entry and what is wrong: for ci_class.rule, and to try a rule before it is stored.';
-- A CHECK runs in the name of whoever writes.
GRANT EXECUTE ON FUNCTION assetlink.check_rule(jsonb) TO assetlink_operator, assetlink_reader, assetlink_integrator, assetlink_daemon;
ALTER TABLE assetlink.ci_class ADD CONSTRAINT ci_class_rule CHECK (assetlink.check_rule(rule));
COMMENT ON CONSTRAINT ci_class_rule ON assetlink.ci_class IS 'A rule has the form that assetlink.check_rule describes.';
