extension DiscoveryItem {
    /// A row of `lookup` or `related`.
    struct ListRow {
        var className: String
        var values: [JSONMember]
    }

    /// The lists that lookup rows can be for, by the names they go by.
    private enum List {
        case serials
        case adapters
        case member(String)

        init?(_ name: String) {
            switch WhiteSpace.trimmed(name).lowercased() {
            case "serials", "serial_number", "ci_serial_number", "cmdb_serial_number": self = .serials
            case "network_adapters", "mac_addresses", "network_adapter", "ci_network_adapter",
                "cmdb_ci_network_adapter":
                self = .adapters
            default:
                guard case .member(let member)? = LookupList(signature: WhiteSpace.trimmed(name)) else { return nil }
                self = .member(member)
            }
        }
    }

    static func rows(_ json: JSONValue?, _ list: String) throws(DiscoveryProblem) -> [ListRow] {
        guard let json = given(json) else { return [] }
        guard case .array(let rows) = json else { throw .invalid("\(list) is a list, not \(json.typeName).") }
        var result: [ListRow] = []
        for (index, row) in rows.enumerated() {
            guard case .object(let members) = row else {
                throw .invalid("\(list) \(index) is an object, not \(row.typeName).")
            }
            for member in members where member.name != "className" && member.name != "values" {
                throw .invalid("\(list) \(index): unknown member \(DiscoveryProblem.quoted(member.name)).")
            }
            guard let name = try scalar(row["className"], "\(list) \(index) className"), name.utf8.count <= 200 else {
                throw .invalid("\(list) \(index) has no className.")
            }
            guard case .object(let values)? = row["values"] else { throw .invalid("\(list) \(index) has no values.") }
            result.append(ListRow(className: name, values: values))
        }
        return result
    }

    /// Lookup rows: members of lists, each with a type or a name.
    mutating func readLookups(_ json: JSONValue?) throws(DiscoveryProblem) {
        var seen: Set<[String]> = []
        var lists: [String: [TypedValue]] = [:]
        for (index, row) in try Self.rows(json, "lookup").enumerated() {
            guard let list = List(row.className) else {
                throw DiscoveryProblem(
                    .lookupRuleMissing,
                    "lookup \(index): there is no list \(DiscoveryProblem.quoted(row.className)): lists are serials, "
                        + "network_adapters and attributes.x.")
            }
            var type: String?
            var value: String?
            for member in row.values {
                switch (list, member.name) {
                case (.adapters, "name"), (.serials, "type"), (.serials, "serial_number_type"), (.member, "type"):
                    type = try Self.scalar(member.value, member.name)
                case (.adapters, "mac"), (.adapters, "mac_address"), (.serials, "value"), (.serials, "serial_number"),
                    (.member, "value"):
                    value = try Self.scalar(member.value, member.name)
                default:
                    throw .invalid("lookup \(index): unknown value \(DiscoveryProblem.quoted(member.name)).")
                }
            }
            guard let value, (type ?? "").utf8.count <= 200 else {
                throw .invalid("lookup \(index) has no value, or a type of more than 200 bytes.")
            }
            guard seen.insert(["\(list)", type ?? "", value]).inserted else {
                throw DiscoveryProblem(.duplicateLookupPayload, "lookup \(index) is there twice.")
            }
            switch list {
            case .serials: record.serials.append(TypedSerial(type: type ?? "standard", value: value))
            case .adapters:
                adapters.append(NetworkAdapter(name: type ?? "", mac: value))
                record.macAddresses.append(value)
            case .member(let name): lists[name, default: []].append(TypedValue(type: type ?? "", value: value))
            }
        }
        for (name, values) in lists.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            guard !members.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
                throw .invalid("attributes.\(DiscoveryProblem.quoted(name)) is in values and in lookup.")
            }
            // Merged with what the CI has when it is known which one it is.
            record.lists[name] = values
        }
    }
}
