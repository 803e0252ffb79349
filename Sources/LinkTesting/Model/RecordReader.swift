import LinkCore

/// Reads records as entries want them, before anybody is suspect.
final class RecordReader {
    private struct Raw: Hashable {
        let kind: IdentifierKind
        let text: ExactText
        let maker: String?
    }

    private let aliases: [String: String]
    private let placeholders: PlaceholderIndex
    /// What was read before: the same values turn up in many records and entries.
    private var known: [Raw: Sighting] = [:]

    init(_ ruleSet: RuleSet) {
        aliases = ruleSet.manufacturerAliases
        placeholders = PlaceholderIndex(ruleSet.placeholders, aliases: ruleSet.manufacturerAliases)
    }

    func sightings(of entry: PreparedEntry, in ci: CIRecord) -> EntrySightings {
        let maker = manufacturer(ci.manufacturer)
        let singles = entry.pairs.map { pair in
            (kind: pair.kind, sighting: sight(ci.raw(pair.ci), as: pair.kind, maker))
        }
        return EntrySightings(entry: entry, singles: singles, members: members(of: entry, in: ci, maker))
    }

    func sightings(of entry: PreparedEntry, in asset: AssetRecord) -> EntrySightings {
        let maker = manufacturer(asset.manufacturer)
        let singles = entry.pairs.map { pair in
            (kind: pair.kind, sighting: sight(asset.raw(pair.asset), as: pair.kind, maker))
        }
        var members: [Sighting] = []
        if let lookup = entry.lookup {
            members = asset.raw(lookup.list)
                .filter { isOfType($0.type, lookup.types) }.map { sight($0.value, as: lookup.list.kind, maker) }
        }
        return EntrySightings(
            entry: entry, singles: singles, members: members,
            isMeant: meets(entry.entry.among) { asset.raw($0) })
    }

    /// The identifiers that an asset holds, whatever rule may read them.
    func identifiers(of asset: AssetRecord) -> [(kind: IdentifierKind, sighting: Sighting)] {
        let maker = manufacturer(asset.manufacturer)
        let raw: [(IdentifierKind, String?)] =
            LookupList.allCases.flatMap { list in asset.raw(list).map { (list.kind, $0.value) } }
            + [(.uuid, asset.uuid), (.assetTag, asset.assetTag), (.cloudResourceID, asset.cloudResourceID)]
        return raw.map { kind, value in (kind, sight(value, as: kind, maker)) }
    }

    /// Whether an entry is in the CI's rule at all.
    func applies(_ entry: PreparedEntry, to ci: CIRecord) -> Bool { meets(entry.entry.when) { ci.raw($0) } }

    /// Whether every attribute has one of the values asked for, read as its kind, whatever the case.
    private func meets(_ conditions: [Condition], _ raw: (Attribute) -> String?) -> Bool {
        conditions.allSatisfy { condition in
            let kind = condition.attribute.kind
            guard case .value(let ours) = Canonical.read(raw(condition.attribute), as: kind, aliases: aliases) else {
                return false
            }
            return condition.values.contains { value in
                guard case .value(let theirs) = Canonical.read(value, as: kind, aliases: aliases) else { return false }
                return ExactText(ours.lowercased()) == ExactText(theirs.lowercased())
            }
        }
    }

    /// Whether a required attribute has nothing in it; a placeholder is something.
    func isEmpty(_ attribute: Attribute, in ci: CIRecord) -> Bool {
        Canonical.read(ci.raw(attribute), as: attribute.kind, aliases: aliases) == .empty
    }

    private func members(of entry: PreparedEntry, in ci: CIRecord, _ maker: String?) -> [Sighting] {
        guard let lookup = entry.lookup else { return [] }
        switch lookup.list {
        case .macAddresses:
            return ci.macAddresses.map { sight($0, as: .mac, maker) }
        case .serials:
            let typed = ci.serials + [TypedSerial(type: "standard", value: ci.serialNumber ?? "")]
            return typed.filter { lookup.types?.contains(typeName($0.type)) ?? true }
                .map { sight($0.value, as: .serial, maker) }
        case .member(let name):
            return (ci.lists[name] ?? []).filter { isOfType($0.type, lookup.types) }
                .map { sight($0.value, as: .attribute, maker) }
        }
    }

    private func isOfType(_ type: String?, _ types: Set<String>?) -> Bool {
        guard let type, let types else { return true }
        return types.contains(typeName(type))
    }

    private func sight(_ raw: String?, as kind: IdentifierKind, _ maker: String?) -> Sighting {
        guard let raw else { return .empty }
        let key = Raw(kind: kind, text: ExactText(raw), maker: maker)
        if let sighting = known[key] { return sighting }
        let sighting = read(raw, as: kind, maker)
        known[key] = sighting
        return sighting
    }

    private func read(_ raw: String, as kind: IdentifierKind, _ maker: String?) -> Sighting {
        switch Canonical.read(raw, as: kind, aliases: aliases) {
        case .empty: return .empty
        case .malformed: return .placeholder
        case .value(let canonical):
            let row = placeholders.match(kind: kind, raw: raw, canonical: canonical, manufacturer: maker)
            return row == nil ? .usable(ExactText(canonical)) : .placeholder
        }
    }

    /// Trimmed, lower case.
    private func typeName(_ raw: String) -> String {
        guard case .value(let type) = Canonical.read(raw, as: .attribute, aliases: [:]) else { return "" }
        return type.lowercased()
    }

    private func manufacturer(_ raw: String?) -> String? {
        guard case .value(let name) = Canonical.read(raw, as: .manufacturer, aliases: aliases) else { return nil }
        return name
    }
}

extension CIRecord {
    func raw(_ attribute: Attribute) -> String? {
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
        case .member(let name): attributes[name]
        }
    }
}

extension AssetRecord {
    func raw(_ attribute: Attribute) -> String? {
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
        case .member(let name): attributes[name]
        }
    }

    /// The members of a list; only those of `attributes` have types.
    func raw(_ list: LookupList) -> [(type: String?, value: String)] {
        switch list {
        case .serials: ((serialNumber.map { [$0] } ?? []) + otherSerials).map { (nil, $0) }
        case .macAddresses: macAddresses.map { (nil, $0) }
        case .member(let name): (lists[name] ?? []).map { ($0.type, $0.value) }
        }
    }
}
