import LinkCore
import LinkStore
import LinkTesting
import Postgres
import Testing

#if DEBUG
    /// Batches that read or reach too little: the comparison with the model notices.
    @Suite struct NegativeControlBatchTests {
        /// A batch that did not lock the tables reads one that was truncated and filled again as empty.
        @Test(arguments: [false, true]) func batchWithoutTableLocks(isBroken: Bool) async throws {
            let bench = try await ControlBench("control_locks_\(isBroken)", tables: ["itam", "cmdb"])
            try await bench.write(ControlBench.pair())
            try await bench.drain()
            let asset = AssetRecord(serialNumber: "SN-7", name: "renamed")
            try await bench.write([.upsertAsset(ControlBench.asset, asset)])
            let owner = try await bench.session()
            let player = WorldPlayer(owner, tables: ["itam", "cmdb"])
            var refused: String?
            let unlocked = Sabotage("IN ACCESS SHARE MODE") { connection, list, index throws(PostgresError) in
                var list = list
                if isBroken { list[index] = Statement("SELECT", prepared: false) }
                let results = try await connection.pipeline(list)
                // The batch has its snapshot; now the owner comes. The same rows are there before and after.
                do {
                    try await owner.script("SET lock_timeout = '200ms'; BEGIN; TRUNCATE world.itam")
                    try await player.play(.upsertAsset(ControlBench.asset, asset))
                    try await owner.script("COMMIT")
                } catch let error as PostgresError {
                    refused = error.sqlState
                    try await owner.script("ROLLBACK")
                } catch {
                    throw PostgresError(.misuse, "\(error)")
                }
                return results
            }
            unlocked.install(in: bench.runner.engine)
            _ = try await bench.runner.engine.run()
            unlocked.remove(from: bench.runner.engine)
            #expect(refused == (isBroken ? nil : "55P03"))
            #expect(try await bench.differences().isEmpty != isBroken)
        }

        /// Values, not counts: two assets that exchange a value leave every count as it was.
        @Test(arguments: [false, true]) func neighbourhoodByCounts(isBroken: Bool) async throws {
            let bench = try await ControlBench("control_counts_\(isBroken)")
            func racks(_ first: String, _ second: String) -> [WorldChange] {
                [
                    .upsertAsset(ControlBench.asset, AssetRecord(attributes: ["rack": first])),
                    .upsertAsset(ControlBench.other, AssetRecord(attributes: ["rack": second])),
                ]
            }
            let ci = CIRecord(ciClass: "strict_server", name: "n", manufacturer: "dell", attributes: ["rack": "R1"])
            try await bench.write(racks("R1", "R2") + [.upsertCI(ControlBench.ci, ci)])
            try await bench.drain()
            #expect(try await bench.differences().isEmpty)
            let byCount = CountsOnly()
            if isBroken { byCount.install(in: bench.runner.engine) }
            try await bench.write(racks("R2", "R1"))
            try await bench.drain()
            if isBroken { byCount.remove(from: bench.runner.engine) }
            #expect(try await bench.differences().isEmpty != isBroken)
        }
    }

    /// Has only those holders decided again whose key has another number of assets than before.
    private final class CountsOnly {
        private static let before = "SELECT y.standing, y.asset_ref, y.source_id FROM assetlink_internal.asset_key AS y"
        private static let holders = "FROM assetlink_internal.ci_key WHERE space_id = k.space AND key = k.key LIMIT $3"
        private var counts: [String: Int64] = [:]
        private var uses = (before: 0, holders: 0)

        func install(in engine: BatchEngine) {
            engine.interception = { [self] connection, list throws(PostgresError) in
                var list = list
                var results: [Rows] = []
                for index in list.indices {
                    if list[index].sql.contains(Self.before) {
                        uses.before += 1
                        try await count(list[index], connection) { counts[$0] = $1 }
                    }
                    guard list[index].sql.contains(Self.holders), case .textArray(var keys) = list[index].parameters[1]
                    else { continue }
                    uses.holders += 1
                    // What is written before it counts.
                    results = try await connection.pipeline(Array(list[..<index]))
                    var number = 0
                    try await count(list[index], connection) { key, count in
                        if counts[key] == count { keys[number] = "no such key" }
                        number += 1
                    }
                    list[index].parameters[1] = .textArray(keys)
                }
                return results + (try await connection.pipeline(Array(list[results.count...])))
            }
        }

        func remove(from engine: BatchEngine) {
            engine.interception = nil
            #expect(uses.before > 0 && uses.holders > 0, "the engine says this no more")
        }

        /// How many assets have each key of a statement now, in its order.
        private func count(
            _ statement: Statement, _ connection: PostgresConnection, _ take: (String, Int64) -> Void
        ) async throws(PostgresError) {
            let rows = try await connection.query(
                """
                SELECT k.space || ' ' || k.key, (SELECT count(*) FROM assetlink_internal.asset_key AS y
                    WHERE y.space_id = k.space AND y.key = k.key AND y.standing = 0)
                FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS k (space, key, ord) ORDER BY k.ord
                """, Array(statement.parameters.prefix(2)))
            for row in rows { take(try row.text(0), try row.int8(1)) }
        }
    }
#endif

/// What no trigger sees is found by the sweep alone; without it, the model and `verify` notice.
@Suite struct NegativeControlSweepTests {
    @Test(arguments: [false, true]) func skippedSweep(isBroken: Bool) async throws {
        let bench = try await ControlBench("control_sweep_\(isBroken)", tables: ["itam", "cmdb"])
        try await bench.write(ControlBench.pair())
        try await bench.drain()
        let change = WorldChange.upsertAsset(ControlBench.asset, AssetRecord(serialNumber: "SN-8"))
        try await bench.player.playUnseen([change], of: ["itam"])
        bench.world.apply(change)
        try await bench.drain()
        if !isBroken {
            var place = SweepPosition()
            while place.rounds == 0 { _ = try await bench.runner.engine.sweep(&place, page: 100) }
            try await bench.drain()
        }
        #expect(try await bench.differences().isEmpty != isBroken)
        #expect(try await BatchEngine.verify(bench.writer, page: 100, logger: quietLogger).isClean != isBroken)
    }
}
