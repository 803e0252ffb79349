import LinkCore
import Postgres

/// What a batch reads first, once its tables are locked.
struct BatchStart {
    var cursor: Cursor
    /// This batch's own snapshot: the next cursor.
    var snapshot: Snapshot
    /// The batch's time: after its predecessor's, whatever the clock did.
    var time: Timestamp
    var leaseEpoch: Int64
    var ruleSetVersion: Int64
    /// Which versions of the rows of all sources this snapshot sees: another text means that something about them changed.
    var sources: String
    /// Whether any pin or block is in force.
    var hasPairs: Bool
}

/// The statements that read the cursor; JSON is taken apart by the server.
enum CursorStatements {
    static let start = Statement(
        """
        SELECT coalesce(b.batch_id, 0), coalesce(b.snapshot::text, '3:3:'),
               coalesce(b.committed_at, '-infinity'::timestamptz) = '-infinity',
               coalesce(b.committed_at, 'epoch'::timestamptz),
               coalesce(b.digest, decode(repeat('00', 32), 'hex')),
               pg_current_snapshot()::text,
               greatest(clock_timestamp(), b.committed_at + interval '1 microsecond'),
               coalesce((SELECT l.epoch FROM assetlink_internal.lease AS l), 0),
               (SELECT max(r.version) FROM assetlink_internal.rule_set AS r),
               (SELECT coalesce(string_agg(
                           concat_ws(' ', s.source_id, s.xmin, s.ctid, t.xmin, t.ctid), ',' ORDER BY s.source_id), '')
                FROM assetlink_internal.source AS s
                LEFT JOIN assetlink_internal.source_status AS t USING (source_id)),
               EXISTS (SELECT FROM assetlink_internal.pair_in_force), coalesce(b.rule_set_version, 0)
        FROM (SELECT 1) AS one
        LEFT JOIN LATERAL (
            SELECT * FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1
        ) AS b ON true
        """)

    static let ranges = Statement(
        """
        SELECT r ->> 'kind', (r ->> 'id')::bigint, (r ->> 'source')::integer, r ->> 'from', r ->> 'to', r ->> 'after',
               (r ->> 'phase')::integer, (r ->> 'space')::integer, r ->> 'key', r ->> 'value_kind', r ->> 'cause',
               (r ->> 'done')::bigint, coalesce((r ->> 'force')::boolean, false),
               coalesce((r ->> 'approved')::boolean, false), (r ->> 'total')::integer,
               (r ->> 'replaces')::bigint, r ->> 'held',
               ARRAY(SELECT x.key::integer FROM jsonb_each_text(r -> 'ended') AS x ORDER BY x.key),
               ARRAY(SELECT x.value::integer FROM jsonb_each_text(r -> 'ended') AS x ORDER BY x.key),
               r ? 'classes', ARRAY(SELECT x FROM jsonb_array_elements_text(coalesce(r -> 'classes', '[]')) AS x),
               coalesce((r ->> 'keeps_limits')::boolean, false), coalesce((r ->> 'rereads')::boolean, false),
               coalesce((r ->> 'leaves_keys')::boolean, false)
        FROM (SELECT ranges FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1) AS b
        CROSS JOIN LATERAL jsonb_array_elements(b.ranges) WITH ORDINALITY AS e (r, ord)
        ORDER BY e.ord
        """)

    static let links = Statement(
        """
        SELECT e.key::integer, e.value::bigint
        FROM (SELECT links FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1) AS b
        CROSS JOIN LATERAL jsonb_each_text(b.links) AS e
        """)

    static func decodeStart(_ row: Row) throws -> BatchStart {
        var columns = Columns(row)
        let batchID = try columns.int8()
        let old = Snapshot(try columns.text())
        columns.skip()
        let committedAt = try columns.time()
        let digest = try columns.bytes()
        let new = Snapshot(try columns.text())
        let time = try columns.time()
        let epoch = try columns.int8()
        let version = try columns.int8()
        let sources = try columns.text()
        let hasPairs = try columns.bool()
        guard let old, let new else { throw StoreError.corrupt("a snapshot in assetlink_internal.batch") }
        let cursor = Cursor(
            batchID: batchID, snapshot: old, ranges: [], committedAt: committedAt, digest: digest, links: [:],
            ruleSetVersion: try columns.int8())
        return BatchStart(
            cursor: cursor, snapshot: new, time: time, leaseEpoch: epoch, ruleSetVersion: version, sources: sources,
            hasPairs: hasPairs)
    }

    static func decodeRange(_ row: Row) throws -> BulkRange {
        var columns = Columns(row)
        guard let kind = BulkRange.Kind(rawValue: try columns.text()) else {
            throw StoreError.corrupt("an unknown kind of bulk range")
        }
        var range = BulkRange(kind, id: try columns.int8(), cause: "")
        range.source = try columns.int4OrNil()
        range.from = try columns.textOrNil()
        range.to = try columns.textOrNil()
        range.after = try columns.textOrNil()
        range.phase = try columns.int()
        range.space = try columns.int4OrNil()
        range.key = try columns.textOrNil()
        range.valueKind = try columns.textOrNil()
        range.cause = try columns.text()
        range.done = try columns.int()
        range.force = try columns.bool()
        range.approved = try columns.bool()
        range.total = try columns.intOrNil()
        range.replaces = try columns.int8OrNil()
        range.held = try columns.textOrNil()
        let sources = try columns.int4s()
        range.ended = Dictionary(uniqueKeysWithValues: zip(sources, try columns.int4s().map { Int($0) }))
        let isScoped = try columns.bool()
        let classes = try columns.texts()
        if isScoped { range.classes = classes }
        range.keepsLimits = try columns.bool()
        range.rereads = try columns.bool()
        range.leavesKeys = try columns.bool()
        return range
    }
}
