extension IdentifierEntry {
    /// What the entry compares (type, attributes, types, options), not how strong it is.
    ///
    /// Two entries with the same signature are the same entry, whatever rule they stand in: match keys and conflicts are
    /// named by it, so the text is stored and must stay stable. Examples: `regular(serial_number)`,
    /// `regular(name=serial_number)` (CI attribute = asset attribute), `regular(name,uuid;allow_null)`,
    /// `lookup(serials;types=bios,system)`, `lookup(mac_addresses;exact)`, `hybrid(name;serials)`,
    /// `dependent:regular(position)`, `regular(serial_number) among asset_class=server`. Which CIs the entry is for is
    /// no part of it: their conflicts over the same key are one.
    package var signature: String {
        let attributes = orderedAttributes.map(\.text).joined(separator: ",")
        let text =
            switch comparison {
            case .regular(_, let allowNull): "regular(\(attributes)\(allowNull ? ";allow_null" : ""))"
            case .lookup(let lookup): "lookup(\(lookup.text))"
            case .hybrid(_, let lookup): "hybrid(\(attributes);\(lookup.text))"
            }
        return (isDependent ? "dependent:" + text : text) + Signature.among(among)
    }

    /// The attributes by asset attribute, then CI attribute: the order in the signature and of the values in a key.
    package var orderedAttributes: [AttributePair] {
        attributes.sorted { left, right in
            let byAsset = left.asset == right.asset
            let (first, second) = byAsset ? (left.ci.text, right.ci.text) : (left.asset.text, right.asset.text)
            return first.utf8.lexicographicallyPrecedes(second.utf8)
        }
    }
}

extension AttributePair {
    /// The attribute, or `CI attribute=asset attribute` where they differ.
    fileprivate var text: String { ci == asset ? ci.text : "\(ci.text)=\(asset.text)" }
}

extension Attribute {
    /// The column of the binding, or `attributes.` and the member.
    var text: String {
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
        case .member(let name): "attributes." + quoted(name)
        }
    }
}

extension Lookup {
    /// The list, its types and `exact`.
    fileprivate var text: String {
        var parts = list.text
        if let types { parts += ";types=" + Signature.list(types) }
        return exactCount ? parts + ";exact" : parts
    }
}

extension LookupList {
    /// The list, or `attributes.` and the member.
    var text: String {
        if case .member(let name) = self { return Attribute.member(name).text }
        return signature
    }
}

/// Parts that signatures of entries and of key spaces share.
enum Signature {
    /// Words in the order of their bytes.
    static func list(_ words: Set<String>) -> String {
        words.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map(quoted).joined(separator: ",")
    }

    /// The assets that an entry is limited to, or nothing.
    static func among(_ conditions: [Condition]) -> String {
        guard !conditions.isEmpty else { return "" }
        let parts = conditions.map { $0.attribute.text + "=" + list($0.values) }
        return " among " + parts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: " and ")
    }
}

/// A word as it is; anything that could be taken for punctuation of a signature in double quotes.
private func quoted(_ text: String) -> String {
    let isWord =
        !text.isEmpty
        && text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
    if isWord { return text }
    // By scalars: a quote before a combining mark is no character of its own.
    let parts = text.unicodeScalars.split(separator: "\"", omittingEmptySubsequences: false)
    return "\"" + parts.map { String($0) }.joined(separator: "\"\"") + "\""
}
