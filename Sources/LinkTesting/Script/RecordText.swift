import FoundationEssentials
import LinkCore
import LinkStore

/// Records as the JSON of a script: what is not there is left out, and every other letter than ASCII is escaped.
enum RecordText {
    static func asset(_ record: AssetRecord) -> String {
        object([
            ("serial_number", text(record.serialNumber)), ("other_serials", list(record.otherSerials)),
            ("uuid", text(record.uuid)), ("asset_tag", text(record.assetTag)),
            ("mac_addresses", list(record.macAddresses)), ("name", text(record.name)),
            ("manufacturer", text(record.manufacturer)), ("model", text(record.model)),
            ("asset_class", text(record.assetClass)), ("lifecycle_raw", text(record.lifecycleRaw)),
            ("parent_asset_id", text(record.parentAssetID)), ("position", text(record.position)),
            ("cloud_resource_id", text(record.cloudResourceID)),
            ("is_composite", record.isComposite ? "true" : nil),
            ("attributes", members(record.attributes, record.lists)),
        ])
    }

    static func ci(_ record: CIRecord) -> String {
        let serials = record.serials.map { object([("type", text($0.type)), ("value", text($0.value))]) }
        return object([
            ("ci_class", text(record.ciClass)), ("serial_number", text(record.serialNumber)),
            ("serials", serials.isEmpty ? nil : "[" + serials.joined(separator: ",") + "]"),
            ("uuid", text(record.uuid)), ("asset_tag", text(record.assetTag)),
            ("mac_addresses", list(record.macAddresses)), ("name", text(record.name)),
            ("manufacturer", text(record.manufacturer)), ("model", text(record.model)),
            ("cloud_resource_id", text(record.cloudResourceID)), ("parent_ci_id", text(record.parentCIID)),
            ("position", text(record.position)), ("lifecycle_raw", text(record.lifecycleRaw)),
            ("attributes", members(record.attributes, record.lists)),
        ])
    }

    static func asset(_ json: Substring) throws -> AssetRecord {
        try decoder.decode(AssetBody.self, from: Data(json.utf8)).record
    }

    static func ci(_ json: Substring) throws -> CIRecord {
        try decoder.decode(CIBody.self, from: Data(json.utf8)).record
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private static func text(_ value: String?) -> String? { value.map { escaped($0) } }

    private static func list(_ values: [String]) -> String? {
        values.isEmpty ? nil : "[" + values.map(escaped).joined(separator: ",") + "]"
    }

    private static func members(_ members: [String: String], _ lists: [String: [TypedValue]]) -> String? {
        let typed = lists.mapValues { list in
            "[" + list.map { object([("type", text($0.type)), ("value", text($0.value))]) }.joined(separator: ",") + "]"
        }
        let all = members.mapValues(escaped).merging(typed) { text, _ in text }
        return all.isEmpty ? nil : object(all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    private static func object(_ members: [(String, String?)]) -> String {
        "{" + members.compactMap { name, value in value.map { "\(escaped(name)):\($0)" } }.joined(separator: ",") + "}"
    }

    /// What cannot be seen in a file is written as a number.
    private static func escaped(_ value: String) -> String {
        JSONText.string(value).utf16.map { unit in
            if unit < 0x7F { return String(UnicodeScalar(UInt8(unit))) }
            let hex = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }.joined()
    }
}

/// An asset as JSON has it: of a script, or of `to_jsonb` over a stored row.
private struct AssetBody: Decodable {
    var serialNumber: String?
    var otherSerials: [String]?
    var uuid: String?
    var assetTag: String?
    var macAddresses: [String]?
    var name: String?
    var manufacturer: String?
    var model: String?
    var assetClass: String?
    var lifecycleRaw: String?
    var parentAssetId: String?
    var position: String?
    var cloudResourceId: String?
    var isComposite: Bool?
    var attributes: [String: MemberBody]?

    var record: AssetRecord {
        AssetRecord(
            assetTag: assetTag, serialNumber: serialNumber, otherSerials: otherSerials ?? [], uuid: uuid,
            macAddresses: macAddresses ?? [], name: name, manufacturer: manufacturer, model: model,
            assetClass: assetClass, lifecycleRaw: lifecycleRaw, parentAssetID: parentAssetId, position: position,
            cloudResourceID: cloudResourceId, isComposite: isComposite ?? false,
            attributes: (attributes ?? [:]).compactMapValues(\.text),
            lists: (attributes ?? [:]).compactMapValues(\.list))
    }
}

/// A member of `attributes`: a text or a list.
private struct MemberBody: Decodable {
    private struct Item: Decodable {
        var type: String
        var value: String
    }

    var text: String?
    var list: [TypedValue]?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else {
            list = try container.decode([Item].self).map { TypedValue(type: $0.type, value: $0.value) }
        }
    }
}

/// A CI as the JSON of a script has it.
private struct CIBody: Decodable {
    struct Serial: Decodable {
        var type: String
        var value: String
    }

    var ciClass: String?
    var serialNumber: String?
    var serials: [Serial]?
    var uuid: String?
    var assetTag: String?
    var macAddresses: [String]?
    var name: String?
    var manufacturer: String?
    var model: String?
    var cloudResourceId: String?
    var parentCiId: String?
    var position: String?
    var lifecycleRaw: String?
    var attributes: [String: MemberBody]?

    var record: CIRecord {
        CIRecord(
            ciClass: ciClass, name: name, serialNumber: serialNumber,
            serials: (serials ?? []).map { TypedSerial(type: $0.type, value: $0.value) }, uuid: uuid,
            assetTag: assetTag, macAddresses: macAddresses ?? [], manufacturer: manufacturer, model: model,
            cloudResourceID: cloudResourceId, parentCIID: parentCiId, position: position,
            lifecycleRaw: lifecycleRaw, attributes: (attributes ?? [:]).compactMapValues(\.text),
            lists: (attributes ?? [:]).compactMapValues(\.list))
    }
}
