import Postgres

/// What `assetlink.ci_state` and the tree of classes say of one CI.
struct CIFacts {
    let source: String
    let id: String
    let name: String?
    let ciClass: String?
    let state: String
    let reason: String?
    let since: String
    /// `source/id` of the asset it is linked to.
    let asset: String?
    let method: String?
    let rule: String?
    let priority: Int?
    let matchedOn: String?
    /// The asset of its nearest linked ancestor.
    let inheritedAsset: String?
    let lastDiscovered: String?
    /// The class in the tree: its own, or the root for one that is not in it.
    let knownClass: String
    /// Whether its class is in the tree.
    let isKnownClass: Bool
    /// The class whose rule is in force.
    let ruleClass: String?
    /// Whether that rule is "none".
    let isExcludedClass: Bool

    var label: String { "\(source)/\(id)" }

    /// One row for one CI; `$1` is the source, `$2` the id.
    static let sql = """
        WITH RECURSIVE s AS (
            SELECT * FROM assetlink.ci_state WHERE ci_source = $1 AND ci_id = $2
        ), known AS (
            SELECT coalesce((
                SELECT c.class FROM assetlink.ci_class c
                WHERE c.class = (SELECT lower(btrim(s.ci_class)) FROM s)), 'ci')
        ), up (depth, class, parent, rule) AS (
            SELECT 1, c.class, c.parent, c.rule
            FROM assetlink.ci_class c WHERE c.class = (TABLE known)
            UNION ALL
            SELECT up.depth + 1, c.class, c.parent, c.rule
            FROM up JOIN assetlink.ci_class c ON c.class = up.parent
            WHERE up.rule IS NULL AND up.depth < 100
        ), own AS (
            SELECT class, rule FROM up WHERE rule IS NOT NULL LIMIT 1
        )
        SELECT s.ci_source, s.ci_id, s.name, s.ci_class, s.state, s.reason, \(Expression.minute("s.since")),
            \(Expression.reference("s.asset_source", "s.asset_id")), s.method, s.rule, s.entry_priority,
            \(Expression.keys("s.matched_on")), s.inherited_asset_id, \(Expression.minute("s.last_discovered_at")),
            (TABLE known), (SELECT class FROM own), coalesce((SELECT rule = '"none"' FROM own), true),
            to_json(s)::text, (TABLE known) IS NOT DISTINCT FROM lower(btrim(s.ci_class))
        FROM s
        """

    init(_ row: Row) throws {
        source = try row.text(0)
        id = try row.text(1)
        name = try row.textOrNil(2)
        ciClass = try row.textOrNil(3)
        state = try row.text(4)
        reason = try row.textOrNil(5)
        since = try row.text(6)
        asset = try row.textOrNil(7)
        method = try row.textOrNil(8)
        rule = try row.textOrNil(9)
        priority = try row.int4OrNil(10).map(Int.init)
        matchedOn = try row.textOrNil(11)
        inheritedAsset = try row.textOrNil(12)
        lastDiscovered = try row.textOrNil(13)
        knownClass = try row.text(14)
        ruleClass = try row.textOrNil(15)
        isExcludedClass = try row.bool(16)
        isKnownClass = try row.bool(18)
    }
}
