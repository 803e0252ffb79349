/// What real inventories do to values.
enum Dirt {
    /// Serials that firmware ships with.
    static let placeholderSerials = [
        "To Be Filled By O.E.M.", "To be filled by O.E.M.", "Default string", "System Serial Number", "Not Specified",
        "None", "0", "00000000", "123456789", "0123456789", "..............", "N/A", "NA\r", "XXXXXXXXXXXX", "Unknown",
        "Not Applicable", "INVALID",
    ]
    /// Asset tags that nobody filled in.
    static let placeholderTags = ["No Asset Tag", "Default string", "To Be Filled By O.E.M.", "Asset-1234567890"]
    /// UUIDs that many boards share.
    static let placeholderUUIDs = [
        "03000200-0400-0500-0006-000700080009", "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    ]

    /// The first three fields with their bytes swapped, as SMBIOS and its readers disagree.
    static func byteSwapped(_ uuid: String) -> String {
        let digits = Array(uuid.filter { $0 != "-" })
        guard digits.count == 32 else { return uuid }
        func swapped(_ range: Range<Int>) -> [Character] {
            stride(from: range.upperBound - 2, through: range.lowerBound, by: -2).flatMap { digits[$0..<$0 + 2] }
        }
        return uuidText(String(swapped(0..<8) + swapped(8..<12) + swapped(12..<16) + digits[16...]))
    }

    /// The serial that VMware makes of a UUID.
    static func vmwareSerial(uuid: String) -> String {
        let digits = Array(uuid.lowercased().filter { $0 != "-" })
        guard digits.count == 32 else { return "VMware-0" }
        let bytes = stride(from: 0, to: 32, by: 2).map { String(digits[$0..<$0 + 2]) }
        return "VMware-" + bytes[..<8].joined(separator: " ") + "-" + bytes[8...].joined(separator: " ")
    }
}

extension SplitMix64 {
    /// A serial as some tool wrote it: padded, in another case, with a carriage return behind, now and then wrong.
    mutating func written(_ serial: String) -> String {
        weighted([
            (serial, 84_0), (serial + "     ", 5_0), (" " + serial, 1_0), (serial.lowercased(), 4_0),
            (serial + "\r", 1_5),
            (serial + "\t", 5), ("MFG," + serial, 8), (serial + "\u{200b}", 4), (String(serial.dropLast()), 5),
        ])
    }

    /// A serial as a person typed or scanned it into the register.
    mutating func typed(_ serial: String) -> String {
        weighted([
            (serial, 88_0), (serial.lowercased(), 5_0), (serial + " ", 2_0), (serial + "\r", 1_0), ("S" + serial, 8),
            (serial.replacing("0", with: "O", maxReplacements: 1), 7), (String(serial.dropFirst()), 3),
        ])
    }

    /// An address in one of the spellings in use.
    mutating func written(mac: String) -> String {
        weighted([
            (mac, 60), (mac.uppercased(), 30), (mac.replacing(":", with: "-"), 6), (mac.replacing(":", with: ""), 4),
        ])
    }

    /// What else stands in address fields: InfiniBand, FireWire, nothing.
    mutating func oddAddress() -> String {
        func octets(_ count: Int) -> String {
            fill(Array(repeating: "%%", count: count).joined(separator: ":"))
        }
        return weighted([
            (octets(20), 5), (octets(8), 2), ("00:00:00:00:00:00", 3), ("FF:FF:FF:FF:FF:FF", 1), ("", 1),
        ])
    }
}
