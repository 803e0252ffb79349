import LinkCore

/// Records that describe one of the machines, well or badly. Machine `n` sits in machine `n / 4`, at position `n % 4`.
extension WorldGenerator {
    mutating func assetKey() -> RecordKey {
        RecordKey(features.contains(.sources) && random.percent(30) ? "lab" : "itam", "a" + machineID())
    }

    mutating func ciKey() -> RecordKey {
        RecordKey(features.contains(.sources) && random.percent(30) ? "edge" : "cmdb", "c" + machineID())
    }

    /// Its machine's number, with a suffix where a machine has two records in a source.
    private mutating func machineID() -> String {
        let number = random.below(machines)
        return random.percent(15) ? "\(number)x\(random.below(3))" : "\(number)"
    }

    mutating func asset(_ key: RecordKey) -> AssetRecord {
        let machine = machine(of: key)
        var record = AssetRecord()
        record.serialNumber = value(machine, blank: 20) { $0.serial($1) }
        if random.percent(25) { record.otherSerials = list(machine) { $0.serial($1) } }
        record.uuid = value(machine, blank: 40) { $0.uuid($1) }
        record.assetTag = value(machine, blank: 50) { $0.assetTag($1) }
        if random.percent(50) { record.macAddresses = list(machine) { $0.mac($1) } }
        record.name = value(machine, blank: 30) { $0.name($1) }
        record.manufacturer = manufacturer()
        record.cloudResourceID = value(machine, blank: 60) { _, machine in "i-\(machine)" }
        record.isComposite = features.contains(.composites) && random.percent(6)
        if features.contains(.parents) { record.parentAssetID = parent(machine, letter: "a") }
        if features.contains(.dependent) { record.position = value(machine, blank: 12) { _, it in "\(it % 4)" } }
        if random.percent(30) { record.attributes["rack"] = "R\(machine)" }
        // Made of the rest, so that they cost no draw: a seed keeps its world.
        record.assetClass = ["Server", "switch", "BLADE", nil][machine % 4]
        record.lists["ports"] = ports(record.macAddresses, machine)
        if features.contains(.lifecycle), random.percent(30) {
            record.lifecycleRaw = random.pick([
                "in_stock", " Retired ", "disposed", "missing", "archived", "In stock/Pending disposal", "borrowed", "",
                "planned", "In_Maintenance",
            ])
        }
        return record
    }

    mutating func ci(_ key: RecordKey) -> CIRecord {
        let machine = machine(of: key)
        var record = CIRecord(ciClass: ciClass(machine))
        // What a part is known by is where it sits; the rest would hide its dependent entries.
        let isPart = ["stack_member", "module", "card"].contains(record.ciClass)
        record.serialNumber = value(machine, blank: isPart ? 60 : 25) { $0.serial($1) }
        if random.percent(40) {
            let types = ["system", "bios", " Chassis", "board", "standard"]
            record.serials = list(machine) { $0.serial($1) }.map { TypedSerial(type: random.pick(types), value: $0) }
        }
        record.uuid = value(machine, blank: 40) { $0.uuid($1) }
        record.assetTag = value(machine, blank: isPart ? 75 : 50) { $0.assetTag($1) }
        if random.percent(isPart ? 75 : 50) { record.macAddresses = list(machine) { $0.mac($1) } }
        record.name = value(machine, blank: 20) { $0.name($1) }
        record.manufacturer = manufacturer()
        if record.ciClass == "strict_server", random.percent(70) { record.manufacturer = "dell" }
        if record.ciClass == "appliance", random.percent(30) { record.name = "AT-\(machine)" }
        record.cloudResourceID = value(machine, blank: record.ciClass == "cloud_instance" ? 10 : 70) { _, machine in
            "i-\(machine)"
        }
        if features.contains(.parents) { record.parentCIID = parent(machine, letter: "c") }
        if features.contains(.dependent) { record.position = value(machine, blank: 20) { _, it in "\(it % 4)" } }
        if random.percent(30) { record.attributes["rack"] = "R\(machine)" }
        record.lists["ports"] = ports(record.macAddresses, machine)
        if features.contains(.lifecycle), random.percent(12) {
            record.lifecycleRaw = random.pick(["operational", "RETIRED", "decommissioned", "on loan"])
        }
        return record
    }

    /// One field of a known record anew, now and then all of them.
    mutating func changed(_ key: RecordKey, _ world: World) -> AssetRecord {
        let fresh = asset(key)
        guard var record = world.assets[key]?.record, random.percent(80) else { return fresh }
        switch random.below(11) {
        case 0, 1: record.serialNumber = fresh.serialNumber
        case 2: record.otherSerials = fresh.otherSerials
        case 3: record.uuid = fresh.uuid
        case 4: record.assetTag = fresh.assetTag
        case 5: (record.macAddresses, record.lists) = (fresh.macAddresses, fresh.lists)
        case 6: record.name = fresh.name
        case 7: record.lifecycleRaw = fresh.lifecycleRaw
        case 8: record.parentAssetID = fresh.parentAssetID
        case 9: record.position = fresh.position
        default: record.isComposite = fresh.isComposite
        }
        return record
    }

    mutating func changed(_ key: RecordKey, _ world: World) -> CIRecord {
        let fresh = ci(key)
        guard var record = world.cis[key]?.record, random.percent(80) else { return fresh }
        switch random.below(11) {
        case 0, 1: record.serialNumber = fresh.serialNumber
        case 2: record.serials = fresh.serials
        case 3: record.uuid = fresh.uuid
        case 4: record.assetTag = fresh.assetTag
        case 5: (record.macAddresses, record.lists) = (fresh.macAddresses, fresh.lists)
        case 6: record.name = fresh.name
        case 7: record.lifecycleRaw = fresh.lifecycleRaw
        case 8: record.parentCIID = fresh.parentCIID
        case 9: record.position = fresh.position
        default: record.ciClass = fresh.ciClass
        }
        return record
    }

    private mutating func ciClass(_ machine: Int) -> String? {
        if features.contains(.dependent), random.percent(50) {
            return hasParts(machine)
                ? random.pick(["chassis", "switch"]) : random.pick(["stack_member", "module", "card", "card"])
        }
        var classes = [
            "server", "linux_server", "switch", "blade_server", "chassis", "router", "ups", "cloud_instance",
        ]
        if features.contains(.dependent) { classes += ["module", "card"] }
        if features.contains(.entryTypes) { classes += ["appliance", "shelf", "strict_server", "strict_server"] }
        if features.contains(.excluded) {
            classes += ["virtual_machine", "container", "toaster"]
            if random.percent(4) { return nil }
        }
        let picked = random.pick(classes)
        guard features.contains(.entryTypes), machine % 2 == 1 else { return picked }
        switch picked {
        case "appliance", "ups", "switch": return "array"
        case "strict_server", "shelf", "router", "linux_server": return "brand_server"
        default: return picked
        }
    }

    /// Ports of storage: a list in `attributes`, typed by what stands in them.
    private func ports(_ macs: [String], _ machine: Int) -> [TypedValue]? {
        guard features.contains(.entryTypes), !macs.isEmpty else { return nil }
        let types = ["fc", " FC", "iscsi", "sas"]
        return macs.enumerated().map { TypedValue(type: types[($0 + machine) % types.count], value: $1) }
    }

    private func machine(of key: RecordKey) -> Int {
        Int(key.id.dropFirst().prefix { $0 != "x" }) ?? 0
    }
}
