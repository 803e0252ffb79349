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
        return statements
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
