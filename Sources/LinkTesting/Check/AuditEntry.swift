import LinkCore
import LinkStore
import Postgres

/// A row of the public audit, as far as a replay needs it.
struct AuditEntry: Hashable, Sendable {
    var batch: Int64
    var action: String
    var ci: RecordKey?
    var asset: RecordKey?
    var link: Int64?
    var from: String?
    var to: String?
    var reason: String?
    /// Of a transition of a conflict.
    var conflict: Int64?
    /// Of an operator's decision.
    var act: Int64?
    var at: Timestamp

    /// All rows behind a batch, in the order in which they were written.
    static func read(after batch: Int64, _ connection: PostgresConnection) async throws -> [AuditEntry] {
        try await connection.query(
            """
            SELECT batch_id, action, ci_source, ci_id, asset_source, asset_id, link_id, from_state, to_state, reason,
                (evidence ->> 'conflict')::bigint, (evidence ->> 'act')::bigint, at
            FROM assetlink.audit WHERE batch_id > $1 ORDER BY audit_id
            """, [.int8(batch)]
        ).map { row in
            var columns = Columns(row)
            let batch = try columns.int8()
            let action = try columns.text()
            let ci = try key(try columns.textOrNil(), try columns.textOrNil())
            let asset = try key(try columns.textOrNil(), try columns.textOrNil())
            return AuditEntry(
                batch: batch, action: action, ci: ci, asset: asset, link: try columns.int8OrNil(),
                from: try columns.textOrNil(), to: try columns.textOrNil(), reason: try columns.textOrNil(),
                conflict: try columns.int8OrNil(), act: try columns.int8OrNil(), at: try columns.time())
        }
    }

    private static func key(_ source: String?, _ id: String?) throws -> RecordKey? {
        guard let source, let id else { return nil }
        return RecordKey(source, id)
    }
}
