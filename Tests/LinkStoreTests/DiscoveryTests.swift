import LinkTesting
import Postgres
import Testing

/// Payloads as the reference CMDB sees them: found, changed, made, and linked by the ordinary feed.
@Suite struct DiscoveryTests {
    @Test func anItemIsInsertedThenFoundThenChanged() async throws {
        let discovery = try await DiscoveryBench()
        try await discovery.bench.run("INSERT INTO itam.asset (serial_number) VALUES ('S-1')")
        let server = item("linux_server", ["name": "web-1", "serial_number": "S-1"])
        #expect(try await discovery.discover(payload(server)) == ["inserted"])
        #expect(try await discovery.cis() == ["web-1: linux_server S-1"])
        #expect(try await discovery.bench.state(1) == "linked to 1")

        #expect(try await discovery.discover(payload(server)) == ["no_change 1 by 10"])
        let renamed = item("linux_server", ["name": "web-2", "serial_number": " s-1 "])
        #expect(try await discovery.discover(payload(renamed)) == ["updated 1 by 10"])
        #expect(try await discovery.cis() == ["web-2: linux_server  s-1 "])
        #expect(try await discovery.bench.state(1) == "linked to 1")
        try await discovery.bench.check()
    }

    @Test func nothingIsTakenWhereItIsOff() async throws {
        let discovery = try await DiscoveryBench(enabled: false)
        let error = await #expect(throws: PostgresError.self) {
            try await discovery.send(payload(item("server")))
        }
        #expect(error?.sqlState == "55000")
        #expect(try await discovery.bench.value("SELECT count(*) FROM assetlink_internal.discovery_payload") == "0")
    }

    @Test(arguments: [
        #"[]"#, #""x""#, #"{}"#, #"{"items": {}}"#, #"{"items": [], "relations": 3}"#, #"{"items": [], "thing": []}"#,
    ])
    func theOuterShapeIsRefusedAtOnce(_ text: String) async throws {
        let discovery = try await DiscoveryBench()
        let error = await #expect(throws: PostgresError.self) { try await discovery.send(text) }
        #expect(error?.sqlState == "22023")
    }

    @Test func anOlderPayloadChangesNothing() async throws {
        let discovery = try await DiscoveryBench()
        let seen = #", "sourceName": "probe", "sourceRecencyTimestamp": "2026-03-01T10:00:00Z""#
        let older = #", "sourceRecencyTimestamp": "2026-03-01 09:59:59""#
        let serial = ["serial_number": "S-1"] as KeyValuePairs
        #expect(try await discovery.discover(payload(item("server", serial, more: seen))) == ["inserted"])
        let late = payload(
            item("server", ["serial_number": "S-1", "name": "old"], serials: ["bios": "B-1"], more: older),
            item("module", ["serial_number": "M-1"]), contains: [(0, 1)])
        #expect(try await discovery.discover(late) == ["no_change 1 by 10", "inserted"])
        #expect(try await discovery.cis() == ["-: server S-1", "-: module M-1"])
        #expect(try await discovery.bench.value("SELECT count(*) FROM cmdb.ci_relationship") == "0")
        #expect(
            try await discovery.bench.rows(
                "SELECT last_discovered_at AT TIME ZONE 'UTC' || ' ' || discovery_source FROM cmdb.ci WHERE ci_id = 1")
                == ["2026-03-01 10:00:00 probe"])
    }

    @Test func lookupRowsAreAddedAndNeverTakenAway() async throws {
        let discovery = try await DiscoveryBench()
        let first = item("server", ["serial_number": "S-1"], serials: ["bios": "B-1"], macs: ["02:00:00:00:00:01"])
        #expect(try await discovery.discover(payload(first)) == ["inserted"])
        let second = item(
            "server", ["serial_number": "S-1"], serials: ["BIOS": "B-1", "chassis": "C-1"],
            macs: ["02-00-00-00-00-01", "02:00:00:00:00:02"])
        #expect(try await discovery.discover(payload(second)) == ["updated 1 by 10"])
        #expect(
            try await discovery.bench.rows("SELECT type || ' ' || value FROM cmdb.ci_serial_number ORDER BY 1")
                == ["bios B-1", "chassis C-1"])
        #expect(
            try await discovery.bench.rows("SELECT name || ' ' || mac FROM cmdb.ci_network_adapter ORDER BY 1")
                == ["eth0 02:00:00:00:00:01", "eth1 02:00:00:00:00:02"])
    }

    @Test func relatedRowsAreMatchedWithinTheirCI() async throws {
        let discovery = try await DiscoveryBench()
        try await discovery.rule(
            "appliance", #"{"priority": 10, "type": "regular", "attributes": ["serial_number"]}"#,
            more: #", "related": [{"class": "software", "attributes": ["name"]}]"#)
        func appliance(_ serial: String, _ rows: String) -> String {
            item("appliance", ["serial_number": serial], more: #", "related": [\#(rows)]"#)
        }
        func software(_ name: String, _ version: String) -> String {
            #"{"className": "software", "values": {"name": "\#(name)", "version": "\#(version)"}}"#
        }
        let two = payload(appliance("A-1", software("nginx", "1")), appliance("A-2", software("nginx", "1")))
        #expect(try await discovery.discover(two) == ["inserted", "inserted"])
        let again = payload(appliance("A-1", software("nginx", "2") + "," + software("redis", "7")))
        #expect(try await discovery.discover(again) == ["updated 1 by 10"])
        #expect(try await discovery.discover(again) == ["no_change 1 by 10"])
        #expect(
            try await discovery.bench.rows(
                """
                SELECT concat_ws(' ', ci_id, class, "values" ->> 'name', "values" ->> 'version')
                FROM cmdb.ci_related ORDER BY 1
                """) == ["1 software nginx 2", "1 software redis 7", "2 software nginx 1"])
        let twice = payload(appliance("A-1", software("nginx", "2") + "," + software("nginx", "3")))
        #expect(try await discovery.discover(twice) == ["rejected DUPLICATE_RELATED_PAYLOAD"])
        let other = payload(appliance("A-1", #"{"className": "disk", "values": {"name": "sda"}}"#))
        #expect(
            try await discovery.discover(other) == ["parked IDENTIFICATION_RULE_FOR_RELATED_ITEM_MISSING"])
    }

    @Test func aChainOfQualifiersIsReplacedByThePayloads() async throws {
        let discovery = try await DiscoveryBench()
        func pair(_ chain: String) -> String {
            #"""
            {"items": [\#(item("server", ["serial_number": "S-1"])), \#(item("switch", ["serial_number": "S-2"]))],
             "relations": [{"parent": 1, "child": 0, "type": "Connects to::Connected by"\#(chain)}],
             "referenceItems": [{"referenced": 1, "referencedBy": 0, "referenceField": "uplink"}]}
            """#
        }
        func relations(_ number: Int64) async throws -> [String] {
            try await discovery.bench.rows(
                """
                SELECT kind || ' ' || state FROM assetlink.discovery_relation_result
                WHERE payload_id = \(number) ORDER BY kind DESC
                """)
        }
        func chain() async throws -> [String] {
            try await discovery.bench.rows(
                "SELECT concat_ws(' ', parent_ci_id, child_ci_id, type, qualifiers) FROM cmdb.ci_relationship")
        }
        var number = try await discovery.send(pair(#", "qualifierChain": ["port 1"]"#))
        try await discovery.work()
        #expect(try await discovery.results(number) == ["inserted", "inserted"])
        #expect(try await relations(number) == ["relation inserted", "reference updated"])
        #expect(try await chain() == [#"2 1 connects_to ["port 1"]"#])
        #expect(try await discovery.bench.value("SELECT attributes ->> 'uplink' FROM cmdb.ci WHERE ci_id = 1") == "2")

        number = try await discovery.send(pair(""))
        try await discovery.work()
        #expect(try await relations(number) == ["relation no_change", "reference no_change"])
        number = try await discovery.send(pair(#", "qualifierChain": ["port 2", {"vlan": 7}]"#))
        try await discovery.work()
        #expect(try await relations(number) == ["relation updated", "reference no_change"])
        #expect(try await chain() == [#"2 1 connects_to ["port 2", {"vlan": 7}]"#])
    }

    @Test func aClassBecomesMoreSpecialAndNeverAnother() async throws {
        let discovery = try await DiscoveryBench()
        let serial = ["serial_number": "S-1"] as KeyValuePairs
        #expect(try await discovery.discover(payload(item("computer", serial))) == ["inserted"])
        #expect(try await discovery.discover(payload(item("linux_server", serial))) == ["updated 1 by 10"])
        #expect(try await discovery.discover(payload(item("server", serial))) == ["no_change 1 by 10"])
        #expect(
            try await discovery.discover(payload(item("printer", serial)))
                == ["rejected RECLASSIFICATION_NOT_ALLOWED"])
        #expect(try await discovery.cis() == ["-: linux_server S-1"])
    }

    @Test func aKnownIDIsEnough() async throws {
        let discovery = try await DiscoveryBench()
        try await discovery.bench.run("INSERT INTO cmdb.ci (ci_class, name) VALUES ('virtual_machine', 'vm-1')")
        let known = item("virtual_machine", ["name": "vm-2"], more: #", "sys_id": 1"#)
        #expect(try await discovery.discover(payload(known)) == ["updated 1"])
        #expect(try await discovery.cis() == ["vm-2: virtual_machine"])
        let unknown = item("server", ["serial_number": "S-1"], more: #", "ci_id": "nobody""#)
        #expect(try await discovery.discover(payload(unknown)) == ["inserted"])
        #expect(
            try await discovery.bench.rows("SELECT detail FROM assetlink.discovery_result WHERE payload_id = 2")
                == [#"There is no CI "nobody": identified by its values."#])
    }
}
