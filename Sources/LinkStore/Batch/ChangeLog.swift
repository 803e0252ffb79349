package import LinkCore
package import Postgres

/// One row of the change log.
package struct LogRow: Sendable {
    package enum Topic: String, Sendable {
        case record, source, act, expiry, rules, ci, link, tombstone, discovery
    }

    package var xid: UInt64
    package var seq: Int64
    package var topic: Topic
    package var source: Int32?
    package var key: String?
    /// Published records: `publish`, `decommission` or `delete`.
    package var event: String?
    package var version: Timestamp?
    package var record: String?
    package var cause: String
    package var loggedAt: Timestamp

    init?(_ row: Row) throws(PostgresError) {
        var columns = Columns(row)
        guard let xid = UInt64(try columns.text()) else { return nil }
        self.xid = xid
        seq = try columns.int8()
        guard let topic = Topic(rawValue: try columns.text()) else { return nil }
        self.topic = topic
        source = try columns.int4OrNil()
        key = try columns.textOrNil()
        event = try columns.textOrNil()
        version = try columns.timeOrNil()
        record = try columns.textOrNil()
        cause = try columns.text()
        loggedAt = try columns.time()
    }
}

/// The statements that read the log by snapshot difference (engine point 2).
package enum ChangeLog {
    private static let columns =
        "xid::text, seq, topic, source_id, key, event, version, record::text, cause, logged_at"

    /// What is visible now and was not in the snapshot `($1 xmax, $2 running)`, at most `$3` rows, in log order.
    ///
    /// Both halves of the condition are index scans, the second one probe per running transaction: as a join, the wish
    /// for order would make it a walk over the whole log. The batch's own MVCC snapshot is the upper bound.
    ///
    /// Most snapshots have no running transaction: of those only the first half is asked.
    static func live(besideRunning: Bool) -> String {
        let parts = (0..<3).flatMap { table in
            let later = """
                (SELECT * FROM assetlink_internal.change_log_\(table) WHERE xid >= $1::text::xid8 ORDER BY xid, seq LIMIT $3)
                """
            let running = """
                (SELECT l.* FROM unnest($2::text[]) AS r (xid)
                 CROSS JOIN LATERAL (
                     SELECT * FROM assetlink_internal.change_log_\(table) AS l
                     WHERE l.xid = r.xid::xid8 ORDER BY l.xid, l.seq LIMIT $3) AS l ORDER BY l.xid, l.seq LIMIT $3)
                """
            return besideRunning ? [later, running] : [later]
        }
        return "SELECT \(columns) FROM (\(parts.joined(separator: " UNION ALL "))) AS l ORDER BY l.xid, l.seq LIMIT $3"
    }

    private static let live = (alone: live(besideRunning: false), besideRunning: live(besideRunning: true))

    /// A page of a stored range: new to `($1, $2)`, old enough for snapshot `$4`, beyond position `($5, $6)`.
    static let range: String = {
        let parts = (0..<3).flatMap { table in
            [
                """
                (SELECT * FROM assetlink_internal.change_log_\(table)
                 WHERE xid >= $1::text::xid8 AND (xid, seq) > ($5::text::xid8, $6)
                   AND pg_visible_in_snapshot(xid, $4::text::pg_snapshot) ORDER BY xid, seq LIMIT $3)
                """,
                """
                (SELECT l.* FROM unnest($2::text[]) AS r (xid)
                 CROSS JOIN LATERAL (
                     SELECT * FROM assetlink_internal.change_log_\(table) AS l
                     WHERE l.xid = r.xid::xid8 AND (l.xid, l.seq) > ($5::text::xid8, $6)
                       AND pg_visible_in_snapshot(l.xid, $4::text::pg_snapshot) ORDER BY l.xid, l.seq LIMIT $3) AS l
                 ORDER BY l.xid, l.seq LIMIT $3)
                """,
            ]
        }
        return "SELECT \(columns) FROM (\(parts.joined(separator: " UNION ALL "))) AS l ORDER BY l.xid, l.seq LIMIT $3"
    }()

    /// Whether anything is new: the probe of the doorbell, outside any batch.
    package static func probe(_ snapshot: Snapshot) -> Statement {
        Statement(
            snapshot.inProgress.isEmpty ? probe.alone : probe.besideRunning,
            [snapshot.xmaxParameter, snapshot.inProgressParameter])
    }

    private static let probe = (alone: probe(besideRunning: false), besideRunning: probe(besideRunning: true))

    private static func probe(besideRunning: Bool) -> String {
        let parts = (0..<3).flatMap { table in
            let later = "EXISTS (SELECT FROM assetlink_internal.change_log_\(table) WHERE xid >= $1::text::xid8)"
            let running = """
                EXISTS (SELECT FROM unnest($2::text[]) AS r (xid)
                        CROSS JOIN LATERAL (
                            SELECT FROM assetlink_internal.change_log_\(table) AS l
                            WHERE l.xid = r.xid::xid8 LIMIT 1) AS l)
                """
            return besideRunning ? [later, running] : [later]
        }
        return "SELECT " + parts.joined(separator: " OR ")
    }

    /// Those of a source's keys that a change not taken in yet names.
    static func waiting(_ source: Int32, _ keys: [String], since snapshot: Snapshot) -> Statement {
        let parts = (0..<3).flatMap { table in
            [
                """
                (SELECT l.key FROM assetlink_internal.change_log_\(table) AS l
                 WHERE l.xid >= $1::text::xid8 AND l.source_id = $3 AND l.key = ANY ($4::text[]))
                """,
                """
                (SELECT l.key FROM unnest($2::text[]) AS r (xid)
                 CROSS JOIN LATERAL (
                     SELECT * FROM assetlink_internal.change_log_\(table) AS l WHERE l.xid = r.xid::xid8 OFFSET 0) AS l
                 WHERE l.source_id = $3 AND l.key = ANY ($4::text[]))
                """,
            ]
        }
        return Statement(
            parts.joined(separator: " UNION "),
            [snapshot.xmaxParameter, snapshot.inProgressParameter, .int4(source), .texts(keys)])
    }

    static func live(since snapshot: Snapshot, limit: Int) -> Statement {
        Statement(
            snapshot.inProgress.isEmpty ? live.alone : live.besideRunning,
            [snapshot.xmaxParameter, snapshot.inProgressParameter, .int8(Int64(limit))])
    }

    static func page(of range: BulkRange, limit: Int) throws(StoreError) -> Statement {
        guard let from = range.from.flatMap(Snapshot.init), let to = range.to else {
            throw StoreError.corrupt("bulk range \(range.id) has no snapshots")
        }
        let position = (range.after ?? "0/0").split(separator: "/")
        return Statement(
            Self.range,
            [
                from.xmaxParameter, from.inProgressParameter, .int8(Int64(limit)), .text(to),
                .text(position.first.map(String.init) ?? "0"),
                .int8(position.last.flatMap { Int64($0) } ?? 0),
            ])
    }
}
