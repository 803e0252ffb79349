import LinkCore
import Postgres

/// What a key shows of one asset source: none, one and which, or several; whether any ended, any deleted.
///
/// Values, not counts: a swap keeps the count.
private struct SourceView: Equatable {
    var source: Int32
    var eligible: AssetRef?
    var isShared = false
    var hasEnded = false
    var hasDeleted = false

    /// By source, of a few holders.
    static func of(_ holders: [KeyHolder]) -> [SourceView] {
        var views: [SourceView] = []
        for holder in holders {
            let index = views.firstIndex { $0.source >= holder.source } ?? views.count
            if index == views.count || views[index].source != holder.source {
                views.insert(SourceView(source: holder.source), at: index)
            }
            views[index].note(holder)
        }
        return views
    }

    private mutating func note(_ holder: KeyHolder) {
        switch holder.standing {
        case .ended: hasEnded = true
        case .deleted: hasDeleted = true
        case .eligible:
            isShared = isShared || eligible != nil
            eligible = isShared ? nil : holder.asset
        }
    }
}

extension BatchEngine {
    /// The view of a key `k` that many assets share, source by source, as text; probed, never counted.
    private static let sharedView = """
        SELECT string_agg(s.id || ':' || v.view, ' ' ORDER BY s.id)
        FROM unnest($3::integer[]) AS s (id)
        CROSS JOIN LATERAL (
            SELECT CASE cardinality(e.refs) WHEN 0 THEN '-' WHEN 1 THEN e.refs[1]::text ELSE '*' END
                || CASE WHEN EXISTS (
                       SELECT FROM assetlink_internal.asset_key AS y
                       WHERE y.space_id = k.space AND y.key = k.key AND y.standing = 1 AND y.source_id = s.id)
                   THEN 'e' ELSE '' END
                || CASE WHEN EXISTS (
                       SELECT FROM assetlink_internal.asset_key AS y
                       WHERE y.space_id = k.space AND y.key = k.key AND y.standing = 2 AND y.source_id = s.id)
                   THEN 'd' ELSE '' END AS view
            FROM (
                SELECT ARRAY(
                    SELECT y.asset_ref FROM assetlink_internal.asset_key AS y
                    WHERE y.space_id = k.space AND y.key = k.key AND y.standing = 0 AND y.source_id = s.id
                    ORDER BY y.space_id, y.key, y.standing, y.asset_ref LIMIT 2) AS refs
                OFFSET 0
            ) AS e
            OFFSET 0
        ) AS v
        WHERE v.view <> '-'
        """

    /// The first holders of keys before the batch writes; where there are more, the last row has the view as text.
    func firstHolders(_ keys: [StoredKey], _ batch: Batch) -> Statement {
        Statement(
            """
            SELECT k.ord, y.standing, y.asset_ref, y.source_id,
                   CASE WHEN y.nth > \(Self.fewHolders) THEN coalesce((\(Self.sharedView)), '') END
            FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS k (space, key, ord)
            CROSS JOIN LATERAL (
                SELECT y.standing, y.asset_ref, y.source_id, row_number() OVER () AS nth
                FROM assetlink_internal.asset_key AS y
                WHERE y.space_id = k.space AND y.key = k.key LIMIT \(Self.fewHolders + 1)) AS y
            """, [.int4s(keys.map(\.space)), .texts(keys.map(\.key)), .int4s(assetSources(batch))])
    }

    private func sharedViews(_ keys: [StoredKey], _ batch: Batch) -> Statement {
        Statement(
            """
            SELECT k.ord, coalesce((\(Self.sharedView)), '')
            FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS k (space, key, ord)
            """, [.int4s(keys.map(\.space)), .texts(keys.map(\.key)), .int4s(assetSources(batch))])
    }

    private func assetSources(_ batch: Batch) -> [Int32] {
        batch.sources.values.filter { $0.side == .asset }.map(\.id).sorted()
    }

    /// Finds the keys whose view differs before and after: of a few holders the after follows from what was written;
    /// what many share is probed again.
    func findChangedViews(
        _ keys: [StoredKey], _ rows: Rows, _ gone: [AssetKeyRow], _ here: [AssetKeyRow], _ batch: inout Batch
    ) async throws {
        var before = Array(repeating: [KeyHolder](), count: keys.count)
        var shared: [Int: String] = [:]
        for row in rows {
            var columns = Columns(row)
            let index = Int(try columns.int8()) - 1
            before[index].append(
                KeyHolder(
                    standing: Standing(rawValue: try columns.int()) ?? .deleted, asset: try columns.int8(),
                    source: try columns.int4()))
            if let view = try columns.textOrNil() { shared[index] = view }
        }
        let numbers = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, $0) })
        var after = before
        for row in gone {
            guard let index = numbers[row.key] else { continue }
            after[index].removeAll { $0.asset == row.ref && $0.standing == row.standing }
        }
        for row in here {
            guard let index = numbers[row.key] else { continue }
            after[index].append(KeyHolder(standing: row.standing, asset: row.ref, source: row.source))
        }
        for (index, key) in keys.enumerated()
        where shared[index] == nil && SourceView.of(before[index]) != SourceView.of(after[index]) {
            batch.hood.viewChanged.append(key)
        }
        guard !shared.isEmpty else { return }
        let probed = shared.keys.sorted()
        for row in try await flush(sharedViews(probed.map { keys[$0] }, batch)) {
            let index = probed[Int(try row.int8(0)) - 1]
            if shared[index] != (try row.text(1)) { batch.hood.viewChanged.append(keys[index]) }
        }
    }
}
