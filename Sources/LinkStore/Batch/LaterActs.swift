import Postgres

/// Acts with higher numbers than those being taken in, about the same CI or asset.
///
/// Numbers are drawn when a person acts and seen when the transaction commits: an earlier act may be seen after a later
/// one. What is in force depends on the numbers alone. (An identifier is trusted and distrusted in turn: a second act
/// is refused before a batch has taken the first one in.)
struct LaterActs {
    private struct Later {
        var id: Int64
        var kind: String
        var asset: AssetName?
        var actor: String
    }

    /// By the act that they come after, in the order of their numbers.
    private var byAct: [Int64: [Later]] = [:]

    /// For acts by number.
    static func statement(_ ids: [Int64]) -> Statement {
        Statement(
            """
            SELECT a.act_id, l.act_id, l.kind, l.asset_source_id, l.asset_id, l.actor
            FROM unnest($1::bigint[]) AS k (id)
            JOIN assetlink_internal.act AS a ON a.act_id = k.id
            CROSS JOIN LATERAL (
                SELECT *, \(Act.actor) AS actor FROM assetlink_internal.act AS l
                WHERE l.ci_source_id = a.ci_source_id AND l.ci_id = a.ci_id AND l.act_id > a.act_id
                    AND l.kind IN ('pin', 'unpin', 'block', 'unblock') OFFSET 0) AS l
            WHERE a.kind IN ('pin', 'block')
            UNION ALL
            SELECT a.act_id, l.act_id, l.kind, l.asset_source_id, l.asset_id, l.actor
            FROM unnest($1::bigint[]) AS k (id)
            JOIN assetlink_internal.act AS a ON a.act_id = k.id
            CROSS JOIN LATERAL (
                SELECT *, \(Act.actor) AS actor FROM assetlink_internal.act AS l
                WHERE l.asset_source_id = a.asset_source_id AND l.asset_id = a.asset_id AND l.act_id > a.act_id
                    AND l.kind IN ('set_composite', 'unset_composite')
                LIMIT 1) AS l
            WHERE a.kind IN ('set_composite', 'unset_composite')
            ORDER BY 1, 2
            """, [.refs(ids)])
    }

    init(_ rows: Rows) throws(PostgresError) {
        for row in rows {
            var columns = Columns(row)
            let act = try columns.int8()
            let number = try columns.int8()
            let kind = try columns.text()
            let source = try columns.int4OrNil()
            let id = try columns.textOrNil()
            var asset: AssetName?
            if let source, let id { asset = AssetName(source: source, id: id) }
            byAct[act, default: []].append(Later(id: number, kind: kind, asset: asset, actor: try columns.text()))
        }
    }

    /// Whether a later act of the same sort, or its opposite, is there.
    func overrule(_ act: Act) -> Bool { byAct[act.id]?.isEmpty == false }

    /// Why a pin or a block is over from the beginning, by which act and by whom; `nil` = no later act ends it.
    func end(of act: Act) -> (reason: String, by: Int64, actor: String)? {
        guard let asset = act.asset else { return nil }
        for later in byAct[act.id] ?? [] {
            if let reason = Act.end(of: act.kind, of: asset, by: later.kind, of: later.asset) {
                return (reason, later.id, later.actor)
            }
        }
        return nil
    }
}

extension Act {
    /// Why a pin or block of its CI, with an asset, is over by this act; `nil` = it is not.
    func ends(_ kind: String, of asset: AssetName) -> String? {
        Self.end(of: kind, of: asset, by: self.kind, of: self.asset)
    }

    /// Domain.md section 8: why a pin or block is over by a later act on the same CI; `nil` = it is not.
    static func end(of kind: String, of asset: AssetName, by later: String, of its: AssetName?) -> String? {
        switch (kind, later) {
        case ("pin", "pin"): "replaced"
        case ("pin", "block"): its == asset ? "blocked" : nil
        case ("block", "pin"): its == asset ? "pinned" : nil
        case ("block", "block"): its == asset ? "replaced" : nil
        case ("pin", "unpin"), ("block", "unblock"): its == nil || its == asset ? "removed" : nil
        default: nil
        }
    }
}
