extension FleetGenerator {
    /// A laptop or a desktop, often with a monitor.
    mutating func deskDevices(_ kind: DeviceKind) -> [Device] {
        let machine = device(kind, dice.pick(kind == .laptop ? Makers.laptops : Makers.desktops), macs: 1...2)
        guard dice.chance(percent: 15) else { return [machine] }
        return [machine, device(.monitor, dice.pick(Makers.monitors), macs: 0...0)]
    }

    /// One thing by itself.
    mutating func single(_ kind: DeviceKind, _ makers: [Maker]) -> [Device] {
        [device(kind, dice.pick(makers), macs: 1...2)]
    }

    /// A few servers of one delivery.
    mutating func standaloneServers() -> [Device] {
        let maker = dice.pick(Makers.servers)
        return (0..<dice.number(1...4)).map { _ in
            var server = device(.server, maker, macs: 2...6)
            server.os = dice.weighted([("Debian GNU/Linux 12", 5), ("Ubuntu 24.04 LTS", 4), ("Windows Server 2022", 3)])
            return server
        }
    }

    /// A host and its virtual machines.
    mutating func hypervisor() -> [Device] {
        var host = device(.server, dice.pick(Makers.servers), macs: 4...6)
        host.os = dice.weighted([("ESXi 8.0", 3), ("Debian GNU/Linux 12", 2)])
        let guests = (0..<dice.number(2...6)).map { _ in
            var guest = device(.vm, host.maker, macs: 1...2)
            guest.parent = ("hosted-on", host.key, host.serial, host.hostname)
            guest.chassisSerial = host.serial
            guest.os = dice.pick(["Debian GNU/Linux 12", "Ubuntu 24.04 LTS", "Windows Server 2022"])
            return guest
        }
        return [host] + guests
    }

    /// A chassis and its blades, each of which knows the chassis' tag.
    mutating func bladeChassis() -> [Device] {
        let maker = dice.pick(Makers.blades)
        let chassis = device(.chassis, maker, macs: 1...1)
        let blades = (1...dice.number(6...16)).map { bay in
            var blade = device(.blade, maker, macs: 2...4)
            blade.parent = ("in-chassis", chassis.key, chassis.serial, chassis.hostname)
            blade.chassisSerial = chassis.serial
            blade.bay = String(bay)
            blade.os = "Debian GNU/Linux 12"
            return blade
        }
        return [chassis] + blades
    }

    /// Four servers in one box; some show the box's tag as their own.
    mutating func fourSleds() -> [Device] {
        let maker = Makers.servers[0]
        let box = dice.fill(maker.serial)
        return (1...4).map { bay in
            var sled = device(.server, maker, macs: 2...2)
            sled.chassisSerial = box
            sled.bay = String(bay)
            sled.os = "Rocky Linux 9"
            return sled
        }
    }

    /// Switches that act as one, with the modules in them.
    mutating func switchStack() -> [Device] {
        let maker = dice.pick(Makers.switches)
        let stack = device(.switch, maker, macs: 1...2)
        guard dice.chance(percent: 45) else { return [stack] }
        var all = [stack]
        for position in 1...dice.number(2...4) {
            var member = device(.stackMember, maker, macs: 0...1)
            member.parent = ("member-of", stack.key, stack.serial, stack.hostname)
            member.bay = String(position)
            all.append(member)
            for slot in 0..<dice.number(0...2) {
                var module = device(.module, maker, macs: 0...0)
                module.parent = ("module-of", member.key, member.serial, nil)
                module.bay = "\(position)/\(slot + 1)"
                all.append(module)
            }
        }
        return all
    }

    /// Makes one thing, with everything that is stamped on it.
    mutating func device(_ kind: DeviceKind, _ maker: Maker, macs: ClosedRange<Int>) -> Device {
        defer { nextNumber += 1 }
        let serial = dice.fill(maker.serial)
        let hasBoard = [.laptop, .desktop, .server, .blade].contains(kind) && !maker.boardSerial.isEmpty
        let hasUUID = hasBoard || kind == .vm || kind == .server
        let site = dice.pick(["ams", "lyo", "osl", "prg", "tal"])
        return Device(
            number: nextNumber, kind: kind, maker: maker, model: dice.pick(maker.models), serial: serial,
            boardSerial: hasBoard ? dice.fill(maker.boardSerial) : nil,
            chassisSerial: hasBoard && kind != .blade ? serial : nil,
            uuid: hasUUID ? dice.uuid(of: maker, serial: kind == .vm ? dice.fill("*******") : serial) : nil,
            macs: dice.macs(of: maker, count: dice.number(macs)), tag: "AT-\(padded(100_000 + nextNumber, 6))",
            hostname: hostname(kind, site: site), site: site)
    }

    private func hostname(_ kind: DeviceKind, site: String) -> String? {
        let prefix: String? =
            switch kind {
            case .laptop: "lt"
            case .desktop: "ws"
            case .server, .blade: "srv"
            case .vm: "vm"
            case .chassis: "cmc"
            case .switch: "sw"
            case .printer: "prn"
            case .firewall: "fw"
            case .wireless: "ap"
            case .ups: "ups"
            case .storage: "stor"
            case .stackMember, .module, .monitor: nil
            }
        return prefix.map { "\($0)-\(site)-\(padded(nextNumber, 5))" }
    }
}
