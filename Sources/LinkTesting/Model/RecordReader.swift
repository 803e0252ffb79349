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
        if let list = entry.lookup?.list {
            members = asset.raw(list).map { sight($0, as: list.kind, maker) }
        }
        return EntrySightings(entry: entry, singles: singles, members: members)
    }

    /// The identifiers that an asset holds, whatever rule may read them.
    func identifiers(of asset: AssetRecord) -> [(kind: IdentifierKind, sighting: Sighting)] {
        let maker = manufacturer(asset.manufacturer)
        let raw: [(IdentifierKind, String?)] =
            LookupList.allCases.flatMap { list in asset.raw(list).map { (list.kind, $0) } }
            + [(.uuid, asset.uuid), (.assetTag, asset.assetTag), (.cloudResourceID, asset.cloudResourceID)]
        return raw.map { kind, value in (kind, sight(value, as: kind, maker)) }
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
        }
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
        case .member(let name): attributes[name]
        }
    }

    func raw(_ list: LookupList) -> [String] {
        switch list {
        case .serials: (serialNumber.map { [$0] } ?? []) + otherSerials
        case .macAddresses: macAddresses
        }
    }
}
