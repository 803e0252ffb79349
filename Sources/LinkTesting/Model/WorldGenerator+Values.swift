import LinkCore

/// Values of machines: mostly right, some of another machine, some dirty, some missing.
extension WorldGenerator {
    /// A value of this machine or, sometimes, of another; blank this often in a hundred.
    mutating func value(
        _ machine: Int, blank: Int, _ make: (inout WorldGenerator, Int) -> String
    ) -> String? {
        // What others sit in is described better than the rest, or hardly a dependent entry would ever be reached.
        let isSound = hasParts(machine)
        if random.percent(isSound ? blank / 2 : blank) { return random.percent(70) ? nil : random.pick(["", "  "]) }
        return make(&self, random.percent(isSound ? 4 : 12) ? random.below(machines) : machine)
    }

    mutating func list(_ machine: Int, _ make: (inout WorldGenerator, Int) -> String) -> [String] {
        (0...random.below(3)).compactMap { _ in value(machine, blank: 10, make) }
    }

    mutating func serial(_ machine: Int) -> String {
        if features.contains(.suspects), !hasParts(machine), random.percent(16) { return GeneratedRules.hotSerial }
        let serial = "SN-\(machine)"
        guard features.contains(.dirt) else { return serial }
        switch random.below(20) {
        case 0: return " \(serial)\t"
        case 1: return serial.lowercased()
        case 2: return "SN-\u{200B}\(machine)"
        case 3: return "Default string"
        case 4: return "0000"
        case 5: return "ＳＮ-\(machine)"
        default: return serial
        }
    }

    mutating func uuid(_ machine: Int) -> String {
        let head = hex(machine * 0x0102_0304 + 0x1122_3344, digits: 8)
        let uuid = "\(head)-aabb-ccdd-eeff-\(hex(machine, digits: 12))"
        guard features.contains(.dirt) else { return uuid }
        switch random.below(16) {
        case 0: return "{\(uuid.uppercased())}"
        case 1:
            let swapped = stride(from: 6, through: 0, by: -2).map { head.dropFirst($0).prefix(2) }.joined()
            return "\(swapped)-bbaa-ddcc-eeff-\(hex(machine, digits: 12))"
        case 2: return "ffffffff-ffff-ffff-ffff-ffffffffffff"
        case 3: return String(uuid.dropLast())
        default: return uuid
        }
    }

    mutating func mac(_ machine: Int) -> String {
        let digits = hex(0x02_00_00_00_00_00 + machine * 4 + random.below(2), digits: 12)
        let mac = stride(from: 0, to: 12, by: 2).map { digits.dropFirst($0).prefix(2) }.joined(separator: ":")
        guard features.contains(.dirt) else { return mac }
        switch random.below(12) {
        case 0: return mac.uppercased()
        case 1: return digits
        case 2: return "00:00:00:00:00:00"
        case 3: return mac + ":00:00:00:00:00:00:00:00:00:00:00:00:00:00"
        default: return mac
        }
    }

    mutating func assetTag(_ machine: Int) -> String {
        if features.contains(.dirt), random.percent(8) { return random.pick(["No Asset Tag", " at-\(machine)"]) }
        return "AT-\(machine)"
    }

    mutating func name(_ machine: Int) -> String {
        // A name that is another machine's asset tag, for pairs that compare unlike attributes.
        if features.contains(.entryTypes), random.percent(8) { return "AT-\(machine)" }
        if features.contains(.dirt), random.percent(12) { return random.pick(["localhost", "HOST-\(machine). "]) }
        return "host-\(machine)"
    }

    mutating func manufacturer() -> String? {
        random.percent(40) ? random.pick(["Dell Inc.", "dell", "HPE", "hp", ""]) : nil
    }

    /// The machine that it sits in, now and then any machine, itself included, or one that there is not.
    mutating func parent(_ machine: Int, letter: String) -> String? {
        if random.percent(20) { return random.percent(80) ? nil : "" }
        if random.percent(6) { return letter + "\(random.below(machines))" }
        // A ring of one, or of two.
        if random.percent(8) { return letter + "\(random.percent(30) ? machine : machine * 4 + 1)" }
        if random.percent(4) { return "nowhere" }
        // The first machine sits in nothing or, in a ring, in one that sits in it.
        if machine == 0 { return random.percent(25) ? letter + "1" : nil }
        return letter + "\(machine / 4)"
    }

    private func hex(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text.suffix(digits)
    }

    /// Whether another machine sits in it, in a world with dependent entries.
    func hasParts(_ machine: Int) -> Bool { features.contains(.dependent) && machine * 4 + 1 < machines }
}
