import ArgumentParser
import LinkCore
import Postgres
import SampleFleet

/// `fleet discover-local`: the machine that this runs on, as one more CI.
struct FleetDiscoverLocal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discover-local",
        abstract: "Put the machine that this runs on into cmdb.*, as a discovery agent would.",
        discussion: """
            Reads DMI and network adapters from /sys, as far as it may: serial numbers are root's to read, and a \
            container has little to show. A virtual machine is a CI that never claims hardware.

            Example: assetlinkctl fleet discover-local
            """)

    @OptionGroup var target: FleetDatabase

    func run() async throws {
        let machine = LocalMachine.discover()
        let row = CIRow(machine, hoursAgo: 0)
        var rows = FleetRows()
        rows.cis = [row]
        let found = rows
        try await target.withConnection { connection in
            var loader = FleetLoader(connection)
            try await loader.add(found)
            _ = try await loader.finish()
        }
        let facts: [(String, String?)] = [
            ("ci", row.key), ("class", row.record.ciClass), ("name", machine.hostname),
            ("virtual because of", machine.hypervisorHint), ("maker", machine.manufacturer), ("model", machine.model),
            ("serial", machine.serialNumber), ("uuid", machine.uuid), ("os", machine.os),
            ("adapters", machine.macs.isEmpty ? nil : machine.macs.joined(separator: ", ")),
        ]
        for (name, value) in facts {
            if let value, !value.isEmpty { print("    \(name): \(value)") }
        }
    }
}
