import LinkCore
import LinkStore
import LinkTesting
import Postgres
import Testing

/// The reference schemas as a register and a discovery tool write to them, set by set, and the same records as the
/// model's world.
struct RealTables {
    let connection: PostgresConnection
    private(set) var world: World
    private var statements: [Statement] = []

    /// An empty world with the rules that the database has.
    init(_ connection: PostgresConnection) async throws {
        self.connection = connection
        world = World(ruleSet: try await RuleSetLoader.load(connection))
    }

    /// Writes what was asked for since the last time, in one transaction.
    mutating func commit() async throws {
        _ = try await connection.pipeline(statements)
        statements = []
    }

    /// Inserts or corrects assets.
    mutating func write(_ assets: [(id: Int64, record: AssetRecord)]) {
        guard !assets.isEmpty else { return }
        func texts(_ value: (AssetRecord) -> String?) -> Parameter { .textArray(assets.map { value($0.record) }) }
        statements.append(
            Statement(
                """
                INSERT INTO itam.asset AS a (asset_id, asset_tag, serial_number, uuid, mac_addresses, name, manufacturer,
                    model, asset_class, state, position)
                SELECT n.id, n.tag, n.serial, n.uuid, n.macs::text[], n.name, n.maker, n.model, n.class, n.state, n.position
                FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                        $8::text[], $9::text[], $10::text[], $11::text[])
                    AS n (id, tag, serial, uuid, macs, name, maker, model, class, state, position)
                ON CONFLICT (asset_id) DO UPDATE SET state = excluded.state
                """,
                [
                    .int8Array(assets.map(\.id)), texts(\.assetTag), texts(\.serialNumber), texts(\.uuid),
                    texts { ArrayText.literal($0.macAddresses) }, texts(\.name), texts(\.manufacturer), texts(\.model),
                    texts(\.assetClass), texts { $0.lifecycleRaw ?? "In use" }, texts(\.position),
                ]))
        for (id, record) in assets {
            let old = world.assets[.asset("\(id)")]?.record.parentAssetID
            world.assets[.asset("\(id)")] = WorldAsset(record)
            world.assets[.asset("\(id)")]?.record.parentAssetID = old
        }
    }

    /// Deletes assets: their tombstones stay.
    mutating func deleteAssets(_ ids: [Int64]) {
        guard !ids.isEmpty else { return }
        statements.append(Statement("DELETE FROM itam.asset WHERE asset_id = ANY ($1::bigint[])", [.refs(ids)]))
        for id in ids { world.assets[.asset("\(id)")]?.isDeleted = true }
    }

    /// Inserts or corrects CIs with their serial numbers and adapters.
    mutating func write(_ cis: [(id: Int64, record: CIRecord)]) {
        guard !cis.isEmpty else { return }
        func texts(_ value: (CIRecord) -> String?) -> Parameter { .textArray(cis.map { value($0.record) }) }
        statements.append(
            Statement(
                """
                INSERT INTO cmdb.ci AS c (ci_id, ci_class, name, serial_number, uuid, asset_tag, manufacturer, model,
                    position, state, last_discovered_at, discovery_source)
                SELECT n.*, 'test'
                FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                        $8::text[], $9::text[], $10::text[], $11::timestamptz[]) AS n
                ON CONFLICT (ci_id) DO UPDATE SET name = excluded.name, serial_number = excluded.serial_number,
                    manufacturer = excluded.manufacturer, model = excluded.model, state = excluded.state,
                    last_discovered_at = excluded.last_discovered_at
                """,
                [
                    .int8Array(cis.map(\.id)), texts { $0.ciClass ?? "" }, texts(\.name), texts(\.serialNumber),
                    texts(\.uuid), texts(\.assetTag), texts(\.manufacturer), texts(\.model), texts(\.position),
                    texts { $0.lifecycleRaw ?? "active" }, .timestamptzArray(cis.map(\.record.lastDiscoveredAt)),
                ]))
        let serials = cis.flatMap { ci in ci.record.serials.map { (ci.id, $0.type, $0.value) } }
        let adapters = cis.flatMap { ci in
            ci.record.macAddresses.enumerated().map { (ci.id, "eth\($0)", $1) }
        }
        replaceDetails("ci_serial_number", "type, value", cis.map(\.id), serials)
        replaceDetails("ci_network_adapter", "name, mac", cis.map(\.id), adapters)
        for (id, record) in cis {
            let old = world.cis[.ci("\(id)")]?.record.parentCIID
            world.cis[.ci("\(id)")] = WorldCI(record)
            world.cis[.ci("\(id)")]?.record.parentCIID = old
        }
    }

    private mutating func replaceDetails(
        _ table: String, _ columns: String, _ ids: [Int64], _ rows: [(Int64, String, String)]
    ) {
        let values: [Parameter] = [
            .int8Array(rows.map(\.0)), .textArray(rows.map(\.1)), .textArray(rows.map(\.2)),
        ]
        statements.append(
            Statement(
                """
                DELETE FROM cmdb.\(table) WHERE ci_id = ANY ($4::bigint[])
                    AND (ci_id, \(columns)) NOT IN (SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]))
                """, values + [.refs(ids)]))
        statements.append(
            Statement(
                """
                INSERT INTO cmdb.\(table) (ci_id, \(columns))
                SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
                """, values))
    }

    /// Deletes CIs.
    mutating func deleteCIs(_ ids: [Int64]) {
        guard !ids.isEmpty else { return }
        statements.append(Statement("DELETE FROM cmdb.ci WHERE ci_id = ANY ($1::bigint[])", [.refs(ids)]))
        for id in ids { world.cis[.ci("\(id)")] = nil }
    }

    /// Hangs CIs and assets on their parents.
    mutating func hang(cis: [Int64: Int64], assets: [Int64: Int64]) {
        statements.append(
            Statement(
                """
                INSERT INTO cmdb.ci_relationship (child_ci_id, parent_ci_id)
                SELECT * FROM unnest($1::bigint[], $2::bigint[])
                """, [.refs(cis.keys), .refs(cis.values)]))
        statements.append(
            Statement(
                """
                UPDATE itam.asset AS a SET parent_asset_id = k.parent
                FROM unnest($1::bigint[], $2::bigint[]) AS k (id, parent) WHERE a.asset_id = k.id
                """, [.refs(assets.keys), .refs(assets.values)]))
        for (id, parent) in cis { world.cis[.ci("\(id)")]?.record.parentCIID = "\(parent)" }
        for (id, parent) in assets { world.assets[.asset("\(id)")]?.record.parentAssetID = "\(parent)" }
    }

    /// Records where the link tables differ from what is decided from scratch.
    func compare(_ place: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let differences = try await StoredOutcome.read(connection).differences(from: ReferenceModel.decide(world))
        #expect(
            differences.isEmpty, "\(place): \(differences.count)\n\(differences.prefix(12).joined(separator: "\n"))",
            sourceLocation: sourceLocation)
    }

    /// The coverage in one line.
    func coverage() async throws -> String {
        let rows = try await connection.query(
            """
            SELECT format('%s of %s eligible CIs linked (%s %%), %s orphaned, %s conflicted, %s excluded; %s unlinked assets, '
                '%s open conflicts, %s stale links; orphans %s', paired_cis, eligible_cis, coverage_percent, orphaned_cis,
                conflicted_cis, excluded_cis, unlinked_assets, open_conflicts, stale_links, orphans_by_reason)
            FROM assetlink.coverage
            """)
        return try rows.first?.text(0) ?? "no coverage"
    }
}
