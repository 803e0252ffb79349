import LinkStore
import LinkTesting
import Postgres
import Testing

/// Items that lack something wait for it, and for no longer than they are to.
@Suite struct DiscoveryParkingTests {
    @Test func aClassAndThenARuleArrive() async throws {
        let discovery = try await DiscoveryBench()
        let number = try await discovery.send(
            payload(item("robot", ["serial_number": "R-1"]), item("application", ["name": "erp"])))
        try await discovery.work()
        let missing = "parked IDENTIFICATION_RULE_MISSING"
        #expect(try await discovery.results(number) == [missing, missing])
        try await discovery.retry()
        #expect(try await discovery.results(number) == [missing, missing])
        try await discovery.rule("robot", #"{"priority": 10, "type": "regular", "attributes": ["serial_number"]}"#)
        try await discovery.retry()
        #expect(try await discovery.results(number) == ["inserted", missing])
    }

    @Test func theParentArrives() async throws {
        let discovery = try await DiscoveryBench()
        let within = payload(
            item("module", ["position": "1"]), item("robot", ["serial_number": "R-1"]), contains: [(1, 0)])
        let number = try await discovery.send(within)
        try await discovery.work()
        #expect(
            try await discovery.results(number)
                == ["parked MISSING_DEPENDENCY", "parked IDENTIFICATION_RULE_MISSING"])
        try await discovery.rule("robot", #"{"priority": 10, "type": "regular", "attributes": ["serial_number"]}"#)
        try await discovery.retry()
        #expect(try await discovery.results(number) == ["inserted", "inserted"])
        #expect(
            try await discovery.bench.value("SELECT count(*) FROM cmdb.ci_relationship WHERE type = 'contains'") == "1")
        #expect(
            try await discovery.bench.rows("SELECT state FROM assetlink.discovery_relation_result") == ["inserted"])
    }

    @Test func aRequiredAttributeIsInTheCIThatArrives() async throws {
        let discovery = try await DiscoveryBench()
        try await discovery.rule(
            "robot", #"{"priority": 10, "type": "regular", "attributes": ["serial_number"]}"#,
            more: #", "required": ["model"]"#)
        let number = try await discovery.send(payload(item("robot", ["serial_number": "R-1", "name": "arm"])))
        try await discovery.work()
        #expect(try await discovery.results(number) == ["parked REQUIRED_ATTRIBUTE_EMPTY"])
        try await discovery.bench.run(
            "INSERT INTO cmdb.ci (ci_class, serial_number, model) VALUES ('robot', 'r-1', 'M-7')")
        try await discovery.bench.drain()
        try await discovery.retry()
        #expect(try await discovery.results(number) == ["updated 1 by 10"])
        #expect(try await discovery.cis() == ["arm: robot R-1"])
    }

    @Test func aTypeOfRelationBecomesKnown() async throws {
        let discovery = try await DiscoveryBench()
        let number = try await discovery.send(
            #"""
            {"items": [\#(item("server", ["serial_number": "S-1"])), \#(item("switch", ["serial_number": "S-2"]))],
             "relations": [{"parent": 1, "child": 0, "type": "powers"}]}
            """#)
        try await discovery.work()
        #expect(try await discovery.results(number) == ["parked METADATA_RULE_MISSING", "inserted"])
        try await discovery.bench.run("SELECT assetlink.enable_discovery('cmdb', '{contains,powers}')")
        try await discovery.retry()
        #expect(try await discovery.results(number) == ["inserted", "inserted"])
        #expect(try await discovery.bench.rows("SELECT type FROM cmdb.ci_relationship") == ["powers"])
    }

    @Test func whatWaitsTooLongIsGivenUp() async throws {
        let discovery = try await DiscoveryBench()
        let number = try await discovery.send(payload(item("robot", ["serial_number": "R-1"])))
        try await discovery.work()
        try await discovery.bench.run(
            "UPDATE assetlink_internal.discovery_item SET parked_at = parked_at - interval '91 days'")
        try await discovery.retry()
        #expect(try await discovery.results(number) == ["rejected ABANDONED"])
        // And in the end nobody asks for it any more.
        try await discovery.bench.run(
            "UPDATE assetlink_internal.discovery_payload SET finished_at = finished_at - interval '31 days'")
        try await discovery.retry()
        #expect(try await discovery.bench.value("SELECT count(*) FROM assetlink_internal.discovery_item") == "0")
    }

    @Test func aLockedRowIsParkedAndTriedAgain() async throws {
        let discovery = try await DiscoveryBench()
        try await discovery.bench.run(
            "INSERT INTO cmdb.ci (ci_class, serial_number) VALUES ('server', 'S-1'), ('server', 'S-2')")
        let number = try await discovery.send(
            payload(
                item("server", ["serial_number": "S-1", "name": "a"]),
                item("server", ["serial_number": "S-2", "name": "b"])))
        let holder = try await PostgresConnection.connect(
            ConnectionSettings(discovery.bench.conninfo), logger: quietLogger)
        _ = try await holder.query("BEGIN")
        _ = try await holder.query("SELECT FROM cmdb.ci WHERE ci_id = 1 FOR UPDATE")
        try await discovery.work()
        #expect(try await discovery.results(number) == ["parked LOCK_TIMEOUT", "updated 2 by 10"])
        _ = try await holder.query("COMMIT")
        await holder.close()
        try await discovery.retry()
        #expect(try await discovery.results(number) == ["updated 1 by 10", "updated 2 by 10"])
    }

    @Test func whatIsSwitchedOffWaitsUntilItIsOnAgain() async throws {
        let discovery = try await DiscoveryBench()
        let number = try await discovery.send(payload(item("server", ["serial_number": "S-1"])))
        try await discovery.bench.run("SELECT assetlink.disable_discovery()")
        try await discovery.work()
        #expect(try await discovery.results(number) == ["pending"])
        try await discovery.bench.run("SELECT assetlink.enable_discovery()")
        try await discovery.work()
        #expect(try await discovery.results(number) == ["inserted"])
    }

    @Test func theCheckOfTheSourceKnowsWhatTheDaemonMayWrite() async throws {
        let discovery = try await DiscoveryBench(enabled: false)
        func findings() async throws -> [String] {
            try await discovery.bench.rows(
                """
                SELECT severity || ': ' || finding FROM assetlink.check_source('cmdb')
                WHERE check_name = 'discovery' ORDER BY 1
                """)
        }
        #expect(try await findings() == [])
        try await discovery.bench.run("SELECT assetlink.enable_discovery()")
        #expect(try await findings() == ["ok: payloads are written by the daemon"])
        try await discovery.bench.run("REVOKE INSERT ON cmdb.ci_serial_number FROM assetlink_daemon")
        #expect(
            try await findings() == [
                "error: the daemon may not INSERT cmdb.ci_serial_number, which discovery payloads need"
            ])
        try await discovery.bench.run("SELECT assetlink.enable_discovery(); SELECT assetlink.disable_discovery();")
        #expect(try await findings() == [])
        let rights = try await discovery.bench.value(
            """
            SELECT count(*) FROM pg_class c CROSS JOIN aclexplode(c.relacl) x
            WHERE c.relnamespace = 'cmdb'::regnamespace AND x.grantee = 'assetlink_daemon'::regrole
                AND x.privilege_type <> 'SELECT'
            """)
        #expect(rights == "0")
    }
}
