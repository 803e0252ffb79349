package import Postgres

/// What monitoring reads of the database: figures of the public views and of the daemon's own tables, in one statement.
package struct StoreFigures: Sendable {
    /// One figure of a series.
    package struct Figure: Hashable, Sendable {
        /// The series, without its prefix.
        package var name: String
        /// The value of its label; `nil` where it has none.
        package var label: String?
        /// As PostgreSQL writes it: nothing is rounded on the way.
        package var value: String
    }

    /// In the order of their names.
    package var figures: [Figure]

    /// Reads all of them as of one moment.
    package static func read(on connection: PostgresConnection) async throws(PostgresError) -> StoreFigures {
        let rows = try await connection.query(Statement(sql), timeout: .seconds(25))
        return StoreFigures(
            figures: try rows.map { row throws(PostgresError) in
                Figure(name: try row.text(0), label: try row.textOrNil(1), value: try row.text(2))
            })
    }

    /// Every branch is a pass over what is small, or over decisions and links once.
    private static let sql = """
        WITH d AS MATERIALIZED (SELECT * FROM assetlink.daemon_status),
        figure (name, label, value) AS (
            SELECT CASE WHEN m.scope = 'total' AND m.figure !~ '^(coverage_percent$|oldest_)' THEN 'coverage_' ELSE '' END
                    || m.figure,
                nullif(m.label, ''), m.value
            FROM assetlink.coverage_metric AS m
            -- No scope that reads more than the total.
            WHERE m.scope IN ('total', 'reason', 'excluded')
            UNION ALL
            SELECT v.name, NULL, v.value
            FROM d CROSS JOIN LATERAL (VALUES
                ('backlog_changes', d.backlog::numeric),
                ('oldest_unprocessed_seconds', coalesce(extract(epoch FROM d.oldest_unprocessed_age), 0)),
                ('open_ranges', d.open_ranges), ('dead_letters', d.dead_letters),
                ('breaker_open', (d.breaker = 'open')::integer), ('rule_set_version', d.rule_set_version),
                ('audit_head_batch', d.last_batch),
                ('activation_records_left', coalesce(d.activation_total - d.activation_done, 0)),
                ('leaders', (d.leader IS NOT NULL)::integer)
            ) AS v (name, value)
            UNION ALL
            SELECT 'links', s.status, count(l.status)
            FROM (VALUES ('active'), ('stale')) AS s (status)
            LEFT JOIN assetlink_internal.link AS l ON l.status = s.status AND l.status <> 'closed'
            GROUP BY s.status
            UNION ALL
            SELECT 'conflicts', k.kind, count(f.kind)
            FROM (VALUES ('duplicate_asset'), ('contradicting_evidence'), ('duplicate_ci'), ('asset_already_linked'),
                ('duplicate_ci_identity')) AS k (kind)
            LEFT JOIN assetlink_internal.conflict AS f ON f.kind = k.kind AND f.closed_at IS NULL
            GROUP BY k.kind
            UNION ALL
            SELECT 'sources', k.status, count(s.source_id)
            FROM (VALUES ('ok'), ('held'), ('broken')) AS k (status)
            LEFT JOIN (
                SELECT o.source_id, coalesce(t.status, 'ok') AS status
                FROM assetlink_internal.source AS o LEFT JOIN assetlink_internal.source_status AS t USING (source_id)
                WHERE o.detached_at IS NULL) AS s ON s.status = k.status
            GROUP BY k.status
            UNION ALL
            SELECT v.name, NULL, v.value
            FROM (SELECT count(*) AS n, min(h.held_at) AS oldest FROM assetlink_internal.held_change AS h) AS h
            CROSS JOIN LATERAL (VALUES ('held_changes', h.n::numeric),
                ('oldest_held_seconds', coalesce(extract(epoch FROM now() - h.oldest), 0))) AS v (name, value)
            UNION ALL
            SELECT 'oldest_dead_letter_seconds', NULL, coalesce(extract(epoch FROM now() - min(l.at)), 0)
            FROM assetlink_internal.dead_letter AS l WHERE l.replayed_at IS NULL
            UNION ALL
            SELECT v.name, NULL, v.value
            FROM (SELECT count(*) AS n, min(t.since) AS oldest FROM assetlink_internal.write_back_retry AS t) AS r
            CROSS JOIN (
                SELECT count(*) AS n, min(w.failing_since) AS oldest
                FROM assetlink_internal.write_back AS w WHERE w.failing_since IS NOT NULL) AS f
            CROSS JOIN LATERAL (VALUES
                ('write_back_pending', (SELECT count(*) FROM assetlink_internal.write_back_todo)::numeric),
                ('write_back_refused', r.n), ('write_back_failing_sources', f.n),
                ('write_back_oldest_seconds',
                    coalesce(extract(epoch FROM now() - least(r.oldest, f.oldest)), 0))) AS v (name, value)
            UNION ALL
            SELECT v.name, NULL, v.value
            FROM (SELECT max(b.batch_id) AS newest FROM assetlink_internal.batch AS b) AS b
            LEFT JOIN LATERAL (
                SELECT a.batch_id, a.published_at FROM assetlink_internal.audit_head AS a
                ORDER BY a.batch_id DESC LIMIT 1) AS h ON true
            LEFT JOIN LATERAL (
                SELECT c.ended_at, c.problems FROM assetlink_internal.audit_check AS c
                ORDER BY c.check_id DESC LIMIT 1) AS c ON true
            CROSS JOIN LATERAL (VALUES
                ('audit_head_timestamp_seconds', extract(epoch FROM h.published_at)),
                ('audit_unpublished_batches', coalesce(b.newest, 0) - coalesce(h.batch_id, 0)),
                ('audit_verified_timestamp_seconds', extract(epoch FROM c.ended_at)),
                ('audit_verify_problems', c.problems)) AS v (name, value)
            UNION ALL
            SELECT 'alarms', a.severity, count(l.alarm)
            FROM (VALUES ('error'), ('warning')) AS a (severity)
            LEFT JOIN assetlink.alarm AS l ON l.severity = a.severity
            GROUP BY a.severity
            UNION ALL
            SELECT 'connections', r.role, count(a.pid)
            FROM (VALUES ('work'), ('listen'), ('count'), ('metrics'), ('waiting'), ('write-back')) AS r (role)
            LEFT JOIN pg_catalog.pg_stat_activity AS a
                ON a.application_name = 'assetlinkd ' || r.role AND a.datname = current_database()
            GROUP BY r.role
            UNION ALL
            SELECT 'notify_queue_ratio', NULL, pg_catalog.pg_notification_queue_usage()::numeric
            UNION ALL
            SELECT 'schema_version', NULL, max(v.number) FROM assetlink.schema_version AS v
            UNION ALL
            (SELECT 'audit_last_row_timestamp_seconds', NULL, extract(epoch FROM a.at)
            FROM assetlink_internal.audit AS a ORDER BY a.audit_id DESC LIMIT 1)
            UNION ALL
            (SELECT 'coverage_snapshot_timestamp_seconds', NULL, extract(epoch FROM max(s.taken_at))
            FROM assetlink_internal.coverage_snapshot AS s)
        )
        SELECT f.name, f.label, f.value::text FROM figure AS f WHERE f.value IS NOT NULL ORDER BY f.name, f.label
        """
}
