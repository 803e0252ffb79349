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

    /// The first holders of some of the keys; where there are more than few, one more than that.
    func firstHolders(of numbers: [Int], _ diff: AssetKeyDiff) -> Statement {
        Statement(
            """
            SELECT k.ord, y.standing, y.asset_ref, y.source_id
            FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS k (space, key, ord)
            CROSS JOIN LATERAL (
                SELECT y.standing, y.asset_ref, y.source_id FROM assetlink_internal.asset_key AS y
                WHERE y.space_id = k.space AND y.key = k.key LIMIT \(Self.fewHolders + 1)) AS y
            """, [.int4s(numbers.map { diff.keys[$0].key.space }), .texts(numbers.map { diff.keys[$0].key.key })])
    }

    /// Takes the answer to ``firstHolders(of:_:)``, of before the batch writes.
    func noteHolders(of numbers: [Int], _ rows: Rows, _ diff: inout AssetKeyDiff) throws {
        var holders = Array(repeating: [KeyHolder](), count: numbers.count)
        for row in rows {
            var columns = Columns(row)
            let index = Int(try columns.int8()) - 1
            holders[index].append(
                KeyHolder(
                    standing: Standing(rawValue: try columns.int()) ?? .deleted, asset: try columns.int8(),
                    source: try columns.int4()))
        }
        for (number, list) in zip(numbers, holders) { diff.holders[number] = list }
    }

    /// Finds the keys whose view differs before and after: of a few holders the after follows from what is written;
    /// what many share is probed, now and when everything is written.
    func findChangedViews(_ diff: inout AssetKeyDiff, _ batch: inout Batch) async throws {
        guard !diff.keys.isEmpty else { return }
        let unknown = diff.keys.indices.filter { diff.holders[$0] == nil }
        if !unknown.isEmpty {
            // What a flipped verdict has changed could not be known before.
            try noteHolders(of: unknown, try await flush(firstHolders(of: unknown, diff)), &diff)
        }
        let before = diff.keys.indices.map { diff.holders[$0] ?? [] }
        var after = before
        for row in diff.removed { after[row.number].removeAll { $0.asset == row.ref && $0.standing == row.standing } }
        for (row, from) in diff.moved { after[row.number].removeAll { $0.asset == row.ref && $0.standing == from } }
        for row in diff.moved.map(\.row) + diff.added {
            after[row.number].append(KeyHolder(standing: row.standing, asset: row.ref, source: row.source))
        }
        for number in before.indices {
            if before[number].count > Self.fewHolders {
                batch.hood.shared.append(diff.keys[number])
            } else if SourceView.of(before[number]) != SourceView.of(after[number]) {
                batch.hood.viewChanged.append(diff.keys[number])
            }
        }
        if !batch.hood.shared.isEmpty { batch.hood.sharedViews = try await sharedViews(batch) }
    }

    /// Once everything is written: the keys among those that many share whose view is another one now.
    func findChangedSharedViews(_ batch: inout Batch) async throws {
        guard !batch.hood.shared.isEmpty else { return }
        let now = try await sharedViews(batch)
        let changed = batch.hood.shared.indices.filter { now[$0] != batch.hood.sharedViews[$0] }
        guard !changed.isEmpty else { return }
        let keys = changed.map { batch.hood.shared[$0] }
        try noteKeyHolders(keys, try await flush(keyHolders(keys)), &batch)
    }

    /// The views of the keys that many share.
    private func sharedViews(_ batch: Batch) async throws -> [String] {
        let keys = batch.hood.shared.map(\.key)
        let sources = batch.sources.values.filter { $0.side == .asset }.map(\.id).sorted()
        let rows = try await flush(
            Statement(
                """
                SELECT coalesce((\(Self.sharedView)), '')
                FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS k (space, key, ord) ORDER BY k.ord
                """, [.int4s(keys.map(\.space)), .texts(keys.map(\.key)), .int4s(sources)]))
        return try rows.map { try $0.text(0) }
    }
}
