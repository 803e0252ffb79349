import LinkTesting

/// Random rows that describe a few machines, well or badly: values are shared, swapped, blank, placeholders.
struct RowGenerator: Sendable {
    /// How many machines there are to describe.
    let machines: Int
    var random: SplitMix64

    /// A row for an asset; mostly of the machine of its number.
    mutating func asset(_ id: Int64) -> AssetRow {
        var row = AssetRow(id: id)
        let machine = machine(of: id)
        row.serial = serial(machine)
        if random.percent(60) { row.tag = "TAG-\(machine)" }
        if random.percent(50) { row.uuid = uuid(machine) }
        if random.percent(40) { row.macs = [mac(machine, 0), mac(machine, 1)] }
        row.state = random.percent(12) ? random.pick(["retired", "disposed"]) : random.pick(["in_use", "in_stock"])
        row.isComposite = random.percent(3)
        return row
    }

    /// A row for a CI; mostly of the machine of its number.
    mutating func ci(_ id: Int64) -> CIRow {
        var row = CIRow(id: id)
        let machine = machine(of: id)
        row.ciClass = random.pick([
            "linux_server", "linux_server", "windows_server", "switch", "laptop", "blade_server", "virtual_machine",
        ])
        row.serial = serial(machine)
        if random.percent(40) { row.tag = "tag-\(machine) " }
        if random.percent(50) { row.uuid = uuid(machine) }
        if random.percent(40) { row.macs = [mac(machine, 0), mac(machine, 1)] }
        row.state = random.percent(6) ? "retired" : "active"
        return row
    }

    private mutating func machine(of id: Int64) -> Int {
        random.percent(80) ? Int(id) % machines : random.below(machines)
    }

    private mutating func serial(_ machine: Int) -> String? {
        switch random.below(100) {
        case 0..<10: nil
        case 10..<14: "To be filled by O.E.M."
        // More than a handful of holders make it suspect, fewer do not.
        case 14..<20: "SHARED"
        case 20..<50: " czj\(70_000 + machine)qx "
        default: "CZJ\(70_000 + machine)QX"
        }
    }

    private func uuid(_ machine: Int) -> String {
        "4c4c4544-0000-1000-8000-" + String(String(machine + 0x1_0000_0000_0000, radix: 16).dropFirst())
    }

    private func mac(_ machine: Int, _ port: Int) -> String {
        let digits = Array(String(machine * 2 + port + 0x100_0000, radix: 16).dropFirst())
        return "d4:7b:3e:" + [0, 2, 4].map { String(digits[$0...($0 + 1)]) }.joined(separator: ":")
    }
}
