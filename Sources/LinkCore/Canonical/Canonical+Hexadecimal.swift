extension Canonical {
    /// The value of an ASCII hex digit of either case.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// The lower-case ASCII hex digit of the low four bits.
    static func hexDigit(_ value: UInt8) -> UInt8 { value & 15 < 10 ? 0x30 + value & 15 : 0x61 + value & 15 - 10 }

    /// The octets that a text of hex digits shows, when it has exactly `count` of them and otherwise only
    /// `separators` and white space.
    static func octets(_ text: Slice<UnsafeBufferPointer<UInt8>>, count: Int, separators: (UInt8) -> Bool) -> [UInt8]? {
        var octets = [UInt8](repeating: 0, count: count)
        var digits = 0
        for byte in text {
            guard let value = hexValue(byte) else {
                guard separators(byte) || WhiteSpace.contains(ascii: byte) else { return nil }
                continue
            }
            guard digits < count * 2 else { return nil }
            octets[digits / 2] |= digits % 2 == 0 ? value << 4 : value
            digits += 1
        }
        return digits == count * 2 ? octets : nil
    }

    /// The text with every white space beyond ASCII as a plain space; other characters stay for the reader to refuse.
    static func plainSpaces(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { WhiteSpace.contains($0) ? " " : $0 }))
    }
}
