extension Canonical {
    /// The canonical form of a uuid: 32 lower-case hex digits; `nil` when it cannot be read as one, empty when empty.
    ///
    /// Read through braces, dashes, white space, case and the `VMware-xx xx …` form. SMBIOS writers disagree on the
    /// byte order of the first three fields, so the canonical form is the smallest of the four given by swapping the
    /// bytes of field 1 and/or of fields 2 and 3 together (the domain rules, section 3). The two choices touch
    /// different bytes, so each is made by itself.
    package static func uuid(_ raw: String) -> String? {
        var text = WhiteSpace.trimmed(plainSpaces(raw))
        if text.isEmpty { return "" }
        let read = text.withUTF8 { bytes in
            octets(bytes.dropFirst(prefixLength(bytes)), count: 16, separators: isUUIDSeparator)
        }
        guard var octets = read else { return nil }
        let first = [octets[3], octets[2], octets[1], octets[0]]
        if first.lexicographicallyPrecedes(octets[0..<4]) { octets.replaceSubrange(0..<4, with: first) }
        let others = [octets[5], octets[4], octets[7], octets[6]]
        if others.lexicographicallyPrecedes(octets[4..<8]) { octets.replaceSubrange(4..<8, with: others) }
        return String(unsafeUninitializedCapacity: 32) { result in
            for (index, octet) in octets.enumerated() {
                result[2 * index] = hexDigit(octet >> 4)
                result[2 * index + 1] = hexDigit(octet)
            }
            return 32
        }
    }

    /// The length of `VMware-`, as VMware writes it into the serial number and some tools into the uuid, or 0.
    private static func prefixLength(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let prefix: StaticString = "vmware-"
        let length = prefix.utf8CodeUnitCount
        guard bytes.count >= length else { return 0 }
        return (0..<length).allSatisfy { bytes[$0] | 0x20 == prefix.utf8Start[$0] } ? length : 0
    }

    private static func isUUIDSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x7B, 0x7D: true
        default: false
        }
    }
}
