/// What an entry makes of a record: equal keys mean "the same by this entry" (domain.md section 1).
package struct MatchKey: Hashable, Sendable {
    /// The key space: index into ``CompiledRuleSet/spaces``.
    package var space: Int
    /// Canonical values in the entry's order; `nil` = a tolerated null; for an exact-count lookup the sorted set.
    package var values: [String?]

    package init(space: Int, values: [String?]) {
        self.space = space
        self.values = values
    }

    /// Byte by byte, as PostgreSQL compares; `String` takes a composed and a decomposed letter as equal.
    package static func == (a: MatchKey, b: MatchKey) -> Bool {
        a.space == b.space && a.values.elementsEqual(b.values, by: isSame)
    }

    private static func isSame(_ a: String?, _ b: String?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return a.utf8.elementsEqual(b.utf8)
    }

    /// Order by canonical values as UTF-8 bytes: which key names a conflict (section 6).
    package static func precedes(_ a: MatchKey, _ b: MatchKey) -> Bool {
        for (x, y) in zip(a.values, b.values) where !isSame(x, y) {
            guard let x else { return true }
            guard let y else { return false }
            return x.utf8.lexicographicallyPrecedes(y.utf8)
        }
        return a.values.count < b.values.count
    }
}

/// What the *asset* side of an entry reads: entries that differ only on the CI side share a key space.
package struct KeySpace: Hashable, Sendable {
    /// Single attributes, in the order of the key.
    package var attributes: [Attribute]
    package var allowsNull: Bool
    package var list: LookupList?
    /// Only members of these types, where the asset's have types.
    package var types: Set<String>?
    package var exactCount: Bool
    /// The asset's parent is part of the key.
    package var isDependent: Bool
    /// Only assets that show these.
    package var among: [Condition]

    /// Whether a key is one plain value, so that its text can be the value itself.
    package var isPlain: Bool {
        !isDependent && !exactCount && !allowsNull && attributes.count + (list == nil ? 0 : 1) == 1
    }

    /// A stable name of the space, the same in every process and rule set.
    package var signature: String {
        var parts = attributes.map(\.text)
        if let list {
            let filter = types.map { "(" + Signature.list($0) + ")" } ?? ""
            parts.append(list.text + filter + (exactCount ? "[all]" : "[any]"))
        }
        return (isDependent ? "parent/" : "") + parts.joined(separator: "+") + (allowsNull ? "?" : "")
            + Signature.among(among)
    }
}

extension Attribute {
    /// Its name in rules, signatures and evidence.
    package var signature: String {
        switch self {
        case .name: "name"
        case .serialNumber: "serial_number"
        case .uuid: "uuid"
        case .assetTag: "asset_tag"
        case .manufacturer: "manufacturer"
        case .model: "model"
        case .cloudResourceID: "cloud_resource_id"
        case .position: "position"
        case .lifecycleRaw: "lifecycle_raw"
        case .ciClass: "ci_class"
        case .assetClass: "asset_class"
        case .member(let name): "attributes.\(name)"
        }
    }

    /// The attribute of that name, or `nil`.
    package init?(signature: String) {
        switch signature {
        case "name": self = .name
        case "serial_number": self = .serialNumber
        case "uuid": self = .uuid
        case "asset_tag": self = .assetTag
        case "manufacturer": self = .manufacturer
        case "model": self = .model
        case "cloud_resource_id": self = .cloudResourceID
        case "position": self = .position
        case "lifecycle_raw": self = .lifecycleRaw
        case "ci_class": self = .ciClass
        case "asset_class": self = .assetClass
        default:
            // By scalars: the dot and a combining mark after it are one character.
            let scalars = signature.unicodeScalars
            guard scalars.starts(with: "attributes.".unicodeScalars), scalars.count > 11 else { return nil }
            self = .member(String(scalars.dropFirst(11)))
        }
    }
}

extension LookupList {
    /// Its name in rules and evidence.
    package var signature: String {
        switch self {
        case .serials: "serials"
        case .macAddresses: "mac_addresses"
        case .member(let name): "attributes.\(name)"
        }
    }

    /// The list of that name, or `nil`.
    package init?(signature: String) {
        switch signature {
        case "serials": self = .serials
        case "mac_addresses": self = .macAddresses
        default:
            guard case .member(let name)? = Attribute(signature: signature) else { return nil }
            self = .member(name)
        }
    }
}
