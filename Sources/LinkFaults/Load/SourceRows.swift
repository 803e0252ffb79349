import LinkTesting
import Postgres

/// An asset of `itam.asset` as the load writes it.
struct AssetRow: Hashable, Sendable {
    var id: Int64
    var serial: String?
    var tag: String?
    var uuid: String?
    var macs: [String] = []
    var state = "in_use"
    var isComposite = false
}

/// A CI of `cmdb.ci` and its network adapters as the load writes it.
struct CIRow: Hashable, Sendable {
    var id: Int64
    var ciClass = "linux_server"
    var serial: String?
    var tag: String?
    var uuid: String?
    /// Sorted.
    var macs: [String] = []
    var state = "active"
}

/// The rows of one writer, or of all.
struct SourceRows: Hashable, Sendable {
    var assets: [Int64: AssetRow] = [:]
    var cis: [Int64: CIRow] = [:]

    mutating func merge(_ other: SourceRows) {
        assets.merge(other.assets) { $1 }
        cis.merge(other.cis) { $1 }
    }

    /// The rows in the source tables, or those of one writer: whose number gives a rest.
    static func read(_ connection: PostgresConnection, rest: Int? = nil, of count: Int = 1) async throws -> SourceRows {
        try await read(
            connection,
            assets: """
                SELECT asset_id, serial_number, asset_tag, uuid, mac_addresses, state, is_composite FROM itam.asset
                WHERE asset_id % \(count) = \(rest ?? 0) AND asset_id < \(Arena.firstMarker)
                """,
            cis: """
                SELECT ci_id, ci_class, serial_number, asset_tag, uuid,
                    ARRAY(SELECT mac FROM cmdb.ci_network_adapter AS n WHERE n.ci_id = c.ci_id ORDER BY mac COLLATE "C"),
                    state
                FROM cmdb.ci AS c WHERE ci_id % \(count) = \(rest ?? 0) AND ci_id < \(Arena.firstMarker)
                """)
    }

    /// The rows as the daemon has taken them in.
    static func readStored(_ connection: PostgresConnection) async throws -> SourceRows {
        try await read(
            connection,
            assets: """
                SELECT a.key::bigint, a.serial_number, a.asset_tag, a.uuid, a.mac_addresses, a.lifecycle_raw, a.is_composite
                FROM assetlink_internal.asset AS a JOIN assetlink_internal.source AS s USING (source_id)
                WHERE a.deleted_at IS NULL AND CASE s.name WHEN 'itam' THEN a.key::bigint < \(Arena.firstMarker) END
                """,
            cis: """
                SELECT c.key::bigint, c.ci_class, c.serial_number, c.asset_tag, c.uuid,
                    ARRAY(SELECT n ->> 'mac' FROM jsonb_array_elements(coalesce(c.network_adapters, '[]')) AS n
                        ORDER BY n ->> 'mac' COLLATE "C"),
                    c.lifecycle_raw
                FROM assetlink_internal.ci AS c JOIN assetlink_internal.source AS s USING (source_id)
                WHERE c.deleted_at IS NULL AND CASE s.name WHEN 'cmdb' THEN c.key::bigint < \(Arena.firstMarker) END
                """)
    }

    private static func read(_ connection: PostgresConnection, assets: String, cis: String) async throws -> SourceRows {
        var rows = SourceRows()
        for row in try await connection.query(Statement(assets)) {
            let id = try row.int8(0)
            rows.assets[id] = AssetRow(
                id: id, serial: try row.textOrNil(1), tag: try row.textOrNil(2), uuid: try row.textOrNil(3),
                macs: (try row.textArrayOrNil(4) ?? []).compactMap { $0 }, state: try row.text(5),
                isComposite: try row.bool(6))
        }
        for row in try await connection.query(Statement(cis)) {
            let id = try row.int8(0)
            rows.cis[id] = CIRow(
                id: id, ciClass: try row.text(1), serial: try row.textOrNil(2), tag: try row.textOrNil(3),
                uuid: try row.textOrNil(4), macs: (try row.textArrayOrNil(5) ?? []).compactMap { $0 },
                state: try row.text(6))
        }
        return rows
    }

    /// Where they differ, in words; empty = nowhere.
    func differences(from other: SourceRows, _ here: String, _ there: String) -> [String] {
        var out: [String] = []
        for id in Set(assets.keys).union(other.assets.keys).sorted() where assets[id] != other.assets[id] {
            out.append("asset \(id): \(here) \(Self.text(assets[id])), \(there) \(Self.text(other.assets[id]))")
        }
        for id in Set(cis.keys).union(other.cis.keys).sorted() where cis[id] != other.cis[id] {
            out.append("CI \(id): \(here) \(Self.text(cis[id])), \(there) \(Self.text(other.cis[id]))")
        }
        return out
    }

    private static func text(_ row: (some Any)?) -> String { row.map { "\($0)" } ?? "nothing" }
}
