-- K by class: what blades or virtual machines share is not what servers may share.
SET LOCAL ROLE assetlink_owner;

ALTER TABLE assetlink.ci_class ADD COLUMN suspect_limits jsonb
    CONSTRAINT ci_class_suspect_limits CHECK (
        jsonb_typeof(suspect_limits) = 'object'
        AND suspect_limits <> '{}'
        AND suspect_limits - '{serial,asset_tag,uuid,mac,cloud_resource_id}'::text[] = '{}'
        AND NOT jsonb_path_exists(
            suspect_limits, '$.* ? (@.type() != "number" || @ < 0 || @ > 999999999 || @ != @.floor())'));
COMMENT ON COLUMN assetlink.ci_class.suspect_limits IS 'K by kind for CIs of the class and of those below that set none, such as {"serial": 16}; 0 switches off; null, or a kind that is not there: the nearest ancestor''s, then that of suspect_limit. Assets have suspect_limit''s.';
COMMENT ON CONSTRAINT ci_class_suspect_limits ON assetlink.ci_class IS 'Identifying kinds with whole numbers.';
COMMENT ON COLUMN assetlink.suspect_limit.holders IS 'K: the largest number of holders that is not suspect, of assets and of CIs whose class sets none in ci_class.suspect_limits; 0 switches off.';

-- A reader counts for one class: those of a value are counted class by class, each no further than its K.
ALTER TABLE assetlink_internal.ci_value ADD COLUMN limit_class text COLLATE "C" NOT NULL DEFAULT '';
COMMENT ON COLUMN assetlink_internal.ci_value.limit_class IS 'The class whose K it counts for; empty: that of the kind.';
ALTER TABLE assetlink_internal.ci_value DROP CONSTRAINT ci_value_pkey;
ALTER TABLE assetlink_internal.ci_value
    ADD PRIMARY KEY (kind, value, source_id, limit_class, ci_ref) INCLUDE (counted);

-- ---------------------------------------------------------------------------------------------------------------------
-- The document.

CREATE OR REPLACE FUNCTION assetlink_internal.rule_document() RETURNS jsonb
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
                jsonb_strip_nulls(jsonb_build_object(
                    'parent', c.parent, 'aged_after_days', c.aged_after_days, 'suspect_limits', c.suspect_limits))
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

CREATE FUNCTION assetlink_internal.check_limits(place text, section jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kind text;
BEGIN
    PERFORM assetlink_internal.check_members(place, section, '{serial,asset_tag,uuid,mac,cloud_resource_id}');
    SELECT d.key INTO kind FROM jsonb_each_text(section) AS d WHERE (d.value ~ '^\d{1,9}$') IS NOT TRUE LIMIT 1;
    IF FOUND THEN
        PERFORM assetlink_internal.refuse_document(
            format('the suspect limit of "%s" is no number%s', kind, CASE WHEN place <> '"suspect_limits"' THEN ', in ' || place END),
            '0 switches it off.');
    END IF;
END
$$;
COMMENT ON FUNCTION assetlink_internal.check_limits(text, jsonb) IS 'Raises an error unless it has identifying kinds with a number each.';

CREATE OR REPLACE FUNCTION assetlink_internal.check_class_tree(classes jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text;
    class jsonb;
    problem text;
    remedy text;
    reached bigint;
BEGIN
    IF jsonb_typeof(classes) IS DISTINCT FROM 'object' OR NOT classes ? 'ci' THEN
        PERFORM assetlink_internal.refuse_document('"classes" has no class "ci"', 'It is the root, as which unknown classes are treated.');
    END IF;
    FOR name, class IN SELECT c.key, c.value FROM jsonb_each(classes) AS c LOOP
        PERFORM assetlink_internal.check_members(format('class "%s"', name), class, '{parent,rule,aged_after_days,suspect_limits}');
        IF name <> lower(btrim(name)) OR name = '' THEN
            PERFORM assetlink_internal.refuse_document(format('class "%s" is not trimmed and lower case', name), NULL);
        ELSIF name = 'ci' AND class ->> 'parent' IS NOT NULL THEN
            PERFORM assetlink_internal.refuse_document('class "ci" has a parent', 'It is the root.');
        ELSIF name <> 'ci' AND (class ->> 'parent' IS NULL OR NOT classes ? (class ->> 'parent')) THEN
            PERFORM assetlink_internal.refuse_document(
                format('the parent of class "%s" is %s', name, coalesce('"' || (class ->> 'parent') || '", which is no class', 'missing')),
                assetlink_internal.did_you_mean(coalesce(class ->> 'parent', ''), ARRAY(SELECT jsonb_object_keys(classes))));
        ELSIF class ? 'aged_after_days' AND class ->> 'aged_after_days' !~ '^[1-9]\d{0,8}$' THEN
            PERFORM assetlink_internal.refuse_document(format('"aged_after_days" of class "%s" is no number from 1', name), NULL);
        END IF;
        PERFORM assetlink_internal.check_limits(
            format('"suspect_limits" of class "%s"', name), coalesce(nullif(class -> 'suspect_limits', 'null'), '{}'));
        BEGIN
            PERFORM assetlink.check_rule(nullif(class -> 'rule', 'null'));
        EXCEPTION WHEN check_violation THEN
            GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, remedy = PG_EXCEPTION_HINT;
            PERFORM assetlink_internal.refuse_document(format('rule of class "%s": %s', name, problem), remedy);
        END;
    END LOOP;
    WITH RECURSIVE tree (class) AS (
        SELECT 'ci'
        UNION
        SELECT c.key FROM tree t JOIN jsonb_each(classes) AS c ON c.value ->> 'parent' = t.class
    )
    SELECT count(*) INTO reached FROM tree;
    IF reached < (SELECT count(*) FROM jsonb_object_keys(classes)) THEN
        PERFORM assetlink_internal.refuse_document('some classes are each other''s ancestors', 'Every class must lead to "ci".');
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION assetlink_internal.apply_classes(section jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM assetlink_internal.check_class_tree(section);
    INSERT INTO assetlink.ci_class (class, parent, rule, aged_after_days, suspect_limits)
    SELECT
        d.key, d.value ->> 'parent', nullif(d.value -> 'rule', 'null'), (d.value ->> 'aged_after_days')::integer,
        nullif(nullif(d.value -> 'suspect_limits', 'null'), '{}')
    FROM jsonb_each(section) AS d
    WHERE NOT EXISTS (SELECT FROM assetlink.ci_class c WHERE c.class = d.key);
    UPDATE assetlink.ci_class c
    SET parent = d.value ->> 'parent',
        rule = nullif(d.value -> 'rule', 'null'),
        aged_after_days = (d.value ->> 'aged_after_days')::integer,
        suspect_limits = nullif(nullif(d.value -> 'suspect_limits', 'null'), '{}')
    FROM jsonb_each(section) AS d
    WHERE c.class = d.key
        AND (c.parent, c.rule, c.aged_after_days, c.suspect_limits) IS DISTINCT FROM (
            d.value ->> 'parent', nullif(d.value -> 'rule', 'null'), (d.value ->> 'aged_after_days')::integer,
            nullif(nullif(d.value -> 'suspect_limits', 'null'), '{}'));
    DELETE FROM assetlink.ci_class c WHERE NOT section ? c.class;
END
$$;

CREATE OR REPLACE FUNCTION assetlink_internal.apply_suspect_limits(section jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM assetlink_internal.check_limits('"suspect_limits"', section);
    DELETE FROM assetlink.suspect_limit l WHERE NOT section ? l.kind;
    UPDATE assetlink.suspect_limit l
    SET holders = d.value::integer
    FROM jsonb_each_text(section) AS d
    WHERE d.key = l.kind AND d.value::integer <> l.holders;
    INSERT INTO assetlink.suspect_limit (kind, holders)
    SELECT d.key, d.value::integer
    FROM jsonb_each_text(section) AS d
    WHERE NOT EXISTS (SELECT FROM assetlink.suspect_limit l WHERE l.kind = d.key);
END
$$;

-- ---------------------------------------------------------------------------------------------------------------------
-- A kind that only classes watch can be trusted, too.

CREATE OR REPLACE FUNCTION assetlink.trust_identifier(kind text, value text, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
    listed integer;
    kinds constant text[] := ARRAY(
        SELECT l.kind FROM assetlink.suspect_limit l
        UNION
        SELECT k FROM assetlink.ci_class c CROSS JOIN LATERAL jsonb_object_keys(c.suspect_limits) AS k
        ORDER BY 1);
BEGIN
    IF kind IS NULL OR kind <> ALL (kinds) THEN
        RAISE EXCEPTION 'identifiers of kind % are never suspect', coalesce(quote_literal(kind), 'null')
            USING ERRCODE = 'invalid_parameter_value',
                HINT = assetlink_internal.did_you_mean(coalesce(kind, ''), kinds);
    END IF;
    SELECT p.id INTO listed
    FROM assetlink.placeholder p
    WHERE p.kind = trust_identifier.kind
        AND NOT p.is_pattern
        AND p.manufacturer IS NULL
        AND lower(btrim(p.value)) = lower(btrim(trust_identifier.value))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% % is placeholder % and cannot be trusted', kind, quote_literal(value), listed
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'If it is real after all, delete it from assetlink.placeholder.';
    END IF;
    IF EXISTS (
        SELECT
        FROM assetlink_internal.trusted_value t
        WHERE t.kind = trust_identifier.kind
            AND assetlink_internal.same_identifier(t.kind, t.value, trust_identifier.value))
    THEN
        RAISE EXCEPTION '% % is trusted already', kind, quote_literal(value)
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'distrust_identifier takes it back.';
    END IF;
    SELECT s.value INTO wanted.identifier_value
    FROM assetlink_internal.suspect_value s
    WHERE s.kind = trust_identifier.kind
        AND assetlink_internal.same_identifier(s.kind, s.value, trust_identifier.value)
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% % is not suspect', kind, coalesce(quote_literal(value), 'null')
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'See assetlink.suspect_identifier.';
    END IF;
    wanted.kind := 'trust_identifier';
    wanted.identifier_kind := kind;
    wanted.reason := reason;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
