import Postgres

/// The statements over the durable to-do: what is queued, and what failed and is due again.
enum WriteBackQueue {
    /// The oldest rows beyond a place in the queue; what another daemon works on is passed over.
    static func next(_ source: Int32, after place: Int64, limit: Int) -> Statement {
        Statement(
            """
            SELECT t.todo_id, t.key FROM assetlink_internal.write_back_todo AS t
            WHERE t.source_id = $1 AND t.todo_id > $2 ORDER BY t.source_id, t.todo_id LIMIT $3
            FOR UPDATE SKIP LOCKED
            """, [.int4(source), .int8(place), .int8(Int64(limit))], prepared: false)
    }

    static func due(_ source: Int32, limit: Int) -> Statement {
        Statement(
            """
            SELECT r.key FROM assetlink_internal.write_back_retry AS r
            WHERE r.source_id = $1 AND r.next_attempt_at <= clock_timestamp()
            ORDER BY r.source_id, r.next_attempt_at LIMIT $2
            FOR UPDATE SKIP LOCKED
            """, [.int4(source), .int8(Int64(limit))], prepared: false)
    }

    /// Those of the keys that failed and wait for their time.
    static func failed(_ source: Int32, _ keys: [String]) -> Statement {
        Statement(
            """
            SELECT r.key FROM unnest($2::text[]) AS k (key)
            CROSS JOIN LATERAL (
                SELECT y.key FROM assetlink_internal.write_back_retry AS y
                WHERE y.source_id = $1 AND y.key = k.key OFFSET 0) AS r
            """, [.int4(source), .texts(keys)], prepared: false)
    }

    static func remove(_ source: Int32, _ places: [Int64]) -> Statement {
        Statement(
            "DELETE FROM assetlink_internal.write_back_todo WHERE source_id = $1 AND todo_id = ANY ($2::bigint[])",
            [.int4(source), .refs(places)], prepared: false)
    }

    /// They are as they should be; what failed since this transaction began, another daemon's, stays.
    static func settle(_ source: Int32, _ keys: [String]) -> Statement {
        Statement(
            """
            DELETE FROM assetlink_internal.write_back_retry
            WHERE source_id = $1 AND key = ANY ($2::text[]) AND tried_at < now()
            """, [.int4(source), .texts(keys)], prepared: false)
    }

    /// They are tried again with growing distance: half a second to half a minute where somebody holds the row,
    /// otherwise five seconds to an hour.
    static func fail(_ source: Int32, _ keys: [String], code: String, text: String) -> Statement {
        Statement(
            """
            INSERT INTO assetlink_internal.write_back_retry AS r (
                source_id, key, next_attempt_at, error_code, error_text)
            SELECT $1, k.key, clock_timestamp() + d.first * interval '1 second', $3, $4
            FROM unnest($2::text[]) AS k (key)
            CROSS JOIN (SELECT CASE $3::text WHEN 'locked' THEN 0.5 ELSE 5 END AS first) AS d
            ON CONFLICT (source_id, key) DO UPDATE SET
                attempts = r.attempts + 1, tried_at = clock_timestamp(), error_code = excluded.error_code,
                error_text = excluded.error_text,
                next_attempt_at = clock_timestamp() + CASE excluded.error_code
                    WHEN 'locked' THEN least(32, 0.5 * power(2, least(r.attempts, 20)))
                    ELSE least(3600, 5 * power(2, least(r.attempts, 20))) END * interval '1 second'
            """, [.int4(source), .texts(keys), .text(code), .text(text)], prepared: false)
    }

    /// The whole source is tried again later; one whose table is only locked is not said to fail at once.
    static func failSource(_ source: Int32, _ error: PostgresError) -> Statement {
        Statement(
            """
            UPDATE assetlink_internal.write_back AS w
            SET attempts = w.attempts + 1, error_code = $2, error_text = $3, remedy = ($4::text[])[1],
                next_attempt_at = clock_timestamp() + least(30, power(2, least(w.attempts, 5))) * interval '1 second',
                failing_since = CASE WHEN $2::text = '55P03' AND w.attempts < 5 THEN w.failing_since
                    ELSE coalesce(w.failing_since, clock_timestamp()) END
            WHERE w.source_id = $1
            RETURNING w.attempts
            """,
            [
                .int4(source), .text(error.sqlState ?? ""), .text(error.message), .optionalText(error.hint),
            ], prepared: false)
    }

    static func recover(_ source: Int32) -> Statement {
        Statement(
            """
            UPDATE assetlink_internal.write_back
            SET attempts = 0, next_attempt_at = NULL, failing_since = NULL, error_code = NULL, error_text = NULL,
                remedy = NULL
            WHERE source_id = $1 AND next_attempt_at IS NOT NULL
            """, [.int4(source)], prepared: false)
    }

    /// The first pass moves on; to the end where there is no next key.
    static func fill(_ source: WriteBackSource, to key: String?) -> Statement {
        Statement(
            """
            UPDATE assetlink_internal.write_back
            SET filled_to = ($3::text[])[1], filled_at = CASE WHEN ($3::text[])[1] IS NULL THEN clock_timestamp() END
            WHERE source_id = $1 AND filled_to = $2
            """, [.int4(source.id), .text(source.filledTo ?? ""), .optionalText(key)], prepared: false)
    }
}
