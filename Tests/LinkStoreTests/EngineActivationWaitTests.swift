import LinkStore
import LinkTesting
import Postgres
import Testing

/// Engine.md point 22: a version that asks for no key but those that are there keeps nobody waiting.
@Suite struct EngineActivationWaitTests {
    private static func bench(_ name: String = #function) async throws -> EngineBench {
        let bench = try await EngineBench(name, file: #fileID) { limits in
            limits.bulk = 7
            limits.breakerMinimum = 10_000
        }
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number, uuid, asset_tag)
            SELECT n, CASE WHEN n % 2 = 0 THEN 'S' || n END, md5('u' || n)::uuid, 'T' || n FROM generate_series(1, 40) AS n;
            INSERT INTO cmdb.ci (ci_id, ci_class, name, serial_number, uuid, asset_tag)
            SELECT n, CASE WHEN n % 3 = 0 THEN 'blade_server' ELSE 'server' END, 'srv-' || n,
                   CASE WHEN n % 2 = 0 THEN 's' || n END, CASE WHEN n % 4 = 1 THEN md5('u' || n)::uuid END, 'T' || n
            FROM generate_series(1, 40) AS n;
            """)
        try await bench.drain()
        #expect(try await linked(bench) == "40")
        return bench
    }

    private static func linked(_ bench: EngineBench) async throws -> String? {
        try await bench.value("SELECT count(*) FROM assetlink.ci_state WHERE state = 'linked'")
    }

    /// Batches that made keys and took nothing in.
    private static let waits = """
        SELECT count(*) FROM assetlink_internal.batch
        WHERE jsonb_path_exists(ranges, '$[*] ? (@.kind == "reevaluate" && @.phase < 2)')
        """

    /// Replaces the entries of every rule by a query over them.
    private static func entries(_ query: String) -> String {
        """
        UPDATE assetlink.ci_class SET rule = jsonb_set(rule, '{entries}', (
            \(query.replacing("ENTRIES", with: "jsonb_array_elements(rule -> 'entries') WITH ORDINALITY AS e (entry, n)"))))
        WHERE jsonb_typeof(rule) = 'object';
        """
    }

    @Test func otherPrioritiesAreTakenUpBesideLiveChanges() async throws {
        let bench = try await Self.bench()
        try await bench.run(
            Self.entries(
                """
                SELECT jsonb_agg(jsonb_set(entry, '{priority}', to_jsonb((entry ->> 'priority')::integer + 1)) ORDER BY n)
                FROM ENTRIES
                """))
        var rounds = 0
        while true {
            try await bench.run("UPDATE cmdb.ci SET name = name || '+' WHERE ci_id % 9 = \(rounds % 9)")
            guard case .done(let report) = try await bench.engine.run() else { break }
            // The first one only finds out what there is to do.
            if rounds > 0 {
                #expect(try await bench.value("SELECT count(*) FROM assetlink_internal.pending_change") == "0")
            }
            rounds += 1
            try await bench.check("batch \(report.batchID)")
            #expect(try await Self.linked(bench) == "40")
            if report.ranges.isEmpty { break }
        }
        #expect(rounds > 5)
        try await bench.drain()
        #expect(try await bench.value(Self.waits) == "0")
        #expect(
            try await bench.rows("SELECT DISTINCT (entry_priority % 10)::text FROM assetlink.ci_state ORDER BY 1") == [
                "1"
            ])
        try await bench.compare()
    }

    @Test func entriesLeftOutTakeTheirKeysWithThem() async throws {
        let bench = try await Self.bench()
        let unused = """
            SELECT (SELECT count(*) FROM assetlink_internal.asset_key JOIN assetlink_internal.key_space USING (space_id)
                    WHERE signature = 'asset_tag')
                || ' ' || (SELECT count(*) FROM assetlink_internal.ci_key
                           JOIN assetlink_internal.key_space USING (space_id) WHERE signature = 'asset_tag')
            """
        #expect(try await bench.value(unused) == "40 40")
        try await bench.run(
            Self.entries(
                """
                SELECT jsonb_agg(entry ORDER BY n) FROM ENTRIES
                WHERE NOT coalesce(entry -> 'attributes' ? 'asset_tag', false)
                """))
        try await bench.drain()
        try await bench.check()
        try await bench.compare()
        #expect(try await bench.value(Self.waits) == "0")
        #expect(try await bench.value(unused) == "0 0")
        #expect(try await Self.linked(bench) == "30")
        let session = try await PostgresConnection.connect(ConnectionSettings(bench.conninfo), logger: quietLogger)
        let report = try await BatchEngine.verify(session, logger: quietLogger)
        await session.close()
        #expect(report.isClean, "\(report.examples)")
    }
}
