import Postgres

/// A source with write-back, and how far it is.
struct WriteBackSource: Sendable {
    var id: Int32
    var name: String
    var side: SourceInfo.Side
    /// Its own table, quoted and with its schema.
    var relation: String
    var keyColumn: String
    var keyType: String
    var column: String
    /// The source of the other side whose ids are written; 0 = any.
    var counterpart: Int32
    var isDetached: Bool
    /// The first pass has got to this key; `nil`: it is over.
    var filledTo: String?
    /// The whole source failed when it was tried last.
    var hasFailed: Bool
    /// When it is to be tried again, or one of its rows; `nil`: nothing waits for its time.
    var wait: Duration?

    /// It failed and its time has not come.
    var isResting: Bool { hasFailed && (wait ?? .zero) > .zero }
}

extension WriteBackSource {
    static let statement = Statement(
        """
        SELECT s.source_id, s.name, s.side, s.relation_name, k.key_column, s.key_type, s.write_back_column,
               coalesce(s.write_back_of, 0), s.detached_at IS NOT NULL, w.filled_to, w.next_attempt_at IS NOT NULL,
               greatest(0, extract(epoch FROM coalesce(w.next_attempt_at, r.at) - clock_timestamp()) * 1000)::bigint
        FROM assetlink_internal.write_back AS w
        JOIN assetlink_internal.source AS s ON s.source_id = w.source_id AND s.write_back_column IS NOT NULL
        LEFT JOIN assetlink_internal.capture AS k ON k.source_id = s.source_id AND k.ordinal = 0
        LEFT JOIN LATERAL (
            SELECT min(y.next_attempt_at) AS at FROM assetlink_internal.write_back_retry AS y
            WHERE y.source_id = s.source_id) AS r ON true
        ORDER BY s.source_id
        """, prepared: false)

    init(_ row: Row) throws(PostgresError) {
        var columns = Columns(row)
        id = try columns.int4()
        name = try columns.text()
        side = SourceInfo.Side(rawValue: try columns.text()) ?? .ci
        relation = try columns.textOrNil() ?? ""
        keyColumn = try columns.textOrNil() ?? ""
        keyType = try columns.text()
        column = try columns.text()
        counterpart = try columns.int4()
        isDetached = try columns.bool()
        filledTo = try columns.textOrNil()
        hasFailed = try columns.bool()
        wait = try columns.int8OrNil().map { .milliseconds($0) }
    }

    /// What the rows of these keys hold in the column; with `locks` first those that could be locked at once.
    func rows(_ keys: [String], locks: Bool) -> Statement {
        Statement(
            """
            SELECT r.key, r.value, r.is_locked
            FROM assetlink_internal.write_back_rows($1, $2, $3, $4, $5, $6) AS r
            """,
            [.text(relation), .text(keyColumn), .text(keyType), .text(column), .texts(keys), .bool(locks)],
            prepared: false)
    }

    /// What they are to hold: the id of the active link's other end, as of this statement.
    ///
    /// Of several CIs on one asset the one whose source has the smaller name, then the one with the smaller id, both as
    /// bytes: the same in whatever order the links were made.
    func truth(_ keys: [String]) -> Statement {
        let value =
            side == .ci
            ? """
            SELECT a.key AS value
            FROM assetlink_internal.ci AS c
            JOIN assetlink_internal.ci_decision AS d ON d.ci_ref = c.ci_ref AND d.link_status = 'active'
            JOIN assetlink_internal.asset AS a ON a.asset_ref = d.link_asset
            WHERE c.source_id = $1 AND c.key = k.key AND $3 IN (0, a.source_id) OFFSET 0
            """
            : """
            SELECT c.key AS value
            FROM assetlink_internal.asset AS a
            JOIN assetlink_internal.ci_decision AS d ON d.link_asset = a.asset_ref AND d.link_status = 'active'
            JOIN assetlink_internal.ci AS c ON c.ci_ref = d.ci_ref
            JOIN assetlink_internal.source AS s ON s.source_id = c.source_id
            WHERE a.source_id = $1 AND a.key = k.key AND $3 IN (0, c.source_id)
            ORDER BY s.name COLLATE "C", c.key LIMIT 1 OFFSET 0
            """
        return Statement(
            """
            SELECT k.key, v.value
            FROM unnest($2::text[]) AS k (key)
            LEFT JOIN LATERAL (\(value)) AS v ON true
            """, [.int4(id), .texts(keys), .int4(counterpart)], prepared: false)
    }

    /// Gives the rows of these keys their values.
    func set(_ values: [(key: String, value: String?)]) -> Statement {
        Statement(
            "SELECT assetlink_internal.write_back_set($1, $2, $3, $4, $5, $6)",
            [
                .text(relation), .text(keyColumn), .text(keyType), .text(column), .texts(values.map(\.key)),
                .texts(values.map(\.value)),
            ], prepared: false)
    }

    /// The next keys of its records in their order.
    func records(after key: String, limit: Int) -> Statement {
        Statement(
            """
            SELECT r.key FROM assetlink_internal.\(side == .ci ? "ci" : "asset") AS r
            WHERE r.source_id = $1 AND r.key > $2 ORDER BY r.source_id, r.key LIMIT $3
            """, [.int4(id), .text(key), .int8(Int64(limit))], prepared: false)
    }
}
