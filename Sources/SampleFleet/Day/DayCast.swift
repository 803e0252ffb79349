import LinkCore

/// Who plays in a day of an asset register: five laptops, new at every performance.
package struct DayCast: Sendable {
    /// Laptops as discovery finds them, before anybody registered them.
    package let laptops: [CIRow]
    /// What the register books for them, as people and imports write such things.
    package let assets: [AssetRow]
    /// The first laptop's asset once more, by an import that did not look.
    package let duplicate: AssetRow
    /// A spare in stock, for the day that the fourth breaks.
    package let spare: AssetRow
    /// The fourth laptop after its user got the spare: same name, other hardware.
    package let swapped: CIRow

    /// A cast of its own for each token.
    package init(token: String) {
        var dice = SplitMix64(seed: 0, salt: token)
        let serials = ["A", "B", "C", "D", "E"].map { "DAY\(token)\($0)" }
        let uuids = serials.map { _ in dice.uuid(of: Makers.laptops[1], serial: "") }
        let macs = serials.map { _ in dice.macs(of: Makers.laptops[1], count: 2) }
        func laptop(_ index: Int, hardware: Int, serial: String?) -> CIRow {
            var machine = Machine(id: "day-\(token.lowercased())-\(index + 1)", machineClass: "laptop")
            machine.hostname = "lt-\(["anna", "bao", "chidi", "dana", "eero"][index])-\(token.lowercased())"
            machine.manufacturer = "Norrland"
            machine.model = "N14 Gen 3"
            machine.serialNumber = serial
            machine.uuid = uuids[hardware]
            machine.macs = macs[hardware]
            return CIRow(machine, hoursAgo: 0)
        }
        func asset(_ index: Int, tag: String, _ fill: (inout AssetRecord) -> Void) -> AssetRow {
            var record = AssetRecord(assetTag: "\(tag)-\(token)-\(index + 1)", manufacturer: "Norrland")
            record.model = "N14 Gen 3"
            record.assetClass = "laptop"
            record.lifecycleRaw = "In use"
            fill(&record)
            var row = AssetRow(key: "day-\(token.lowercased())-\(tag.lowercased())-\(index + 1)", record: record)
            row.owner = "u00\(index)"
            row.site = "ams"
            return row
        }
        laptops = [
            laptop(0, hardware: 0, serial: serials[0]), laptop(1, hardware: 1, serial: serials[1] + "   "),
            laptop(2, hardware: 2, serial: "To be filled by O.E.M."), laptop(3, hardware: 3, serial: serials[3]),
        ]
        assets = [
            asset(0, tag: "DAY") { $0.serialNumber = serials[0] },
            asset(1, tag: "DAY") { $0.serialNumber = serials[1].lowercased() + "\r" },
            asset(2, tag: "DAY") { record in
                record.serialNumber = serials[2]
                record.uuid = Dirt.byteSwapped(uuids[2]).uppercased()
            },
            asset(3, tag: "DAY") { $0.serialNumber = serials[3] },
        ]
        duplicate = asset(0, tag: "IMPORT") { $0.serialNumber = " \(serials[0])" }
        spare = asset(4, tag: "DAY") { record in
            record.serialNumber = serials[4]
            record.lifecycleRaw = "In stock"
        }
        swapped = laptop(3, hardware: 4, serial: serials[4])
    }
}
