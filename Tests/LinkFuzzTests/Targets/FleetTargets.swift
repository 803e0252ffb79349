import LinkTesting

@testable import LinkCore
@testable import SampleFleet

extension FuzzTargets {
    /// Lines of a machines file: what is read is the same after it was written and read again.
    static let machine = FuzzTarget(
        "machine",
        mutator: JSONMutator(
            names: [
                "id", "class", "hostname", "name", "manufacturer", "model", "serial_number", "uuid", "macs",
                "asset_tag",
                "parent", "relation", "bay", "index", "os", "device_serial",
            ], values: ["server", "vm", "in-chassis", "hosted-on"])
    ) { bytes in
        do throws(MachineLineError) {
            guard let machine = try Machine.parse(bytes, line: 7) else { return "blank" }
            let line = machine.jsonLine()
            try check(machine, again: try Machine.parse(Array(line.utf8), line: 7))
            return machine.parent == nil ? "a machine" : "a machine with a parent"
        } catch {
            return try fate(of: error)
        }
    }

    private static func check(_ machine: Machine, again: Machine?) throws(MachineLineError) {
        if machine != again { throw MachineLineError(line: 0, reason: "written and read again it is another machine") }
    }

    /// Lines of a history, played for as long as they say.
    static let history = FuzzTarget(
        "history",
        mutator: JSONMutator(
            names: [
                "machine_id", "uid", "site", "present_at_head", "observations", "from", "to", "serial_number", "macs",
                "manufacturer", "model",
            ], values: ["2011-07-01", "2013-05", "9999-12-31", "0001-01"]),
        limit: 60
    ) { bytes in
        var nodes: [HistoryNode] = []
        do throws(MachineLineError) {
            for (number, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
                if let node = try HistoryNode.parse(Array(line), line: number + 1) { nodes.append(node) }
            }
        } catch {
            return try fate(of: error)
        }
        var months = 0
        var before: Month?
        for changes in HistoryPlayer(nodes, retireAfter: 3) {
            try FuzzFinding.unless(before.map { $0 < changes.month } ?? true, "months out of order")
            try FuzzFinding.unless(Month(changes.month.description) == changes.month, "a month that is read as another")
            before = changes.month
            months += 1
        }
        return "\(min(months, 4)) months"
    }

    /// An error that says which line, in one line.
    private static func fate(of error: MachineLineError) throws -> String {
        try FuzzFinding.unless(error.line > 0, error.reason)
        try FuzzFinding.unless(!error.description.contains { $0.isNewline }, "an error of several lines")
        let words = error.reason.prefix { $0.isLetter || $0 == " " }
        return String(words.prefix(40))
    }
}
