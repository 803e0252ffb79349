import Postgres

extension SourceReader {
    /// The most bytes that a record's columns may have together: more is no fact about a machine, and would have to fit
    /// into the daemon's memory as often as it is looked at.
    static let mostBytes = 1_000_000
    /// Stands for the digest of a record that is larger; its columns are not read.
    static let tooLarge = "too large"

    /// The query of a source with the columns of too large records emptied, and `is_large` beside them.
    ///
    /// The sizes are those in the table, where the server need not unpack the values.
    static func sized(_ source: SourceInfo, where condition: String) -> String {
        let own = source.columns.subtracting(["\(source.side.rawValue)_id"]).sorted()
        let sizes = own.compactMap { column -> String? in
            switch column {
            case "is_composite", "lifecycle_since", "last_discovered_at", "version": nil
            case "other_serials", "mac_addresses", "serials", "network_adapters", "attributes":
                "coalesce(pg_column_size(b.\"\(column)\"), 0)"
            default: "coalesce(octet_length(b.\"\(column)\"::text), 0)"
            }
        }
        let columns = own.map { "CASE WHEN NOT b.is_large THEN b.\"\($0)\" END AS \"\($0)\"" } + ["b.is_large"]
        return """
            SELECT \(columns.joined(separator: ", "))
            FROM (
                SELECT *, \((["0"] + sizes).joined(separator: " + ")) > \(mostBytes) AS is_large
                FROM (\(source.query)
                ) AS b
                WHERE \(condition)
                OFFSET 0
            ) AS b
            """
    }
}

extension BatchEngine {
    /// A record that is too large is a dead letter of its own; what is stored of it stays.
    func rejectLarge(_ source: SourceInfo, _ key: String, _ batch: inout Batch) {
        batch.work.records[source.id]?[key] = nil
        batch.plan.deadLetters.append(
            DeadLetter(
                feed: source.name, source: source.id, key: key, raw: nil, code: "record_too_large",
                text:
                    "The columns of this record have more than \(SourceReader.mostBytes) bytes together. Shorten them, "
                    + "or leave the largest out of the binding."))
    }
}
