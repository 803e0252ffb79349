package import Postgres

/// How many changes wait to be taken in.
package struct Backlog: Hashable, Sendable, CustomStringConvertible {
    /// Rows of the log that are not taken in, at most ``most`` + 1 of them.
    package var changes = 0
    /// Records that bulk ranges have before them where that is known: rules coming into force.
    package var records = 0
    /// Bulk ranges whose extent nobody knows: sources read whole, values and keys that many share.
    package var ranges = 0

    /// No more are counted: a look every few seconds must cost nothing beside the work.
    package static let most = 10_000

    package init() {}

    /// Counts them.
    package static func count(_ connection: PostgresConnection) async throws(PostgresError) -> Backlog {
        let rows = try await connection.query(sql)
        var backlog = Backlog()
        guard let row = rows.first else { return backlog }
        backlog.changes = Int(try row.int8(0))
        backlog.records = Int(try row.int8(1))
        backlog.ranges = Int(try row.int8(2))
        return backlog
    }

    /// Rows of the log that the newest batch did not see, and those of backlogs that it left for later, as far as they
    /// are not taken in; then what the other ranges have before them.
    private static let sql = """
        WITH newest AS MATERIALIZED (
            SELECT b.ranges FROM assetlink_internal.batch AS b ORDER BY b.batch_id DESC LIMIT 1
        ), range AS MATERIALIZED (
            SELECT e.r, e.r ->> 'kind' AS kind, (e.r ->> 'total')::bigint - (e.r ->> 'done')::bigint AS rest
            FROM newest AS n CROSS JOIN LATERAL jsonb_array_elements(n.ranges) AS e (r)
        ), part AS MATERIALIZED (
            -- From where they were left, or from the first transaction that the older snapshot did not see.
            SELECT s.old, s.new,
                coalesce(
                    split_part(r.r ->> 'after', '/', 1)::xid8,
                    (SELECT min(x.xid) FROM pg_snapshot_xip(s.old) AS x (xid)), pg_snapshot_xmax(s.old)) AS xid,
                coalesce(split_part(r.r ->> 'after', '/', 2)::bigint, -1) AS seq
            FROM range AS r
            CROSS JOIN LATERAL (
                SELECT (r.r ->> 'from')::pg_snapshot AS old, (r.r ->> 'to')::pg_snapshot AS new) AS s
            WHERE r.kind = 'log'
        ), waiting AS (
            SELECT FROM assetlink_internal.pending_change
            UNION ALL
            SELECT FROM part AS p
            CROSS JOIN LATERAL (
                SELECT l.xid FROM assetlink_internal.change_log_0 AS l WHERE (l.xid, l.seq) > (p.xid, p.seq)
                UNION ALL
                SELECT l.xid FROM assetlink_internal.change_log_1 AS l WHERE (l.xid, l.seq) > (p.xid, p.seq)
                UNION ALL
                SELECT l.xid FROM assetlink_internal.change_log_2 AS l WHERE (l.xid, l.seq) > (p.xid, p.seq)
            ) AS l
            WHERE pg_visible_in_snapshot(l.xid, p.new) AND NOT pg_visible_in_snapshot(l.xid, p.old)
        )
        SELECT (SELECT count(*) FROM (SELECT FROM waiting LIMIT \(most + 1)) AS w),
            (SELECT coalesce(sum(greatest(r.rest, 0)), 0)::bigint FROM range AS r),
            (SELECT count(*) FROM range AS r WHERE r.kind <> 'log' AND r.rest IS NULL)
        """

    /// `1204`, `more than 10000`, `12 and 4000 records by new rules`, `3, 2 bulk ranges`.
    package var description: String {
        var text = changes > Self.most ? "more than \(Self.most)" : "\(changes)"
        if records > 0 { text += " and \(records) records by new rules" }
        if ranges > 0 { text += ", \(ranges) bulk \(ranges == 1 ? "range" : "ranges")" }
        return text
    }
}
