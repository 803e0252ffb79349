import LinkCore

/// What became of a thing between purchase and discovery.
enum Fate: Sendable {
    /// Registered, in use, discovered: what the links are for.
    case paired
    /// Discovered, but nobody registered it.
    case unregistered
    /// Registered as gone, still discovered.
    case ghost
    case missing, inMaintenance
    /// The register has it twice.
    case importedTwice
    /// Two discovery tools, two CIs.
    case seenTwice
    /// Registered, never discovered: in stock, on order, gone, or just unseen.
    case inStock, onOrder, retired, unseen

    var isDiscovered: Bool {
        switch self {
        case .paired, .unregistered, .ghost, .missing, .inMaintenance, .importedTwice, .seenTwice: true
        case .inStock, .onOrder, .retired, .unseen: false
        }
    }
}

extension FleetGenerator {
    mutating func fate(of kind: DeviceKind) -> Fate {
        switch kind {
        case .vm: return dice.chance(percent: 1) ? .paired : .unregistered
        case .module, .stackMember: return dice.chance(percent: 70) ? .paired : .unregistered
        case .chassis, .switch: return dice.chance(percent: 95) ? .paired : .unregistered
        case .laptop, .desktop, .server, .blade, .printer, .monitor, .firewall, .wireless, .ups, .storage:
            return dice.weighted([
                (.paired, 80_0), (.unregistered, 5_0), (.ghost, 1_2), (.missing, 6), (.inMaintenance, 1_0),
                (.importedTwice, 7), (.seenTwice, 5), (.inStock, 5_0), (.onOrder, 8), (.retired, 3_5), (.unseen, 1_7),
            ])
        }
    }

    /// The register's rows for a device: none, one, or by accident two.
    mutating func assets(of device: Device, fate: Fate) -> [AssetRow] {
        guard fate != .unregistered else { return [] }
        var asset = asset(of: device)
        (asset.record.lifecycleRaw, asset.substate) = state(fate)
        guard fate == .importedTwice else { return [asset] }
        var again = asset
        again.key += "-import"
        again.record.assetTag = dice.chance(percent: 50) ? nil : device.tag
        again.record.serialNumber = device.serial.lowercased()
        return [asset, again]
    }

    private mutating func asset(of device: Device) -> AssetRow {
        var record = AssetRecord()
        record.assetTag = device.tag
        record.serialNumber = dice.chance(percent: 97) ? dice.typed(device.serial) : nil
        // From the supplier's shipping notice, where there was one.
        if dice.chance(percent: 45) { record.uuid = device.uuid }
        if dice.chance(percent: 40) { record.macAddresses = device.macs }
        if let board = device.boardSerial, dice.chance(percent: 5) { record.otherSerials = [board] }
        record.name = device.hostname
        record.manufacturer = device.maker.name
        record.model = device.model
        record.assetClass = device.kind.rawValue
        record.position = device.bay
        record.parentAssetID = device.kind == .vm ? nil : device.parent?.key
        var row = AssetRow(key: device.key, record: record)
        row.site = device.site
        row.owner = [.laptop, .desktop, .monitor].contains(device.kind) ? dice.fill("u#####") : "infrastructure"
        row.purchasedDaysAgo = dice.number(20...2_200)
        row.warrantyDays = dice.pick([1_095, 1_095, 1_460, 1_825])
        return row
    }

    /// A raw state and its second half, as registers word them.
    private mutating func state(_ fate: Fate) -> (String, String?) {
        switch fate {
        case .paired, .importedTwice, .seenTwice, .unseen, .unregistered:
            dice.weighted([(("In use", nil), 97), (("Deployed", nil), 2), (("On loan to partner", nil), 1)])
        case .ghost, .retired:
            dice.weighted([(("Retired", "Disposed"), 3), (("Retired", nil), 2), (("Retired", "Sold"), 1)])
        case .missing: ("Missing", dice.chance(percent: 50) ? "Stolen" : "Lost")
        case .inMaintenance: ("In maintenance", nil)
        case .inStock: dice.weighted([(("In stock", "Available"), 4), (("In stock", nil), 1)])
        case .onOrder: ("On order", nil)
        }
    }
}
