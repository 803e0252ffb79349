extension BaselineSQL {
    /// Assets of the source with what they mean, beside what is stored of them.
    ///
    /// - Parameter rows: the rows of `itam.asset`, as `s`.
    static func assetSource(_ rows: String, ref: String) -> String {
        """
        SELECT x.*, \(ref) AS ref
        FROM (
            SELECT s.*, o.asset_ref AS old_ref, o.standing AS old_standing, o.digest AS old_digest,
                concat_ws('/', s.state, s.substate) AS raw_state,
                coalesce(l.meaning, 'in_use') AS phase, l.meaning IS NOT NULL AS mapped,
                CASE WHEN l.meaning IN ('retired', 'disposed') THEN 1 ELSE 0 END::smallint AS standing,
                md5(ROW(s.asset_tag, s.serial_number, s.other_serials, s.uuid, s.mac_addresses, s.name, s.manufacturer,
                    s.model, s.asset_class, concat_ws('/', s.state, s.substate), s.parent_asset_id::text, s.position,
                    s.cloud_resource_id, s.is_composite, s.lifecycle_since, s.attributes)::text) AS digest
            FROM \(rows)
            LEFT JOIN bench.state AS l
                ON l.side = 'asset' AND l.raw_state = lower(concat_ws('/', s.state, s.substate))
        ) AS x
        WHERE x.old_digest IS DISTINCT FROM x.digest
        """
    }

    /// One row for each identifier that an asset shows.
    static let assetValues = """
        SELECT v.ref, v.attribute, v.kind, v.raw, v.canonical,
            bench.is_placeholder(v.kind, v.canonical) AS is_placeholder
        FROM (
            SELECT ref, 'serial_number' AS attribute, 'serial' AS kind, serial_number AS raw,
                bench.label(serial_number) AS canonical
            FROM src WHERE serial_number IS NOT NULL
            UNION ALL
            SELECT src.ref, 'other_serials', 'serial', o.raw, bench.label(o.raw)
            FROM src CROSS JOIN LATERAL unnest(src.other_serials) AS o (raw) WHERE src.other_serials <> '{}'
            UNION ALL
            SELECT ref, 'uuid', 'uuid', uuid, bench.uuid_of(uuid) FROM src WHERE uuid IS NOT NULL
            UNION ALL
            SELECT ref, 'asset_tag', 'asset_tag', asset_tag, bench.label(asset_tag) FROM src WHERE asset_tag IS NOT NULL
            UNION ALL
            SELECT src.ref, 'mac_addresses', 'mac', m.raw, bench.mac_of(m.raw)
            FROM src CROSS JOIN LATERAL unnest(src.mac_addresses) AS m (raw) WHERE src.mac_addresses <> '{}'
        ) AS v
        """

    /// The match keys that usable values give.
    static let assetKeys = """
        SELECT u.ref, e.space_id, u.canonical AS key
        FROM usable AS u
        JOIN bench.entry AS e ON e.priority = CASE u.attribute WHEN 'serial_number' THEN 10 WHEN 'uuid' THEN 30
            WHEN 'asset_tag' THEN 40 END
        UNION ALL
        SELECT DISTINCT u.ref, e.space_id, u.canonical
        FROM usable AS u JOIN bench.entry AS e ON e.priority = 20
        WHERE u.kind = 'serial'
        UNION ALL
        SELECT m.ref, e.space_id, bench.key_text(m.macs)
        FROM (SELECT ref, array_agg(DISTINCT canonical COLLATE "C") AS macs FROM usable WHERE kind = 'mac' GROUP BY ref) AS m
        JOIN bench.entry AS e ON e.priority = 50
        UNION ALL
        SELECT s.ref, p.space_id, bench.key_text(ARRAY['itam/' || s.parent_asset_id, btrim(s.position)])
        FROM src AS s
        JOIN assetlink_internal.key_space AS p ON p.signature = 'parent/position'
        WHERE s.parent_asset_id IS NOT NULL AND btrim(s.position) <> ''
        """

    /// Evidence and identity, one row an asset.
    static let assetFacts = """
        SELECT v.ref,
            jsonb_agg(jsonb_strip_nulls(jsonb_build_object('a', v.attribute, 'k', v.kind, 'r', v.raw, 'c', v.canonical, 's',
                CASE WHEN v.canonical IS NULL THEN 'malformed' WHEN v.is_placeholder THEN 'placeholder'
                    WHEN v.is_suspect THEN 'suspect' END))) AS evidence,
            array_agg(CASE v.attribute WHEN 'serial_number' THEN 's' WHEN 'other_serials' THEN 'o' WHEN 'uuid' THEN 'u'
                WHEN 'asset_tag' THEN 't' ELSE 'm' END || v.canonical)
                FILTER (WHERE v.canonical IS NOT NULL AND NOT v.is_placeholder AND NOT v.is_suspect) AS identity
        FROM vals AS v
        GROUP BY v.ref
        """

    /// The record as stored: what an INSERT of `bench.asset` takes from `src` and `facts`.
    static let assetColumns = """
        asset_ref, source_id, key, asset_tag, serial_number, other_serials, uuid, mac_addresses, name, manufacturer,
        model, asset_class, lifecycle_raw, parent_asset_id, position, cloud_resource_id, is_composite, lifecycle_since,
        attributes, version, digest, phase, lifecycle_mapped, standing, composite, identity, evidence, ended_at,
        first_seen_at, since, phase_since
        """

    /// See ``assetColumns``.
    static let assetRow = """
        SELECT s.ref, bench.itam(), s.asset_id::text, s.asset_tag, s.serial_number, s.other_serials, s.uuid,
            s.mac_addresses, s.name, s.manufacturer, s.model, s.asset_class, s.raw_state, s.parent_asset_id::text,
            s.position, s.cloud_resource_id, s.is_composite, s.lifecycle_since, s.attributes, s.updated_at, s.digest,
            s.phase, s.mapped, s.standing, s.is_composite, coalesce(f.identity, '{}'), coalesce(f.evidence, '[]'),
            CASE s.standing WHEN 1 THEN s.lifecycle_since END, clock_timestamp(), clock_timestamp(), clock_timestamp()
        FROM src AS s LEFT JOIN facts AS f USING (ref)
        """

    /// Assets of given ids.
    private static let changedAssets = """
        unnest(ids) AS k (id)
        JOIN itam.asset AS s ON s.asset_id = k.id
        LEFT JOIN bench.asset AS o ON o.source_id = bench.itam() AND o.key = s.asset_id::text
        """

    /// Takes changed assets in, some at a time; returns the CIs that share a key with them, before or after.
    static let takeAssets = """
        CREATE FUNCTION bench.key_text(parts text[]) RETURNS text IMMUTABLE LANGUAGE sql RETURN
            CASE WHEN octet_length(array_to_json(parts)::text) > 380
                THEN 'sha256:' || encode(sha256(convert_to(array_to_json(parts)::text, 'UTF8')), 'hex')
                ELSE replace(array_to_json(parts)::text, '","', '", "') END;

        CREATE FUNCTION bench.take_assets(ids bigint[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
        DECLARE
            touched bigint[];
            kinds text[];
            texts text[];
        BEGIN
            WITH src AS MATERIALIZED (
                \(assetSource(changedAssets, ref: "coalesce(x.old_ref, nextval(pg_get_serial_sequence('bench.asset', 'asset_ref')))"))
            ), vals AS MATERIALIZED (
                SELECT v.*, t.value IS NOT NULL AS is_suspect
                FROM (\(assetValues)) AS v
                LEFT JOIN bench.suspect_value AS t ON t.kind = v.kind AND t.value = v.canonical
            ), usable AS MATERIALIZED (
                SELECT * FROM vals WHERE canonical IS NOT NULL AND NOT is_placeholder AND NOT is_suspect
            ), keys AS MATERIALIZED (
                SELECT k.*, s.standing FROM (\(assetKeys)) AS k JOIN src AS s USING (ref)
            ), facts AS (
                \(assetFacts)
            ), put AS (
                INSERT INTO bench.asset AS a (\(assetColumns))
                \(assetRow)
                ON CONFLICT (asset_ref) DO UPDATE SET
                    asset_tag = excluded.asset_tag, serial_number = excluded.serial_number,
                    other_serials = excluded.other_serials, uuid = excluded.uuid, mac_addresses = excluded.mac_addresses,
                    name = excluded.name, manufacturer = excluded.manufacturer, model = excluded.model,
                    asset_class = excluded.asset_class, lifecycle_raw = excluded.lifecycle_raw,
                    parent_asset_id = excluded.parent_asset_id, position = excluded.position,
                    lifecycle_since = excluded.lifecycle_since, attributes = excluded.attributes,
                    version = excluded.version, digest = excluded.digest, phase = excluded.phase,
                    lifecycle_mapped = excluded.lifecycle_mapped, standing = excluded.standing,
                    identity = excluded.identity, evidence = excluded.evidence, ended_at = excluded.ended_at,
                    since = CASE WHEN a.standing = excluded.standing THEN a.since ELSE excluded.since END,
                    phase_since = CASE WHEN a.phase = excluded.phase THEN a.phase_since ELSE excluded.phase_since END
            ), gone AS (
                DELETE FROM bench.asset_key AS y USING src AS s
                WHERE y.asset_ref = s.old_ref AND NOT EXISTS (
                    SELECT FROM keys AS k
                    WHERE k.ref = s.ref AND k.space_id = y.space_id AND k.key = y.key AND k.standing = y.standing)
                RETURNING y.space_id, y.key
            ), here AS (
                INSERT INTO bench.asset_key (space_id, key, standing, asset_ref, source_id)
                SELECT k.space_id, k.key, k.standing, k.ref, bench.itam() FROM keys AS k
                ON CONFLICT DO NOTHING
                RETURNING space_id, key
            ), held AS MATERIALIZED (
                SELECT DISTINCT v.kind, v.canonical AS value, v.ref, s.standing = 0 AND NOT s.is_composite AS counted
                FROM vals AS v JOIN src AS s USING (ref)
                WHERE v.kind IN ('serial', 'uuid') AND v.canonical IS NOT NULL AND NOT v.is_placeholder
            ), dropped AS (
                DELETE FROM bench.asset_value AS v USING src AS s
                WHERE v.asset_ref = s.old_ref AND NOT EXISTS (
                    SELECT FROM held AS h WHERE h.ref = s.ref AND h.kind = v.kind AND h.value = v.value)
                RETURNING v.kind, v.value
            ), counted AS (
                INSERT INTO bench.asset_value AS v (kind, value, asset_ref, counted)
                SELECT h.kind, h.value, h.ref, h.counted FROM held AS h
                ON CONFLICT (kind, value, asset_ref) DO UPDATE SET counted = excluded.counted
                    WHERE v.counted <> excluded.counted
                RETURNING v.kind, v.value
            ), verdicts AS (
                SELECT array_agg(kind) AS kinds, array_agg(value) AS texts
                FROM (SELECT * FROM dropped UNION SELECT * FROM counted) AS v
            )
            SELECT
                (SELECT array_agg(DISTINCT y.ci_ref)
                 FROM (SELECT * FROM gone UNION SELECT * FROM here) AS k
                 JOIN bench.ci_key AS y ON y.space_id = k.space_id AND y.key = k.key),
                v.kinds, v.texts
            INTO touched, kinds, texts
            FROM verdicts AS v;
            PERFORM bench.check_verdicts(kinds, texts);
            RETURN coalesce(touched, '{}');
        END
        $$;

        -- A value that becomes or ceases to be suspect makes its holders read anew: looked for, and not to happen in the
        -- changes that the baselines take in.
        CREATE FUNCTION bench.check_verdicts(kinds text[], texts text[]) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM unnest(kinds, texts) AS k (kind, value)
                WHERE EXISTS (SELECT FROM bench.suspect_value AS s WHERE s.kind = k.kind AND s.value = k.value) <> (
                    (SELECT count(*) FROM (SELECT FROM bench.asset_value AS v
                        WHERE v.kind = k.kind AND v.value = k.value AND v.counted LIMIT 6) AS x) > 5
                    OR (SELECT count(*) FROM (SELECT FROM bench.ci_value AS v
                        WHERE v.kind = k.kind AND v.value = k.value AND v.counted LIMIT 6) AS x) > 5))
            THEN
                RAISE EXCEPTION 'a verdict flips, and this baseline does not read the holders again';
            END IF;
        END
        $$;
        """
}
