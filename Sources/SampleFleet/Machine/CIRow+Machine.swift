import LinkCore

extension CIRow {
    /// The CI that discovery makes of a machine, or two when two tools did not recognise each other's.
    static func rows(of machine: Machine, hoursAgo: Int, seenTwice: Bool) -> [CIRow] {
        let row = CIRow(machine, hoursAgo: hoursAgo)
        guard seenTwice else { return [row] }
        var again = row
        again.key += "-agentless"
        again.record.name = machine.hostname.map { $0 + ".example.net" }
        again.record.discoverySource = "agentless"
        again.record.assetTag = nil
        return [row, again]
    }

    /// The CI of a machine.
    package init(_ machine: Machine, hoursAgo: Int) {
        var record = CIRecord()
        record.ciClass = ClassNames.ciClass(machine.machineClass, os: machine.os)
        record.name = clean(machine.hostname)
        record.serialNumber = clean(machine.serialNumber)
        record.serials = machine.typedSerials
        record.uuid = clean(machine.uuid)
        record.assetTag = clean(machine.assetTag)
        record.macAddresses = machine.macs.compactMap(clean)
        record.manufacturer = clean(machine.manufacturer)
        record.model = clean(machine.model)
        record.parentCIID = clean(machine.parent?.id)
        record.position = clean(machine.parent?.bay)
        record.discoverySource = "agent"
        self.init(key: clean(machine.id) ?? machine.id, record: record)
        if machine.parent?.id == nil { parentHint = machine.parent?.cleaned }
        discoveredHoursAgo = hoursAgo
    }
}

extension Machine.Parent {
    /// The parent with texts that PostgreSQL can store.
    fileprivate var cleaned: Self {
        var parent = self
        parent.serialNumber = clean(serialNumber)
        parent.hostname = clean(hostname)
        return parent
    }
}

extension Machine {
    /// The serials with the types that discovery tools give them.
    var typedSerials: [TypedSerial] {
        [("system", serialNumber), ("baseboard", boardSerial), ("chassis", chassisSerial)].compactMap { type, value in
            guard let value = clean(value), !value.isEmpty else { return nil }
            return TypedSerial(type: type, value: value)
        }
    }
}

/// A text that PostgreSQL can store: it knows no U+0000.
func clean(_ text: String?) -> String? {
    guard let text, text.utf8.contains(0) else { return text }
    return String(text.unicodeScalars.filter { $0 != "\0" })
}
