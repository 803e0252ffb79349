import Postgres

/// What one would write by hand to find out whether stored records are as their sources and links as their keys.
///
/// The same rows as a full pass reads: every source record with its details, every stored record, key, decision and
/// link. Hash joins over all of it, in one read-only transaction.
enum FullJoin {
    /// The number of differences.
    static func differences(_ world: World) async throws -> Int {
        let session = try await world.session()
        try await session.script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL work_mem = '256MB'")
        var count = 0
        for sql in [assets, cis, keys, decisions] {
            count += Int(try await session.query(Statement(sql, prepared: false)).first?.int8(0) ?? 0)
        }
        await session.close()
        return count
    }

    /// Assets of the source and as stored, column by column.
    private static let assets = """
        SELECT count(*)
        FROM itam.asset AS s
        FULL JOIN (SELECT * FROM assetlink_internal.asset WHERE standing <> 2) AS a ON a.key = s.asset_id::text
        WHERE s.asset_id IS NULL OR a.asset_ref IS NULL
            OR (s.asset_tag, s.serial_number, s.other_serials, s.uuid, s.mac_addresses, s.name, s.manufacturer, s.model,
                s.asset_class, concat_ws('/', s.state, s.substate), s.parent_asset_id::text, s.position,
                s.cloud_resource_id, s.is_composite, s.attributes)
            IS DISTINCT FROM
               (a.asset_tag, a.serial_number, a.other_serials, a.uuid, a.mac_addresses, a.name, a.manufacturer, a.model,
                a.asset_class, a.lifecycle_raw, a.parent_asset_id, a.position,
                a.cloud_resource_id, a.is_composite, a.attributes)
        """

    /// CIs with their serials, adapters and parents, and as stored.
    private static let cis = """
        SELECT count(*)
        FROM (
            SELECT c.*, s.list AS serials, n.list AS adapters, r.parent
            FROM cmdb.ci AS c
            LEFT JOIN (
                SELECT ci_id, jsonb_agg(jsonb_build_object('type', type, 'value', value) ORDER BY type, value) AS list
                FROM cmdb.ci_serial_number GROUP BY ci_id) AS s USING (ci_id)
            LEFT JOIN (
                SELECT ci_id, jsonb_agg(jsonb_build_object('name', name, 'mac', mac) ORDER BY name, mac) AS list
                FROM cmdb.ci_network_adapter GROUP BY ci_id) AS n USING (ci_id)
            LEFT JOIN (
                SELECT child_ci_id AS ci_id, min(parent_ci_id) AS parent
                FROM cmdb.ci_relationship WHERE type = 'contains' GROUP BY child_ci_id) AS r USING (ci_id)
        ) AS s
        FULL JOIN (SELECT * FROM assetlink_internal.ci WHERE deleted_at IS NULL) AS c ON c.key = s.ci_id::text
        WHERE s.ci_id IS NULL OR c.ci_ref IS NULL
            OR (s.ci_class, s.name, s.serial_number, s.serials, s.uuid, s.asset_tag, s.adapters, s.manufacturer, s.model,
                s.cloud_resource_id, s.parent::text, s.position, s.state, s.attributes)
            IS DISTINCT FROM
               (c.ci_class, c.name, c.serial_number, c.serials, c.uuid, c.asset_tag, c.network_adapters, c.manufacturer,
                c.model, c.cloud_resource_id, c.parent_ci_id, c.position, c.lifecycle_raw, c.attributes)
        """

    /// Each claim rests on a key that both sides hold.
    private static let keys = """
        SELECT count(*)
        FROM assetlink_internal.ci_decision AS d
        WHERE d.claim_asset IS NOT NULL AND NOT EXISTS (
            SELECT FROM assetlink_internal.ci_key AS k
            JOIN assetlink_internal.asset_key AS y ON y.space_id = k.space_id AND y.key = k.key
            WHERE k.ci_ref = d.ci_ref AND k.space_id = d.entry_space AND y.asset_ref = d.claim_asset)
        """

    /// Each live CI is decided, each linked one has its link, each asset its count.
    private static let decisions = """
        SELECT count(*)
        FROM (SELECT * FROM assetlink_internal.ci WHERE deleted_at IS NULL) AS c
        FULL JOIN assetlink_internal.ci_decision AS d USING (ci_ref)
        LEFT JOIN assetlink_internal.link AS l ON l.link_id = d.link_id
        LEFT JOIN assetlink_internal.asset AS a ON a.asset_ref = d.claim_asset
        WHERE c.key IS NULL OR d.state IS NULL OR l.status IS DISTINCT FROM d.link_status
            OR (d.state = 'linked') <> (l.status IS NOT DISTINCT FROM 'active')
            OR (d.state = 'linked' AND (l.asset_ref <> d.claim_asset OR a.ci_count = 0 OR a.standing <> 0))
        """
}
