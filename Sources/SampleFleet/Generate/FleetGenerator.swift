/// A fleet that never was, one unit at a time.
///
/// The same seed gives the same fleet, and a larger fleet begins with the smaller.
///
/// A unit is what belongs together: a laptop with its monitor, a chassis with its blades, a host with its virtual
/// machines, a stack with its members and modules. The dirt comes at the rates of real inventories: a serial number is
/// usable on about 66 % of the machines, missing on 27 %, a placeholder on 6 % and a virtual one on 1.5 %.
package struct FleetGenerator: Sequence, IteratorProtocol, Sendable {
    /// Machines that discovery finds; assets that it never sees come on top.
    package let machines: Int
    var dice: SplitMix64
    /// The next device's number; assets that are never discovered have numbers too.
    var nextNumber = 1
    private var found = 0
    /// A delivery whose serial field holds the part number: what it is, and how many of it are still to come.
    var badDelivery: (partNumber: String, left: Int)?

    package init(machines: Int, seed: UInt64) {
        self.machines = machines
        dice = SplitMix64(seed: seed)
    }

    /// The next unit; nil when the fleet is complete.
    package mutating func next() -> FleetUnit? {
        guard found < machines else { return nil }
        var unit = FleetUnit(sightings: sightings(of: nextDevices()))
        let discovered = unit.sightings.count { $0.machine != nil }
        if found + discovered > machines { unit.keep(discovered: machines - found) }
        found += Swift.min(discovered, machines - found)
        return unit
    }

    private mutating func nextDevices() -> [Device] {
        typealias Make = (inout FleetGenerator) -> [Device]
        let make: Make = dice.weighted([
            ({ $0.deskDevices(.laptop) }, 200), ({ $0.deskDevices(.desktop) }, 150), ({ $0.standaloneServers() }, 80),
            ({ $0.hypervisor() }, 22), ({ $0.bladeChassis() }, 8), ({ $0.fourSleds() }, 6), ({ $0.switchStack() }, 30),
            ({ $0.single(.printer, Makers.printers) }, 30), ({ $0.single(.ups, Makers.power) }, 6),
            ({ $0.single(.firewall, Makers.switches) }, 4), ({ $0.single(.wireless, Makers.switches) }, 18),
            ({ $0.single(.storage, Makers.servers) }, 4),
        ])
        return make(&self)
    }
}

/// What belongs together, as both sides see it.
package struct FleetUnit: Hashable, Sendable {
    package var sightings: [Sighting]

    /// The machines as discovery found them.
    package var machines: [Machine] { sightings.compactMap(\.machine) }

    /// The quality of each discovered serial number, beside `machines`.
    package var qualities: [SerialQuality] { sightings.filter { $0.machine != nil }.map(\.quality) }

    /// What the unit puts into the two databases.
    package var rows: FleetRows {
        var rows = FleetRows()
        for sighting in sightings {
            rows.assets += sighting.assets
            if let machine = sighting.machine {
                rows.cis += CIRow.rows(of: machine, hoursAgo: sighting.hoursAgo, seenTwice: sighting.isSeenTwice)
            }
        }
        return rows
    }

    /// Cuts the unit off after so many discovered machines.
    mutating func keep(discovered: Int) {
        var left = discovered
        sightings = sightings.filter { sighting in
            guard sighting.machine != nil else { return true }
            left -= 1
            return left >= 0
        }
    }
}

/// One thing: how discovery saw it, if it did, and what the register holds of it.
package struct Sighting: Hashable, Sendable {
    package var machine: Machine?
    package var quality = SerialQuality.usable
    package var assets: [AssetRow] = []
    package var hoursAgo = 1
    /// Two discoveries that did not recognise each other's record.
    package var isSeenTwice = false
}

/// What a discovered serial number is worth.
package enum SerialQuality: String, CaseIterable, Hashable, Sendable {
    case usable, missing, placeholder, virtual
}
