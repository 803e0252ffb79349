import LinkStore
import LinkTesting
import Postgres
import Synchronization
import Testing

/// Engine.md points 2, 3 and 4: nothing is lost, nothing is done twice, whoever commits when.
@Suite struct EngineOrderingTests {
    private static func pair(_ id: Int) -> String {
        """
        INSERT INTO itam.asset (asset_id, serial_number) VALUES (\(id), 'S\(id)');
        INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (\(id), 'server', 's\(id)');
        """
    }

    private func once(_ bench: EngineBench) async throws {
        #expect(
            try await bench.rows(
                """
                SELECT link_id::text FROM assetlink_internal.audit WHERE action = 'link'
                GROUP BY link_id HAVING count(*) > 1
                UNION ALL SELECT ci_id FROM assetlink.link GROUP BY ci_id HAVING count(*) > 1
                """) == [])
        try await bench.check()
        try await bench.compare()
    }

    @Test func whoTakesItsNumberFirstMayCommitLast() async throws {
        let bench = try await EngineBench()
        let slow = try await secondSession(bench.connection)
        try await slow.script("BEGIN; \(Self.pair(1))")
        try await bench.run(Self.pair(2))
        try await bench.drain()
        #expect(try await bench.rows("SELECT ci_id FROM assetlink.link") == ["2"])
        // Its numbers are below the cursor's in every order but the snapshot's.
        #expect(try await bench.drain().isEmpty)
        try await slow.script("COMMIT")
        try await bench.drain()
        #expect(try await bench.rows("SELECT ci_id FROM assetlink.link ORDER BY 1") == ["1", "2"])
        #expect(try await bench.drain().isEmpty)
        try await once(bench)
    }

    /// Twelve writers in random interleaving, with batches in between: held-open transactions, rollbacks, savepoints.
    @Test(arguments: [UInt64](1...3)) func writersInterleave(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let bench = try await EngineBench("interleave_\(seed)") { $0.live = seed == 2 ? 3 : 5_000 }
        var writers: [PostgresConnection] = []
        for _ in 0..<12 { writers.append(try await secondSession(bench.connection)) }
        var open = Array(repeating: false, count: writers.count)
        var next = 0
        for _ in 0..<240 {
            let index = random.below(writers.count)
            let writer = writers[index]
            next += 1
            switch (open[index], random.below(10)) {
            case (false, _):
                try await writer.script("BEGIN; \(Self.pair(next))")
                open[index] = true
            case (true, 0...2): try await writer.script(Self.pair(next))
            case (true, 3): try await writer.script("SAVEPOINT s; \(Self.pair(next)) ROLLBACK TO s")
            case (true, 4): try await writer.script("SAVEPOINT s; \(Self.pair(next)) RELEASE s")
            case (true, 5):
                try await writer.script("ROLLBACK")
                open[index] = false
            default:
                try await writer.script("COMMIT")
                open[index] = false
            }
            if random.below(3) == 0 { _ = try await bench.engine.run() }
        }
        for (index, writer) in writers.enumerated() {
            if open[index] { try await writer.script(random.below(2) == 0 ? "COMMIT" : "ROLLBACK") }
            await writer.close()
        }
        try await bench.drain()
        let pairs = try await bench.value("SELECT count(*) FROM cmdb.ci") ?? ""
        #expect(try await bench.value("SELECT count(*) FROM assetlink.ci_state WHERE state = 'linked'") == pairs)
        try await once(bench)
    }

    @Test func anOlderEpochLosesTheLease() async throws {
        let bench = try await EngineBench()
        try await bench.run(Self.pair(1))
        let newer = try await EngineRunner(bench.conninfo, epoch: 2)
        await #expect { try await bench.engine.run() } throws: { error in
            if case StoreError.lostLease = error { true } else { false }
        }
        try await newer.drain()
        #expect(try await bench.state(1) == "linked to 1")
        await #expect { try await bench.engine.run() } throws: { error in
            if case StoreError.lostLease = error { true } else { false }
        }
        #expect(
            try await bench.rows("SELECT epoch::text FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1") == [
                "2"
            ])
        await newer.connection.close()
        try await once(bench)
    }

    /// Told by one task to others.
    private final class Flag: Sendable {
        let value = Mutex(false)
    }

    /// One epoch is one daemon; should there be two all the same, the batch's number is the fence.
    @Test(arguments: [UInt64](1...2)) func twoEnginesOfOneEpochRace(seed: UInt64) async throws {
        let bench = try await EngineBench("race_\(seed)")
        let conninfo = bench.conninfo
        let isOver = Flag()
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    let runner = try await EngineRunner(conninfo)
                    var batches = 0
                    while true {
                        let last = isOver.value.withLock { $0 }
                        batches += try await runner.drain().count
                        if last { break }
                    }
                    await runner.connection.close()
                    return batches
                }
            }
            var random = SplitMix64(seed: seed)
            for id in 1...40 {
                try await bench.run(Self.pair(id))
                if random.below(3) == 0 {
                    try await bench.run("UPDATE cmdb.ci SET model = 'M\(id)' WHERE ci_id = \(id)")
                }
            }
            isOver.value.withLock { $0 = true }
            return try await group.reduce(0, +)
        }
        let before = try await bench.value("SELECT count(*) FROM assetlink_internal.batch") ?? ""
        #expect(Int(before).map { $0 >= count } == true)
        try await bench.drain()
        #expect(try await bench.value("SELECT count(*) FROM assetlink.ci_state WHERE state = 'linked'") == "40")
        try await once(bench)
    }

    /// A batch that dies leaves nothing behind, and its changes come again.
    @Test func aBatchThatDiesIsDoneAgainWhole() async throws {
        let bench = try await EngineBench()
        try await bench.run(Self.pair(1))
        try await bench.drain()
        try await bench.run(Self.pair(2))
        // The last statement before the commit fails.
        try await bench.run("ALTER TABLE assetlink_internal.batch ADD CONSTRAINT never CHECK (batch_id < 0) NOT VALID")
        await #expect(throws: (any Error).self) { try await bench.engine.run() }
        #expect(try await bench.value("SELECT count(*) FROM assetlink_internal.link") == "1")
        try await bench.run("ALTER TABLE assetlink_internal.batch DROP CONSTRAINT never")
        try await bench.drain()
        #expect(try await bench.state(2) == "linked to 2")
        #expect(try await bench.rows("SELECT error_code FROM assetlink_internal.dead_letter") == [])
        try await once(bench)
    }
}
