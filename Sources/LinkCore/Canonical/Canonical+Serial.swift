extension Canonical {
    /// The canonical form of a serial number; empty for an empty one.
    ///
    /// NFKC, characters of the categories Cc and Cf dropped, ends trimmed, inner white space collapsed to one space,
    /// upper case without locale, NFKC again (the domain rules, section 3). Nothing else is stripped, so `VMware-…`
    /// stays a serial, and `S123` is not `123`.
    package static func serial(_ raw: String) -> String { asciiLabel(raw) ?? unicodeLabel(raw) }

    /// For ASCII text, which NFKC leaves alone: one pass over the bytes, and no copy of what is canonical already.
    private static func asciiLabel(_ raw: String) -> String? {
        let space: UInt8 = 0x20
        var text = raw
        return text.withUTF8 { bytes -> String? in
            var isCanonical = true
            var previous = space
            for byte in bytes {
                switch byte {
                case 0x80...: return nil
                case 0x00..<space, 0x61...0x7A, 0x7F: isCanonical = false
                case space: if previous == space { isCanonical = false }
                default: break
                }
                previous = byte
            }
            if isCanonical && previous != space { return raw }
            return String(unsafeUninitializedCapacity: bytes.count) { result in
                var count = 0
                var spaceIsDue = false
                for byte in bytes where byte >= space && byte != 0x7F {
                    if byte == space {
                        spaceIsDue = count > 0
                        continue
                    }
                    if spaceIsDue {
                        result[count] = space
                        count += 1
                        spaceIsDue = false
                    }
                    result[count] = (0x61...0x7A).contains(byte) ? byte - 0x20 : byte
                    count += 1
                }
                return count
            }
        }
    }

    /// For anything else, step by step as the rule has it.
    private static func unicodeLabel(_ raw: String) -> String {
        let data = UnicodeData.shared
        var kept = String.UnicodeScalarView()
        var spaceIsDue = false
        for scalar in NFKC.normalize(raw.unicodeScalars) where !data.isControlOrFormat(scalar.value) {
            if WhiteSpace.contains(scalar) {
                spaceIsDue = !kept.isEmpty
                continue
            }
            if spaceIsDue { kept.append(" ") }
            spaceIsDue = false
            kept.append(scalar)
        }
        return NFKC.normalize(String(kept).uppercased())
    }
}
