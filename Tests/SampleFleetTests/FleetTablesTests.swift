import LinkCore
import LinkTesting
import Postgres
import SampleFleet
import Testing

@testable import LinkCommands

/// Fleets in the reference schemas, as `assetlinkctl fleet` writes them.
@Suite struct FleetTablesTests {
    private func counts(_ connection: PostgresConnection) async throws -> [Int64] {
        let rows = try await connection.query(
            """
            SELECT count(*) FROM itam.asset UNION ALL SELECT count(*) FROM cmdb.ci
            UNION ALL SELECT count(*) FROM cmdb.ci_serial_number
            UNION ALL SELECT count(*) FROM cmdb.ci_network_adapter
            UNION ALL SELECT count(*) FROM cmdb.ci_relationship
            UNION ALL SELECT count(*) FROM itam.asset WHERE parent_asset_id IS NOT NULL
            """)
        return try rows.map { try $0.int8(0) }
    }

    @Test func aFleetMayBeLoadedTwice() async throws {
        let connection = try await migratedConnection()
        var loaded: [[Int64]] = []
        for _ in 1...2 {
            var loader = FleetLoader(connection)
            for unit in FleetGenerator(machines: 400, seed: 9) { try await loader.add(unit.rows) }
            let (assets, cis) = try await loader.finish()
            loaded.append(try await counts(connection))
            #expect(loaded.last?.prefix(2) == [Int64(assets), Int64(cis)])
        }
        #expect(loaded[0] == loaded[1])
        #expect(loaded[0].allSatisfy { $0 > 0 })
    }

    @Test func rawValuesArriveAsTheyAre() async throws {
        let connection = try await migratedConnection()
        var machine = Machine(id: "x", machineClass: "server")
        machine.serialNumber = " a\"b\\c\r"
        machine.macs = ["00:11", ""]
        var record = AssetRecord(serialNumber: "s")
        record.macAddresses = ["a\"b", "c\\d", "", "NULL", "{x,y}"]
        let tables = FleetTables(connection: connection)
        try await tables.upsert(cis: [CIRow(machine, hoursAgo: 1)])
        try await tables.upsert(assets: [AssetRow(key: "y", record: record)])
        let row = try #require(
            try await connection.query(
                """
                SELECT c.serial_number, (SELECT string_agg(n.mac, '|' ORDER BY n.name) FROM cmdb.ci_network_adapter n),
                    array_to_string(a.mac_addresses, '|')
                FROM cmdb.ci c, itam.asset a
                """
            ).first)
        #expect(try row.text(0) == " a\"b\\c\r")
        #expect(try row.text(1) == "00:11|")
        #expect(try row.text(2) == "a\"b|c\\d||NULL|{x,y}")
    }

    @Test func parentsThatAFileNamesAreFoundWhenAllIsIn() async throws {
        let connection = try await migratedConnection()
        var stack = Machine(id: "stack", machineClass: "switch")
        stack.serialNumber = "CHASSIS1"
        var module = Machine(id: "module", machineClass: "module")
        module.serialNumber = "PART1"
        module.parent = Machine.Parent(serialNumber: "CHASSIS1", bay: "3")
        let register = MachineAssets(seed: 1, percent: 100)
        var loader = FleetLoader(connection)
        // The child comes first.
        for machine in [module, stack] { try await loader.add(register.rows(of: machine)) }
        try await loader.linkNamedParents()
        _ = try await loader.finish()
        #expect(try await counts(connection) == [2, 2, 2, 0, 1, 1])
    }

    @Test func discoveryForgetsWhatIsNoLongerThere() async throws {
        let connection = try await migratedConnection()
        let tables = FleetTables(connection: connection)
        var machine = Machine(id: "x", machineClass: "server")
        machine.serialNumber = "A"
        machine.macs = ["00:11:22:33:44:55", "00:11:22:33:44:56"]
        let id = try await tables.insert(cis: [CIRow(machine, hoursAgo: 1)])[0]
        machine.serialNumber = nil
        machine.macs.removeFirst()
        try await tables.rediscover(CIRow(machine, hoursAgo: 0), as: id)
        #expect(try await counts(connection) == [0, 1, 0, 1, 0, 0])
    }

    @Test func aMonthOfHistoryIsOneTransaction() async throws {
        let connection = try await migratedConnection()
        let tables = FleetTables(connection: connection)
        let line = #"{"machine_id": "n", "observations": [{"from": "2010-01", "to": "2010-02", "serial_number": "S"}]}"#
        let later = #"{"machine_id": "m", "observations": [{"from": "2010-01", "to": "2010-12"}]}"#
        let nodes = try [line, later].compactMap { try HistoryNode.parse(Array($0.utf8), line: 1) }
        var seen: [[Int64]] = []
        for month in HistoryPlayer(nodes) {
            try await tables.apply(month)
            seen.append(Array(try await counts(connection).prefix(2)))
        }
        #expect(seen == [[1, 2], [1, 1], [1, 1]])
        let state = try await connection.query("SELECT state FROM itam.asset").first?.text(0)
        #expect(state == "Retired")
    }
}
