import LinkCore
import Postgres

extension BatchEngine {
    /// Compares a source with what is stored of it, column by column: one join over all of both, in the server.
    ///
    /// What the join doubts is looked at once more key by key, as the sweep does it, by digest: a source may show an id
    /// twice, and of a record that is stored otherwise than shown (nulls in lists, say) the digest knows.
    func verifySource(_ source: SourceInfo, _ page: Int, _ report: inout VerifyReport) async throws {
        let isAsset = source.side == .asset
        let id = isAsset ? "asset_id" : "ci_id"
        let shown = reader.compared(source.side, source.columns)
        let kept = reader.compared(source.side, isAsset ? SourceReader.allAssetColumns : SourceReader.allCIColumns)
        let names = shown.indices.map { "c\($0)" }
        func list(_ columns: [String]) -> String {
            zip(columns, names).map { "\($0) AS \($1)" }.joined(separator: ", ")
        }
        func row(_ alias: String) -> String { "ROW(\(names.map { "\(alias).\($0)" }.joined(separator: ", ")))" }
        _ = try await connection.pipeline(
            Self.scanning(true) + [
                Statement("SET LOCAL cursor_tuple_fraction = 1.0", prepared: false),
                Statement("SET LOCAL work_mem = '32MB'", prepared: false),
                Statement(
                    """
                    DECLARE assetlink_doubts NO SCROLL CURSOR FOR
                    SELECT coalesce(s.key, b.id), s.key IS NOT NULL
                    FROM (SELECT b.\(id)::text COLLATE "C" AS id, \(list(shown))
                          FROM (\(source.query)
                          ) AS b
                          WHERE b.\(id) IS NOT NULL) AS b
                    FULL JOIN (SELECT b.key, \(list(kept)) FROM assetlink_internal.\(isAsset ? "asset" : "ci") AS b
                               WHERE b.source_id = \(source.id)
                                   AND \(isAsset ? "b.standing <> 2" : "b.deleted_at IS NULL")) AS s ON s.key = b.id
                    WHERE s.key IS NULL OR b.id IS NULL OR record_image_ne(\(row("b")), \(row("s")))
                    """, prepared: false),
            ] + Self.scanning(false))
        while true {
            let rows = try await connection.query(
                Statement("FETCH \(page) FROM assetlink_doubts", prepared: false))
            var stored: [String] = []
            for row in rows {
                let key = try row.text(0)
                if try row.bool(1) {
                    stored.append(key)
                } else {
                    report.sourceDifferences += 1
                    report.note("\(source.name)/\(key) is in its source and not stored")
                }
            }
            for key in try await differing(source, stored) {
                report.sourceDifferences += 1
                report.note("\(source.name)/\(key) differs from its source, or is gone there")
            }
            guard rows.count == page else { break }
        }
        _ = try await connection.query(Statement("CLOSE assetlink_doubts", prepared: false))
    }

    /// Which of these stored records differ from their source, or are gone there.
    private func differing(_ source: SourceInfo, _ keys: [String]) async throws -> [String] {
        guard !keys.isEmpty else { return [] }
        let isAsset = source.side == .asset
        let rows = try await connection.pipeline([
            reader.marks(source, keys: keys),
            Statement(
                """
                SELECT s.key, s.digest
                FROM unnest($2::text[]) AS k (id)
                CROSS JOIN LATERAL (
                    SELECT key, digest FROM assetlink_internal.\(isAsset ? "asset" : "ci")
                    WHERE source_id = $1 AND key = k.id OFFSET 0) AS s
                """, [.int4(source.id), .texts(keys)]),
        ])
        var digests: [String: String] = [:]
        for row in rows[0] { digests[try row.text(0)] = try row.text(1) }
        return try Set(rows[1].filter { try digests[$0.text(0)] != $0.text(1) }.map { try $0.text(0) }).sorted()
    }
}
