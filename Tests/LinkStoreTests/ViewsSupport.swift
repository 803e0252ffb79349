import LinkTesting
import Postgres

/// A database whose internal tables a test fills by hand, as batches would have: asset source `books` (101), CI sources
/// `net` (102) and `far` (103), of which `far` is bound to no asset source.
struct Books {
    let connection: PostgresConnection

    init(_ name: String = #function, file: String = #fileID) async throws {
        connection = try await migratedConnection(name, file: file)
        try await connection.script(Self.foundation)
    }

    /// Runs a script.
    func run(_ sql: String) async throws { try await connection.script(sql) }

    /// The rows of a query, each as PostgreSQL writes a row: `(net,C1,linked,)`.
    func rows(_ sql: String) async throws -> [String] {
        try await connection.query("SELECT t::text FROM (\(sql)) AS t").map { try $0.text(0) }
    }

    /// The only cell of a query, as text.
    func value(_ sql: String) async throws -> String? {
        try await connection.query("SELECT (\(sql))::text").first?.textOrNil(0)
    }

    private static let foundation = """
        INSERT INTO assetlink_internal.source (source_id, name, side, kind, query, key_type, columns, asset_sources)
        VALUES (101, 'books', 'asset', 'published', '', 'text', '{}', NULL), (102, 'net', 'ci', 'published', '',
            'text', '{}', NULL),
            (103, 'far', 'ci', 'published', '', 'text', '{}', '{}');
        INSERT INTO assetlink_internal.key_space VALUES (1, 'regular(serial_number)'), (2, 'regular(asset_tag)');

        CREATE FUNCTION pg_temp.asset(
            ref bigint, serial text DEFAULT NULL, phase text DEFAULT 'in_use', gone boolean DEFAULT false,
                linked integer DEFAULT 0)
        RETURNS void LANGUAGE sql AS $$
            INSERT INTO assetlink_internal.asset (
                asset_ref, source_id, key, serial_number, lifecycle_raw, digest, phase, lifecycle_mapped, standing,
                    composite,
                ended_at, deleted_at, first_seen_at, ci_count, since)
            SELECT ref, 101, 'A' || ref, serial, phase, '', phase, true, s.standing, false,
                CASE WHEN phase IN ('retired', 'disposed') THEN now() - interval '10 days' END,
                CASE WHEN gone THEN now() - interval '10 days' END, '2026-01-01', linked, '2026-01-01'
            FROM (SELECT CASE WHEN gone THEN 2 WHEN phase IN ('retired', 'disposed') THEN 1 ELSE 0 END) AS s (standing);
            INSERT INTO assetlink_internal.asset_key SELECT 1, serial, a.standing, ref, 101
            FROM assetlink_internal.asset AS a WHERE a.asset_ref = ref AND serial IS NOT NULL;
            INSERT INTO assetlink_internal.asset_value SELECT 'serial', serial, ref, true WHERE serial IS NOT NULL;
        $$;

        CREATE FUNCTION pg_temp.ci(
            ref bigint, serial text DEFAULT NULL, class text DEFAULT 'server', parent text DEFAULT NULL,
            seen timestamptz DEFAULT now(), source integer DEFAULT 102)
        RETURNS void LANGUAGE sql AS $$
            INSERT INTO assetlink_internal.ci (
                ci_ref, source_id, key, ci_class, name, serial_number, parent_ci_id, last_discovered_at, digest, class,
                class_known, lifecycle_mapped, retired, rule, evidence, first_seen_at)
            SELECT ref, source, 'C' || ref, class, 'host' || ref, serial, parent, seen, '', class, true, true, false,
                'hardware',
                CASE WHEN serial IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_object(
                    'p', 10, 't', 'regular', 'k', 'serial', 'a', 'serial_number', 'ty', NULL, 'r', lower(serial), 'c',
                        serial,
                    's', NULL, 'sp', 1, 'key', serial)) END,
                '2026-01-01';
            INSERT INTO assetlink_internal.ci_key SELECT 1, serial, ref WHERE serial IS NOT NULL;
            INSERT INTO assetlink_internal.ci_value SELECT 'serial', serial, source, ref, true WHERE serial IS NOT NULL;
        $$;

        CREATE FUNCTION pg_temp.decide(
            ref bigint, state text, reason text DEFAULT NULL, asset bigint DEFAULT NULL, pinned boolean DEFAULT false,
            conflict bigint DEFAULT NULL)
        RETURNS void LANGUAGE sql AS $$
            INSERT INTO assetlink_internal.ci_decision (
                ci_ref, source_id, state, reason, since, claim_asset, claim_rank, claim_manual, candidate_asset, rule,
                entry_priority, entry_space, matched_on, conflict_id, link_id, link_asset, link_status, link_manual)
            SELECT ref, c.source_id, state, reason, timestamptz '2026-01-01' + ref * interval '1 day',
                CASE WHEN reason IS DISTINCT FROM 'contradicting_evidence' THEN asset END, CASE WHEN NOT pinned THEN 10
                    END, pinned,
                asset, CASE WHEN NOT pinned AND state IN ('linked', 'conflicted') THEN 'hardware' END,
                CASE WHEN NOT pinned AND state IN ('linked', 'conflicted') THEN 10 END,
                CASE WHEN NOT pinned AND state IN ('linked', 'conflicted') THEN 1 END,
                CASE WHEN NOT pinned AND state = 'linked' THEN jsonb_build_array(jsonb_build_array(c.serial_number))
                    END,
                conflict, CASE WHEN state = 'linked' THEN ref END, CASE WHEN state = 'linked' THEN asset END,
                CASE WHEN state = 'linked' THEN 'active' END, CASE WHEN state = 'linked' THEN pinned END
            FROM assetlink_internal.ci AS c WHERE c.ci_ref = ref;
            INSERT INTO assetlink_internal.link (
                link_id, ci_ref, ci_source_id, ci_id, asset_ref, asset_source_id, asset_id, status, method, linked_at,
                    linked_by)
            SELECT ref, ref, c.source_id, c.key, asset, 101, 'A' || asset, 'active',
                CASE WHEN pinned THEN 'manual' ELSE 'automatic' END, '2026-02-01', 'assetlinkd'
            FROM assetlink_internal.ci AS c WHERE c.ci_ref = ref AND state = 'linked';
        $$;

        CREATE FUNCTION pg_temp.stale(ref bigint, asset bigint, reason text) RETURNS void LANGUAGE sql AS $$
            INSERT INTO assetlink_internal.link (
                link_id, ci_ref, ci_source_id, ci_id, asset_ref, asset_source_id, asset_id, status, method, linked_at,
                    linked_by,
                stale_at, stale_reason)
            VALUES (ref, ref, 102, 'C' || ref, asset, 101, 'A' || asset, 'stale', 'automatic', '2026-02-01',
                'assetlinkd',
                timestamptz '2026-03-01' + ref * interval '1 day', reason);
            UPDATE assetlink_internal.ci_decision SET link_id = ref, link_asset = asset, link_status = 'stale',
                link_reason = reason
            WHERE ci_ref = ref;
        $$;

        CREATE FUNCTION pg_temp.conflict(number bigint, kind text,
            asset bigint DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
            INSERT INTO assetlink_internal.conflict (conflict_id, kind, identity, asset_ref, ci_source_id, opened_at)
            VALUES (number, kind, number::text, asset, CASE WHEN asset IS NOT NULL THEN 102 END,
                timestamptz '2026-04-01' + number * interval '1 day');
        $$;

        CREATE FUNCTION pg_temp.pair(kind text, ci bigint, asset bigint) RETURNS bigint LANGUAGE sql AS $$
            WITH made AS (
                INSERT INTO assetlink_internal.act (kind, ci_source_id, ci_id, asset_source_id, asset_id, reason)
                VALUES (kind, 102, 'C' || ci, 101, 'A' || asset, 'test') RETURNING act_id)
            INSERT INTO assetlink_internal.pair_in_force
            SELECT kind, 102, 'C' || ci, 101, 'A' || asset, made.act_id FROM made RETURNING act_id
        $$;

        CREATE FUNCTION pg_temp.batch(number bigint, at timestamptz DEFAULT now()) RETURNS void LANGUAGE sql AS $$
            INSERT INTO assetlink_internal.batch (
                batch_id, epoch, snapshot, committed_at, rule_set_version, changes, audit_rows, oldest_logged_at,
                    previous_digest, digest)
            SELECT number, 1, pg_current_snapshot(), at, 1, 1, r.n, at - interval '3 seconds', p.digest,
                assetlink_internal.batch_digest(p.digest, number, r.bytes)
            FROM (
                SELECT count(*) AS n, coalesce(string_agg(assetlink_internal.audit_bytes(a), ''::bytea
                    ORDER BY a.audit_id), '') AS bytes
                FROM assetlink_internal.audit AS a WHERE a.batch_id = number
            ) AS r, LATERAL (SELECT coalesce(
                (SELECT b.digest FROM assetlink_internal.batch AS b WHERE b.batch_id = number - 1),
                decode(repeat('00', 32), 'hex')) AS digest) AS p;
        $$;
        """
}
