-- More that an entry may say: conditions, lists in attributes, more columns; related entries are checked.
SET LOCAL ROLE assetlink_owner;

CREATE FUNCTION assetlink_internal.rule_attributes(side text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT '{name,serial_number,uuid,asset_tag,manufacturer,model,cloud_resource_id,position,lifecycle_raw}'::text[]
        || CASE side WHEN 'ci' THEN 'ci_class' ELSE 'asset_class' END
$$;
COMMENT ON FUNCTION assetlink_internal.rule_attributes(text) IS 'The columns of a binding that a rule can name, by side.';

CREATE FUNCTION assetlink_internal.check_rule_attributes(rule jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    side text;
    word text;
BEGIN
    FOR side, word IN
        SELECT 'ci', r #>> '{}' FROM jsonb_array_elements(coalesce(rule -> 'required', '[]')) AS r
        UNION ALL
        SELECT a.side, a.value
        FROM jsonb_array_elements(rule -> 'entries') AS e
        CROSS JOIN LATERAL jsonb_array_elements(
            CASE jsonb_typeof(e -> 'attributes') WHEN 'array' THEN e -> 'attributes' ELSE '[]' END) AS x
        CROSS JOIN LATERAL (VALUES
            ('ci', CASE jsonb_typeof(x) WHEN 'string' THEN x #>> '{}' ELSE x ->> 'ci' END),
            ('asset', CASE jsonb_typeof(x) WHEN 'string' THEN x #>> '{}' ELSE x ->> 'asset' END)) AS a (side, value)
        WHERE jsonb_typeof(x) IN ('string', 'object')
        UNION ALL
        SELECT c.side, k
        FROM jsonb_array_elements(rule -> 'entries') AS e
        CROSS JOIN LATERAL (VALUES ('ci', e -> 'when'), ('asset', e -> 'among')) AS c (side, conditions)
        CROSS JOIN LATERAL jsonb_object_keys(
            CASE jsonb_typeof(c.conditions) WHEN 'object' THEN c.conditions ELSE '{}' END) AS k
    LOOP
        IF word IS NULL OR NOT (word = ANY (assetlink_internal.rule_attributes(side)) OR word LIKE 'attributes._%') THEN
            RAISE EXCEPTION 'unknown attribute % of %', coalesce(quote_literal(word), 'null'),
                CASE side WHEN 'ci' THEN 'CIs' ELSE 'assets' END
                USING ERRCODE = 'check_violation',
                    HINT = assetlink_internal.did_you_mean(coalesce(word, ''), assetlink_internal.rule_attributes(side))
                        || ' A member of attributes is written attributes.member.';
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION assetlink_internal.check_rule_attributes(jsonb) IS 'Raises an error when a rule names an attribute that its side has not.';

CREATE FUNCTION assetlink_internal.is_words(list jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(
        jsonb_typeof(list) = 'array' AND list <> '[]'
            AND NOT EXISTS (
                SELECT FROM jsonb_array_elements(CASE jsonb_typeof(list) WHEN 'array' THEN list ELSE '[]' END) AS w
                WHERE jsonb_typeof(w) <> 'string' OR btrim(w #>> '{}') = ''),
        false)
$$;
COMMENT ON FUNCTION assetlink_internal.is_words(jsonb) IS 'Whether it is a list of at least one text, none of them blank.';

CREATE FUNCTION assetlink_internal.is_conditions(conditions jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(
        jsonb_typeof(conditions) = 'object' AND conditions <> '{}'
            AND NOT EXISTS (
                SELECT
                FROM jsonb_each(CASE jsonb_typeof(conditions) WHEN 'object' THEN conditions ELSE '{}' END) AS c
                WHERE NOT assetlink_internal.is_words(
                    CASE jsonb_typeof(c.value) WHEN 'string' THEN jsonb_build_array(c.value) ELSE c.value END)),
        false)
$$;
COMMENT ON FUNCTION assetlink_internal.is_conditions(jsonb) IS 'Whether it is an object of attributes, each with a text or a list of texts.';

-- What is wrong with one entry by itself, or null.
CREATE FUNCTION assetlink_internal.entry_problem(entry jsonb, OUT problem text, OUT hint text)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    members constant text[] :=
        '{priority,type,attributes,list,types,exact_count,allow_null,dependent,when,among}';
    lists constant text[] := '{serials,mac_addresses}';
    type text := coalesce(entry ->> 'type', 'regular');
    word text;
BEGIN
    IF jsonb_typeof(entry) <> 'object' THEN
        problem := 'is no object';
        RETURN;
    END IF;
    SELECT k INTO word FROM jsonb_object_keys(entry) AS k WHERE k <> ALL (members) ORDER BY k LIMIT 1;
    IF FOUND THEN
        problem := format('has the unknown member "%s"', word);
        hint := assetlink_internal.did_you_mean(word, members);
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
    ELSIF type IN ('lookup', 'hybrid')
        AND NOT coalesce(entry ->> 'list' = ANY (lists) OR entry ->> 'list' LIKE 'attributes._%', false)
    THEN
        problem := format('is of type %s and needs "list"', type);
        hint := assetlink_internal.did_you_mean(coalesce(entry ->> 'list', ''), lists)
            || ' A list in attributes is written attributes.member.';
    ELSIF type = 'regular' AND (entry ? 'list' OR entry ? 'types' OR entry ? 'exact_count') THEN
        problem := 'is of type regular and has an option of lookups';
    ELSIF type <> 'regular' AND entry ? 'allow_null' THEN
        problem := 'has "allow_null", which is for regular entries';
    ELSIF type = 'hybrid' AND coalesce((entry ->> 'exact_count')::boolean, false) THEN
        problem := 'has "exact_count", which is for lookup entries';
    ELSIF entry ? 'types' AND jsonb_typeof(entry -> 'types') <> 'null' AND NOT assetlink_internal.is_words(entry -> 'types') THEN
        problem := 'has "types" that are no list of words';
    ELSIF EXISTS (
        SELECT FROM jsonb_array_elements(CASE jsonb_typeof(entry -> 'attributes') WHEN 'array' THEN entry -> 'attributes' ELSE '[]' END) AS a
        WHERE jsonb_typeof(a) NOT IN ('string', 'object')
            OR jsonb_typeof(a) = 'object' AND (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(a) AS k) <> '{asset,ci}'::text[])
    THEN
        problem := 'has an attribute that is neither a name nor {"ci": name, "asset": name}';
    ELSE
        FOREACH word IN ARRAY ARRAY['when', 'among'] LOOP
            IF entry ? word AND NOT assetlink_internal.is_conditions(entry -> word) THEN
                problem := format('has "%s" that is no object of attributes and their values', word);
                hint := 'Such as {"manufacturer": ["dell", "hp"]}: the CI''s for "when", the asset''s for "among".';
            END IF;
        END LOOP;
    END IF;
END
$$;
COMMENT ON FUNCTION assetlink_internal.entry_problem(jsonb) IS 'What is wrong with one entry of a rule by itself, and what to do; null when nothing is.';

CREATE OR REPLACE FUNCTION assetlink.check_rule(rule jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    entry jsonb;
    n bigint;
    priority numeric;
    previous numeric := 0;
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
    ELSIF rule ? 'related' AND (jsonb_typeof(rule -> 'related') <> 'array'
        OR EXISTS (
            SELECT FROM jsonb_array_elements(rule -> 'related') AS r
            WHERE jsonb_typeof(r) <> 'object'
                OR (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(
                    CASE jsonb_typeof(r) WHEN 'object' THEN r ELSE '{}' END) AS k) IS DISTINCT FROM '{attributes,class}'
                OR jsonb_typeof(r -> 'class') <> 'string' OR NOT assetlink_internal.is_words(r -> 'attributes')))
    THEN
        RAISE EXCEPTION '"related" must be a list' USING ERRCODE = 'check_violation',
            HINT = 'Such as [{"class": "software", "attributes": ["name", "version"]}].';
    END IF;
    PERFORM assetlink_internal.check_rule_attributes(rule);
    FOR entry, n IN SELECT e.value, e.ordinality FROM jsonb_array_elements(rule -> 'entries') WITH ORDINALITY AS e LOOP
        SELECT p.problem, p.hint INTO problem, hint FROM assetlink_internal.entry_problem(entry) AS p;
        IF problem IS NULL AND after_dependent AND NOT coalesce((entry ->> 'dependent')::boolean, false) THEN
            problem := 'comes after a dependent entry';
            hint := 'Dependent entries come last.';
        ELSIF problem IS NULL THEN
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
COMMENT ON COLUMN assetlink.ci_class.rule IS 'null: inherited whole from the nearest ancestor that has one; "none": excluded; else {"required": […], "entries": [{"priority", "type", "attributes" | "list", "types", "exact_count", "allow_null", "dependent", "when", "among"}], "related": [{"class", "attributes"}]}.';
