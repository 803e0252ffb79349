/// The statements that put a row into the source tables, whatever is there.
enum RowStatements {
    static func put(_ row: AssetRow) -> String {
        """
        INSERT INTO itam.asset (asset_id, serial_number, asset_tag, uuid, mac_addresses, state, is_composite)
        VALUES (\(row.id), \(text(row.serial)), \(text(row.tag)), \(text(row.uuid)), \(list(row.macs)),
            \(text(row.state)), \(row.isComposite))
        ON CONFLICT (asset_id) DO UPDATE SET serial_number = excluded.serial_number, asset_tag = excluded.asset_tag,
            uuid = excluded.uuid, mac_addresses = excluded.mac_addresses, state = excluded.state,
            is_composite = excluded.is_composite
        """
    }

    static func put(_ row: CIRow) -> String {
        let adapters = row.macs.enumerated().map { "(\(row.id), 'eth\($0)', \(text($1)))" }.joined(separator: ", ")
        return """
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number, asset_tag, uuid, state)
            VALUES (\(row.id), \(text(row.ciClass)), \(text(row.serial)), \(text(row.tag)), \(text(row.uuid)),
                \(text(row.state)))
            ON CONFLICT (ci_id) DO UPDATE SET ci_class = excluded.ci_class, serial_number = excluded.serial_number,
                asset_tag = excluded.asset_tag, uuid = excluded.uuid, state = excluded.state;
            DELETE FROM cmdb.ci_network_adapter WHERE ci_id = \(row.id);
            \(adapters.isEmpty ? "" : "INSERT INTO cmdb.ci_network_adapter VALUES \(adapters)")
            """
    }

    private static func text(_ value: String?) -> String {
        value.map { "'\($0.replacing("'", with: "''"))'" } ?? "NULL"
    }

    private static func list(_ values: [String]) -> String {
        "ARRAY[\(values.map { text($0) }.joined(separator: ", "))]::text[]"
    }
}
