import LinkCore
import Logging
import Postgres

extension BatchEngine {
    /// What became of sources: keys that wait, holds and releases, dead letters.
    func sourceStatements(_ batch: inout Batch) -> [Statement] {
        var list: [Statement] = []
        for source in batch.plan.dropHeld {
            list.append(
                Statement("DELETE FROM assetlink_internal.held_change WHERE source_id = $1", [.int4(source)]))
        }
        for (source, keys) in batch.plan.parked where !keys.isEmpty {
            list.append(
                Statement(
                    """
                    INSERT INTO assetlink_internal.held_change (source_id, key, held_at, batch_id)
                    SELECT $1, k, $3, $4 FROM unnest($2::text[]) AS k ON CONFLICT DO NOTHING
                    """, [.int4(source), .texts(keys.sorted()), .timestamptz(batch.time), .int8(batch.id)]))
        }
        for (source, status) in batch.plan.statuses {
            list.append(statusStatement(source, status, batch))
            guard let status else { continue }
            var row = AuditRow("source_\(status.status)", cause: .system)
            row.reason = status.detail
            row.evidence = JSONText.object([
                "source": JSONText.string(batch.sources[source]?.name),
                "keys": String(batch.plan.parked[source]?.count ?? 0),
            ])
            batch.plan.audit.append(row)
        }
        // What failed before and is taken in now is a dead letter no longer.
        let retried = batch.work.records.flatMap { source, keys in
            keys.filter { $0.value.isRetry && batch.plan.parked[source]?.contains($0.key) != true }
                .map { RecordName(source: source, id: $0.key) }
        }
        if !retried.isEmpty {
            list.append(
                Statement(
                    """
                    UPDATE assetlink_internal.dead_letter AS d SET replayed_at = $3
                    FROM unnest($1::integer[], $2::text[]) AS k (source, id)
                    WHERE d.source_id = k.source AND md5(d.key) = md5(k.id) AND d.key = k.id AND d.replayed_at IS NULL
                        AND d.next_attempt_at IS NOT NULL
                    """, [.int4s(retried.map(\.source)), .texts(retried.map(\.id)), .timestamptz(batch.time)]))
        }
        let letters = batch.plan.deadLetters
        if !letters.isEmpty { list.append(Self.deadLetterStatement(letters)) }
        return list
    }

    private func statusStatement(_ source: Int32, _ status: (status: String, detail: String)?, _ batch: Batch)
        -> Statement
    {
        guard let status else {
            return Statement("DELETE FROM assetlink_internal.source_status WHERE source_id = $1", [.int4(source)])
        }
        return Statement(
            """
            INSERT INTO assetlink_internal.source_status (source_id, status, detail, since) VALUES ($1, $2, $3, $4)
            ON CONFLICT (source_id) DO UPDATE SET status = excluded.status, detail = excluded.detail, since = excluded.since
            """, [.int4(source), .text(status.status), .text(status.detail), .timestamptz(batch.time)])
    }

    /// A record that failed before only counts up; it is tried again with growing distance.
    static func deadLetterStatement(_ letters: [DeadLetter]) -> Statement {
        Statement(
            """
            INSERT INTO assetlink_internal.dead_letter AS d (
                feed, source_id, key, raw, error_code, error_text, next_attempt_at)
            SELECT DISTINCT ON (r.source, md5(r.key)) r.feed, r.source, r.key, r.raw, r.code, r.text,
                   CASE WHEN r.code IN ('id_too_long', 'duplicate_id') THEN NULL
                        WHEN r.code = 'locked' THEN clock_timestamp() + interval '5 seconds'
                        ELSE clock_timestamp() + interval '1 minute' END
            FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[])
                AS r (feed, source, key, raw, code, text)
            ON CONFLICT (source_id, md5(key)) WHERE replayed_at IS NULL AND key IS NOT NULL DO UPDATE
            SET attempts = d.attempts + 1, error_code = excluded.error_code, error_text = excluded.error_text,
                next_attempt_at = CASE WHEN excluded.next_attempt_at IS NULL THEN NULL
                    WHEN excluded.error_code = 'locked'
                    THEN clock_timestamp() + interval '5 seconds' * least(d.attempts, 12)
                    ELSE clock_timestamp() + least(interval '1 day', interval '1 minute' * power(2, least(d.attempts, 12))) END
            """,
            [
                .texts(letters.map(\.feed)), .int4Array(letters.map(\.source)), .textArray(letters.map(\.key)),
                .textArray(letters.map(\.raw)), .texts(letters.map(\.code)), .texts(letters.map(\.text)),
            ])
    }

    /// The audit rows and the batch row in one statement: the digest is made of the bytes that are written
    /// (engine point 19).
    ///
    /// A second daemon's insert of the same batch fails here.
    func auditStatement(_ batch: Batch) -> Statement {
        let rows = batch.plan.audit
        let links = batch.start.cursor.links.merging(batch.plan.activeDelta, uniquingKeysWith: +)
        return Statement(
            """
            WITH inserted AS (
                INSERT INTO assetlink_internal.audit (
                    batch_id, at, actor, action, ci_source, ci_id, asset_source, asset_id, link_id, from_state, to_state,
                    reason, rule_set_version, evidence, cause)
                SELECT $1, $2, r.actor, r.action, r.ci_source, r.ci_id, r.asset_source, r.asset_id, r.link, r.from_state,
                       r.to_state, r.reason, $3, r.evidence, r.cause
                FROM unnest(
                    $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::text[],
                    $12::text[], $13::text[], $14::text[], $15::text[]
                ) WITH ORDINALITY AS r (actor, action, ci_source, ci_id, asset_source, asset_id, link, from_state,
                                        to_state, reason, evidence, cause, ord)
                ORDER BY r.ord
                RETURNING audit.*
            ), digested AS MATERIALIZED (
                SELECT count(*) AS rows,
                       coalesce(string_agg(assetlink_internal.row_digest(i::assetlink_internal.audit), ''::bytea
                                           ORDER BY i.audit_id), ''::bytea) AS digests
                FROM inserted AS i
            )
            INSERT INTO assetlink_internal.batch (
                batch_id, epoch, snapshot, ranges, committed_at, rule_set_version, changes, ignored, audit_rows,
                oldest_logged_at, links, ended, previous_digest, digest, row_digests)
            SELECT $1, $16, $17::text::pg_snapshot, $18, $2, $3, $19, $20, d.rows, $21, $22, $23, $24,
                   assetlink_internal.batch_digest($24, $1, assetlink_internal.batch_payload(d.digests, $2)), d.digests
            FROM digested AS d
            RETURNING digest
            """,
            [
                .int8(batch.id), .timestamptz(batch.time), .int8(batch.start.ruleSetVersion),
                .texts(rows.map(\.actor)), .texts(rows.map(\.action)), .textArray(rows.map(\.ciSource)),
                .textArray(rows.map(\.ciID)), .textArray(rows.map(\.assetSource)), .textArray(rows.map(\.assetID)),
                .int8Array(rows.map(\.linkID)), .textArray(rows.map(\.from)), .textArray(rows.map(\.to)),
                .textArray(rows.map(\.reason)), .textArray(rows.map(\.evidence)), .textArray(rows.map(\.cause)),
                .int8(epoch), .text(batch.seen.text), .json(JSONText.array(batch.ranges.map(\.json))),
                .int4(Int32(batch.work.rows)), .int4(Int32(batch.plan.ignored)),
                batch.work.oldestLoggedAt.map { .timestamptz($0) } ?? .null, .json(JSONText.counts(links)),
                .json(JSONText.counts(batch.plan.endings)), .bytes(batch.start.cursor.digest),
            ])
    }
}
