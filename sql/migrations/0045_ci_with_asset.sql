-- What the ITAM knows of a CI's asset, beside the CI: read from the source's own tables when somebody looks, never copied.
-- Not columns of the binding: those are watched, and each change of an owner or a cost centre would wake the daemon for
-- nothing.
SET LOCAL ROLE assetlink_owner;

CREATE TABLE assetlink_internal.source_facts (
    source_id integer PRIMARY KEY REFERENCES assetlink_internal.source ON DELETE CASCADE,
    query text NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now(),
    set_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE assetlink_internal.source_facts IS 'Asset sources whose further facts are shown beside the CIs, and the query that reads them.';
COMMENT ON COLUMN assetlink_internal.source_facts.source_id IS 'The source.';
COMMENT ON COLUMN assetlink_internal.source_facts.query IS 'The query: a row for each asset, by asset_id in its native type.';
COMMENT ON COLUMN assetlink_internal.source_facts.set_at IS 'When it was set.';
COMMENT ON COLUMN assetlink_internal.source_facts.set_by IS 'Who set it.';
GRANT SELECT ON assetlink_internal.source_facts TO assetlink_daemon;

-- Owned by the daemon's role (below), as whatever runs a binding's query: never in the reader's name.
CREATE FUNCTION assetlink_internal.asset_facts(of_source integer, of_asset text, OUT facts jsonb, OUT problem text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $$
DECLARE
    statement text := (
        SELECT format('SELECT to_jsonb(b) FROM (%s' || E'\n' || ') AS b WHERE b.asset_id = $1::%s', f.query, s.key_type)
        FROM assetlink_internal.source_facts AS f
        JOIN assetlink_internal.source AS s ON s.source_id = f.source_id
        WHERE f.source_id = of_source);
BEGIN
    IF statement IS NULL THEN
        RETURN;
    END IF;
    EXECUTE statement INTO facts USING of_asset;
EXCEPTION WHEN OTHERS THEN
    -- Whoever reads the view gets the rest, and why this is missing.
    problem := SQLERRM;
END
$$;
COMMENT ON FUNCTION assetlink_internal.asset_facts(integer, text)
    IS 'The further facts of one asset, from its source''s own tables, or why they cannot be read.';
REVOKE ALL ON FUNCTION assetlink_internal.asset_facts(integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assetlink_internal.asset_facts(integer, text)
TO assetlink_reader, assetlink_operator;

CREATE FUNCTION assetlink.set_asset_facts(source text, query text)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    the_source integer := (
        SELECT s.source_id
        FROM assetlink_internal.source AS s
        WHERE s.name = source AND s.side = 'asset' AND s.kind = 'bound' AND s.detached_at IS NULL);
    wrong text;
BEGIN
    IF the_source IS NULL THEN
        RAISE EXCEPTION 'there is no attached asset source %', coalesce(quote_literal(source), 'null')
            USING ERRCODE = 'undefined_object', HINT = assetlink_internal.did_you_mean(coalesce(source, ''),
                ARRAY(SELECT s.name FROM assetlink_internal.source AS s
                    WHERE s.side = 'asset' AND s.kind = 'bound' AND s.detached_at IS NULL ORDER BY s.name));
    END IF;
    DELETE FROM assetlink_internal.source_facts AS f WHERE f.source_id = the_source;
    IF query IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO assetlink_internal.source_facts (source_id, query)
    VALUES (the_source, rtrim(query, E' \t\r\n;'));
    wrong := (SELECT f.problem FROM assetlink_internal.asset_facts(the_source, NULL) AS f);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the facts of source % cannot be read: %', quote_literal(source), wrong
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Qualify every name with its schema, show the id as asset_id, and grant assetlink_daemon SELECT on what the query reads.';
    END IF;
END
$$;
COMMENT ON FUNCTION assetlink.set_asset_facts(text, text)
    IS 'Says how further facts of a source''s assets are read, for assetlink.ci_with_asset: a query with asset_id and owner, location, cost_centre, supplier, purchased_at, warranty_end or whatever else there is; null: no longer.';
REVOKE ALL ON FUNCTION assetlink.set_asset_facts(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assetlink.set_asset_facts(text, text) TO assetlink_integrator;

CREATE VIEW assetlink.ci_with_asset AS
SELECT
    cs.name AS ci_source,
    c.key AS ci_id,
    c.ci_class,
    c.name,
    d.state,
    d.link_id,
    s.name AS asset_source,
    a.key AS asset_id,
    a.asset_tag,
    a.serial_number,
    a.manufacturer,
    a.model,
    a.phase AS lifecycle_phase,
    a.lifecycle_raw,
    a.lifecycle_since,
    coalesce(f.facts ->> 'owner', a.attributes ->> 'owner') AS owner,
    coalesce(f.facts ->> 'location', a.attributes ->> 'location') AS location,
    coalesce(f.facts ->> 'cost_centre', a.attributes ->> 'cost_centre') AS cost_centre,
    coalesce(f.facts ->> 'supplier', a.attributes ->> 'supplier') AS supplier,
    coalesce(f.facts ->> 'purchased_at', a.attributes ->> 'purchased_at') AS purchased_at,
    coalesce(f.facts ->> 'warranty_end', a.attributes ->> 'warranty_end') AS warranty_end,
    f.facts,
    f.problem AS facts_problem
FROM assetlink_internal.ci c
JOIN assetlink_internal.ci_decision d ON d.ci_ref = c.ci_ref
JOIN assetlink_internal.source cs ON cs.source_id = c.source_id
LEFT JOIN assetlink_internal.asset a ON a.asset_ref = d.link_asset
LEFT JOIN assetlink_internal.source s ON s.source_id = a.source_id
LEFT JOIN LATERAL assetlink_internal.asset_facts(a.source_id, a.key) f ON a.asset_ref IS NOT NULL;

COMMENT ON VIEW assetlink.ci_with_asset IS 'Every CI with what the ITAM knows of the asset of its link, stale or active: read from the ITAM''s own tables at that moment.';
DO $$
DECLARE
    word record;
BEGIN
    FOR word IN
        SELECT * FROM (VALUES
            ('asset_source', 'The source of the link''s asset; null without a link that is not closed.'),
            ('state', 'linked, orphaned, conflicted or excluded; with an asset and not linked: the link is stale.'),
            ('lifecycle_since', 'Since when the asset is in its state, where the source says so.'),
            ('owner', 'Who answers for the asset; a fact, or else the member of its attributes.'),
            ('location', 'Where it is; likewise.'),
            ('cost_centre', 'Who pays for it; likewise.'),
            ('supplier', 'Who sold it; likewise.'),
            ('purchased_at', 'When it was bought, as the source writes it; likewise.'),
            ('warranty_end', 'The last day of its warranty, as the source writes it; likewise.'),
            ('facts', 'Everything that the source''s query of facts shows (assetlink.set_asset_facts).'),
            ('facts_problem', 'Why the facts cannot be read; null where they can, or where there are none.')) AS own (name, text)
    LOOP
        EXECUTE format('COMMENT ON COLUMN assetlink.ci_with_asset.%I IS %L', word.name, word.text);
    END LOOP;
    -- The others mean what they mean elsewhere.
    FOR word IN
        SELECT a.attname AS name, coalesce(
            (SELECT col_description(b.attrelid, b.attnum) FROM pg_attribute b
                WHERE b.attrelid = 'assetlink.ci_state'::regclass AND b.attname = a.attname),
            (SELECT col_description(b.attrelid, b.attnum) FROM pg_attribute b
                WHERE b.attrelid = 'assetlink.unlinked_asset'::regclass AND b.attname = a.attname),
            (SELECT col_description(b.attrelid, b.attnum) FROM pg_attribute b
                WHERE b.attrelid = 'assetlink.asset_state'::regclass AND b.attname = a.attname)) AS text
        FROM pg_attribute a
        WHERE a.attrelid = 'assetlink.ci_with_asset'::regclass AND a.attnum > 0
            AND col_description(a.attrelid, a.attnum) IS NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN assetlink.ci_with_asset.%I IS %L', word.name, word.text);
    END LOOP;
END
$$;
GRANT SELECT ON assetlink.ci_with_asset TO assetlink_reader, assetlink_operator, assetlink_daemon;

INSERT INTO assetlink_internal.source_facts (source_id, query)
SELECT s.source_id, 'SELECT a.asset_id, a.owner, a.location, a.cost_centre, a.supplier, a.purchased_at, a.warranty_end FROM itam.asset AS a'
FROM assetlink_internal.source AS s
WHERE s.name = 'itam' AND s.relation_name = 'itam.asset' AND s.detached_at IS NULL;

SET LOCAL ROLE NONE;
GRANT CREATE ON SCHEMA assetlink_internal TO assetlink_daemon;
ALTER FUNCTION assetlink_internal.asset_facts(integer, text) OWNER TO assetlink_daemon;
GRANT EXECUTE ON FUNCTION assetlink_internal.asset_facts(integer, text) TO assetlink_owner;
REVOKE CREATE ON SCHEMA assetlink_internal FROM assetlink_daemon;
