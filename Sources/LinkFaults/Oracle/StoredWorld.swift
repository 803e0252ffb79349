import LinkCore
import LinkStore
import LinkTesting
import Postgres

/// The world as the daemon last read it, for the reference model: what is stored of every record, tombstones included,
/// and the operators' decisions in force.
enum StoredWorld {
    static func read(_ connection: PostgresConnection) async throws -> World {
        var world = World(ruleSet: try await RuleSetLoader.load(connection))
        try await readAssets(connection, &world)
        try await readCIs(connection, &world)
        try await readDecisions(connection, &world)
        return world
    }

    private static func readAssets(_ connection: PostgresConnection, _ world: inout World) async throws {
        // A tombstone whose time is over has lost its keys.
        let rows = try await connection.query(
            """
            SELECT s.name, a.key, a.deleted_at IS NOT NULL, a.asset_tag, a.serial_number, a.other_serials, a.uuid,
                a.mac_addresses, a.name, a.manufacturer, a.model, a.asset_class, a.lifecycle_raw, a.parent_asset_id,
                a.position, a.cloud_resource_id, a.is_composite,
                ARRAY(SELECT e.key FROM jsonb_each_text(coalesce(a.attributes, '{}')) AS e),
                ARRAY(SELECT e.value FROM jsonb_each_text(coalesce(a.attributes, '{}')) AS e)
            FROM assetlink_internal.asset AS a JOIN assetlink_internal.source AS s USING (source_id)
            WHERE a.deleted_at IS NULL
                OR EXISTS (SELECT FROM assetlink_internal.asset_key AS y WHERE y.asset_ref = a.asset_ref)
            """)
        for row in rows {
            var columns = Columns(row)
            let key = RecordKey(try columns.text(), try columns.text())
            let isDeleted = try columns.bool()
            var record = AssetRecord()
            record.assetTag = try columns.textOrNil()
            record.serialNumber = try columns.textOrNil()
            record.otherSerials = try columns.texts()
            record.uuid = try columns.textOrNil()
            record.macAddresses = try columns.texts()
            record.name = try columns.textOrNil()
            record.manufacturer = try columns.textOrNil()
            record.model = try columns.textOrNil()
            record.assetClass = try columns.textOrNil()
            record.lifecycleRaw = try columns.textOrNil()
            record.parentAssetID = try columns.textOrNil()
            record.position = try columns.textOrNil()
            record.cloudResourceID = try columns.textOrNil()
            record.isComposite = try columns.bool()
            record.attributes = pairs(try columns.texts(), try columns.texts())
            world.assets[key] = WorldAsset(record, isDeleted: isDeleted)
        }
    }

    private static func readCIs(_ connection: PostgresConnection, _ world: inout World) async throws {
        let rows = try await connection.query(
            """
            SELECT s.name, c.key, c.deleted_at IS NOT NULL, c.ci_class, c.name, c.serial_number,
                ARRAY(SELECT coalesce(e ->> 'type', '') FROM jsonb_array_elements(coalesce(c.serials, '[]')) AS e),
                ARRAY(SELECT coalesce(e ->> 'value', '') FROM jsonb_array_elements(coalesce(c.serials, '[]')) AS e),
                c.uuid, c.asset_tag,
                ARRAY(SELECT e ->> 'mac' FROM jsonb_array_elements(coalesce(c.network_adapters, '[]')) AS e
                    WHERE e ->> 'mac' IS NOT NULL),
                c.manufacturer, c.model, c.cloud_resource_id, c.parent_ci_id, c.position, c.lifecycle_raw,
                ARRAY(SELECT e.key FROM jsonb_each_text(coalesce(c.attributes, '{}')) AS e),
                ARRAY(SELECT e.value FROM jsonb_each_text(coalesce(c.attributes, '{}')) AS e)
            FROM assetlink_internal.ci AS c JOIN assetlink_internal.source AS s USING (source_id)
            """)
        for row in rows {
            var columns = Columns(row)
            let key = RecordKey(try columns.text(), try columns.text())
            let isDeleted = try columns.bool()
            var record = CIRecord()
            record.ciClass = try columns.textOrNil()
            record.name = try columns.textOrNil()
            record.serialNumber = try columns.textOrNil()
            record.serials = zip(try columns.texts(), try columns.texts()).map { TypedSerial(type: $0, value: $1) }
            record.uuid = try columns.textOrNil()
            record.assetTag = try columns.textOrNil()
            record.macAddresses = try columns.texts()
            record.manufacturer = try columns.textOrNil()
            record.model = try columns.textOrNil()
            record.cloudResourceID = try columns.textOrNil()
            record.parentCIID = try columns.textOrNil()
            record.position = try columns.textOrNil()
            record.lifecycleRaw = try columns.textOrNil()
            record.attributes = pairs(try columns.texts(), try columns.texts())
            world.cis[key] = WorldCI(record, isDeleted: isDeleted)
        }
    }

    private static func readDecisions(_ connection: PostgresConnection, _ world: inout World) async throws {
        for row in try await connection.query(
            """
            SELECT s.name, ARRAY(SELECT a.name FROM assetlink_internal.source AS a WHERE a.source_id = ANY (s.asset_sources))
            FROM assetlink_internal.source AS s WHERE s.side = 'ci' AND s.asset_sources IS NOT NULL
            """)
        {
            world.bindings[try row.text(0)] = Set((try row.textArrayOrNil(1) ?? []).compactMap { $0 })
        }
        for row in try await connection.query(
            """
            SELECT p.kind, c.name, p.ci_id, a.name, p.asset_id
            FROM assetlink_internal.pair_in_force AS p
            JOIN assetlink_internal.source AS c ON c.source_id = p.ci_source_id
            JOIN assetlink_internal.source AS a ON a.source_id = p.asset_source_id
            """)
        {
            let pair = WorldPair(
                ci: RecordKey(try row.text(1), try row.text(2)), asset: RecordKey(try row.text(3), try row.text(4)))
            world.apply(try row.text(0) == "pin" ? .pin(pair) : .block(pair))
        }
        for row in try await connection.query(
            """
            SELECT s.name, m.asset_id FROM assetlink_internal.composite_mark AS m
            JOIN assetlink_internal.source AS s ON s.source_id = m.asset_source_id
            """)
        {
            world.composites.insert(RecordKey(try row.text(0), try row.text(1)))
        }
        for row in try await connection.query("SELECT kind, value FROM assetlink_internal.trusted_value") {
            guard let kind = IdentifierKind(rawValue: try row.text(0)) else { continue }
            world.trusted.insert(WorldValue(kind, ExactText(try row.text(1))))
        }
    }

    private static func pairs(_ names: [String], _ values: [String]) -> [String: String] {
        Dictionary(zip(names, values), uniquingKeysWith: { $1 })
    }
}
