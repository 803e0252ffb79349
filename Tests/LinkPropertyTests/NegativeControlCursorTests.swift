import LinkCore
import LinkStore
import LinkTesting
import Postgres
import Testing

#if DEBUG
    /// Cursors that lose changes: the comparison with the model notices.
    @Suite struct NegativeControlCursorTests {
        /// `seq > last` loses what got its number early and commits late.
        @Test(arguments: [false, true]) func cursorBySequence(isBroken: Bool) async throws {
            let bench = try await ControlBench("control_sequence_\(isBroken)")
            var last = try await bench.writer.query("SELECT last_value FROM assetlink_internal.change_seq")[0].int8(0)
            let bySequence = Sabotage("change_log_0 WHERE xid >= $1::text::xid8 ORDER BY xid, seq LIMIT $3") {
                connection, list, index throws(PostgresError) in
                var list = list
                list[index].sql = """
                    SELECT xid::text, seq, topic, source_id, key, event, version, record::text, cause, logged_at
                    FROM (SELECT * FROM assetlink_internal.change_log_0 UNION ALL
                        SELECT * FROM assetlink_internal.change_log_1 UNION ALL
                        SELECT * FROM assetlink_internal.change_log_2) AS l
                    WHERE seq > \(last) AND $1::text IS NOT NULL AND $2::text[] IS NOT NULL ORDER BY seq LIMIT $3
                    """
                let results = try await connection.pipeline(list)
                for row in results[index] { last = max(last, try row.int8(1)) }
                return results
            }
            if isBroken { bySequence.install(in: bench.runner.engine) }
            let late = try await bench.session()
            try await late.script("BEGIN")
            let changes = ControlBench.pair()
            try await WorldPlayer(late).play(changes[0])
            try await bench.write([changes[1]])
            try await bench.drain()
            try await late.script("COMMIT")
            bench.world.apply(changes[0])
            try await bench.drain()
            if isBroken { bySequence.remove(from: bench.runner.engine) }
            #expect(try await bench.differences().isEmpty != isBroken)
        }

        /// A cursor that moves before the effects loses them with the engine.
        @Test(arguments: [false, true]) func cursorBeforeTheEffects(isBroken: Bool) async throws {
            let bench = try await ControlBench("control_early_cursor_\(isBroken)")
            try await bench.write(ControlBench.pair())
            let victim = bench.runner
            let early = Sabotage("INSERT INTO assetlink_internal.batch (") {
                connection, list, index throws(PostgresError) in
                if isBroken { _ = try await connection.pipeline([list[index], Statement("COMMIT")]) }
                await connection.close()
                throw .lost
            }
            early.install(in: victim.engine)
            await #expect(throws: PostgresError.self) { try await victim.engine.run() }
            early.remove(from: victim.engine)
            try await bench.takeOver()
            try await bench.drain()
            #expect(try await bench.differences().isEmpty != isBroken)
        }

        /// Without the fence, what two engines took in at one time is there twice.
        @Test(arguments: [false, true]) func noFence(isBroken: Bool) async throws {
            let bench = try await ControlBench("control_fence_\(isBroken)")
            try await bench.write(ControlBench.pair())
            try await bench.drain()
            if isBroken {
                try await bench.writer.script("ALTER TABLE assetlink_internal.batch DROP CONSTRAINT batch_pkey CASCADE")
            }
            try await bench.write([.requeue(ControlBench.ci)])
            let old = bench.runner
            let paused = Sabotage("INSERT INTO assetlink_internal.batch (") {
                connection, list, _ throws(PostgresError) in
                if bench.runner.engine === old.engine {
                    do {
                        try await bench.takeOver()
                        try await bench.drain()
                    } catch {
                        throw PostgresError(.misuse, "the other engine failed: \(error)")
                    }
                }
                return try await connection.pipeline(list)
            }
            paused.install(in: old.engine)
            if isBroken {
                _ = try await old.engine.run()
            } else {
                await #expect(throws: StoreError.self) { try await old.engine.run() }
            }
            paused.remove(from: old.engine)
            let problems = try await bench.historyProblems()
            #expect(problems.contains { $0.contains("requeue: 2 rows") } == isBroken, "\(problems)")
            #expect(problems.isEmpty != isBroken, "\(problems)")
        }
    }
#endif
