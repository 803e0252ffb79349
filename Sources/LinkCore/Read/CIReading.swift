/// What one entry of its rule makes of a CI.
package struct EntryReading: Sendable {
    package var entry: CompiledEntry
    /// Without the parent's asset, for a dependent entry.
    package var keys: [MatchKey]
    package var values: [ReadValue]
}

/// What a rule set makes of a CI record.
package struct CIReading: Sendable {
    package var className: String
    package var isClassKnown: Bool
    package var isRetired: Bool
    package var isLifecycleMapped: Bool
    /// `nil`: the class is excluded.
    package var rule: CompiledRule?
    package var isIncomplete: Bool
    package var entries: [EntryReading]
    /// Canonical values of the kinds that can become suspect that its rule reads, suspect or not.
    package var reads: Set<KindValue>
    /// Serials of an excluded CI, suspect or not: it never claims by them, but shares them (section 11, inherited serial).
    package var sharedSerials: Set<String>

    /// Whether it counts for the suspect limit: active, and of a class with a rule.
    package var isCounted: Bool { !isRetired && rule != nil }

    /// - Parameter other: the rule to read it by instead of its own class's: how a discovered item is compared with CIs.
    package init(_ record: CIRecord, source: String, reader: ValueReader, by other: CompiledRule? = nil) {
        let rules = reader.rules
        (className, isClassKnown) = rules.resolve(record.ciClass)
        (isRetired, isLifecycleMapped) = rules.lifecycle.ciRetired(rawState: record.lifecycleRaw, source: source)
        rule = other ?? rules.rule(of: className)
        let maker = reader.manufacturer(record.manufacturer)
        var lists = CILists(record, reader: reader, manufacturer: maker)
        reads = []
        sharedSerials = []
        guard let rule else {
            isIncomplete = false
            entries = []
            sharedSerials = Set(lists.members(of: Lookup(.serials)).compactMap(\.counted))
            return
        }
        isIncomplete = rule.required.contains { attribute in
            switch Canonical.read(record[attribute], as: attribute.kind, aliases: rules.source.manufacturerAliases) {
            case .empty: true
            case .malformed, .value: false
            }
        }
        // For a CI that does not show what an entry asks for, the entry is not in the rule.
        let applying = rule.entries.filter { entry in entry.when.allSatisfy { $0.isMet { record[$0] } } }
        entries = applying.map { entry in
            let singles = entry.pairs.map { pair in
                reader.read(
                    record[pair.ci], as: pair.kind, attribute: pair.ci.signature, manufacturer: maker)
            }
            let members = entry.entry.lookup.map { lists.members(of: $0) }
            let space = rules.spaces[entry.space]
            let keys = MatchKey.make(
                space: entry.space, singles: singles, members: members.map { Set($0.compactMap(\.usable)) },
                exactCount: space.exactCount, allowsNull: space.allowsNull)
            return EntryReading(entry: entry, keys: keys, values: singles + (members ?? []))
        }
        for value in entries.flatMap(\.values) {
            guard let canonical = value.counted, rules.canBeSuspect(value.kind) else { continue }
            reads.insert(KindValue(value.kind, canonical))
        }
    }
}

/// The multi-valued lists of a CI, read once.
private struct CILists {
    private let record: CIRecord
    private let reader: ValueReader
    private let manufacturer: String?
    private lazy var serials: [ReadValue] = {
        // The CI's own serial number counts as type `standard` (section 5).
        let typed = record.serials + (record.serialNumber.map { [TypedSerial(type: "standard", value: $0)] } ?? [])
        return typed.map {
            reader.read(
                $0.value, as: .serial, attribute: "serials", type: $0.plainType, manufacturer: manufacturer)
        }
    }()
    private lazy var macs: [ReadValue] = record.macAddresses.map {
        reader.read($0, as: .mac, attribute: "mac_addresses", manufacturer: manufacturer)
    }

    init(_ record: CIRecord, reader: ValueReader, manufacturer: String?) {
        self.record = record
        self.reader = reader
        self.manufacturer = manufacturer
    }

    mutating func members(of lookup: Lookup) -> [ReadValue] {
        let all: [ReadValue] =
            switch lookup.list {
            case .macAddresses: macs
            case .serials: serials
            case .member(let name):
                reader.read(list: name, record.lists[name] ?? [], manufacturer: manufacturer)
            }
        guard let types = lookup.types, lookup.list != .macAddresses else { return all }
        return all.filter { types.contains($0.type ?? "") }
    }
}

extension CIRecord {
    /// The raw value of an attribute.
    package subscript(attribute: Attribute) -> String? {
        switch attribute {
        case .name: name
        case .serialNumber: serialNumber
        case .uuid: uuid
        case .assetTag: assetTag
        case .manufacturer: manufacturer
        case .model: model
        case .cloudResourceID: cloudResourceID
        case .position: position
        case .lifecycleRaw: lifecycleRaw
        case .ciClass: ciClass
        case .assetClass: nil
        case .member(let member): attributes[member]
        }
    }
}
