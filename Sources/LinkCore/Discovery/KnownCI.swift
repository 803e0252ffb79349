/// A CI as the CMDB shows it now, with what discovery may write of it.
package struct KnownCI: Sendable {
    package var id: String
    package var record: CIRecord
    package var adapters: [NetworkAdapter]
    /// Members of `attributes`.
    package var members: [JSONMember]
    package var related: [KnownRelated]

    package init(
        id: String, record: CIRecord, adapters: [NetworkAdapter] = [], members: [JSONMember] = [],
        related: [KnownRelated] = []
    ) {
        self.id = id
        self.record = record
        self.adapters = adapters
        self.members = members
        self.related = related
    }
}

/// A related row of a CI.
package struct KnownRelated: Sendable {
    /// Its number; `nil` until it is written.
    package var id: Int64?
    package var className: String
    package var values: JSONValue

    package init(id: Int64?, className: String, values: JSONValue) {
        self.id = id
        self.className = className
        self.values = values
    }
}

/// What is written of a CI.
package struct CIWrite: Sendable {
    /// The CI as it becomes; the id of a new one stands for a number that is drawn when it is written.
    package var ci: KnownCI
    package var isNew: Bool
    /// More changes than when and by what it was seen.
    package var isChanged: Bool
    package var newSerials: [TypedSerial] = []
    package var newAdapters: [NetworkAdapter] = []
    /// Members of `attributes` that are set.
    package var newMembers: [JSONMember] = []
    /// Rows that are new or changed.
    package var related: [KnownRelated] = []
}

extension CIWrite {
    /// A CI that nobody knew.
    package init(inserting item: DiscoveryItem, as id: String) {
        var ci = KnownCI(id: id, record: CIRecord(ciClass: item.className))
        ci.record.lifecycleRaw = item.record.lifecycleRaw
        self.init(ci: ci, isNew: true, isChanged: true)
        merge(item)
    }

    /// A CI that the item is.
    package init(updating ci: KnownCI, with item: DiscoveryItem) {
        self.init(ci: ci, isNew: false, isChanged: false)
        merge(item)
    }

    /// What the item says replaces what was known; what it does not say stays.
    private mutating func merge(_ item: DiscoveryItem) {
        set(\.name, item.record.name)
        set(\.serialNumber, item.record.serialNumber)
        set(\.uuid, item.record.uuid)
        set(\.assetTag, item.record.assetTag)
        set(\.manufacturer, item.record.manufacturer)
        set(\.model, item.record.model)
        set(\.cloudResourceID, item.record.cloudResourceID)
        set(\.position, item.record.position)
        set(\.lifecycleRaw, item.record.lifecycleRaw)
        for serial in item.record.serials where !ci.record.serials.contains(where: { Self.isSame($0, serial) }) {
            ci.record.serials.append(serial)
            newSerials.append(serial)
        }
        for adapter in item.adapters where !ci.adapters.contains(where: { Self.isSame($0, adapter) }) {
            ci.adapters.append(adapter)
            ci.record.macAddresses.append(adapter.mac)
            newAdapters.append(adapter)
        }
        for member in item.members { setMember(member) }
        let own = Set(item.members.map(\.name))
        for (name, values) in item.record.lists.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
        where !own.contains(name) {
            addMembers(values, to: name)
        }
        if !newSerials.isEmpty || !newAdapters.isEmpty { isChanged = true }
    }

    /// The class of a CI becomes a more special one.
    package mutating func reclassify(_ name: String) {
        ci.record.ciClass = name
        isChanged = true
    }

    /// When and by what it was seen.
    package mutating func see(at time: Timestamp, by source: String?) {
        ci.record.lastDiscoveredAt = time
        if let source { ci.record.discoverySource = source }
    }

    /// Sets a member of `attributes`, unless it is so already.
    package mutating func setMember(_ member: JSONMember) {
        if let at = ci.members.firstIndex(where: { $0.name.utf8.elementsEqual(member.name.utf8) }) {
            guard !ci.members[at].value.isSame(as: member.value) else { return }
            ci.members[at] = member
        } else {
            ci.members.append(member)
        }
        newMembers.append(member)
        ci.record.attributes[member.name] = member.value.plainText
        ci.record.lists[member.name] = TypedValue.list(member.value)
        isChanged = true
    }

    private mutating func addMembers(_ values: [TypedValue], to name: String) {
        var items: [JSONValue] = []
        if case .array(let known)? = ci.members.last(where: { $0.name.utf8.elementsEqual(name.utf8) })?.value {
            items = known
        }
        let known = TypedValue.list(.array(items)) ?? []
        for value in values where !known.contains(where: { Self.isSame($0, value) }) {
            let text = JSONMember("value", .string(value.value))
            items.append(.object(value.type.isEmpty ? [text] : [JSONMember("type", .string(value.type)), text]))
        }
        setMember(JSONMember(name, .array(items)))
    }

    private mutating func set(_ path: WritableKeyPath<CIRecord, String?>, _ value: String?) {
        guard let value else { return }
        if let old = ci.record[keyPath: path], old.utf8.elementsEqual(value.utf8) { return }
        ci.record[keyPath: path] = value
        isChanged = true
    }

    /// The same value under the same type, however the type is written.
    private static func isSame(_ a: TypedValue, _ b: TypedValue) -> Bool {
        a.plainType.utf8.elementsEqual(b.plainType.utf8) && a.value.utf8.elementsEqual(b.value.utf8)
    }

    /// The same address under the same name, however it is written.
    private static func isSame(_ a: NetworkAdapter, _ b: NetworkAdapter) -> Bool {
        guard a.name.utf8.elementsEqual(b.name.utf8) else { return false }
        if a.mac.utf8.elementsEqual(b.mac.utf8) { return true }
        guard case .value(let first) = Canonical.read(a.mac, as: .mac),
            case .value(let second) = Canonical.read(b.mac, as: .mac)
        else { return false }
        return first == second
    }
}
