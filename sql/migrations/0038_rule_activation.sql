-- Activating a rule set: a document replaces what the rule tables hold, by difference, as one edit with a reason.
SET LOCAL ROLE assetlink_owner;

-- ---------------------------------------------------------------------------------------------------------------------
-- What a document may look like. Granted to nobody: the functions below run as their owner.

CREATE FUNCTION assetlink_internal.refuse_document(problem text, hint text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'rule set: %', problem USING ERRCODE = 'check_violation', HINT = hint;
END
$$;
COMMENT ON FUNCTION assetlink_internal.refuse_document(text, text) IS 'Raises an error about the document of a rule set.';

CREATE FUNCTION assetlink_internal.check_members(place text, value jsonb, known text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    word text;
BEGIN
    IF jsonb_typeof(value) IS DISTINCT FROM 'object' THEN
        PERFORM assetlink_internal.refuse_document(format('%s is no object', place), 'Known members: ' || array_to_string(known, ', ') || '.');
    END IF;
    SELECT k INTO word FROM jsonb_object_keys(value) AS k WHERE k <> ALL (known) ORDER BY k LIMIT 1;
    IF FOUND THEN
        PERFORM assetlink_internal.refuse_document(
            format('%s has the unknown member "%s"', place, word), assetlink_internal.did_you_mean(word, known));
    END IF;
END
$$;
COMMENT ON FUNCTION assetlink_internal.check_members(text, jsonb, text[]) IS 'Raises an error unless it is an object with known members only.';

CREATE FUNCTION assetlink_internal.check_class_tree(classes jsonb) RETURNS void
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
        PERFORM assetlink_internal.check_members(format('class "%s"', name), class, '{parent,rule,aged_after_days}');
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
COMMENT ON FUNCTION assetlink_internal.check_class_tree(jsonb) IS 'Raises an error unless the classes of a document are one tree with good rules.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Sections as rows. They raise an error where a value has the wrong shape.

CREATE FUNCTION assetlink_internal.document_placeholders(section jsonb)
RETURNS TABLE (kind text, value text, is_pattern boolean, manufacturer text, note text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    item jsonb;
BEGIN
    PERFORM assetlink_internal.check_members(
        '"placeholders"', section, '{serial,asset_tag,uuid,mac,name,manufacturer,cloud_resource_id,attribute}');
    FOR kind, item IN
        SELECT k.key, i FROM jsonb_each(section) AS k CROSS JOIN LATERAL jsonb_array_elements(k.value) AS i
    LOOP
        IF jsonb_typeof(item) = 'string' THEN
            item := jsonb_build_object('value', item);
        END IF;
        PERFORM assetlink_internal.check_members(
            format('a placeholder of kind "%s"', kind), item, '{value,pattern,manufacturer,note}');
        is_pattern := item ? 'pattern';
        value := coalesce(item ->> 'pattern', item ->> 'value');
        manufacturer := item ->> 'manufacturer';
        note := item ->> 'note';
        IF item ? 'value' = is_pattern OR value IS NULL THEN
            PERFORM assetlink_internal.refuse_document(
                format('a placeholder of kind "%s" needs "value" or "pattern"', kind), 'One of the two, a text.');
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION assetlink_internal.document_placeholders(jsonb) IS 'The section "placeholders" of a document as rows.';

CREATE FUNCTION assetlink_internal.document_lifecycle(section jsonb)
RETURNS TABLE (side text, source text, raw_state text, meaning text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    meanings text[];
BEGIN
    PERFORM assetlink_internal.check_members('"lifecycle"', section, '{asset,ci,sources}');
    FOR source, side, meaning, raw_state IN
        SELECT p.source, s.key, m.key, r
        FROM (
            SELECT NULL AS source, section - 'sources' AS sides
            UNION ALL
            SELECT x.key, x.value FROM jsonb_each(coalesce(section -> 'sources', '{}')) AS x) AS p
        CROSS JOIN LATERAL jsonb_each(p.sides) AS s
        CROSS JOIN LATERAL jsonb_each(s.value) AS m
        CROSS JOIN LATERAL jsonb_array_elements_text(m.value) AS r
    LOOP
        meanings := CASE side
            WHEN 'asset' THEN '{planned,in_stock,in_use,in_maintenance,missing,retired,disposed}'
            WHEN 'ci' THEN '{active,retired}' END::text[];
        IF meanings IS NULL THEN
            PERFORM assetlink_internal.refuse_document(
                format('"lifecycle" of source "%s" has the unknown member "%s"', source, side), 'Known are asset and ci.');
        ELSIF meaning <> ALL (meanings) THEN
            PERFORM assetlink_internal.refuse_document(
                format('"%s" is no meaning of a state of %s', meaning, CASE side WHEN 'ci' THEN 'CIs' ELSE 'assets' END),
                assetlink_internal.did_you_mean(meaning, meanings));
        END IF;
        raw_state := lower(btrim(raw_state));
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION assetlink_internal.document_lifecycle(jsonb) IS 'The section "lifecycle" of a document as rows.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Each table gets what it lacks, loses what the document has not, and keeps the rest: the numbers of placeholders,
-- which evidence names, stay what they were. A section that is not in the document stays as it is.

CREATE FUNCTION assetlink_internal.apply_classes(section jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM assetlink_internal.check_class_tree(section);
    INSERT INTO assetlink.ci_class (class, parent, rule, aged_after_days)
    SELECT d.key, d.value ->> 'parent', nullif(d.value -> 'rule', 'null'), (d.value ->> 'aged_after_days')::integer
    FROM jsonb_each(section) AS d
    WHERE NOT EXISTS (SELECT FROM assetlink.ci_class c WHERE c.class = d.key);
    UPDATE assetlink.ci_class c
    SET parent = d.value ->> 'parent', rule = nullif(d.value -> 'rule', 'null'), aged_after_days = (d.value ->> 'aged_after_days')::integer
    FROM jsonb_each(section) AS d
    WHERE c.class = d.key
        AND (c.parent, c.rule, c.aged_after_days)
            IS DISTINCT FROM (d.value ->> 'parent', nullif(d.value -> 'rule', 'null'), (d.value ->> 'aged_after_days')::integer);
    DELETE FROM assetlink.ci_class c WHERE NOT section ? c.class;
END
$$;
COMMENT ON FUNCTION assetlink_internal.apply_classes(jsonb) IS 'Makes the classes those of a document.';

CREATE FUNCTION assetlink_internal.apply_placeholders(section jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM assetlink.placeholder p
    WHERE NOT EXISTS (
        SELECT
        FROM assetlink_internal.document_placeholders(section) d
        WHERE d.kind = p.kind AND d.value = p.value AND d.is_pattern = p.is_pattern
            AND d.manufacturer IS NOT DISTINCT FROM p.manufacturer);
    UPDATE assetlink.placeholder p
    SET note = d.note
    FROM assetlink_internal.document_placeholders(section) d
    WHERE d.kind = p.kind AND d.value = p.value AND d.is_pattern = p.is_pattern
        AND d.manufacturer IS NOT DISTINCT FROM p.manufacturer
        AND d.note IS DISTINCT FROM p.note;
    INSERT INTO assetlink.placeholder (kind, value, is_pattern, manufacturer, note)
    SELECT d.kind, d.value, d.is_pattern, d.manufacturer, d.note
    FROM assetlink_internal.document_placeholders(section) d
    WHERE NOT EXISTS (
        SELECT
        FROM assetlink.placeholder p
        WHERE d.kind = p.kind AND d.value = p.value AND d.is_pattern = p.is_pattern
            AND d.manufacturer IS NOT DISTINCT FROM p.manufacturer);
END
$$;
COMMENT ON FUNCTION assetlink_internal.apply_placeholders(jsonb) IS 'Makes the placeholders those of a document.';

CREATE FUNCTION assetlink_internal.apply_lifecycle(section jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM assetlink.lifecycle_state l
    WHERE NOT EXISTS (
        SELECT
        FROM assetlink_internal.document_lifecycle(section) d
        WHERE d.side = l.side AND d.source IS NOT DISTINCT FROM l.source AND d.raw_state = l.raw_state);
    UPDATE assetlink.lifecycle_state l
    SET meaning = d.meaning
    FROM assetlink_internal.document_lifecycle(section) d
    WHERE d.side = l.side AND d.source IS NOT DISTINCT FROM l.source AND d.raw_state = l.raw_state
        AND d.meaning <> l.meaning;
    INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning)
    SELECT d.side, d.source, d.raw_state, d.meaning
    FROM assetlink_internal.document_lifecycle(section) d
    WHERE NOT EXISTS (
        SELECT
        FROM assetlink.lifecycle_state l
        WHERE d.side = l.side AND d.source IS NOT DISTINCT FROM l.source AND d.raw_state = l.raw_state);
END
$$;
COMMENT ON FUNCTION assetlink_internal.apply_lifecycle(jsonb) IS 'Makes the life-cycle states those of a document.';

CREATE FUNCTION assetlink_internal.document_manufacturers(section jsonb)
RETURNS TABLE (alias text, manufacturer text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT lower(btrim(a)), lower(btrim(m.key))
    FROM jsonb_each(section) AS m CROSS JOIN LATERAL jsonb_array_elements_text(m.value) AS a
$$;
COMMENT ON FUNCTION assetlink_internal.document_manufacturers(jsonb) IS 'The section "manufacturers" of a document as rows.';

CREATE FUNCTION assetlink_internal.apply_manufacturers(section jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM assetlink.manufacturer_alias m
    WHERE NOT EXISTS (SELECT FROM assetlink_internal.document_manufacturers(section) d WHERE d.alias = m.alias);
    UPDATE assetlink.manufacturer_alias m
    SET manufacturer = d.manufacturer
    FROM assetlink_internal.document_manufacturers(section) d
    WHERE d.alias = m.alias AND d.manufacturer <> m.manufacturer;
    INSERT INTO assetlink.manufacturer_alias (alias, manufacturer)
    SELECT d.alias, d.manufacturer
    FROM assetlink_internal.document_manufacturers(section) d
    WHERE NOT EXISTS (SELECT FROM assetlink.manufacturer_alias m WHERE m.alias = d.alias);
END
$$;
COMMENT ON FUNCTION assetlink_internal.apply_manufacturers(jsonb) IS 'Makes the manufacturers'' aliases those of a document.';

CREATE FUNCTION assetlink_internal.apply_suspect_limits(section jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kind text;
BEGIN
    PERFORM assetlink_internal.check_members('"suspect_limits"', section, '{serial,asset_tag,uuid,mac,cloud_resource_id}');
    SELECT d.key INTO kind FROM jsonb_each_text(section) AS d WHERE d.value !~ '^\d{1,9}$' LIMIT 1;
    IF FOUND THEN
        PERFORM assetlink_internal.refuse_document(format('the suspect limit of "%s" is no number', kind), '0 switches it off.');
    END IF;
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
COMMENT ON FUNCTION assetlink_internal.apply_suspect_limits(jsonb) IS 'Makes the suspect limits those of a document.';

CREATE FUNCTION assetlink_internal.apply_document(document jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM assetlink_internal.check_members(
        'the document', document, '{classes,placeholders,lifecycle,manufacturers,suspect_limits}');
    -- Nobody edits beside us between the look at a table and its change.
    LOCK TABLE assetlink.ci_class, assetlink.placeholder, assetlink.lifecycle_state, assetlink.manufacturer_alias,
        assetlink.suspect_limit IN SHARE ROW EXCLUSIVE MODE;
    IF document ? 'classes' THEN PERFORM assetlink_internal.apply_classes(document -> 'classes'); END IF;
    IF document ? 'placeholders' THEN PERFORM assetlink_internal.apply_placeholders(document -> 'placeholders'); END IF;
    IF document ? 'lifecycle' THEN PERFORM assetlink_internal.apply_lifecycle(document -> 'lifecycle'); END IF;
    IF document ? 'manufacturers' THEN PERFORM assetlink_internal.apply_manufacturers(document -> 'manufacturers'); END IF;
    IF document ? 'suspect_limits' THEN PERFORM assetlink_internal.apply_suspect_limits(document -> 'suspect_limits'); END IF;
EXCEPTION
    WHEN unique_violation THEN
        PERFORM assetlink_internal.refuse_document(
            'something stands in it twice: ' || regexp_replace(SQLERRM, '^.*constraint ', ''),
            'A placeholder, a raw state of a side and source, and an alias may stand there once.');
    WHEN invalid_parameter_value THEN
        PERFORM assetlink_internal.refuse_document(SQLERRM, 'assetlinkctl rules export shows the form.');
END
$$;
COMMENT ON FUNCTION assetlink_internal.apply_document(jsonb) IS 'Makes the rule tables those of a document, section by section.';

-- ---------------------------------------------------------------------------------------------------------------------
-- The acts.

CREATE FUNCTION assetlink.activate_rule_set(document jsonb, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM assetlink_internal.apply_document(document);
    IF NOT EXISTS (SELECT FROM assetlink_internal.rule_edit e WHERE e.xid = pg_current_xact_id()) THEN
        RAISE NOTICE 'the rules are these already';
        RETURN (SELECT max(r.version) FROM assetlink_internal.rule_set r);
    END IF;
    RETURN assetlink_internal.make_rule_set('activate_rule_set', reason, on_behalf_of, NULL);
END
$$;
COMMENT ON FUNCTION assetlink.activate_rule_set(jsonb, text, text)
    IS 'Makes a document the rules; a section that it lacks stays as it is. Returns the version''s number: a new one, unless nothing differs.';

CREATE FUNCTION assetlink.rollback_rule_set(version bigint, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old assetlink_internal.rule_set;
BEGIN
    SELECT r.* INTO old FROM assetlink_internal.rule_set r WHERE r.version = rollback_rule_set.version;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no version % of the rules', coalesce(version::text, 'null')
            USING ERRCODE = 'no_data_found', HINT = 'See assetlink.rule_set.';
    ELSIF old.document IS NULL THEN
        RAISE EXCEPTION 'version % of the rules is from before documents were kept', version
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'See assetlink.rule_set for versions with a document.';
    END IF;
    PERFORM assetlink_internal.apply_document(old.document);
    IF NOT EXISTS (SELECT FROM assetlink_internal.rule_edit e WHERE e.xid = pg_current_xact_id()) THEN
        RAISE EXCEPTION 'the rules are those of version % already', version
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'There is nothing to bring back.';
    END IF;
    RETURN assetlink_internal.make_rule_set('rollback_rule_set', reason, on_behalf_of, version);
END
$$;
COMMENT ON FUNCTION assetlink.rollback_rule_set(bigint, text, text)
    IS 'Makes the document of an older version the rules again. Returns the new version''s number.';

GRANT EXECUTE ON FUNCTION
    assetlink.activate_rule_set(jsonb, text, text), assetlink.rollback_rule_set(bigint, text, text)
TO assetlink_operator;
