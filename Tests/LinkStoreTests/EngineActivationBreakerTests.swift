import LinkStore
import LinkTesting
import Postgres
import Testing

/// Engine.md point 14: rules that end too many links are held, and the live lane goes on.
@Suite(.timeLimit(.minutes(10))) struct EngineActivationBreakerTests {
    private static let byTag = """
        UPDATE assetlink.ci_class SET rule = '{"entries": [{"priority": 10, "attributes": ["asset_tag"]}]}'
        WHERE class = 'hardware'
        """

    /// A hundred pairs linked by serial number, none by asset tag; at most ten links may end.
    private static func bench(_ name: String = #function) async throws -> EngineBench {
        let bench = try await EngineBreakerTests.bench(name, bulk: 7)
        try await bench.run(byTag)
        try await bench.drain()
        return bench
    }

    /// The version that was in force before any test's.
    private static func shipped(_ bench: EngineBench) async throws -> String {
        try await bench.value("SELECT max(version) FROM assetlink.rule_set WHERE made_as IS NULL") ?? "?"
    }

    private static func phase(_ bench: EngineBench) async throws -> String? {
        try await bench.value("SELECT activation_phase || ' ' || breaker FROM assetlink.daemon_status")
    }

    @Test func theRulesAreHeldAndTheOthersGoOn() async throws {
        let bench = try await Self.bench()
        #expect(try await Self.phase(bench) == "held open")
        // A page of seven ended, the next one would have been too much.
        try await EngineBreakerTests.expectActive(93, bench)
        let held = try await bench.rows(
            "SELECT concat_ws('|', source, side, id, detail, remedy) FROM assetlink.held_change")
        try #require(held.count == 1)
        #expect(held[0].contains("would end 14 active links, of which 7 are ended; the limit is 10."))
        #expect(held[0].hasSuffix("goes back to version \(try await Self.shipped(bench))."))
        #expect(try await bench.value("SELECT count(*) FROM assetlink.audit WHERE action = 'activation_held'") == "1")
        #expect(try await bench.drain().isEmpty)
        // Who changes is decided by the new rules, who waits keeps its link.
        try await bench.run(
            """
            UPDATE itam.asset SET asset_tag = 'T50' WHERE asset_id = 50;
            UPDATE cmdb.ci SET asset_tag = 't50', serial_number = NULL WHERE ci_id = 50;
            UPDATE cmdb.ci SET name = 'other' WHERE ci_id = 60;
            """)
        try await bench.drain()
        #expect(try await bench.value("SELECT matched_on FROM assetlink.ci_state WHERE ci_id = '50'") == #"[["T50"]]"#)
        #expect(try await bench.state(60) == "orphaned no_identifier")
        #expect(try await bench.state(61) == "linked to 61")
        #expect(try await Self.phase(bench) == "held open")
        try await EngineBreakerTests.expectActive(92, bench)
    }

    @Test func approvedRulesGoOn() async throws {
        let bench = try await Self.bench()
        try await bench.run("SELECT assetlink.approve_activation('tags are better')")
        try await bench.drain()
        #expect(try await Self.phase(bench) == nil)
        try await EngineBreakerTests.expectActive(0, bench)
        try await bench.compare()
        #expect(
            try await bench.rows("SELECT reason FROM assetlink.audit WHERE action = 'approve_held'") == [
                "tags are better"
            ])
        // Approval was for these rules only.
        try await bench.run(
            "UPDATE itam.asset SET asset_tag = 'T' || asset_id; UPDATE cmdb.ci SET asset_tag = 'T' || ci_id")
        try await bench.drain()
        try await EngineBreakerTests.expectActive(100, bench)
        try await bench.run("UPDATE assetlink.ci_class SET rule = '\"none\"' WHERE class = 'hardware'")
        try await bench.drain()
        #expect(try await Self.phase(bench) == "held open")
    }

    @Test func droppedRulesGiveBackWhatTheyEnded() async throws {
        let bench = try await Self.bench()
        // A link that only the new rules make: it ends when they go.
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, asset_tag) VALUES (200, 'T200');
            INSERT INTO cmdb.ci (ci_id, ci_class, asset_tag) VALUES (200, 'server', 'T200');
            """)
        try await bench.drain()
        #expect(try await bench.state(200) == "linked to 200")
        try await bench.run("UPDATE cmdb.ci SET asset_tag = 'T' || ci_id, serial_number = NULL WHERE ci_id = 200")
        try await bench.run("SELECT assetlink.drop_activation('that was wrong')")
        try await bench.drain()
        #expect(try await Self.phase(bench) == nil)
        try await EngineBreakerTests.expectActive(101, bench)
        try await bench.compare()
        #expect(
            try await bench.rows(
                "SELECT made_as || ' ' || restores || ' ' || reason FROM assetlink.rule_set WHERE in_force") == [
                    "rollback_rule_set \(try await Self.shipped(bench)) that was wrong"
                ])
        await #expect(throws: PostgresError.self) { try await bench.run("SELECT assetlink.drop_activation('again')") }
        await #expect(throws: PostgresError.self) { try await bench.run("SELECT assetlink.approve_activation('late')") }
    }

    /// A small source must not be emptied because a large one is well.
    @Test func eachSourceHasALimitOfItsOwn() async throws {
        let bench = try await EngineBench { limits in
            limits.breakerMinimum = 5
            limits.bulk = 7
        }
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) SELECT n, 'S' || n FROM generate_series(1, 220) AS n;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'server', 'S' || n FROM generate_series(1, 200) AS n;
            SELECT assetlink.publish_ci(jsonb_build_object(
                'ci_id', 'e' || n, 'ci_class', 'printer', 'serial_number', 'S' || n))
            FROM generate_series(201, 220) AS n;
            """)
        try await bench.drain()
        try await EngineBreakerTests.expectActive(220, bench)
        try await bench.run("UPDATE assetlink.ci_class SET rule = '\"none\"' WHERE class = 'printer'")
        try await bench.drain()
        #expect(try await Self.phase(bench) == "held open")
        let detail = try await bench.value("SELECT detail FROM assetlink.held_change")
        #expect(detail?.contains("active links of source") == true, "\(detail ?? "")")
    }

    /// What is held stays held when another daemon takes over; another version begins a count of its own.
    @Test func aHoldOutlivesItsDaemon() async throws {
        let bench = try await Self.bench()
        var limits = BatchLimits()
        limits.bulk = 7
        limits.breakerMinimum = 10
        let other = try await EngineRunner(bench.conninfo, epoch: 2, limits: limits)
        try await other.drain()
        #expect(try await Self.phase(bench) == "held open")
        try await EngineBreakerTests.expectActive(93, bench)
        try await bench.run("UPDATE assetlink.suspect_limit SET holders = 6")
        try await other.drain()
        #expect(try await Self.phase(bench) == "held open")
        let shipped = try await Self.shipped(bench)
        let remedy = try await bench.value("SELECT remedy FROM assetlink.held_change")
        #expect(remedy?.hasSuffix("to version \(shipped).") == true)
        try await bench.run("SELECT assetlink.rollback_rule_set(\(shipped), 'all of it')")
        try await other.drain()
        try await EngineBreakerTests.expectActive(100, bench)
    }
}
