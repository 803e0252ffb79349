/// The usable identifying values of an asset, by where they stand: what the guard compares.
package struct AssetIdentity: Hashable, Sendable {
    package var serial: String?
    package var otherSerials: Set<String> = []
    package var uuid: String?
    package var assetTag: String?
    package var macs: Set<String> = []
    package var cloudResourceID: String?

    package init() {}

    /// The usable values of a kind that an entry reads on the asset side.
    func values(of kind: IdentifierKind, readBy entry: CompiledEntry) -> Set<String> {
        var result: Set<String> = []
        for pair in entry.pairs where pair.kind == kind {
            if let value = self[pair.asset] { result.insert(value) }
        }
        if let lookup = entry.entry.lookup, lookup.list.kind == kind {
            switch lookup.list {
            case .serials:
                result.formUnion(otherSerials)
                if let serial { result.insert(serial) }
            case .macAddresses: result.formUnion(macs)
            // Of no identifying kind: the guard never asks.
            case .member: break
            }
        }
        return result
    }

    private subscript(attribute: Attribute) -> String? {
        switch attribute {
        case .serialNumber: serial
        case .uuid: uuid
        case .assetTag: assetTag
        case .cloudResourceID: cloudResourceID
        case .name, .manufacturer, .model, .position, .lifecycleRaw, .ciClass, .assetClass, .member: nil
        }
    }
}

/// What a rule set makes of an asset record.
package struct AssetReading: Sendable {
    package var phase: LifecyclePhase
    package var isLifecycleMapped: Bool
    package var identity: AssetIdentity
    /// Without the parent, for dependent spaces: the store puts the parent in.
    package var keys: Set<MatchKey>
    /// Every canonical value of the kinds that can become suspect, suspect or not.
    package var holds: Set<KindValue>
    package var evidence: [ReadValue]

    package init(_ record: AssetRecord, source: String, reader: ValueReader) {
        let rules = reader.rules
        (phase, isLifecycleMapped) = rules.lifecycle.phase(rawState: record.lifecycleRaw, source: source)
        let maker = reader.manufacturer(record.manufacturer)
        var evidence: [ReadValue] = []
        // Of the few that rules read: looking through them costs less than hashing.
        var cache: [(attribute: Attribute, value: ReadValue)] = []
        cache.reserveCapacity(12)

        func single(_ attribute: Attribute) -> ReadValue {
            if let known = cache.first(where: { $0.attribute == attribute }) { return known.value }
            let value = reader.read(
                record[attribute], as: attribute.kind, attribute: attribute.signature, manufacturer: maker)
            cache.append((attribute, value))
            if value.suppression != .empty { evidence.append(value) }
            return value
        }
        var lists: [String: [ReadValue]] = [:]
        func list(_ name: String) -> [ReadValue] {
            if let known = lists[name] { return known }
            let values = reader.read(list: name, record.lists[name] ?? [], manufacturer: maker)
            lists[name] = values
            evidence += values.filter { $0.suppression != .empty }
            return values
        }
        let serial = single(.serialNumber)
        let others = record.otherSerials.map {
            reader.read($0, as: .serial, attribute: "other_serials", manufacturer: maker)
        }
        let macs = record.macAddresses.map {
            reader.read($0, as: .mac, attribute: "mac_addresses", manufacturer: maker)
        }
        evidence += (others + macs).filter { $0.suppression != .empty }

        identity = AssetIdentity()
        identity.serial = serial.usable
        identity.otherSerials = Set(others.compactMap(\.usable))
        identity.uuid = single(.uuid).usable
        identity.assetTag = single(.assetTag).usable
        identity.macs = Set(macs.compactMap(\.usable))
        identity.cloudResourceID = single(.cloudResourceID).usable

        keys = []
        for (number, space) in rules.spaces.enumerated() {
            guard rules.among[number].allSatisfy({ $0.isMet { record[$0] } }) else { continue }
            var members: Set<String>?
            switch space.list {
            case .serials: members = identity.otherSerials.union(serial.usable.map { [$0] } ?? [])
            case .macAddresses: members = identity.macs
            case .member(let name):
                let read = list(name).filter { space.types?.contains($0.type ?? "") ?? true }
                members = Set(read.compactMap(\.usable))
            case nil: break
            }
            let singles = space.attributes.map { single($0) }
            keys.formUnion(
                MatchKey.make(
                    space: number, singles: singles, members: members, exactCount: space.exactCount,
                    allowsNull: space.allowsNull))
        }
        holds = Set(
            evidence.compactMap { value in
                guard let canonical = value.counted, rules.canBeSuspect(value.kind) else { return nil }
                return KindValue(value.kind, canonical)
            })
        self.evidence = evidence
    }
}

extension MatchKey {
    /// The keys that an entry makes of one side's values (domain.md section 5).
    static func make(
        space: Int, singles: [ReadValue], members: Set<String>?, exactCount: Bool, allowsNull: Bool
    ) -> [MatchKey] {
        var values: [String?] = []
        var identifies = false
        for value in singles {
            guard let usable = value.usable else {
                if !allowsNull { return [] }
                values.append(nil)
                continue
            }
            identifies = identifies || value.kind.isIdentifying
            values.append(usable)
        }
        if allowsNull && !identifies { return [] }
        guard let members else { return values.isEmpty ? [] : [MatchKey(space: space, values: values)] }
        if exactCount {
            guard !members.isEmpty else { return [] }
            let sorted = members.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            return [MatchKey(space: space, values: values + sorted)]
        }
        return members.map { MatchKey(space: space, values: values + [$0]) }
    }
}

extension AssetRecord {
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
        case .assetClass: assetClass
        case .ciClass: nil
        case .member(let member): attributes[member]
        }
    }
}
