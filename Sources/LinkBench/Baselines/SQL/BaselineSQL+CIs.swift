extension BaselineSQL {
    /// CIs of the source with their serials, adapters, parent and rule, beside what is stored of them.
    ///
    /// - Parameter rows: the rows of `cmdb.ci` as `s`, with `serials` and `adapters` as jsonb, and `parent`.
    static func ciSource(_ rows: String, ref: String) -> String {
        """
        SELECT x.*, \(ref) AS ref
        FROM (
            SELECT s.*, o.ci_ref AS old_ref, o.digest AS old_digest, coalesce(l.rule, '') AS rule_name,
                l.class IS NOT NULL AS class_known, coalesce(l.class, 'ci') AS class,
                coalesce(t.meaning = 'retired', false) AS retired, t.meaning IS NOT NULL AS mapped,
                md5(ROW(s.ci_class, s.name, s.serial_number, d.serials, s.uuid, s.asset_tag, d.adapters, s.manufacturer,
                    s.model, s.cloud_resource_id, d.parent, s.position, s.state, s.attributes)::text) AS digest,
                d.serials, d.adapters, d.parent
            FROM \(rows)
            LEFT JOIN bench.class AS l ON l.class = s.ci_class
            LEFT JOIN bench.state AS t ON t.side = 'ci' AND t.raw_state = lower(s.state)
        ) AS x
        WHERE x.old_digest IS DISTINCT FROM x.digest
        """
    }

    /// One row for each identifier that an entry of its rule reads of a CI; of an excluded CI its serials.
    static let ciValues = """
        SELECT v.ref, v.priority, v.attribute, v.kind, v.type, v.raw, v.canonical,
            bench.is_placeholder(v.kind, v.canonical) AS is_placeholder, v.is_read
        FROM (
            SELECT ref, 10 AS priority, 'serial_number' AS attribute, 'serial' AS kind, NULL AS type,
                coalesce(serial_number, '') AS raw, bench.label(serial_number) AS canonical, true AS is_read
            FROM src WHERE rule_name <> ''
            UNION ALL
            SELECT ref, 20, 'serials', 'serial', 'standard', serial_number, bench.label(serial_number), rule_name <> ''
            FROM src WHERE serial_number IS NOT NULL
            UNION ALL
            SELECT src.ref, 20, 'serials', 'serial', m ->> 'type', m ->> 'value', bench.label(m ->> 'value'), rule_name <> ''
            FROM src CROSS JOIN LATERAL jsonb_array_elements(src.serials) AS m
            WHERE rule_name = '' OR m ->> 'type' IN ('system', 'bios', 'standard')
                OR (m ->> 'type' = 'chassis' AND rule_name <> 'blade_server')
            UNION ALL
            SELECT ref, 30, 'uuid', 'uuid', NULL, coalesce(uuid, ''), bench.uuid_of(uuid), true FROM src WHERE rule_name <> ''
            UNION ALL
            SELECT ref, 40, 'asset_tag', 'asset_tag', NULL, coalesce(asset_tag, ''), bench.label(asset_tag), true
            FROM src WHERE rule_name <> ''
            UNION ALL
            SELECT src.ref, 50, 'mac_addresses', 'mac', NULL, m ->> 'mac', bench.mac_of(m ->> 'mac'), true
            FROM src CROSS JOIN LATERAL jsonb_array_elements(src.adapters) AS m WHERE rule_name <> ''
        ) AS v
        """

    /// The match keys that usable values give.
    static let ciKeys = """
        SELECT DISTINCT u.ref, e.space_id, u.canonical AS key
        FROM usable AS u JOIN bench.entry AS e USING (priority)
        WHERE u.is_read AND u.kind <> 'mac'
        UNION ALL
        SELECT m.ref, e.space_id, bench.key_text(m.macs)
        FROM (SELECT ref, array_agg(DISTINCT canonical COLLATE "C") AS macs FROM usable WHERE kind = 'mac' GROUP BY ref) AS m
        JOIN bench.entry AS e ON e.priority = 50
        """

    /// Evidence, one row a CI.
    static let ciFacts = """
        SELECT v.ref,
            jsonb_agg(jsonb_strip_nulls(jsonb_build_object('p', v.priority, 't',
                CASE WHEN v.priority IN (20, 50) THEN 'lookup' ELSE 'regular' END, 'k', v.kind, 'a', v.attribute, 'ty', v.type,
                'r', v.raw, 'c', v.canonical, 's', CASE WHEN coalesce(btrim(v.raw), '') = '' THEN 'empty'
                    WHEN v.canonical IS NULL THEN 'malformed' WHEN v.is_placeholder THEN 'placeholder'
                    WHEN v.is_suspect THEN 'suspect' END,
                'sp', e.space_id, 'key', CASE WHEN v.kind <> 'mac' AND NOT v.is_placeholder AND NOT v.is_suspect
                    THEN v.canonical END))) AS evidence
        FROM vals AS v JOIN bench.entry AS e USING (priority)
        WHERE v.is_read
        GROUP BY v.ref
        """

    /// The record as stored: what an INSERT of `bench.ci` takes from `src` and `facts`.
    static let ciColumns = """
        ci_ref, source_id, key, ci_class, name, serial_number, serials, uuid, asset_tag, network_adapters, manufacturer,
        model, cloud_resource_id, parent_ci_id, position, lifecycle_raw, last_discovered_at, discovery_source, attributes,
        version, digest, class, class_known, lifecycle_mapped, retired, rule, evidence, first_seen_at
        """

    /// See ``ciColumns``.
    static let ciRow = """
        SELECT s.ref, bench.cmdb(), s.ci_id::text, s.ci_class, s.name, s.serial_number, s.serials, s.uuid, s.asset_tag,
            s.adapters, s.manufacturer, s.model, s.cloud_resource_id, s.parent::text, s.position, s.state,
            s.last_discovered_at, s.discovery_source, s.attributes, s.updated_at, s.digest, s.class, s.class_known,
            s.mapped, s.retired, nullif(s.rule_name, ''), coalesce(f.evidence, '[]'), clock_timestamp()
        FROM src AS s LEFT JOIN facts AS f USING (ref)
        """

    /// What `ci_value` holds of each CI.
    static let ciHeld = """
        SELECT DISTINCT v.kind, v.canonical AS value, v.ref, s.rule_name <> '' AND NOT s.retired AS counted
        FROM vals AS v JOIN src AS s USING (ref)
        WHERE v.kind IN ('serial', 'uuid') AND v.canonical IS NOT NULL AND NOT v.is_placeholder
        """

    /// CIs of given ids, each with its details by index probes.
    private static let changedCIs = """
        unnest(ids) AS k (id)
        JOIN cmdb.ci AS s ON s.ci_id = k.id
        LEFT JOIN bench.ci AS o ON o.source_id = bench.cmdb() AND o.key = s.ci_id::text
        CROSS JOIN LATERAL (
            SELECT
                (SELECT jsonb_agg(jsonb_build_object('type', n.type, 'value', n.value) ORDER BY n.type, n.value)
                 FROM cmdb.ci_serial_number AS n WHERE n.ci_id = s.ci_id) AS serials,
                (SELECT jsonb_agg(jsonb_build_object('name', n.name, 'mac', n.mac) ORDER BY n.name, n.mac)
                 FROM cmdb.ci_network_adapter AS n WHERE n.ci_id = s.ci_id) AS adapters,
                (SELECT min(r.parent_ci_id) FROM cmdb.ci_relationship AS r
                 WHERE r.child_ci_id = s.ci_id AND r.type = 'contains') AS parent
            OFFSET 0) AS d
        """

    /// Takes changed CIs in, some at a time, those that are gone too; returns the CIs to decide again.
    static let takeCIs = """
        CREATE FUNCTION bench.take_cis(ids bigint[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
        DECLARE
            touched bigint[];
            gone_refs bigint[];
            kinds text[];
            texts text[];
        BEGIN
            UPDATE bench.ci AS o SET deleted_at = clock_timestamp(), digest = ''
            FROM unnest(ids) AS k (id)
            WHERE o.source_id = bench.cmdb() AND o.key = k.id::text AND o.deleted_at IS NULL
                AND NOT EXISTS (SELECT FROM cmdb.ci AS s WHERE s.ci_id = k.id);
            SELECT array_agg(o.ci_ref) INTO gone_refs
            FROM unnest(ids) AS k (id) JOIN bench.ci AS o ON o.source_id = bench.cmdb() AND o.key = k.id::text
            WHERE o.deleted_at IS NOT NULL AND NOT EXISTS (SELECT FROM cmdb.ci AS s WHERE s.ci_id = k.id);
            DELETE FROM bench.ci_key WHERE ci_ref = ANY (gone_refs);
            DELETE FROM bench.ci_value WHERE ci_ref = ANY (gone_refs);

            WITH src AS MATERIALIZED (
                \(ciSource(changedCIs, ref: "coalesce(x.old_ref, nextval(pg_get_serial_sequence('bench.ci', 'ci_ref')))"))
            ), vals AS MATERIALIZED (
                SELECT v.*, t.value IS NOT NULL AS is_suspect
                FROM (\(ciValues)) AS v
                LEFT JOIN bench.suspect_value AS t ON t.kind = v.kind AND t.value = v.canonical
            ), usable AS MATERIALIZED (
                SELECT * FROM vals WHERE canonical IS NOT NULL AND NOT is_placeholder AND NOT is_suspect
            ), keys AS MATERIALIZED (
                \(ciKeys)
            ), facts AS (
                \(ciFacts)
            ), put AS (
                INSERT INTO bench.ci AS c (\(ciColumns))
                \(ciRow)
                ON CONFLICT (ci_ref) DO UPDATE SET
                    ci_class = excluded.ci_class, name = excluded.name, serial_number = excluded.serial_number,
                    serials = excluded.serials, uuid = excluded.uuid, asset_tag = excluded.asset_tag,
                    network_adapters = excluded.network_adapters, manufacturer = excluded.manufacturer,
                    model = excluded.model, parent_ci_id = excluded.parent_ci_id, position = excluded.position,
                    lifecycle_raw = excluded.lifecycle_raw, last_discovered_at = excluded.last_discovered_at,
                    discovery_source = excluded.discovery_source, attributes = excluded.attributes,
                    version = excluded.version, digest = excluded.digest, class = excluded.class,
                    class_known = excluded.class_known, lifecycle_mapped = excluded.lifecycle_mapped,
                    retired = excluded.retired, rule = excluded.rule, evidence = excluded.evidence, deleted_at = NULL
            ), gone AS (
                DELETE FROM bench.ci_key AS y USING src AS s
                WHERE y.ci_ref = s.old_ref AND NOT EXISTS (
                    SELECT FROM keys AS k WHERE k.ref = s.ref AND k.space_id = y.space_id AND k.key = y.key)
            ), here AS (
                INSERT INTO bench.ci_key (space_id, key, ci_ref)
                SELECT k.space_id, k.key, k.ref FROM keys AS k
                ON CONFLICT DO NOTHING
            ), held AS MATERIALIZED (
                \(ciHeld)
            ), dropped AS (
                DELETE FROM bench.ci_value AS v USING src AS s
                WHERE v.ci_ref = s.old_ref AND NOT EXISTS (
                    SELECT FROM held AS h WHERE h.ref = s.ref AND h.kind = v.kind AND h.value = v.value)
                RETURNING v.kind, v.value
            ), counted AS (
                INSERT INTO bench.ci_value AS v (kind, value, source_id, ci_ref, counted)
                SELECT h.kind, h.value, bench.cmdb(), h.ref, h.counted FROM held AS h
                ON CONFLICT (kind, value, source_id, limit_class, ci_ref) DO UPDATE SET counted = excluded.counted
                    WHERE v.counted <> excluded.counted
                RETURNING v.kind, v.value
            ), verdicts AS (
                SELECT array_agg(kind) AS kinds, array_agg(value) AS texts
                FROM (SELECT * FROM dropped UNION SELECT * FROM counted) AS v
            )
            SELECT (SELECT array_agg(s.ref) FROM src AS s), v.kinds, v.texts INTO touched, kinds, texts FROM verdicts AS v;
            PERFORM bench.check_verdicts(kinds, texts);
            RETURN coalesce(touched, '{}') || coalesce(gone_refs, '{}');
        END
        $$;
        """
}
