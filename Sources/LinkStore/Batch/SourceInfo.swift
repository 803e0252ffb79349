package import LinkCore
import Postgres

/// A source as the batch sees it.
package struct SourceInfo: Hashable, Sendable {
    package enum Side: String, Hashable, Sendable {
        case asset, ci
    }
    package enum Status: String, Hashable, Sendable {
        case ok, broken, held, dropped
    }

    package var id: Int32
    package var name: String
    package var side: Side
    package var isPublished: Bool
    package var query: String
    package var keyType: String
    package var columns: Set<String>
    package var tables: [String]
    /// CI side: the asset sources it is matched against; `nil` = all.
    package var assetSources: [Int32]?
    package var policy: RemovalPolicy
    package var isDetached: Bool
    package var status: Status
    /// A column of its table receives the ids of active links.
    package var writesBack: Bool

    /// Detached, and what was learned is to go.
    var isDropped: Bool { status == .dropped }
}

extension SourceInfo {
    static let statement = Statement(
        """
        SELECT s.source_id, s.name, s.side, s.kind, s.query, s.key_type, s.columns, s.tables,
               s.asset_sources IS NOT NULL, s.asset_sources, s.removal_policy, s.detached_at IS NOT NULL,
               coalesce(t.status, 'ok'), s.write_back_column IS NOT NULL AND s.detached_at IS NULL
        FROM assetlink_internal.source AS s
        LEFT JOIN assetlink_internal.source_status AS t USING (source_id)
        ORDER BY s.source_id
        """)

    init(_ row: Row) throws(PostgresError) {
        var columns = Columns(row)
        id = try columns.int4()
        name = try columns.text()
        side = Side(rawValue: try columns.text()) ?? .ci
        isPublished = try columns.text() == "published"
        query = try columns.text()
        keyType = try columns.text()
        self.columns = Set(try columns.texts())
        tables = try columns.texts()
        let isBound = try columns.bool()
        let bound = try columns.int4s()
        assetSources = isBound ? bound : nil
        policy = RemovalPolicy(rawValue: try columns.text()) ?? .flag
        isDetached = try columns.bool()
        status = Status(rawValue: try columns.text()) ?? .ok
        writesBack = try columns.bool()
    }
}
