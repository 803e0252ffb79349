/// What kind of thing a unit is made of, in the words of machine files.
enum DeviceKind: String, CaseIterable, Sendable {
    case laptop, desktop, server, blade, chassis, vm
    case `switch`
    case stackMember = "stack-member"
    case module, printer, monitor, firewall, wireless, ups, storage
}

/// A thing as it truly is: what is stamped on it, before anybody typed or scanned it.
struct Device: Sendable {
    let number: Int
    let kind: DeviceKind
    let maker: Maker
    let model: String
    let serial: String
    let boardSerial: String?
    /// The serial of the box that it sits in, or its own.
    var chassisSerial: String?
    let uuid: String?
    let macs: [String]
    let tag: String
    let hostname: String?
    let site: String
    var os: String?
    /// What it hangs on, and how.
    var parent: (relation: String, key: String, serial: String, hostname: String?)?
    var bay: String?

    /// Its natural id on both sides.
    var key: String { "m-\(padded(number, 7))" }
}

/// A number with leading zeros.
func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// The same without dashes in, with dashes out.
func uuidText(_ hex: String) -> String {
    let digits = Array(hex)
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
}

extension SplitMix64 {
    /// The UUID that a maker would put into that thing.
    mutating func uuid(of maker: Maker, serial: String) -> String {
        guard maker.uuid == .carriesSerial else { return uuidText(fill(String(repeating: "%", count: 32))) }
        let prefix = Array(maker.name.uppercased().utf8.prefix(4))
        let bytes = (prefix + Array(serial.utf8) + Array(repeating: 0x20, count: 16)).prefix(16)
        return uuidText(bytes.map { hexByte($0) }.joined())
    }

    /// Consecutive addresses, as a maker burns them in.
    mutating func macs(of maker: Maker, count: Int) -> [String] {
        let first = number(0...0xff_ff00)
        return (0..<count).map { offset in
            let tail = first + offset
            return [tail >> 16, tail >> 8, tail].reduce(maker.oui) { $0 + ":" + hexByte(UInt8($1 & 0xff)) }
        }
    }
}

/// Two lower-case hexadecimal digits.
func hexByte(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16)
    return text.count == 1 ? "0" + text : text
}
