import LinkCore

/// Makes up a register for machines that come without one.
package struct MachineAssets: Sendable {
    /// The share of the hardware that is registered, in percent.
    package let percent: Double
    private let seed: UInt64

    package init(seed: UInt64, percent: Double = 85) {
        self.seed = seed
        self.percent = percent
    }

    /// The CI of a machine, and for most hardware the asset that somebody bought once.
    package func rows(of machine: Machine) -> FleetRows {
        var dice = SplitMix64(seed: seed, salt: machine.id)
        var rows = FleetRows()
        let ci = CIRow(machine, hoursAgo: dice.number(1...40))
        rows.cis = [ci]
        guard ClassNames.isHardware(ciClass: ci.record.ciClass), dice.chance(percent: percent) else { return rows }
        rows.assets = [asset(of: machine, ci: ci.record, dice: &dice)]
        return rows
    }

    private func asset(of machine: Machine, ci: CIRecord, dice: inout SplitMix64) -> AssetRow {
        var record = AssetRecord()
        record.assetTag = "REG-" + dice.fill("##########")
        // A register is typed from the sticker: no padding; a field left empty by discovery was readable there.
        let serial = ci.serialNumber?.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        record.serialNumber = serial.flatMap { $0.isEmpty ? nil : $0 } ?? "STK" + dice.fill("********")
        if dice.chance(percent: 45) { record.uuid = ci.uuid }
        if dice.chance(percent: 40) { record.macAddresses = ci.macAddresses }
        record.name = ci.name
        record.manufacturer = ci.manufacturer
        record.model = ci.model
        record.assetClass = machine.machineClass
        record.position = ci.position
        record.lifecycleRaw = dice.weighted([
            ("In use", 92), ("In stock", 2), ("In maintenance", 2), ("Missing", 1), ("Retired", 3),
        ])
        var row = AssetRow(key: "r-" + machine.id, record: record)
        row.site = "unknown"
        row.purchasedDaysAgo = dice.number(20...2_200)
        return row
    }
}
