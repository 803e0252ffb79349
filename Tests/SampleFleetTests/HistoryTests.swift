import FoundationEssentials
import LinkCore
import SampleFleet
import Testing

@Suite struct HistoryTests {
    private func node(_ id: String, _ observations: [(String, String, String?)]) throws -> HistoryNode {
        let list = observations.map { from, to, serial in
            #"{"from": "\#(from)-01", "to": "\#(to)-01", "serial_number": \#(serial.map { "\"\($0)\"" } ?? "null")}"#
        }
        let line = #"{"machine_id": "\#(id)", "uid": "n-1", "observations": [\#(list.joined(separator: ","))]}"#
        return try #require(try HistoryNode.parse(Array(line.utf8), line: 1))
    }

    @Test(arguments: [("1970-01", 0), ("1970-02", 31), ("2000-03", 11_017), ("2024-03", 19_783), ("2026-12", 20_788)])
    func monthsStartOnTheirFirstDay(text: String, days: Int64) {
        #expect(Month(text)?.start == days * 86_400_000_000)
        #expect(Month(text)?.description == text)
    }

    @Test(arguments: ["", "2011", "2011-13", "2011-00-01", "x-y"])
    func noMonths(text: String) {
        #expect(Month(text) == nil)
    }

    @Test func aNodeComesChangesItsSerialAndGoes() throws {
        let history = [
            try node("a", [("2010-01", "2010-03", "S1"), ("2010-04", "2010-05", "S2")]),
            try node("z", [("2010-01", "2010-12", nil)]),
        ]
        let steps = Array(HistoryPlayer(history, retireAfter: 2))
        #expect(steps.map(\.month.description) == ["2010-01", "2010-04", "2010-06", "2010-08"])
        #expect(steps[0].changedCIs.map(\.record.serialNumber) == ["S1", nil])
        #expect(steps[0].changedAssets.map(\.key) == ["serial-S1"])
        #expect(steps[1].changedCIs.map(\.record.serialNumber) == ["S2"])
        #expect(steps[1].changedAssets.map(\.key) == ["serial-S2"])
        #expect(steps[2].deletedCIs == ["a"])
        #expect(steps[2].changedAssets.map(\.record.lifecycleRaw) == ["Retired"])
        #expect(steps[3].changedAssets.map(\.key) == ["serial-S2"])
    }

    @Test func anAssetComesBackIntoUse() throws {
        let history = [
            try node("a", [("2010-01", "2010-01", "S1")]), try node("b", [("2011-01", "2011-01", "s1")]),
            try node("z", [("2010-01", "2011-12", nil)]),
        ]
        let states = HistoryPlayer(history).flatMap(\.changedAssets).map(\.record.lifecycleRaw)
        #expect(states == ["In use", "Retired", "In use", "Retired"])
    }

    @Test(arguments: [
        (#"{"machine_id": "a", "observations": [{"from": "2010-01-01"}]}"#, "lacks its from or to"),
        (#"{"observations": []}"#, "machine_id is missing"), (#"{"machine_id": "a"}"#, "no history"),
        ("[]", "no history"),
    ])
    func badLinesAreNamed(line: String, reason: String) {
        let error = #expect(throws: MachineLineError.self) { try HistoryNode.parse(Array(line.utf8), line: 4) }
        #expect(error?.line == 4)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test func realHistoryIsPlayedWhole() throws {
        let path = RealMachinesTests.path("identity_history.ndjson")
        guard let data = FileManager.default.contents(atPath: path) else {
            return print("skipped: ../shared/data/identity_history.ndjson is not there")
        }
        let nodes = try data.split(separator: UInt8(ascii: "\n")).enumerated().compactMap { number, line in
            try HistoryNode.parse(Array(line), line: number + 1)
        }
        #expect(nodes.count == 2_943)
        var present: Set<String> = [], assets: Set<String> = [], months = 0
        for step in HistoryPlayer(nodes) {
            months += 1
            present.formUnion(step.changedCIs.map(\.key))
            #expect(present.isSuperset(of: step.deletedCIs))
            present.subtract(step.deletedCIs)
            assets.formUnion(step.changedAssets.map(\.key))
        }
        #expect(months > 150)
        #expect(present.count == 889)
        #expect(assets.count > 1_000)
    }
}
