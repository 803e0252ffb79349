import LinkCore
import LinkStore
import Postgres

/// Sources with tables: one per source in schema `world`, its columns named as in a binding.
extension WorldPlayer {
    static let assetColumns = [
        ("asset_tag", "text"), ("serial_number", "text"), ("other_serials", "text[]"), ("uuid", "text"),
        ("mac_addresses", "text[]"), ("name", "text"), ("manufacturer", "text"), ("model", "text"),
        ("asset_class", "text"), ("lifecycle_raw", "text"), ("parent_asset_id", "text"), ("position", "text"),
        ("cloud_resource_id", "text"), ("is_composite", "boolean"), ("attributes", "jsonb"),
    ].map { (name: $0.0, type: $0.1) }

    static let ciColumns = [
        ("ci_class", "text"), ("name", "text"), ("serial_number", "text"), ("serials", "jsonb"), ("uuid", "text"),
        ("asset_tag", "text"), ("network_adapters", "jsonb"), ("manufacturer", "text"), ("model", "text"),
        ("cloud_resource_id", "text"), ("parent_ci_id", "text"), ("position", "text"), ("lifecycle_raw", "text"),
        ("attributes", "jsonb"),
    ].map { (name: $0.0, type: $0.1) }

    func makeTable(_ source: String, _ side: String) async throws {
        let columns = (side == "asset" ? Self.assetColumns : Self.ciColumns).map { "\"\($0.name)\" \($0.type)" }
        try await connection.script(
            """
            CREATE SCHEMA IF NOT EXISTS world;
            CREATE TABLE world.\(source) (\(side)_id text PRIMARY KEY, \(columns.joined(separator: ", ")));
            """)
    }

    func attach(_ source: String, sees: Set<String>?) async throws {
        let isAsset = Script.assetSources.contains(source)
        let query = "SELECT * FROM world.\(source)"
        if isAsset {
            _ = try await connection.query(
                "SELECT assetlink.attach_asset_source($1, 'world.\(source)', $2, 'asset_id')",
                [.text(source), .text(query)])
        } else {
            _ = try await connection.query(
                """
                SELECT assetlink.attach_ci_source(
                    $1, 'world.\(source)', $2, 'ci_id', asset_sources => $3, removal_policy => $4)
                """,
                [
                    .text(source), .text(query), sees.map { .texts($0.sorted()) } ?? .null,
                    .text(policy(of: source)),
                ])
        }
    }

    /// Changes of sources with tables that no trigger sees, in one transaction.
    package func playUnseen(_ changes: [WorldChange], of sources: Set<String>) async throws {
        try await connection.script("BEGIN")
        for source in sources.sorted() { try await setTriggers(of: source, "DISABLE TRIGGER %I") }
        for change in changes { try await play(change) }
        for source in sources.sorted() { try await setTriggers(of: source, "ENABLE ALWAYS TRIGGER %I") }
        try await connection.script("COMMIT")
    }

    private func setTriggers(of source: String, _ action: String) async throws {
        try await connection.script(
            """
            DO $$
            DECLARE name name;
            BEGIN
                FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'world.\(source)'::regclass AND NOT tgisinternal
                LOOP
                    EXECUTE format('ALTER TABLE world.\(source) \(action)', name);
                END LOOP;
            END $$
            """)
    }
}
