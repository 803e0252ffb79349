import LinkStore
import Postgres
import Testing

extension Books {
    /// Eight batches as the daemon writes them: 1 to 6 with four rows each, of which 3 is of the older form whose digest is
    /// over the rows themselves, 7 with none, and 8 with row 25.
    static func withAudit(_ name: String = #function, file: String = #fileID) async throws -> Books {
        let books = try await Books(name, file: file)
        try await books.run(
            writeBatch + """
                SELECT pg_temp.write_batch(n, ARRAY['A', 'Bé', 'C', 'D'], n <> 3) FROM generate_series(1, 6) AS n;
                SELECT pg_temp.write_batch(7, ARRAY[]::text[]);
                SELECT pg_temp.write_batch(8, ARRAY['X']);
                """)
        return books
    }

    /// Interferes as a superuser can, asks, and takes it all back.
    func tampered<Answer>(_ sql: String, _ body: () async throws -> Answer) async throws -> Answer {
        try await run("BEGIN; \(Self.unguarded); \(sql)")
        do {
            let answer = try await body()
            try await run("ROLLBACK")
            return answer
        } catch {
            try await run("ROLLBACK")
            throw error
        }
    }

    /// What `assetlink.audit_verify` finds: `batch|row|problem`.
    func audited(_ arguments: String = "") async throws -> [String] {
        try await problems("assetlink.audit_verify(\(arguments))")
    }

    /// What a function finds: `batch|row|problem`.
    func problems(_ call: String) async throws -> [String] {
        try await connection.query(
            Statement(
                "SELECT concat_ws('|', v.batch_id, coalesce(v.audit_id::text, ''), v.problem) FROM \(call) AS v",
                prepared: false)
        ).map { try $0.text(0) }
    }

    /// What the program finds, in pages so small that batches lie across them.
    func read(from first: Int64? = nil, to last: Int64? = nil) async throws -> [String] {
        try await AuditReader(connection, page: 3).verify(from: first, to: last).words
    }

    private static let unguarded = """
        ALTER TABLE assetlink_internal.audit DISABLE TRIGGER ALL;
        ALTER TABLE assetlink_internal.batch DISABLE TRIGGER ALL;
        ALTER TABLE assetlink_internal.audit_detached DISABLE TRIGGER ALL;
        ALTER TABLE assetlink_internal.audit ALTER audit_id DROP IDENTITY;
        ALTER TABLE assetlink_internal.audit DROP CONSTRAINT audit_pkey;
        """

    private static let writeBatch = """
        CREATE FUNCTION pg_temp.seal(number bigint, at timestamptz, sealed boolean) RETURNS void LANGUAGE sql AS $$
            WITH d AS (
                SELECT count(*) AS n,
                    coalesce(string_agg(assetlink_internal.row_digest(a), ''::bytea ORDER BY a.audit_id), '') AS digests,
                    coalesce(string_agg(assetlink_internal.audit_bytes(a), ''::bytea ORDER BY a.audit_id), '') AS bytes
                FROM assetlink_internal.audit AS a WHERE a.batch_id = number
            ), p AS (
                SELECT coalesce(
                    (SELECT b.digest FROM assetlink_internal.batch AS b WHERE b.batch_id = number - 1),
                    decode(repeat('00', 32), 'hex')) AS digest)
            INSERT INTO assetlink_internal.batch (batch_id, epoch, snapshot, committed_at, rule_set_version, changes,
                audit_rows, previous_digest, digest, row_digests)
            SELECT number, 1, pg_current_snapshot(), at, 1, 1, d.n, p.digest,
                assetlink_internal.batch_digest(p.digest, number,
                    CASE WHEN sealed THEN assetlink_internal.batch_payload(d.digests, at) ELSE d.bytes END),
                CASE WHEN sealed THEN d.digests END
            FROM d, p
        $$;
        CREATE FUNCTION pg_temp.write_batch(number bigint, names text[], sealed boolean DEFAULT true) RETURNS void
        LANGUAGE sql AS $$
            INSERT INTO assetlink_internal.audit (batch_id, at, actor, action, ci_source, ci_id, asset_source, asset_id,
                link_id, from_state, to_state, reason, rule_set_version, evidence, cause)
            SELECT number, timestamptz '2026-05-01 12:00:00.000001+00' + number * interval '1 second', 'assetlinkd',
                'link', 'net', n, 'books', 'A1', number, 'stale', 'active', 'r', 1, '{"k": 1}', '{}'
            FROM unnest(names) WITH ORDINALITY AS u (n, o) ORDER BY o;
            SELECT pg_temp.seal(number, timestamptz '2026-05-01 12:00:00.000001+00' + number * interval '1 second', sealed);
        $$;
        """
}

extension AuditFindings {
    /// `batch|row|problem`.
    var words: [String] {
        problems.map { "\($0.batchID)|\($0.auditID.map { String($0) } ?? "")|\($0.problem)" }
    }
}
