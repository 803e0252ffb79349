import LinkCore
import LinkStore
import LinkTesting
import Postgres
import Testing

/// Every type of entry in the population of CIs: what is there, what is sent, what becomes of it.
@Suite struct DiscoveryIdentityTests {
    /// One case: CIs sent first, each must be inserted; then the payload.
    struct Example: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var rule: String
        var there: [String]
        var sent: [String]
        var expected: [String]

        init(_ name: String, rule: String, there: [String], sent: [String], _ expected: [String]) {
            testDescription = name
            self.rule = rule
            self.there = there
            self.sent = sent
            self.expected = expected
        }
    }

    private static func thing(
        _ values: KeyValuePairs<String, String> = [:], serials: KeyValuePairs<String, String> = [:],
        macs: [String] = [], wwns: [String] = []
    ) -> String {
        let list = wwns.map {
            #"{"className": "attributes.wwns", "values": {"type": "node", "value": "\#($0)"}}"#
        }
        return item("thing", values, serials: serials, macs: macs, lookup: list)
    }

    private static let a = "02:00:00:00:00:01"
    private static let b = "02:00:00:00:00:02"
    private static let c = "02:00:00:00:00:03"
    private static let serial = #"{"priority": 10, "type": "regular", "attributes": ["serial_number"]}"#
    private static let typed =
        #"{"priority": 20, "type": "lookup", "list": "serials", "types": ["system", "bios"]}"#
    private static let macs = #"{"priority": 30, "type": "lookup", "list": "mac_addresses", "exact_count": true}"#
    private static let hybrid = #"{"priority": 10, "type": "hybrid", "attributes": ["name"], "list": "serials"}"#

    static let examples: [Example] = [
        Example(
            "regular: the canonical value", rule: serial, there: [thing(["serial_number": "kx-1"])],
            sent: [thing(["serial_number": "KX-1 "]), thing(["serial_number": "KX-2"])],
            ["updated 1 by 10", "inserted"]),
        Example(
            "regular: a placeholder is nothing to look for", rule: serial, there: [],
            sent: [thing(["serial_number": "To Be Filled By O.E.M."])], ["parked MISSING_MATCHING_ATTRIBUTES"]),
        Example(
            "regular of two attributes, both must be there",
            rule: #"{"priority": 10, "type": "regular", "attributes": ["name", "model"]}"#,
            there: [thing(["name": "a", "model": "M"])],
            sent: [thing(["name": "A.", "model": "M"]), thing(["name": "a"])],
            ["updated 1 by 10", "parked MISSING_MATCHING_ATTRIBUTES"]),
        Example(
            "regular with nulls: a missing value equals only a missing value",
            rule: #"{"priority": 10, "type": "regular", "attributes": ["asset_tag", "position"], "allow_null": true}"#,
            there: [thing(["asset_tag": "T-1"]), thing(["asset_tag": "T-2", "position": "3"])],
            sent: [thing(["asset_tag": "t-1"]), thing(["asset_tag": "T-2"])], ["updated 1 by 10", "inserted"]),
        Example(
            "lookup, any member", rule: typed, there: [thing(serials: ["system": "S-1", "bios": "B-1"])],
            sent: [thing(serials: ["bios": "B-1", "board": "X"])], ["updated 1 by 20"]),
        Example(
            "lookup: two sources give the same serial different types", rule: typed,
            there: [thing(serials: ["bios": "S-1"])], sent: [thing(serials: ["System ": "s-1"])],
            ["updated 1 by 20"]),
        Example(
            "lookup: a type that the entry does not read", rule: typed, there: [thing(serials: ["bios": "S-1"])],
            sent: [thing(serials: ["chassis": "S-1"])], ["parked MISSING_MATCHING_ATTRIBUTES"]),
        Example(
            "exact count: an equal set", rule: macs, there: [thing(macs: [a, b])], sent: [thing(macs: [b, a])],
            ["updated 1 by 30"]),
        Example(
            "exact count: a smaller set", rule: macs, there: [thing(macs: [a, b])], sent: [thing(macs: [a])],
            ["inserted"]),
        Example(
            "exact count: a larger set", rule: macs, there: [thing(macs: [a, b])], sent: [thing(macs: [a, b, c])],
            ["inserted"]),
        Example(
            "exact count: an overlapping set", rule: macs, there: [thing(macs: [a, b])], sent: [thing(macs: [b, c])],
            ["inserted"]),
        Example(
            "hybrid: identical serials told apart by name", rule: hybrid,
            there: [
                thing(["name": "vm-1"], serials: ["host": "H-1", "bios": "H-2"]),
                thing(["name": "vm-2"], serials: ["host": "H-1", "bios": "H-2"]),
            ],
            sent: [
                thing(["name": "VM-2", "model": "x"], serials: ["host": "H-1", "bios": "H-2"]),
                thing(["name": "vm-3"], serials: ["host": "H-1", "bios": "H-2"]),
            ], ["updated 2 by 10", "inserted"]),
        Example(
            "a list of one's own",
            rule: #"{"priority": 10, "type": "lookup", "list": "attributes.wwns", "types": ["node"]}"#,
            there: [thing(wwns: ["5000:1"])], sent: [thing(wwns: ["5000:1", "5000:2"]), thing(wwns: ["5000:9"])],
            ["updated 1 by 10", "inserted"]),
        Example(
            "the stronger entry decides", rule: [serial, macs].joined(separator: ","),
            there: [thing(["serial_number": "S-1"]), thing(macs: [a])],
            sent: [thing(["serial_number": "S-1"], macs: [a])], ["updated 1 by 10"]),
        Example(
            "an entry that matches ends the search", rule: [serial, typed].joined(separator: ","),
            there: [thing(["serial_number": "S-1"], serials: ["bios": "B"]), thing(["serial_number": "S-2"])],
            sent: [thing(["serial_number": "S-1"], serials: ["bios": "B"])], ["no_change 1 by 10"]),
        Example(
            "weaker evidence does not overrule a stronger identifier", rule: [serial, macs].joined(separator: ","),
            there: [thing(["serial_number": "S-1"], macs: [a])],
            sent: [thing(["serial_number": "S-2"], macs: [a])], ["conflict MULTI_MATCH by 30"]),
        Example(
            "a condition on the item",
            rule:
                #"{"priority": 10, "type": "regular", "attributes": ["asset_tag"], "when": {"manufacturer": "dell"}}"#,
            there: [thing(["asset_tag": "T-1", "manufacturer": "Dell"])],
            sent: [
                thing(["asset_tag": "T-1", "manufacturer": "DELL"]), thing(["asset_tag": "T-1", "manufacturer": "hp"]),
            ], ["updated 1 by 10", "parked MISSING_MATCHING_ATTRIBUTES"]),
    ]

    @Test(arguments: examples)
    func entries(_ example: Example) async throws {
        let discovery = try await DiscoveryBench()
        try await discovery.rule("thing", example.rule)
        for there in example.there { #expect(try await discovery.discover(payload(there)) == ["inserted"]) }
        let sent = #"{"items": [\#(example.sent.joined(separator: ", "))]}"#
        let found = try await discovery.discover(sent)
        #expect(found == example.expected)
    }

    @Test func aDependentChainOfFourComesInReverse() async throws {
        let discovery = try await DiscoveryBench()
        try await discovery.rule(
            "part",
            """
            {"priority": 10, "type": "regular", "attributes": ["serial_number"]},
            {"priority": 20, "type": "regular", "attributes": ["position"], "dependent": true}
            """)
        let chain = payload(
            item("part", ["position": "4"]), item("part", ["position": "3"]), item("part", ["position": "2"]),
            item("part", ["serial_number": "ROOT"]), contains: [(1, 0), (2, 1), (3, 2)])
        #expect(try await discovery.discover(chain) == ["inserted", "inserted", "inserted", "inserted"])
        #expect(
            try await discovery.bench.rows(
                """
                SELECT p.position || ' in ' || coalesce(q.position, q.serial_number)
                FROM cmdb.ci_relationship r JOIN cmdb.ci p ON p.ci_id = r.child_ci_id
                JOIN cmdb.ci q ON q.ci_id = r.parent_ci_id ORDER BY 1
                """) == ["2 in ROOT", "3 in 2", "4 in 3"])
        let found = try await discovery.discover(chain)
        #expect(
            found.map { $0.hasPrefix("no_change") && $0.hasSuffix($0.contains("by 10") ? "10" : "20") ? "same" : $0 }
                == ["same", "same", "same", "same"])
        #expect(try await discovery.bench.value("SELECT count(*) FROM cmdb.ci") == "4")
        // The same position in another parent is another part.
        let other = payload(
            item("part", ["position": "2"]), item("part", ["serial_number": "OTHER"]), contains: [(1, 0)])
        #expect(try await discovery.discover(other) == ["inserted", "inserted"])
    }

    /// A retired CI is to discovery what a written-off asset is to CIs: not found by values, only named.
    @Test func aRetiredCIIsFoundByItsIdOnly() async throws {
        let discovery = try await DiscoveryBench()
        try await discovery.bench.run(
            "INSERT INTO cmdb.ci (ci_id, ci_class, name, serial_number, state) VALUES (90, 'server', 'old', 'S-1', 'retired')"
        )
        let found = payload(item("server", ["serial_number": "S-1", "name": "new"]))
        #expect(try await discovery.discover(found) == ["inserted"])
        #expect(try await discovery.discover(found).map { $0.hasSuffix("by 10") } == [true])
        let named = payload(item("server", ["name": "older"], more: #", "ci_id": 90"#))
        #expect(try await discovery.discover(named) == ["updated 90"])
        #expect(try await discovery.cis() == ["new: server S-1", "older: server S-1"])
    }

    @Test func whatIsContainedElsewhereHasMoved() async throws {
        let discovery = try await DiscoveryBench()
        let bench = discovery.bench
        func sent(_ box: String, chain: String = "") -> String {
            #"""
            {"items": [\#(item("blade_server", ["serial_number": "B-1"])), \#(item("chassis", ["serial_number": box]))],
             "relations": [{"parent": 1, "child": 0, "type": "contains"\#(chain)}]}
            """#
        }
        func related() async throws -> [String] {
            try await bench.rows(
                """
                SELECT concat_ws(' ', p.serial_number, r.qualifiers) FROM cmdb.ci_relationship AS r
                JOIN cmdb.ci AS p ON p.ci_id = r.parent_ci_id ORDER BY 1
                """)
        }
        _ = try await discovery.discover(sent("OLD", chain: #", "qualifierChain": ["slot 3"]"#))
        #expect(try await related() == [#"OLD ["slot 3"]"#])
        // Into one that is there, and into one that comes along.
        _ = try await discovery.discover(payload(item("chassis", ["serial_number": "NEW"])))
        for box in ["NEW", "NEWER"] {
            let moved = try await discovery.send(sent(box))
            try await discovery.work()
            #expect(try await related() == [box])
            #expect(
                try await bench.rows(
                    """
                    SELECT state || ' ' || (detail ~ '^It was contained in CI [0-9]+[.]$')
                    FROM assetlink_internal.discovery_relation WHERE payload_id = \(moved)
                    """) == ["updated true"])
        }
        #expect(
            try await bench.value(
                """
                SELECT p.serial_number FROM assetlink_internal.ci AS c
                JOIN assetlink_internal.ci AS p ON p.source_id = c.source_id AND p.key = c.parent_ci_id
                WHERE c.serial_number = 'B-1'
                """) == "NEWER")
        // What somebody else has put into a second one stays in both.
        try await bench.run(
            """
            INSERT INTO cmdb.ci_relationship (parent_ci_id, child_ci_id)
            SELECT p.ci_id, c.ci_id FROM cmdb.ci AS p, cmdb.ci AS c
            WHERE p.serial_number = 'OLD' AND c.serial_number = 'B-1'
            """)
        _ = try await discovery.discover(sent("NEW"))
        #expect(try await related() == ["NEW", "NEWER", "OLD"])
    }

    @Test func aDependentItemWithoutItsParentWaits() async throws {
        let discovery = try await DiscoveryBench()
        let lonely = payload(item("module", ["position": "1"]))
        #expect(try await discovery.discover(lonely) == ["parked MISSING_DEPENDENCY"])
        let within = payload(
            item("module", ["position": "1"]), item("switch", ["name": "sw-1"]), contains: [(1, 0)])
        #expect(
            try await discovery.discover(within)
                == ["parked MISSING_DEPENDENCY", "parked MISSING_MATCHING_ATTRIBUTES"])
    }

    @Test func aRuleOverriddenHalfWayDownTheTree() async throws {
        let discovery = try await DiscoveryBench()
        try await discovery.rule("plant", #"{"priority": 10, "type": "regular", "attributes": ["serial_number"]}"#)
        try await discovery.bench.run(
            "INSERT INTO assetlink.ci_class (class, parent) VALUES ('pump', 'plant'), ('valve', 'plant')")
        try await discovery.rule(
            "big_pump", parent: "pump", #"{"priority": 10, "type": "regular", "attributes": ["asset_tag"]}"#)
        try await discovery.bench.run("INSERT INTO assetlink.ci_class (class, parent) VALUES ('huge_pump', 'big_pump')")
        try await discovery.bench.drain()
        let there = payload(
            item("pump", ["serial_number": "P-1", "asset_tag": "T-1"]),
            item("big_pump", ["serial_number": "P-2", "asset_tag": "T-2"]))
        #expect(try await discovery.discover(there) == ["inserted", "inserted"])
        let sent = payload(
            // By the inherited rule the serial counts, by the other one the tag alone.
            item("pump", ["serial_number": "P-1", "asset_tag": "T-9"]),
            item("huge_pump", ["serial_number": "P-9", "asset_tag": "T-2"]),
            item("huge_pump", ["serial_number": "P-1"]), item("valve", ["serial_number": "V-1"]))
        #expect(
            try await discovery.discover(sent)
                == ["updated 1 by 10", "updated 2 by 10", "parked MISSING_MATCHING_ATTRIBUTES", "inserted"])
        #expect(
            try await discovery.cis()
                == ["-: pump P-1", "-: huge_pump P-9", "-: valve V-1"])
    }

    @Test func severalCIsOpenAConflictUntilOneIsLeft() async throws {
        let discovery = try await DiscoveryBench()
        let bench = discovery.bench
        try await bench.run(
            "INSERT INTO cmdb.ci (ci_class, name, serial_number) VALUES ('server', 'a', 'S-1'), ('server', 'b', 'S-1')")
        let number = try await discovery.send(payload(item("server", ["serial_number": "S-1", "name": "c"])))
        try await discovery.work()
        #expect(try await discovery.results(number) == ["conflict MULTIPLE_DUPLICATE_RECORDS by 10"])
        #expect(
            try await bench.rows(
                """
                SELECT q.kind || ' ' || q.cis || ' ' || (SELECT string_agg(m.id, ',' ORDER BY m.id)
                    FROM assetlink.conflict_member m WHERE m.conflict_id = q.conflict_id)
                FROM assetlink.conflict_queue q
                """) == ["duplicate_ci_identity 2 1,2"])
        try await bench.check()
        for kept in ["1", "nobody"] {
            let refused = await refusal(
                bench.connection,
                "SELECT assetlink.resolve_conflict(conflict_id, 'cmdb', '\(kept)', 'r') FROM assetlink.conflict_queue")
            #expect(refused?.sqlState == "55000" && refused?.message.contains("discovery does not tell apart") == true)
        }
        try await discovery.retry()
        #expect(try await discovery.results(number) == ["conflict MULTIPLE_DUPLICATE_RECORDS by 10"])

        try await bench.run("DELETE FROM cmdb.ci WHERE ci_id = 1")
        try await bench.drain()
        try await discovery.retry()
        #expect(try await discovery.results(number) == ["updated 2 by 10"])
        #expect(try await discovery.cis() == ["c: server S-1"])
        #expect(
            try await bench.rows(
                """
                SELECT concat_ws(' ', from_state, to_state, reason) FROM assetlink.audit
                WHERE action = 'conflict' ORDER BY audit_id
                """) == ["open duplicate_ci_identity", "open closed resolved"])
        try await bench.check()
    }
}
