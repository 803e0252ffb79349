/// Unicode's property White_Space: the set is closed (its stability policy), so it stands here in full.
enum WhiteSpace {
    /// Whether a scalar is white space.
    static func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// Whether an ASCII byte is white space.
    static func contains(ascii byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// The text without white space at its ends; the same string when there is none.
    static func trimmed(_ text: String) -> String {
        let utf8 = text.utf8
        guard let first = utf8.first, let last = utf8.last else { return text }
        // A visible ASCII character at both ends: nothing to trim, whatever stands between.
        if (0x21..<0x7F).contains(first), (0x21..<0x7F).contains(last) { return text }
        let scalars = text.unicodeScalars
        guard let start = scalars.firstIndex(where: { !contains($0) }),
            let end = scalars.lastIndex(where: { !contains($0) })
        else { return "" }
        return start == scalars.startIndex && scalars.index(after: end) == scalars.endIndex
            ? text : String(scalars[start...end])
    }
}
