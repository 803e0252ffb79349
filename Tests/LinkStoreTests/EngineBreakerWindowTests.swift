import LinkStore
import LinkTesting
import Postgres
import Testing

/// Engine.md point 14: what the breaker counts, and for how long.
@Suite struct EngineBreakerWindowTests {
    @Test func theWindowCountsAcrossBatches() async throws {
        let bench = try await EngineBreakerTests.bench()
        for id in 1...10 {
            try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id = \(id)")
            try await bench.drain()
        }
        try await EngineBreakerTests.expectActive(90, bench)
        try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id = 11")
        try await bench.drain()
        #expect(try await EngineBreakerTests.held(bench) == ["itam 1"])
        #expect(
            try await bench.rows(
                """
                SELECT (detail ~ '1 active links at once, after 10 within')::text FROM assetlink_internal.source_status
                """
            )
                == ["true"])
        try await EngineBreakerTests.expectActive(90, bench)
    }

    /// A daemon that starts again knows what the window has let through.
    @Test func theWindowOutlivesTheDaemon() async throws {
        let bench = try await EngineBreakerTests.bench()
        try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id <= 10")
        try await bench.drain()
        var limits = BatchLimits()
        limits.breakerMinimum = 10
        let next = try await EngineRunner(bench.conninfo, epoch: 2, limits: limits)
        try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id BETWEEN 11 AND 15")
        try await next.drain()
        #expect(try await EngineBreakerTests.held(bench) == ["itam 5"])
        try await EngineBreakerTests.expectActive(90, bench)
        await next.connection.close()
    }

    @Test func operatorsAreNotCounted() async throws {
        let bench = try await EngineBreakerTests.bench()
        try await bench.run(
            "SELECT assetlink.block('cmdb', ci_id::text, 'itam', ci_id::text, 'test') FROM cmdb.ci WHERE ci_id <= 40")
        try await bench.drain()
        try await EngineBreakerTests.expectActive(60, bench)
        #expect(try await EngineBreakerTests.held(bench) == [])
    }
}
