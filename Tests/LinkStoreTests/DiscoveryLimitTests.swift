import LinkStore
import LinkTesting
import Postgres
import Testing

/// Large and malformed payloads: every item gets a result, and the feed goes on.
@Suite struct DiscoveryLimitTests {
    @Test(.timeLimit(.minutes(15))) func tenThousandItemsInOneTransaction() async throws {
        let discovery = try await DiscoveryBench()
        let count = 10_000
        let items = (0..<count).map { number in
            number % 10 == 9
                ? item("module", ["position": "\(number)"])
                : item(
                    "server", ["serial_number": "S-\(number)", "name": "n-\(number)"], serials: ["bios": "B-\(number)"])
        }
        let relations = stride(from: 9, to: count, by: 10).map {
            #"{"parent": \#($0 - 1), "child": \#($0), "type": "contains"}"#
        }
        let text =
            #"{"items": [\#(items.joined(separator: ","))], "relations": [\#(relations.joined(separator: ","))]}"#
        let clock = ContinuousClock()
        let began = clock.now
        let number = try await discovery.send(text)
        let sent = clock.now
        try await discovery.work()
        print("10,000 items: sent in \(sent - began), decided and taken in after \(clock.now - sent)")
        #expect(
            try await discovery.bench.rows(
                """
                SELECT state || ' ' || count(*) FROM assetlink.discovery_result
                WHERE payload_id = \(number) GROUP BY state
                """) == ["inserted \(count)"])
        #expect(try await discovery.bench.value("SELECT count(*) FROM cmdb.ci") == "\(count)")
        #expect(try await discovery.bench.value("SELECT count(*) FROM assetlink.ci_state") == "\(count)")
    }

    @Test func malformedItemsGetAReasonEach() async throws {
        let discovery = try await DiscoveryBench()
        let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        let bad = [
            "3", "null", "[]", #"{"values": {}}"#, #"{"className": 4}"#, #"{"className": "server", "values": []}"#,
            #"{"className": "server", "values": {"serial_number": ["S"]}}"#,
            #"{"className": "server", "values": {"serialNumber": "S"}}"#,
            #"{"className": "server", "values": {"serial_number": "S", "attributes": {"deep": \#(deep)}}}"#,
            #"{"className": "server", "lookup": {}}"#, #"{"className": "server", "thing": 1}"#,
            #"{"className": "server", "lookup": [{"className": "disks", "values": {}}]}"#,
            #"{"className": "server", "sourceRecencyTimestamp": "yesterday"}"#,
            #"{"className": "server", "sourceRecencyTimestamp": "2999-01-01"}"#,
            #"{"className": "server", "values": {"serial_number": "\#(String(repeating: "x", count: 3_000))"}}"#,
            item("server", serials: ["bios": "B", "bios": "B"]),
        ]
        let good = item("server", ["serial_number": "GOOD"])
        let found = try await discovery.discover(#"{"items": [\#((bad + [good]).joined(separator: ", "))]}"#)
        let invalid = "rejected INVALID_INPUT_DATA"
        #expect(
            found == [
                invalid, invalid, invalid, "rejected NO_CLASS_NAME_FOR_INDEPENDENT_CI", invalid, invalid, invalid,
                invalid, invalid, invalid, invalid, "parked IDENTIFICATION_RULE_FOR_LOOKUP_MISSING", invalid, invalid,
                invalid, "rejected DUPLICATE_LOOKUP_PAYLOAD", "inserted",
            ])
        #expect(
            try await discovery.bench.value(
                "SELECT count(*) FROM assetlink.discovery_result WHERE detail IS NULL AND state <> 'inserted'") == "0")
    }

    @Test func brokenRelationsBlameTheirItems() async throws {
        let discovery = try await DiscoveryBench()
        func server(_ number: Int) -> String { item("server", ["serial_number": "S-\(number)"]) }
        let relations = [
            #"{"parent": 99, "child": 0, "type": "contains"}"#, #"{"parent": 1, "child": "x", "type": "contains"}"#,
            #"{"parent": 2, "child": 3, "type": "contains"}"#, #"{"parent": 4, "child": 3, "type": "contains"}"#,
            #"{"parent": 5, "child": 6, "type": "contains"}"#, #"{"parent": 6, "child": 5, "type": "contains"}"#,
            #"{"parent": 7, "child": 8, "type": "hosts"}"#, #"{"parent": 7, "child": 8, "type": "Hosts"}"#,
            #"{"parent": 1e400, "child": -1, "type": "contains"}"#, "7",
        ]
        let items = (0..<9).map(server).joined(separator: ", ")
        let found = try await discovery.discover(
            #"{"items": [\#(items)], "relations": [\#(relations.joined(separator: ", "))]}"#)
        #expect(
            found == [
                "rejected INVALID_INPUT_DATA", "rejected INVALID_INPUT_DATA", "inserted",
                "rejected MULTIPLE_DEPENDENCIES", "inserted", "rejected QUALIFICATION_LOOP",
                "rejected QUALIFICATION_LOOP", "inserted", "rejected DUPLICATE_RELATIONSHIP_TYPES",
            ])
        #expect(try await discovery.bench.value("SELECT count(*) FROM cmdb.ci_relationship") == "0")
    }

    @Test func duplicateItemsAreToldWhoIsFirst() async throws {
        let discovery = try await DiscoveryBench { $0.discovery = 2 }
        let twice = payload(
            item("server", ["serial_number": "S-1"]), item("server", ["serial_number": "S-2"]),
            item("server", ["serial_number": "s-1 ", "name": "again"]))
        #expect(try await discovery.discover(twice) == ["inserted", "inserted", "rejected DUPLICATE_PAYLOAD_RECORDS"])
        #expect(
            try await discovery.bench.rows("SELECT detail FROM assetlink.discovery_result WHERE item = 2")
                == ["Item 0 of the payload is the same CI."])
    }

    @Test(.timeLimit(.minutes(10))) func fiftyMegabytes() async throws {
        let discovery = try await DiscoveryBench()
        let large = item(
            "server", ["serial_number": "L"], more: #", "related": ["\#(String(repeating: "y", count: 2_000_000))"]"#)
        let note = String(repeating: "z", count: 900_000)
        let long = (0..<2).map {
            #"{"className": "server", "values": {"serial_number": "M-\#($0)", "attributes.note": "\#(note)"}}"#
        }
        let all = [String](repeating: large, count: 24) + long + [item("server", ["serial_number": "S"])]
        let text = #"{"items": [\#(all.joined(separator: ","))]}"#
        #expect(text.utf8.count > 49_000_000)
        let found = try await discovery.discover(text)
        #expect(found.count { $0 == "rejected INVALID_INPUT_DATA" } == 24)
        #expect(found.count { $0 == "inserted" } == 3)
        // The feed goes on.
        try await discovery.bench.run(
            "INSERT INTO itam.asset (serial_number) VALUES ('S'); INSERT INTO cmdb.ci (ci_class, serial_number) VALUES ('server', 'T')"
        )
        try await discovery.bench.drain()
        #expect(
            try await discovery.bench.value("SELECT count(*) FROM assetlink.ci_state WHERE state = 'linked'") == "1")
    }

    @Test func whatIsNestedTooDeepInTheCMDBStaysAsItIs() async throws {
        let discovery = try await DiscoveryBench()
        let deep = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        try await discovery.bench.run(
            """
            INSERT INTO cmdb.ci (ci_class, serial_number, attributes)
            VALUES ('server', 'S-1', '{"deep": \(deep), "site": "Ghent"}')
            """)
        let found = try await discovery.discover(
            payload(item("server", ["serial_number": "S-1", "attributes.site": "Lille"])))
        #expect(found == ["updated 1 by 10"])
        #expect(
            try await discovery.bench.rows(
                "SELECT attributes ->> 'site' || ' ' || length(attributes ->> 'deep') FROM cmdb.ci") == ["Lille 1000"])
    }

    @Test func whatAnotherWritesMeanwhileIsSeen() async throws {
        let discovery = try await DiscoveryBench()
        try await discovery.bench.drain()
        // In the log, and no batch has taken it in.
        try await discovery.bench.run("INSERT INTO cmdb.ci (ci_class, serial_number) VALUES ('server', 'S-1')")
        let number = try await discovery.send(payload(item("server", ["serial_number": "S-1", "name": "a"])))
        #expect(try await discovery.bench.engine.discover() == 1)
        #expect(try await discovery.results(number) == ["updated 1 by 10"])
        try await discovery.work()
    }

    @Test func aLostAnswerWritesNothingTwice() async throws {
        let discovery = try await DiscoveryBench { $0.discovery = 2 }
        let number = try await discovery.send(
            payload(
                item("server", ["serial_number": "S-1"]), item("server", ["serial_number": "S-2"]),
                item("server", ["serial_number": "S-3"])))
        try await discovery.bench.drain()
        let engine = discovery.bench.engine
        // The commit is done, and the answer never comes.
        engine.interception = { connection, list throws(PostgresError) in
            let rows = try await connection.pipeline(list)
            if list.last?.sql == "COMMIT" { throw PostgresError(.connectionLost, "the answer is lost") }
            return rows
        }
        await #expect(throws: PostgresError.self) { try await engine.discover() }
        engine.interception = nil
        // Before the commit, nothing is there.
        try await discovery.work()
        #expect(try await discovery.results(number) == ["inserted", "inserted", "inserted"])
        #expect(try await discovery.cis() == ["-: server S-1", "-: server S-2", "-: server S-3"])
    }

    @Test func anotherDaemonHasTheLease() async throws {
        let discovery = try await DiscoveryBench()
        try await discovery.send(payload(item("server", ["serial_number": "S-1"])))
        try await discovery.bench.drain()
        try await discovery.bench.run("UPDATE assetlink_internal.lease SET epoch = epoch + 1")
        await #expect(throws: StoreError.self) { try await discovery.bench.engine.discover() }
        #expect(try await discovery.bench.value("SELECT count(*) FROM cmdb.ci") == "0")
    }
}
