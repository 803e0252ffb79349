/// One item of an identification payload: what a discovery tool says of a CI.
package struct DiscoveryItem: Sendable {
    /// The class that it names, as written.
    package var className: String
    /// What it says in the columns of a CI binding; what it does not say is `nil` or empty, and stays as it is.
    package var record: CIRecord
    package var adapters: [NetworkAdapter] = []
    /// Members of `attributes`.
    package var members: [JSONMember] = []
    package var related: [RelatedItem] = []
    /// The CI's id, where the sender knows it.
    package var knownID: String?
    package var sourceName: String?
    /// When the sender saw the machine; `nil`: when the payload came.
    package var seenAt: Timestamp?

    /// A value longer than this identifies nothing and fits no index.
    static let longestValue = 1_000
}

/// A network adapter of a CI.
package struct NetworkAdapter: Hashable, Sendable {
    package var name: String
    package var mac: String

    package init(name: String, mac: String) {
        self.name = name
        self.mac = mac
    }
}

/// A row that belongs to a CI and is matched within it.
package struct RelatedItem: Sendable {
    package var className: String
    package var values: [JSONMember]

    /// The values by which it is matched, trimmed and exact; `nil` when all are empty.
    package func key(by attributes: [String]) -> [String]? { Self.key(.object(values), by: attributes) }

    /// The same of a row as stored.
    package static func key(_ values: JSONValue, by attributes: [String]) -> [String]? {
        let texts = attributes.map { WhiteSpace.trimmed(values[$0]?.plainText ?? "") }
        return texts.allSatisfy(\.isEmpty) ? nil : texts
    }
}

extension DiscoveryItem {
    /// Reads an item; whatever is not understood is a problem, nothing is dropped.
    ///
    /// - Parameter now: later times than a day from now are refused: they would make every later payload an older one.
    package init(_ json: JSONValue, now: Timestamp) throws(DiscoveryProblem) {
        guard case .object(let members) = json else {
            throw .invalid("An item is an object, not \(json.typeName).")
        }
        var ids: [String] = []
        var name: String?
        record = CIRecord()
        for member in members {
            switch member.name {
            case "className": name = try Self.text(member.value, "className")
            case "sourceName": sourceName = try Self.text(member.value, "sourceName")
            case "sys_id", "ci_id": if let id = try Self.scalar(member.value, member.name) { ids.append(id) }
            case "sourceRecencyTimestamp": seenAt = try Self.time(member.value, now: now)
            case "values", "lookup", "related": break
            default:
                throw .invalid(
                    "Unknown member \(DiscoveryProblem.quoted(member.name)): an item has className, values, lookup, "
                        + "related, ci_id or sys_id, sourceName and sourceRecencyTimestamp.")
            }
        }
        guard let name, !WhiteSpace.trimmed(name).isEmpty else {
            throw DiscoveryProblem(.noClassName, "The item has no className.")
        }
        guard ids.allSatisfy({ $0.utf8.elementsEqual(ids[0].utf8) }) else { throw .invalid("sys_id and ci_id differ.") }
        className = name
        knownID = ids.first
        record.ciClass = name
        try readValues(json["values"])
        try readLookups(json["lookup"])
        try readRelated(json["related"])
    }

    private mutating func readValues(_ json: JSONValue?) throws(DiscoveryProblem) {
        guard let json = Self.given(json) else { return }
        guard case .object(let values) = json else { throw .invalid("values is an object, not \(json.typeName).") }
        for value in values {
            switch Attribute(signature: value.name) {
            case .name?: record.name = try Self.scalar(value.value, value.name)
            case .serialNumber?: record.serialNumber = try Self.scalar(value.value, value.name)
            case .uuid?: record.uuid = try Self.scalar(value.value, value.name)
            case .assetTag?: record.assetTag = try Self.scalar(value.value, value.name)
            case .manufacturer?: record.manufacturer = try Self.scalar(value.value, value.name)
            case .model?: record.model = try Self.scalar(value.value, value.name)
            case .cloudResourceID?: record.cloudResourceID = try Self.scalar(value.value, value.name)
            case .position?: record.position = try Self.scalar(value.value, value.name)
            case .lifecycleRaw?: record.lifecycleRaw = try Self.scalar(value.value, value.name)
            case .member(let member)?: try setMember(member, value.value)
            case .ciClass?, .assetClass?, nil:
                guard value.name == "attributes" else {
                    throw .invalid(
                        "Unknown value \(DiscoveryProblem.quoted(value.name)): values are name, serial_number, uuid, "
                            + "asset_tag, manufacturer, model, cloud_resource_id, position, lifecycle_raw and "
                            + "attributes.x.")
                }
                guard case .object(let members) = value.value else {
                    throw .invalid("attributes is an object, not \(value.value.typeName).")
                }
                for member in members { try setMember(member.name, member.value) }
            }
        }
    }

    /// A member that is `null` says nothing.
    private mutating func setMember(_ name: String, _ value: JSONValue) throws(DiscoveryProblem) {
        if case .null = value { return }
        guard !members.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
            throw .invalid("attributes.\(DiscoveryProblem.quoted(name)) is there twice.")
        }
        guard name.utf8.count <= 200 else { throw .invalid("The name of a member of attributes is too long.") }
        members.append(JSONMember(name, value))
        record.attributes[name] = value.plainText
        if let list = TypedValue.list(value) { record.lists[name] = list }
    }

    private mutating func readRelated(_ json: JSONValue?) throws(DiscoveryProblem) {
        for (index, row) in try Self.rows(json, "related").enumerated() {
            for value in row.values {
                switch value.value {
                case .array, .object:
                    throw .invalid("related \(index): \(DiscoveryProblem.quoted(value.name)) is no plain value.")
                case .null, .bool, .number, .string: break
                }
            }
            related.append(RelatedItem(className: row.className, values: row.values))
        }
    }

    // MARK: Parts

    /// Absent and `null` are the same.
    static func given(_ json: JSONValue?) -> JSONValue? {
        if case .null? = json { return nil }
        return json
    }

    /// A text or number, `nil` for nothing; an empty text says nothing either.
    static func scalar(_ json: JSONValue?, _ name: String) throws(DiscoveryProblem) -> String? {
        guard let json = given(json) else { return nil }
        switch json {
        case .string(let text), .number(let text):
            guard text.utf8.count <= longestValue else {
                throw .invalid("\(DiscoveryProblem.quoted(name)) is longer than \(longestValue) bytes.")
            }
            return text.isEmpty ? nil : text
        case .null, .bool, .array, .object:
            throw .invalid("\(DiscoveryProblem.quoted(name)) is a text, not \(json.typeName).")
        }
    }

    private static func text(_ json: JSONValue, _ name: String) throws(DiscoveryProblem) -> String? {
        if case .number = json { throw .invalid("\(name) is a text, not number.") }
        guard let text = try scalar(json, name) else { return nil }
        guard text.utf8.count <= 200 else { throw .invalid("\(name) is longer than 200 bytes.") }
        return text
    }

    private static func time(_ json: JSONValue, now: Timestamp) throws(DiscoveryProblem) -> Timestamp? {
        guard let text = try text(json, "sourceRecencyTimestamp") else { return nil }
        guard let time = DiscoveryTime.parse(text) else {
            throw .invalid(
                "sourceRecencyTimestamp \(DiscoveryProblem.quoted(text)) is no time like 2026-01-31T08:30:00Z.")
        }
        guard time <= now + 86_400_000_000 else { throw .invalid("sourceRecencyTimestamp is in the future.") }
        return time
    }
}

extension DiscoveryProblem {
    /// What is no item of ours.
    static func invalid(_ detail: String) -> DiscoveryProblem { DiscoveryProblem(.invalidInputData, detail) }
}

extension TypedValue {
    /// The members of a list in `attributes`; `nil` when it is no list.
    static func list(_ json: JSONValue) -> [TypedValue]? {
        guard case .array(let items) = json else { return nil }
        return items.compactMap { item in
            switch item {
            case .string(let text): TypedValue(type: "", value: text)
            case .object: item["value"]?.plainText.map { TypedValue(type: item["type"]?.plainText ?? "", value: $0) }
            case .null, .bool, .number, .array: nil
            }
        }
    }
}
