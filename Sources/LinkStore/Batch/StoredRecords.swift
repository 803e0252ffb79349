import LinkCore
import Postgres

/// What is stored of an asset, or the number it will get.
struct StoredAsset {
    var ref: AssetRef
    var isStored: Bool
    var digest: String
    var standing: Standing
    var isComposite: Bool
    var hasMark: Bool
    /// As `space:key`.
    var keys: Set<StoredKey>
    var holds: Set<KindValue>
    var isCounted: Bool
    var identity: [String]
    var parent: String?
}

/// What is stored of a CI, or the number it will get.
struct StoredCI {
    var ref: CIRef
    var isStored: Bool
    var digest: String
    var isDeleted: Bool
    var keys: Set<StoredKey>
    var reads: Set<KindValue>
    var isCounted: Bool
    var parent: String?
    var lastDiscoveredAt: Timestamp?
}

/// A match key as stored.
struct StoredKey: Hashable, Sendable {
    var space: Int32
    var key: String

    init(space: Int32, key: String) {
        self.space = space
        self.key = key
    }

    /// From `space:key`.
    init?(_ text: String) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), let space = Int32(text[..<colon]) else {
            return nil
        }
        self.init(space: space, key: String(text[text.utf8.index(after: colon)...]))
    }
}

enum StoredRecords {
    /// By keys of one source; what is not stored gets its number now.
    static func assets(source: Int32, keys: [String]) -> Statement {
        Statement(
            """
            SELECT k.id, coalesce(a.asset_ref, nextval('assetlink_internal.asset_asset_ref_seq'::regclass)),
                   \(assetColumns)
            FROM unnest($2::text[]) AS k (id)
            LEFT JOIN LATERAL (
                SELECT * FROM assetlink_internal.asset WHERE source_id = $1 AND key = k.id OFFSET 0
            ) AS a ON true
            LEFT JOIN LATERAL (
                SELECT m.act_id FROM assetlink_internal.composite_mark AS m
                WHERE m.asset_source_id = $1 AND m.asset_id = k.id OFFSET 0
            ) AS m ON true
            """, [.int4(source), .texts(keys)])
    }

    /// By ref.
    static func assets(refs: [AssetRef]) -> Statement {
        Statement(
            """
            SELECT a.key, a.asset_ref, \(assetColumns), a.source_id
            FROM unnest($1::bigint[]) AS k (ref)
            CROSS JOIN LATERAL (SELECT * FROM assetlink_internal.asset WHERE asset_ref = k.ref OFFSET 0) AS a
            LEFT JOIN LATERAL (
                SELECT m.act_id FROM assetlink_internal.composite_mark AS m
                WHERE m.asset_source_id = a.source_id AND m.asset_id = a.key OFFSET 0
            ) AS m ON true
            """, [.refs(refs)])
    }

    private static let assetColumns = """
        a.asset_ref IS NOT NULL, coalesce(a.digest, ''), coalesce(a.standing, 2), coalesce(a.composite, false),
        m.act_id IS NOT NULL,
        ARRAY(SELECT y.space_id::text || ':' || y.key FROM assetlink_internal.asset_key AS y WHERE y.asset_ref = a.asset_ref),
        ARRAY(SELECT v.kind || ':' || v.value FROM assetlink_internal.asset_value AS v WHERE v.asset_ref = a.asset_ref),
        coalesce((SELECT v.counted FROM assetlink_internal.asset_value AS v WHERE v.asset_ref = a.asset_ref LIMIT 1), false),
        coalesce(a.identity, '{}'), a.parent_asset_id
        """

    static func asset(_ columns: inout Columns) throws(PostgresError) -> StoredAsset {
        StoredAsset(
            ref: try columns.int8(), isStored: try columns.bool(), digest: try columns.text(),
            standing: Standing(rawValue: try columns.int()) ?? .deleted, isComposite: try columns.bool(),
            hasMark: try columns.bool(), keys: Set(try columns.texts().compactMap { StoredKey($0) }),
            holds: Set(try columns.texts().compactMap { KindValue(stored: $0) }), isCounted: try columns.bool(),
            identity: try columns.texts(), parent: try columns.textOrNil())
    }

    static func cis(source: Int32, keys: [String]) -> Statement {
        Statement(
            """
            SELECT k.id, coalesce(c.ci_ref, nextval('assetlink_internal.ci_ci_ref_seq'::regclass)),
                   \(ciColumns)
            FROM unnest($2::text[]) AS k (id)
            LEFT JOIN LATERAL (
                SELECT * FROM assetlink_internal.ci WHERE source_id = $1 AND key = k.id OFFSET 0
            ) AS c ON true
            """, [.int4(source), .texts(keys)])
    }

    static func cis(refs: [CIRef]) -> Statement {
        Statement(
            """
            SELECT c.key, c.ci_ref, \(ciColumns), c.source_id
            FROM unnest($1::bigint[]) AS k (ref)
            CROSS JOIN LATERAL (SELECT * FROM assetlink_internal.ci WHERE ci_ref = k.ref OFFSET 0) AS c
            """, [.refs(refs)])
    }

    private static let ciColumns = """
        c.ci_ref IS NOT NULL, coalesce(c.digest, ''), c.ci_ref IS NULL OR c.deleted_at IS NOT NULL,
        ARRAY(SELECT y.space_id::text || ':' || y.key FROM assetlink_internal.ci_key AS y WHERE y.ci_ref = c.ci_ref),
        ARRAY(SELECT v.kind || ':' || v.value FROM assetlink_internal.ci_value AS v WHERE v.ci_ref = c.ci_ref),
        coalesce((SELECT v.counted FROM assetlink_internal.ci_value AS v WHERE v.ci_ref = c.ci_ref LIMIT 1), false),
        c.parent_ci_id, c.last_discovered_at
        """

    static func ci(_ columns: inout Columns) throws(PostgresError) -> StoredCI {
        StoredCI(
            ref: try columns.int8(), isStored: try columns.bool(), digest: try columns.text(),
            isDeleted: try columns.bool(), keys: Set(try columns.texts().compactMap { StoredKey($0) }),
            reads: Set(try columns.texts().compactMap { KindValue(stored: $0) }), isCounted: try columns.bool(),
            parent: try columns.textOrNil(), lastDiscoveredAt: try columns.timeOrNil())
    }
}

extension KindValue {
    /// From `kind:value`.
    init?(stored text: String) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            let kind = IdentifierKind(rawValue: String(text[..<colon]))
        else { return nil }
        self.init(kind, String(text[text.utf8.index(after: colon)...]))
    }
}
