import LinkCore
import Postgres

/// An asset as read now, with the raw columns that are only stored.
final class AssetRow {
    let key: String
    let record: AssetRecord
    let attributes: String?
    let version: Timestamp?
    let digest: String

    init(key: String, record: AssetRecord, attributes: String?, version: Timestamp?, digest: String) {
        self.key = key
        self.record = record
        self.attributes = attributes
        self.version = version
        self.digest = digest
    }
}

/// A CI as read now, with the raw columns that are only stored.
final class CIRow {
    let key: String
    let record: CIRecord
    let serials: String?
    let adapters: String?
    let attributes: String?
    let version: Timestamp?
    let digest: String

    init(
        key: String, record: CIRecord, serials: String?, adapters: String?, attributes: String?, version: Timestamp?,
        digest: String
    ) {
        self.key = key
        self.record = record
        self.serials = serials
        self.adapters = adapters
        self.attributes = attributes
        self.version = version
        self.digest = digest
    }
}

/// Builds and decodes the statements that read records: from a source by keys, or as stored.
///
/// The same select list serves both, so that a stored record is read exactly as a fresh one.
struct SourceReader {
    /// Members of `attributes` that rules read, in the order of the select list.
    let members: [String]

    /// Members of `attributes` that rules read as lists, in the same order.
    let lists: [String]

    init(rules: CompiledRuleSet) {
        members = rules.attributeMembers.sorted()
        lists = rules.listMembers.sorted()
    }

    /// Reads keys of one source.
    func read(_ source: SourceInfo, keys: [String]) -> Statement {
        probe(source, keys, source.side == .asset ? assetList(source.columns) : ciList(source.columns))
    }

    /// What tells whether records of a source have changed: of each key its digest, and of a CI when and by what it was
    /// last discovered; the rest is looked at where it is and not sent.
    func marks(_ source: SourceInfo, keys: [String]) -> Statement {
        let has = source.columns
        guard source.side == .ci else { return probe(source, keys, digest(rawAsset(has))) }
        let seen = [
            Self.column("last_discovered_at", "timestamptz", has), Self.column("discovery_source", "text", has),
        ]
        return probe(source, keys, ([digest(rawCI(has))] + seen).joined(separator: ", "))
    }

    /// A lateral probe per key, the key in its native type (engine point 9).
    ///
    /// The inner fence computes each column once: a list may name some of them several times.
    private func probe(_ source: SourceInfo, _ keys: [String], _ list: String) -> Statement {
        let id = source.side == .asset ? "asset_id" : "ci_id"
        return Statement(
            """
            SELECT k.id, b.*
            FROM unnest($1::text[]) AS k (id)
            CROSS JOIN LATERAL (
                SELECT \(list)
                FROM (
                    \(Self.sized(source, where: "b.\(id) = k.id::\(source.keyType)"))
                ) AS b
                OFFSET 0
            ) AS b
            """, [.texts(keys)])
    }

    /// A page of the keys a source has beyond `after`, with whether each is stored already.
    ///
    /// One probe per key: a plain `EXISTS` would be answered by hashing all that is stored, for every page.
    func page(_ source: SourceInfo, after: String?, limit: Int) -> Statement {
        let id = source.side == .asset ? "asset_id" : "ci_id"
        let stored = source.side == .asset ? "asset" : "ci"
        let live = source.side == .asset ? "standing <> 2" : "deleted_at IS NULL"
        let condition = after == nil ? "$2::text IS NULL" : "b.\(id) > $2::text::\(source.keyType)"
        return Statement(
            """
            SELECT p.id::text,
                   (SELECT true FROM assetlink_internal.\(stored) AS s
                    WHERE s.source_id = $1 AND s.key = p.id::text AND s.\(live) LIMIT 1) IS NOT NULL
            FROM (
                SELECT b.\(id) AS id
                FROM (\(source.query)
                ) AS b
                WHERE \(condition) AND b.\(id) IS NOT NULL
                ORDER BY b.\(id)
                LIMIT $3
            ) AS p
            ORDER BY p.id
            """, [.int4(source.id), after.map { .text($0) } ?? .null, .int8(Int64(limit))])
    }

    /// Whether a source shows any record at all.
    func isEmpty(_ source: SourceInfo) -> Statement {
        Statement("SELECT NOT EXISTS (SELECT FROM (\(source.query)\n) AS b)", prepared: false)
    }

    /// Stored assets by ref, raw, tombstones included.
    func storedAssets(_ refs: [AssetRef]) -> Statement {
        Statement(
            """
            SELECT b.key, \(storedAssetList)
            FROM unnest($1::bigint[]) AS k (ref)
            CROSS JOIN LATERAL (SELECT * FROM assetlink_internal.asset WHERE asset_ref = k.ref OFFSET 0) AS b
            """, [.refs(refs)])
    }

    /// The select lists of records as stored: what is only stored, the digest too, is not read again.
    var storedAssetList: String { assetList(Self.allAssetColumns, isStored: true) }
    var storedCIList: String { ciList(Self.allCIColumns, isStored: true) }

    /// What makes a record, column by column, as a binding with these columns shows it or as stored: alike where the
    /// record is, and cheaper than digests of both where all records are compared.
    func compared(_ side: SourceInfo.Side, _ has: Set<String>) -> [String] {
        (side == .asset ? rawAsset(has) : rawCI(has)).map { column in
            // Stored, no list is an empty one, and what says nothing is not composite.
            column.hasSuffix("::text[]")
                ? "coalesce(\(column), '{}')" : column.hasSuffix("::boolean") ? "coalesce(\(column), false)" : column
        }
    }

    static let allAssetColumns: Set<String> = [
        "asset_tag", "serial_number", "other_serials", "uuid", "mac_addresses", "name", "manufacturer", "model",
        "asset_class", "lifecycle_raw", "parent_asset_id", "position", "cloud_resource_id", "is_composite",
        "lifecycle_since", "attributes", "version",
    ]
    static let allCIColumns: Set<String> = [
        "ci_class", "name", "serial_number", "serials", "uuid", "asset_tag", "network_adapters", "manufacturer",
        "model", "cloud_resource_id", "parent_ci_id", "position", "lifecycle_raw", "last_discovered_at",
        "discovery_source", "attributes", "version",
    ]

    private static func column(_ name: String, _ type: String, _ has: Set<String>) -> String {
        has.contains(name) ? "b.\"\(name)\"::\(type)" : "NULL::\(type)"
    }

    /// The version of a record is no fact about the machine: it makes no change.
    private func rawAsset(_ has: Set<String>) -> [String] {
        func column(_ name: String, _ type: String = "text") -> String { Self.column(name, type, has) }
        return [
            column("asset_tag"), column("serial_number"), column("other_serials", "text[]"), column("uuid"),
            column("mac_addresses", "text[]"), column("name"), column("manufacturer"), column("model"),
            column("asset_class"), column("lifecycle_raw"), column("parent_asset_id"), column("position"),
            column("cloud_resource_id"), column("is_composite", "boolean"),
            column("lifecycle_since", "timestamptz"), column("attributes", "jsonb"),
        ]
    }

    private func assetList(_ has: Set<String>, isStored: Bool = false) -> String {
        var raw = rawAsset(has)
        let mark = isStored ? "''::text" : digest(raw)
        if isStored { raw[15] = "NULL::jsonb" }
        return
            (raw + [Self.column("version", "timestamptz", has), memberArray(has)] + listArrays(has) + [mark])
            .joined(separator: ", ")
    }

    /// Discovery times are read by the sweep and make no change either (engine point 10).
    private func rawCI(_ has: Set<String>) -> [String] {
        func column(_ name: String, _ type: String = "text") -> String { Self.column(name, type, has) }
        return [
            column("ci_class"), column("name"), column("serial_number"), column("serials", "jsonb"), column("uuid"),
            column("asset_tag"), column("network_adapters", "jsonb"), column("manufacturer"), column("model"),
            column("cloud_resource_id"), column("parent_ci_id"), column("position"), column("lifecycle_raw"),
            column("attributes", "jsonb"),
        ]
    }

    private func ciList(_ has: Set<String>, isStored: Bool = false) -> String {
        var raw = rawCI(has)
        let mark = isStored ? "''::text" : digest(raw)
        if isStored { raw[13] = "NULL::jsonb" }
        return
            (raw + [
                Self.column("last_discovered_at", "timestamptz", has), Self.column("discovery_source", "text", has),
                Self.column("version", "timestamptz", has), memberArray(has),
            ] + listArrays(has) + [mark]).joined(separator: ", ")
    }

    /// What tells one content of a record from another.
    private func digest(_ raw: [String]) -> String {
        "CASE WHEN b.is_large THEN '\(Self.tooLarge)' ELSE md5(ROW(\(raw.joined(separator: ", ")))::text) END"
    }

    private func memberArray(_ has: Set<String>) -> String {
        guard has.contains("attributes"), !members.isEmpty else { return "'{}'::text[]" }
        let parts = members.map { "b.\"attributes\"::jsonb ->> \(Self.quoted($0))" }
        return "ARRAY[\(parts.joined(separator: ", "))]"
    }

    /// Types and values of each list.
    private func listArrays(_ has: Set<String>) -> [String] {
        lists.flatMap { name -> [String] in
            guard has.contains("attributes") else { return ["'{}'::text[]", "'{}'::text[]"] }
            let list = "(b.\"attributes\"::jsonb -> \(Self.quoted(name)))"
            return ["coalesce(e ->> 'type', '')", "coalesce(e ->> 'value', e #>> '{}')"].map { text in
                """
                ARRAY(SELECT \(text) FROM jsonb_array_elements(
                    CASE jsonb_typeof\(list) WHEN 'array' THEN \(list) ELSE '[]' END) AS e
                    WHERE jsonb_typeof(e) = 'string' OR jsonb_typeof(e) = 'object' AND e ->> 'value' IS NOT NULL)
                """
            }
        }
    }

    /// A literal of SQL.
    static func quoted(_ text: String) -> String {
        // By bytes: a quote before a combining mark is no character of its own, but the server ends the literal there.
        let quote = UInt8(ascii: "'")
        return "'" + String(decoding: text.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }, as: UTF8.self) + "'"
    }

    // MARK: Decoding

    func asset(_ columns: inout Columns, key: String) throws(PostgresError) -> AssetRow {
        var record = AssetRecord()
        record.assetTag = try columns.textOrNil()
        record.serialNumber = try columns.textOrNil()
        record.otherSerials = try columns.texts()
        record.uuid = try columns.textOrNil()
        record.macAddresses = try columns.texts()
        record.name = try columns.textOrNil()
        record.manufacturer = try columns.textOrNil()
        record.model = try columns.textOrNil()
        record.assetClass = try columns.textOrNil()
        record.lifecycleRaw = try columns.textOrNil()
        record.parentAssetID = try columns.textOrNil()
        record.position = try columns.textOrNil()
        record.cloudResourceID = try columns.textOrNil()
        record.isComposite = try columns.boolOrNil() ?? false
        record.lifecycleSince = try columns.timeOrNil()
        let attributes = try columns.textOrNil()
        let version = try columns.timeOrNil()
        record.attributes = try members(&columns)
        record.lists = try lists(&columns)
        return AssetRow(
            key: key, record: record, attributes: attributes, version: version, digest: try columns.text())
    }

    func ci(_ columns: inout Columns, key: String) throws(PostgresError) -> CIRow {
        var record = CIRecord()
        record.ciClass = try columns.textOrNil()
        record.name = try columns.textOrNil()
        record.serialNumber = try columns.textOrNil()
        let serials = try columns.textOrNil()
        record.uuid = try columns.textOrNil()
        record.assetTag = try columns.textOrNil()
        let adapters = try columns.textOrNil()
        record.manufacturer = try columns.textOrNil()
        record.model = try columns.textOrNil()
        record.cloudResourceID = try columns.textOrNil()
        record.parentCIID = try columns.textOrNil()
        record.position = try columns.textOrNil()
        record.lifecycleRaw = try columns.textOrNil()
        let attributes = try columns.textOrNil()
        record.lastDiscoveredAt = try columns.timeOrNil()
        record.discoverySource = try columns.textOrNil()
        let version = try columns.timeOrNil()
        record.serials = JSONObjects.members(["type", "value"], of: serials).map {
            TypedSerial(type: $0[0], value: $0[1])
        }
        record.macAddresses = JSONObjects.members(["mac"], of: adapters).map { $0[0] }
        record.attributes = try members(&columns)
        record.lists = try lists(&columns)
        return CIRow(
            key: key, record: record, serials: serials, adapters: adapters, attributes: attributes,
            version: version, digest: try columns.text())
    }

    private func members(_ columns: inout Columns) throws(PostgresError) -> [String: String] {
        var result: [String: String] = [:]
        for (name, value) in zip(members, try columns.textsOrNulls()) {
            if let value { result[name] = value }
        }
        return result
    }

    private func lists(_ columns: inout Columns) throws(PostgresError) -> [String: [TypedValue]] {
        var result: [String: [TypedValue]] = [:]
        for name in lists {
            let types = try columns.texts()
            result[name] = zip(types, try columns.texts()).map { TypedValue(type: $0, value: $1) }
        }
        return result
    }
}
