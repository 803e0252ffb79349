import Crypto
package import LinkCore

/// How a match key is stored: readable where it can be, of bounded length always.
package enum KeyText {
    /// Longer texts are replaced by their SHA-256: an index entry holds at most about 2,700 bytes, and MAC sets
    /// of large switches exceed that.
    package static let longest = 400

    /// The text of a key in its space.
    package static func of(_ key: MatchKey, in space: KeySpace) -> String {
        let text: String
        if space.isPlain, key.values.count == 1, let value = key.values[0] {
            text = value
        } else {
            text = JSONText.array(key.values.map { JSONText.string($0) })
        }
        guard text.utf8.count > longest else { return text }
        return "sha256:" + SHA256.hash(data: Array(text.utf8)).map { hex($0) }.joined()
    }

    /// `matched_on`: a list of keys, each a list of canonical values.
    package static func matchedOn(_ keys: [MatchKey]) -> String {
        JSONText.array(keys.map { JSONText.array($0.values.map { JSONText.string($0) }) })
    }

    private static func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16)
        return byte < 16 ? "0" + text : text
    }
}

extension AssetIdentity {
    /// As stored in `asset.identity`: one letter for where it stands, then the value.
    package var stored: [String] {
        var out: [String] = []
        if let serial { out.append("s" + serial) }
        out += otherSerials.sorted().map { "o" + $0 }
        if let uuid { out.append("u" + uuid) }
        if let assetTag { out.append("t" + assetTag) }
        out += macs.sorted().map { "m" + $0 }
        if let cloudResourceID { out.append("c" + cloudResourceID) }
        return out
    }

    /// Reads ``stored`` back.
    package init(stored: [String]) {
        self.init()
        for item in stored {
            let value = String(item.unicodeScalars.dropFirst())
            switch item.utf8.first {
            case UInt8(ascii: "s"): serial = value
            case UInt8(ascii: "o"): otherSerials.insert(value)
            case UInt8(ascii: "u"): uuid = value
            case UInt8(ascii: "t"): assetTag = value
            case UInt8(ascii: "m"): macs.insert(value)
            case UInt8(ascii: "c"): cloudResourceID = value
            default: break
            }
        }
    }
}
