import LinkCore
import LinkService
import LinkTesting
import SampleFleet
import Testing

/// Thousands of real machines and network parts through a running daemon, against the decision computed from scratch.
@Suite struct RealMachinesTests {
    @Test(.timeLimit(.minutes(10))) func machinesAndNetwork() async throws {
        guard let lines = RealData.lines("machines.ndjson"), let network = RealData.lines("network.ndjson") else {
            return
        }
        let machines = try RealData.machines(lines)
        let parts = try RealData.machines(network)
        #expect(machines.count == 3_728)
        #expect(parts.count == 3_624)
        let bench = try await Bench()
        var configuration = bench.configuration()
        configuration.housekeepingInterval = .seconds(5)
        try await bench.withDaemon(configuration) {
            var tables = try await RealTables(bench.connection)
            // In one transaction: thousands of changes go through the bulk lane.
            let registered = write(machines, from: 1, to: &tables)
            try await tables.commit()
            hang(parents(of: machines), registered, from: 1, &tables)
            try await tables.commit()
            try await bench.quiet(within: .seconds(300))
            try await tables.compare("machines")
            print("machines: \(try await tables.coverage())")
            // A device at a time, as discovery comes by: the live lane.
            let first = Int64(machines.count + 1)
            var partAssets: Set<Int64> = []
            for start in stride(from: 0, to: parts.count, by: 200) {
                let some = Array(parts[start..<min(start + 200, parts.count)])
                partAssets.formUnion(write(some, from: first + Int64(start), to: &tables))
                try await tables.commit()
            }
            hang(NetworkPlace.parents(try NetworkPlace.read(network)), partAssets, from: first, &tables)
            try await tables.commit()
            try await bench.quiet(within: .seconds(300))
            try await tables.compare("machines and network")
            print("machines and network: \(try await tables.coverage())")
        }
    }

    /// CI and asset of a line have one number; returns the numbers that are registered, a seeded 85 % of the hardware.
    private func write(_ machines: [Machine], from first: Int64, to tables: inout RealTables) -> Set<Int64> {
        let register = MachineAssets(seed: 11, percent: 85)
        var assets: [(id: Int64, record: AssetRecord)] = []
        var cis: [(id: Int64, record: CIRecord)] = []
        for (offset, machine) in machines.enumerated() {
            let rows = register.rows(of: machine)
            let id = first + Int64(offset)
            assets += rows.assets.map { (id, $0.record) }
            cis += rows.cis.map { row in
                var record = row.record
                record.parentCIID = nil
                // In the table, a type and a value stand once.
                record.serials = record.serials.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
                return (id, record)
            }
        }
        tables.write(assets)
        tables.write(cis)
        return Set(assets.map(\.id))
    }

    private func hang(
        _ parents: [Int: Int], _ registered: Set<Int64>, from first: Int64, _ tables: inout RealTables
    ) {
        let pairs = parents.map { (first + Int64($0), first + Int64($1)) }
        tables.hang(
            cis: Dictionary(uniqueKeysWithValues: pairs),
            assets: Dictionary(
                uniqueKeysWithValues: pairs.filter { registered.contains($0.0) && registered.contains($0.1) }))
    }

    /// The line that each line names as its parent by serial number or host name, where there is just one such.
    private func parents(of machines: [Machine]) -> [Int: Int] {
        let bySerial = Dictionary(grouping: machines.indices) { machines[$0].serialNumber ?? "" }
        let byName = Dictionary(grouping: machines.indices) { machines[$0].hostname ?? "" }
        var result: [Int: Int] = [:]
        for (line, machine) in machines.enumerated() {
            guard let parent = machine.parent else { continue }
            let found = [
                parent.serialNumber.flatMap { bySerial[$0] } ?? [], parent.hostname.flatMap { byName[$0] } ?? [],
            ]
            result[line] = found.map { $0.filter { $0 != line } }.first { $0.count == 1 }?[0]
        }
        return result
    }
}
