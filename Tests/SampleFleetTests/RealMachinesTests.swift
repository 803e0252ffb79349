import FoundationEssentials
import LinkCore
import SampleFleet
import Testing

/// Real machines, where the folder of them stands beside the repository; never part of it.
@Suite struct RealMachinesTests {
    static func path(_ name: String) -> String { FileManager.default.currentDirectoryPath + "/../shared/data/" + name }
    static func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    @Test(arguments: [("machines.ndjson", 3_728), ("network.ndjson", 3_624)])
    func everyLineIsAMachine(name: String, expected: Int) throws {
        guard Self.isThere(name) else { return print("skipped: ../shared/data/\(name) is not there") }
        let data = try #require(FileManager.default.contents(atPath: Self.path(name)))
        let register = MachineAssets(seed: 1)
        var ids: Set<String> = [], assets = 0
        for (number, line) in data.split(separator: UInt8(ascii: "\n")).enumerated() {
            let machine = try #require(try Machine.parse(Array(line), line: number + 1))
            let rows = register.rows(of: machine)
            #expect(rows.cis.count == 1)
            ids.insert(rows.cis[0].key)
            assets += rows.assets.count
        }
        #expect(ids.count == expected)
        #expect(assets > expected / 2)
    }
}
