extension FleetGenerator {
    /// How discovery and the register see the devices of a unit.
    mutating func sightings(of devices: [Device]) -> [Sighting] {
        var neighbourSerial: String?
        return devices.map { device in
            let fate = fate(of: device.kind)
            var sighting = Sighting(assets: assets(of: device, fate: fate))
            guard fate.isDiscovered else { return sighting }
            var (machine, quality) = discovered(device)
            // A firmware update script wrote the neighbour's serial over this one's.
            if device.kind == .blade, quality == .usable, let other = neighbourSerial, dice.chance(percent: 1.2) {
                machine.serialNumber = other
            }
            neighbourSerial = device.serial
            sighting.machine = machine
            sighting.quality = quality
            sighting.isSeenTwice = fate == .seenTwice
            sighting.hoursAgo = dice.chance(percent: 4) ? dice.number(61...400) * 24 : dice.number(1...40)
            return sighting
        }
    }

    private mutating func discovered(_ device: Device) -> (Machine, SerialQuality) {
        let quality = serialQuality(of: device.kind)
        var machine = Machine(id: device.key, machineClass: device.kind.rawValue)
        machine.hostname = device.hostname
        machine.manufacturer = dice.chance(percent: 35) ? dice.pick(device.maker.spellings) : device.maker.name
        machine.model = dice.chance(percent: 3) ? device.model + "               " : device.model
        machine.serialNumber = reportedSerial(device, quality)
        machine.boardSerial = device.boardSerial
        machine.chassisSerial = reportedChassis(device, quality)
        machine.assetTag = reportedTag(device)
        machine.uuid = reportedUUID(device)
        machine.macs = reportedMACs(device)
        machine.os = device.os
        if device.kind == .vm { machine.hypervisorHint = "VMware" }
        if let parent = device.parent {
            machine.parent = Machine.Parent(
                relation: parent.relation, id: parent.key, serialNumber: parent.serial, hostname: parent.hostname,
                bay: device.bay)
        }
        return (machine, quality)
    }

    /// Weights per kind that add up to the rates of a real collection.
    private mutating func serialQuality(of kind: DeviceKind) -> SerialQuality {
        let (usable, missing, placeholder) =
            switch kind {
            case .laptop: (83, 9, 8)
            case .desktop: (66, 22, 12)
            case .server, .blade, .storage: (66, 31, 3)
            case .chassis, .printer, .ups: (75, 20, 5)
            case .switch, .stackMember, .module, .firewall, .wireless: (58, 40, 2)
            case .monitor: (60, 28, 12)
            case .vm: (22, 60, 0)
            }
        let virtual = 100 - usable - missing - placeholder
        return dice.weighted([
            (.usable, usable), (.missing, missing), (.placeholder, placeholder), (.virtual, virtual),
        ])
    }

    private mutating func reportedSerial(_ device: Device, _ quality: SerialQuality) -> String? {
        switch quality {
        case .missing: dice.weighted([(nil, 6), ("", 2), (" ", 1), ("                ", 1)])
        case .placeholder: dice.pick(Dirt.placeholderSerials)
        case .virtual: Dirt.vmwareSerial(uuid: device.uuid ?? "")
        case .usable: usableSerial(device)
        }
    }

    private mutating func usableSerial(_ device: Device) -> String {
        // A guest that reports its host's serial; a sled that reports its box's.
        if device.kind == .vm { return device.chassisSerial ?? device.serial }
        if device.bay != nil, device.kind == .server, dice.chance(percent: 40) {
            return device.chassisSerial ?? device.serial
        }
        if device.kind == .server, let part = partNumberOfDelivery() { return part }
        return dice.written(device.serial)
    }

    /// Now and then a delivery comes with the part number burnt in as the serial, a dozen machines alike.
    private mutating func partNumberOfDelivery() -> String? {
        if let delivery = badDelivery, delivery.left > 0 {
            badDelivery = (delivery.partNumber, delivery.left - 1)
            return delivery.partNumber
        }
        guard dice.chance(percent: 0.4) else { return nil }
        let part = dice.fill("#######-@##")
        badDelivery = (part, 11)
        return part
    }

    private mutating func reportedChassis(_ device: Device, _ quality: SerialQuality) -> String? {
        guard device.kind != .vm, let serial = device.chassisSerial else { return nil }
        if quality == .placeholder { return dice.pick(Dirt.placeholderSerials) }
        if quality == .missing && !dice.chance(percent: 12) { return nil }
        return serial
    }

    private mutating func reportedTag(_ device: Device) -> String? {
        guard [.laptop, .desktop, .server, .blade].contains(device.kind) else { return nil }
        return dice.weighted([
            (nil, 50), (device.tag, 24), (device.tag.lowercased(), 4), ("                ", 8),
            (dice.pick(Dirt.placeholderTags), 14),
        ])
    }

    private mutating func reportedUUID(_ device: Device) -> String? {
        guard let uuid = device.uuid, dice.chance(percent: 80) else { return nil }
        if dice.chance(percent: 2) { return dice.pick(Dirt.placeholderUUIDs) }
        let text = dice.chance(percent: 25) ? Dirt.byteSwapped(uuid) : uuid
        return dice.chance(percent: 50) ? text.uppercased() : text
    }

    private mutating func reportedMACs(_ device: Device) -> [String] {
        var macs = device.macs.map { dice.written(mac: $0) }
        if macs.count > 1, dice.chance(percent: 4) { macs.removeLast() }
        if device.kind == .server, dice.chance(percent: 6) { macs.append(dice.oddAddress()) }
        return macs
    }
}
