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
    /// The class whose K a value is counted for, where it is not the kind's.
    var limitClasses: [KindValue: String]
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
            SELECT k.id, coalesce(b.asset_ref, nextval('assetlink_internal.asset_asset_ref_seq'::regclass)),
                   \(assetColumns)
            FROM unnest($2::text[]) AS k (id)
            LEFT JOIN LATERAL (
                SELECT asset_ref, digest, standing, composite, identity, parent_asset_id
                FROM assetlink_internal.asset WHERE source_id = $1 AND key = k.id OFFSET 0
            ) AS b ON true
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
            SELECT b.key, b.asset_ref, \(assetColumns), b.source_id
            FROM unnest($1::bigint[]) AS k (ref)
            CROSS JOIN LATERAL (
                SELECT asset_ref, source_id, key, digest, standing, composite, identity, parent_asset_id
                FROM assetlink_internal.asset WHERE asset_ref = k.ref OFFSET 0) AS b
            \(markOfAsset)
            """, [.refs(refs)])
    }

    /// What ``asset(_:)`` reads of `b`, the asset, and `m`, its composite mark.
    static let assetColumns = """
        b.asset_ref IS NOT NULL, coalesce(b.digest, ''), coalesce(b.standing, 2), coalesce(b.composite, false),
        m.act_id IS NOT NULL,
        ARRAY(SELECT y.space_id::text || ':' || y.key FROM assetlink_internal.asset_key AS y WHERE y.asset_ref = b.asset_ref),
        ARRAY(SELECT CASE WHEN v.counted THEN '+' ELSE '-' END || v.kind || ':' || v.value
              FROM assetlink_internal.asset_value AS v WHERE v.asset_ref = b.asset_ref),
        coalesce(b.identity, '{}'), b.parent_asset_id
        """

    /// The composite mark of asset `b`, as `m`.
    static let markOfAsset = """
        LEFT JOIN LATERAL (
            SELECT m.act_id FROM assetlink_internal.composite_mark AS m
            WHERE m.asset_source_id = b.source_id AND m.asset_id = b.key OFFSET 0
        ) AS m ON true
        """

    static func asset(_ columns: inout Columns) throws(PostgresError) -> StoredAsset {
        let (ref, isStored, digest) = (try columns.int8(), try columns.bool(), try columns.text())
        let standing = Standing(rawValue: try columns.int()) ?? .deleted
        let (isComposite, hasMark) = (try columns.bool(), try columns.bool())
        let keys = Set(try columns.texts().compactMap { StoredKey($0) })
        let values = try values(&columns)
        return StoredAsset(
            ref: ref, isStored: isStored, digest: digest, standing: standing, isComposite: isComposite,
            hasMark: hasMark, keys: keys, holds: values.held, isCounted: values.areCounted,
            identity: try columns.texts(), parent: try columns.textOrNil())
    }

    /// The values that a record holds, each behind `+` where it is counted; a record counts with all or with none.
    private static func values(
        _ columns: inout Columns
    ) throws(PostgresError) -> (held: Set<KindValue>, areCounted: Bool) {
        let texts = try columns.texts()
        let held = Set(texts.compactMap { KindValue(stored: $0.dropFirst()) })
        return (held, texts.first?.utf8.first == UInt8(ascii: "+"))
    }

    static func cis(source: Int32, keys: [String]) -> Statement {
        Statement(
            """
            SELECT k.id, coalesce(b.ci_ref, nextval('assetlink_internal.ci_ci_ref_seq'::regclass)),
                   \(ciColumns)
            FROM unnest($2::text[]) AS k (id)
            LEFT JOIN LATERAL (
                SELECT ci_ref, digest, deleted_at, parent_ci_id, last_discovered_at
                FROM assetlink_internal.ci WHERE source_id = $1 AND key = k.id OFFSET 0
            ) AS b ON true
            """, [.int4(source), .texts(keys)])
    }

    static func cis(refs: [CIRef]) -> Statement {
        Statement(
            """
            SELECT b.key, b.ci_ref, \(ciColumns), b.source_id
            FROM unnest($1::bigint[]) AS k (ref)
            CROSS JOIN LATERAL (
                SELECT ci_ref, source_id, key, digest, deleted_at, parent_ci_id, last_discovered_at
                FROM assetlink_internal.ci WHERE ci_ref = k.ref OFFSET 0) AS b
            """, [.refs(refs)])
    }

    /// What ``ci(_:)`` reads of `b`, the CI.
    static let ciColumns = """
        b.ci_ref IS NOT NULL, coalesce(b.digest, ''), b.ci_ref IS NULL OR b.deleted_at IS NOT NULL,
        ARRAY(SELECT y.space_id::text || ':' || y.key FROM assetlink_internal.ci_key AS y WHERE y.ci_ref = b.ci_ref),
        ARRAY(SELECT CASE WHEN v.counted THEN '+' ELSE '-' END || octet_length(v.limit_class) || ':' || v.limit_class
                  || v.kind || ':' || v.value
              FROM assetlink_internal.ci_value AS v WHERE v.ci_ref = b.ci_ref),
        b.parent_ci_id, b.last_discovered_at
        """

    static func ci(_ columns: inout Columns) throws(PostgresError) -> StoredCI {
        let (ref, isStored, digest) = (try columns.int8(), try columns.bool(), try columns.text())
        let isDeleted = try columns.bool()
        let keys = Set(try columns.texts().compactMap { StoredKey($0) })
        var (reads, limitClasses): (Set<KindValue>, [KindValue: String]) = ([], [:])
        let texts = try columns.texts()
        for text in texts {
            guard let (value, limitClass) = grouped(text) else { continue }
            reads.insert(value)
            if !limitClass.isEmpty { limitClasses[value] = limitClass }
        }
        return StoredCI(
            ref: ref, isStored: isStored, digest: digest, isDeleted: isDeleted, keys: keys, reads: reads,
            limitClasses: limitClasses, isCounted: texts.first?.utf8.first == UInt8(ascii: "+"),
            parent: try columns.textOrNil(),
            lastDiscoveredAt: try columns.timeOrNil())
    }

    /// From `+length:class` and `kind:value` without anything between: a class may have any characters.
    private static func grouped(_ text: String) -> (KindValue, limitClass: String)? {
        let bytes = text.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let length = Int(text[bytes.index(after: bytes.startIndex)..<colon]),
            let end = bytes.index(colon, offsetBy: length + 1, limitedBy: bytes.endIndex),
            let value = KindValue(stored: text[end...])
        else { return nil }
        return (value, String(text[bytes.index(after: colon)..<end]))
    }
}

extension KindValue {
    /// From `kind:value`.
    init?(stored text: some StringProtocol) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            let kind = IdentifierKind(rawValue: String(text[..<colon]))
        else { return nil }
        self.init(kind, String(text[text.utf8.index(after: colon)...]))
    }
}
