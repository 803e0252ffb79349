import Postgres

/// The table that says which migrations a database has: `assetlink.schema_version`.
///
/// It is public, because DBAs ask the same question, and is made by the runner in the transaction of the first file,
/// which makes the schema and the roles.
enum Ledger {
    static func exists(on connection: PostgresConnection) async throws(PostgresError) -> Bool {
        try await connection.query("SELECT to_regclass('assetlink.schema_version') IS NOT NULL").first?.bool(0) ?? false
    }

    static func read(on connection: PostgresConnection) async throws -> [AppliedMigration] {
        // In one statement: its snapshot is older than what to_regclass sees, so a migration that commits meanwhile
        // is not taken for somebody else's schema.
        let rows = try await connection.query(
            """
            SELECT to_regclass('assetlink.schema_version') IS NOT NULL, (
                SELECT string_agg(nspname, ' and ' ORDER BY nspname) FROM pg_catalog.pg_namespace
                WHERE nspname IN ('assetlink', 'assetlink_internal'))
            """)
        guard let row = rows.first, try row.bool(0) else {
            if let names = try rows.first?.textOrNil(1) {
                throw MigrationError(
                    .foreign, "The database has a schema \(names) that no migration made.",
                    hint: "Look what it is; rename or drop it, or use another database.")
            }
            return []
        }
        return try await connection.query(
            "SELECT number, name, sha256 FROM assetlink.schema_version ORDER BY number"
        ).map { row in
            AppliedMigration(number: Int(try row.int4(0)), name: try row.text(1), sha256: try row.text(2))
        }
    }

    /// Writes down that a file was applied; part of the file's own transaction.
    static func record(_ file: MigrationFile) -> [Statement] {
        var statements = [Statement("SET LOCAL ROLE assetlink_owner", prepared: false)]
        statements += creation.map { Statement($0, prepared: false) }
        statements.append(
            Statement(
                "INSERT INTO assetlink.schema_version (number, name, sha256) VALUES ($1, $2, $3)",
                [.int4(Int32(clamping: file.number)), .text(file.name), .text(file.sha256)], prepared: false))
        if file.number >= firstWithWorksFrom {
            statements.append(
                Statement(
                    "UPDATE assetlink.schema_version SET works_from = nullif($2, 0) WHERE number = $1",
                    [.int4(Int32(clamping: file.number)), .int4(Int32(clamping: file.worksFrom ?? 0))],
                    prepared: false))
            // A daemon that does not know this file must not write another batch: its next one finds the lease gone, and
            // it looks at the version before it takes a new one.
            if file.worksFrom == nil {
                statements.append(
                    Statement(
                        "UPDATE assetlink_internal.lease SET epoch = epoch + 1, expires_at = '-infinity'",
                        prepared: false))
            }
        }
        return statements
    }

    /// The migration that made the column `works_from`.
    static let firstWithWorksFrom = 53

    /// The first migration beyond a version with which programs of that version do not work; `nil`: they do.
    static func firstUnusable(
        by version: Int, on connection: PostgresConnection
    ) async throws(PostgresError) -> String? {
        try await connection.query(
            """
            SELECT name FROM assetlink.schema_version
            WHERE number > $1 AND (works_from IS NULL OR works_from > $1) ORDER BY number LIMIT 1
            """, [.int4(Int32(clamping: version))]
        ).first?.textOrNil(0)
    }

    private static let creation = [
        """
        CREATE TABLE IF NOT EXISTS assetlink.schema_version (
            number integer PRIMARY KEY,
            name text NOT NULL,
            sha256 text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            applied_by text NOT NULL DEFAULT session_user
        )
        """,
        "COMMENT ON TABLE assetlink.schema_version IS 'The migrations this database has.'",
        "COMMENT ON COLUMN assetlink.schema_version.number IS 'The migration''s number.'",
        "COMMENT ON COLUMN assetlink.schema_version.name IS 'Its file.'",
        "COMMENT ON COLUMN assetlink.schema_version.sha256 IS 'SHA-256 of the file as it was applied.'",
        "COMMENT ON COLUMN assetlink.schema_version.applied_at IS 'When it was applied.'",
        "COMMENT ON COLUMN assetlink.schema_version.applied_by IS 'The login role that applied it.'",
        "GRANT SELECT ON assetlink.schema_version TO assetlink_reader, assetlink_operator, assetlink_daemon",
    ]
}
