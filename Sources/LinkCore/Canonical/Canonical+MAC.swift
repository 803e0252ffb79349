extension Canonical {
    /// The canonical form of a MAC address: 12 lower-case hex digits with colons; `nil` when it has another number of
    /// digits or other characters (a 20-octet InfiniBand address, a name), empty when empty.
    ///
    /// Read through colons, dashes, dots, white space or nothing between the digits (the domain rules, section 3).
    package static func mac(_ raw: String) -> String? {
        var text = WhiteSpace.trimmed(plainSpaces(raw))
        if text.isEmpty { return "" }
        let read = text.withUTF8 { bytes in
            octets(bytes[...], count: 6, separators: isMACSeparator)
        }
        guard let octets = read else { return nil }
        return String(unsafeUninitializedCapacity: 17) { result in
            for (index, octet) in octets.enumerated() {
                if index > 0 { result[3 * index - 1] = 0x3A }
                result[3 * index] = hexDigit(octet >> 4)
                result[3 * index + 1] = hexDigit(octet)
            }
            return 17
        }
    }

    private static func isMACSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x2E, 0x3A: true
        default: false
        }
    }
}
