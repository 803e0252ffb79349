-- What a binding may show, and what its query reads.
SET LOCAL ROLE assetlink_owner;

CREATE FUNCTION assetlink_internal.nearest(word text, candidates text[])
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    -- The share of letter pairs that the two have in common (Dice), with the ends counting as letters.
    WITH pair AS (
        SELECT c.candidate, p.pair
        FROM unnest(candidates) AS c (candidate),
            LATERAL (
                SELECT DISTINCT substr('^' || lower(c.candidate) || '$', i, 2)
                FROM generate_series(1, length(c.candidate) + 1) AS i) AS p (pair)
    ),
    word_pair AS (
        SELECT DISTINCT substr('^' || lower(word) || '$', i, 2) AS pair
        FROM generate_series(1, length(word) + 1) AS i
    ),
    score AS (
        SELECT pair.candidate,
            2.0 * count(*) FILTER (WHERE pair.pair IN (SELECT w.pair FROM word_pair AS w))
                / (count(*) + (SELECT count(*) FROM word_pair)) AS likeness
        FROM pair
        GROUP BY pair.candidate
    )
    SELECT score.candidate FROM score WHERE score.likeness > 0.25 ORDER BY score.likeness DESC, score.candidate LIMIT 1
$$;
COMMENT ON FUNCTION assetlink_internal.nearest(text, text[])
    IS 'The candidate that is spelled most like the word, or null: for error messages.';

CREATE FUNCTION assetlink_internal.did_you_mean(word text, candidates text[])
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        'Did you mean "' || assetlink_internal.nearest(word, candidates) || '"?',
        'Known are: ' || coalesce(nullif(array_to_string(candidates, ', '), ''), 'none') || '.')
$$;
COMMENT ON FUNCTION assetlink_internal.did_you_mean(text, text[]) IS 'A hint that names the nearest right word, or all of them.';

CREATE FUNCTION assetlink_internal.binding_columns(side text)
RETURNS TABLE (column_name text, kind text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.column_name, c.kind
    FROM (VALUES
        ('asset', 1, 'asset_id', 'id'),
        ('asset', 2, 'asset_tag', 'text'),
        ('asset', 3, 'serial_number', 'text'),
        ('asset', 4, 'other_serials', 'text[]'),
        ('asset', 5, 'uuid', 'text'),
        ('asset', 6, 'mac_addresses', 'text[]'),
        ('asset', 7, 'name', 'text'),
        ('asset', 8, 'manufacturer', 'text'),
        ('asset', 9, 'model', 'text'),
        ('asset', 10, 'asset_class', 'text'),
        ('asset', 11, 'lifecycle_raw', 'text'),
        ('asset', 12, 'parent_asset_id', 'reference'),
        ('asset', 13, 'position', 'text'),
        ('asset', 14, 'cloud_resource_id', 'text'),
        ('asset', 15, 'is_composite', 'boolean'),
        ('asset', 16, 'lifecycle_since', 'timestamptz'),
        ('asset', 17, 'attributes', 'object'),
        ('asset', 18, 'version', 'timestamptz'),
        ('ci', 1, 'ci_id', 'id'),
        ('ci', 2, 'ci_class', 'text'),
        ('ci', 3, 'name', 'text'),
        ('ci', 4, 'serial_number', 'text'),
        ('ci', 5, 'serials', 'serials'),
        ('ci', 6, 'uuid', 'text'),
        ('ci', 7, 'asset_tag', 'text'),
        ('ci', 8, 'network_adapters', 'adapters'),
        ('ci', 9, 'manufacturer', 'text'),
        ('ci', 10, 'model', 'text'),
        ('ci', 11, 'cloud_resource_id', 'text'),
        ('ci', 12, 'parent_ci_id', 'reference'),
        ('ci', 13, 'position', 'text'),
        ('ci', 14, 'lifecycle_raw', 'text'),
        ('ci', 15, 'last_discovered_at', 'timestamptz'),
        ('ci', 16, 'discovery_source', 'text'),
        ('ci', 17, 'attributes', 'object'),
        ('ci', 18, 'version', 'timestamptz')
    ) AS c (side, ordinal, column_name, kind)
    WHERE c.side = binding_columns.side
    ORDER BY c.ordinal
$$;
COMMENT ON FUNCTION assetlink_internal.binding_columns(text)
    IS 'The columns of a binding, and of a published record, with their kinds.';

CREATE FUNCTION assetlink_internal.base_type(type oid)
RETURNS oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE step (oid, is_domain, base, n) AS (
        SELECT t.oid, t.typtype = 'd', t.typbasetype, 1 FROM pg_catalog.pg_type AS t WHERE t.oid = type
        UNION ALL
        SELECT t.oid, t.typtype = 'd', t.typbasetype, s.n + 1
        FROM step AS s JOIN pg_catalog.pg_type AS t ON t.oid = s.base
        WHERE s.is_domain
    )
    SELECT s.oid FROM step AS s WHERE NOT s.is_domain
$$;
COMMENT ON FUNCTION assetlink_internal.base_type(oid) IS 'The type under a domain, however deep.';

CREATE FUNCTION assetlink_internal.check_binding_type(column_name text, kind text, type oid)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    base oid := assetlink_internal.base_type(type);
    element oid := (SELECT t.typelem FROM pg_catalog.pg_type AS t WHERE t.oid = base AND t.typcategory = 'A');
    is_scalar boolean := element IS NULL
        AND (SELECT t.typtype IN ('b', 'e') AND t.typcategory NOT IN ('A', 'C', 'P', 'R') FROM pg_catalog.pg_type AS t WHERE t.oid = base)
        AND base NOT IN ('json'::regtype, 'jsonb'::regtype, 'xml'::regtype, 'bytea'::regtype);
    wanted text;
    hint text;
BEGIN
    CASE kind
    WHEN 'id' THEN
        IF base NOT IN ('bigint'::regtype, 'integer'::regtype, 'uuid'::regtype, 'text'::regtype, 'varchar'::regtype) THEN
            wanted := 'bigint, integer, uuid or text';
            hint := 'Show the key column as it is; a cast in the query would cost an index.';
        END IF;
    WHEN 'text', 'reference' THEN
        IF NOT is_scalar THEN
            wanted := 'text, or a type with a plain text form';
            hint := 'Show one value as text; further ones belong in a list column or in attributes.';
        END IF;
    WHEN 'text[]' THEN
        IF element IS NULL OR (SELECT t.typcategory IN ('A', 'C', 'P', 'R') FROM pg_catalog.pg_type AS t WHERE t.oid = element) THEN
            wanted := 'text[]';
            hint := 'Use ARRAY(SELECT …) over the rows, or string_to_array(…) over a list in one text.';
        END IF;
    WHEN 'serials', 'adapters', 'object' THEN
        IF base NOT IN ('json'::regtype, 'jsonb'::regtype) THEN
            wanted := 'jsonb';
            hint := CASE kind
                WHEN 'serials' THEN 'Use (SELECT jsonb_agg(jsonb_build_object(''type'', …, ''value'', …)) FROM …).'
                WHEN 'adapters' THEN 'Use (SELECT jsonb_agg(jsonb_build_object(''name'', …, ''mac'', …)) FROM …).'
                ELSE 'Use jsonb_build_object(''member'', column, …).' END;
        END IF;
    WHEN 'boolean' THEN
        IF base <> 'boolean'::regtype THEN
            wanted := 'boolean';
            hint := 'Write a comparison, such as quantity > 1.';
        END IF;
    WHEN 'timestamptz' THEN
        IF base <> 'timestamptz'::regtype THEN
            wanted := 'timestamp with time zone';
            hint := 'Say which zone is meant: column AT TIME ZONE ''UTC''.';
        END IF;
    END CASE;
    IF wanted IS NOT NULL THEN
        RAISE EXCEPTION 'binding column "%" is of type %, it must be %', column_name, format_type(type, NULL), wanted
            USING ERRCODE = 'datatype_mismatch', HINT = hint;
    END IF;
END
$$;
COMMENT ON FUNCTION assetlink_internal.check_binding_type(text, text, oid)
    IS 'Raises an error with a hint when a column of a binding has a type that can''t be read as its kind.';

-- ---------------------------------------------------------------------------------------------------------------------
-- What a query reads

CREATE FUNCTION assetlink_internal.read_by(view oid)
RETURNS TABLE (relation oid, kind "char", columns name[])
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE rule (view, rule, tree) AS (
        SELECT r.ev_class, r.oid, r.ev_action::text
        FROM pg_catalog.pg_rewrite AS r
        WHERE r.ev_class = view AND r.ev_type = '1'
        UNION
        SELECT r.ev_class, r.oid, r.ev_action::text
        FROM rule
        JOIN pg_catalog.pg_depend AS d
            ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = rule.rule
            AND d.refclassid = 'pg_catalog.pg_class'::regclass
        JOIN pg_catalog.pg_class AS c ON c.oid = d.refobjid AND c.relkind = 'v'
        JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = c.oid AND r.ev_type = '1'
    ),
    -- pg_depend keeps no trace of whole-row references; the parse tree does (attribute 0 of the table's row type).
    whole_row (relation) AS (
        SELECT DISTINCT t.typrelid
        FROM rule
        CROSS JOIN LATERAL regexp_matches(rule.tree, ':varattno 0 :vartype (\d+)', 'g') AS m
        JOIN pg_catalog.pg_type AS t ON t.oid = m[1]::oid AND t.typrelid <> 0
    ),
    reference (relation, number) AS (
        SELECT d.refobjid, d.refobjsubid
        FROM rule
        JOIN pg_catalog.pg_depend AS d
            ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = rule.rule
            AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> rule.view
    )
    SELECT c.oid, c.relkind,
        coalesce((
            SELECT array_agg(a.attname ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND (c.oid IN (SELECT w.relation FROM whole_row AS w)
                    OR (c.oid, a.attnum) IN (SELECT r.relation, r.number FROM reference AS r))), '{}')
    FROM pg_catalog.pg_class AS c
    WHERE c.oid IN (SELECT r.relation FROM reference AS r) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
$$;
COMMENT ON FUNCTION assetlink_internal.read_by(oid)
    IS 'The tables and views that a view reads, through views too, with the columns it reads of each; a whole-row reference is all of them.';

CREATE FUNCTION assetlink_internal.column_origin(view oid, shown text)
RETURNS TABLE (relation oid, column_name name)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    current_view oid := view;
    current_column text := shown;
    origin text[];
BEGIN
    FOR depth IN 1..32 LOOP
        -- The target list of the top level is written last, so the last entry of that name is the shown one.
        SELECT m INTO origin
        FROM pg_catalog.pg_rewrite AS r,
            LATERAL regexp_matches(r.ev_action::text,
                ':resname (\S+) :ressortgroupref \d+ :resorigtbl (\d+) :resorigcol (\d+)', 'g') WITH ORDINALITY AS x (m, n)
        WHERE r.ev_class = current_view AND r.ev_type = '1' AND m[1] = current_column
        ORDER BY n DESC LIMIT 1;
        IF origin IS NULL OR origin[2] = '0' THEN
            RETURN;
        END IF;
        SELECT a.attrelid, a.attname INTO relation, column_name
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = origin[2]::oid AND a.attnum = origin[3]::smallint;
        IF (SELECT c.relkind FROM pg_catalog.pg_class AS c WHERE c.oid = relation) <> 'v' THEN
            RETURN NEXT;
            RETURN;
        END IF;
        current_view := relation;
        current_column := column_name;
    END LOOP;
END
$$;
COMMENT ON FUNCTION assetlink_internal.column_origin(oid, text)
    IS 'The table column that a view shows unchanged under a name, through views; no row for an expression.';

CREATE FUNCTION assetlink_internal.relation_tree(relation oid)
RETURNS TABLE (member oid, is_partition boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE tree (member) AS (
        SELECT relation
        UNION
        SELECT i.inhrelid FROM tree AS t JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.member
    )
    SELECT t.member, c.relispartition AND t.member <> relation
    FROM tree AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.member
    WHERE c.relkind IN ('r', 'p')
$$;
COMMENT ON FUNCTION assetlink_internal.relation_tree(oid) IS 'A table with its partitions and inheritance children.';

CREATE FUNCTION assetlink_internal.qualified_name(relation oid)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = relation
$$;
COMMENT ON FUNCTION assetlink_internal.qualified_name(oid) IS 'A relation''s name, quoted and with its schema.';
