import LinkCore
import Logging
import Postgres

extension BatchEngine {
    /// Folds published events into `published_record`: three facts, each kept by its newest (version, xid, seq),
    /// so that their order of arrival does not matter; an older one is ignored and counted.
    func foldEvents(_ batch: inout Batch) async throws {
        let events = batch.work.events
        guard !events.isEmpty else { return }
        // Within the batch the newest per record and fact wins before the database is asked.
        var newest: [String: LogRow] = [:]
        for event in events {
            let fact = "\(event.source ?? 0)\u{1F}\(event.event ?? "")\u{1F}\(event.key ?? "")"
            guard let known = newest[fact] else {
                newest[fact] = event
                continue
            }
            let (a, b) = (known.version ?? known.loggedAt, event.version ?? event.loggedAt)
            if (b, event.xid, event.seq) >= (a, known.xid, known.seq) { newest[fact] = event }
        }
        var ignored = events.count - newest.count
        var list: [Statement] = []
        for kind in ["publish", "decommission", "delete"] {
            let rows = newest.values.filter { $0.event == kind }.sorted { ($0.xid, $0.seq) < ($1.xid, $1.seq) }
            guard !rows.isEmpty else { continue }
            list.append(fold(kind, rows))
            ignored += rows.count
        }
        for rows in try await flush(list) { ignored -= rows.affected }
        batch.plan.ignored += ignored
    }

    private func fold(_ kind: String, _ rows: [LogRow]) -> Statement {
        let versions = rows.map { $0.version ?? $0.loggedAt }
        let common: [Parameter] = [
            .int4Array(rows.map(\.source)), .textArray(rows.map(\.key)), .timestamptzArray(versions),
        ]
        switch kind {
        case "publish":
            return Statement(
                """
                INSERT INTO assetlink_internal.published_record AS p (source_id, key, body_version, body)
                SELECT * FROM unnest($1::integer[], $2::text[], $3::timestamptz[], $4::jsonb[])
                ON CONFLICT (source_id, key) DO UPDATE SET body = excluded.body, body_version = excluded.body_version
                WHERE p.body_version IS NULL OR p.body_version <= excluded.body_version
                """, common + [.jsonArray(rows.map(\.record))])
        case "decommission":
            return Statement(
                """
                INSERT INTO assetlink_internal.published_record AS p (source_id, key, ended_version, ended_reason)
                SELECT * FROM unnest($1::integer[], $2::text[], $3::timestamptz[], $4::text[])
                ON CONFLICT (source_id, key) DO UPDATE
                SET ended_version = excluded.ended_version, ended_reason = excluded.ended_reason
                WHERE p.ended_version IS NULL OR p.ended_version <= excluded.ended_version
                """, common + [.textArray(rows.map(\.record))])
        default:
            return Statement(
                """
                INSERT INTO assetlink_internal.published_record AS p (source_id, key, deleted_version)
                SELECT * FROM unnest($1::integer[], $2::text[], $3::timestamptz[])
                ON CONFLICT (source_id, key) DO UPDATE SET deleted_version = excluded.deleted_version
                WHERE p.deleted_version IS NULL OR p.deleted_version <= excluded.deleted_version
                """, common)
        }
    }
}
