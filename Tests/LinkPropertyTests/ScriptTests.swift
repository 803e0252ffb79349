import LinkCore
import LinkTesting
import Testing

/// Scripts as text, and how they are cut down.
@Suite struct ScriptTests {
    @Test(arguments: [UInt64](1...20)) func whatIsWrittenIsReadAgain(seed: UInt64) throws {
        let script = ScriptGenerator.script(seed: seed, size: 20, steps: 60)
        #expect(try Script(text: script.text) == script)
    }

    @Test func oneSeedIsOneScript() {
        #expect(
            ScriptGenerator.script(seed: 7, size: 9, steps: 40) == ScriptGenerator.script(seed: 7, size: 9, steps: 40))
    }

    @Test(arguments: [
        "walk", "write pin c a", "hold x pin cmdb/c itam/a", "batches many", "+ requeue cmdb/c", "limits x=1",
    ])
    func nonsenseIsNoScript(_ line: String) {
        #expect(throws: UnreadableScript.self) { try Script(text: "check\n\(line)\n") }
    }

    /// A failure that needs two of many steps, and one field of a record, is cut down to those.
    @Test func whatDoesNotMatterIsLeftOut() async throws {
        let script = ScriptGenerator.script(seed: 3, size: 20, steps: 60)
        var large = script
        large.steps.insert(
            .write([
                .requeue(RecordKey("cmdb", "x")),
                .upsertAsset(RecordKey("itam", "guilty"), AssetRecord(assetTag: "T", serialNumber: "S")),
            ]), at: script.steps.count / 2)
        large.steps.append(.kill(77))
        var shrinker = Shrinker(within: .seconds(60)) { candidate in
            let records = candidate.steps.flatMap { $0.changes ?? [] }
            let isThere = records.contains { change in
                guard case .upsertAsset(let key, let record) = change else { return false }
                return key.id == "guilty" && record.serialNumber == "S"
            }
            return isThere && candidate.steps.contains(.kill(77))
        }
        let least = try await shrinker.shrink(large)
        let guilty = WorldChange.upsertAsset(RecordKey("itam", "guilty"), AssetRecord(serialNumber: "S"))
        #expect(least.steps == [.write([guilty]), .kill(77)])
        #expect(least.tables.isEmpty && least.live == 5_000)
    }
}
