import LinkStore
import LinkTesting
import Testing

/// Every type of entry in the population of assets, through the engine: what is there, and what becomes of the CIs.
///
/// `DiscoveryIdentityTests` has the same in the population of CIs.
@Suite struct EngineEntryTests {
    /// Machines of one class, and how they are decided.
    struct Example: Sendable {
        var name: String
        /// Entries of the rule of class `thing`.
        var rule: String
        /// What is written into `itam` and `cmdb`.
        var there: [String]
        /// The states of the CIs in the order of their numbers.
        var expected: [String]
    }

    private static let macs = #"{"priority": 30, "type": "lookup", "list": "mac_addresses", "exact_count": true}"#
    private static let oneMAC = #"{"priority": 30, "type": "lookup", "list": "mac_addresses"}"#
    private static let typed =
        #"{"priority": 20, "type": "lookup", "list": "serials", "types": ["system", "bios", "standard"]}"#
    private static let all = #"{"priority": 20, "type": "lookup", "list": "serials", "exact_count": true}"#
    private static let serial = #"{"priority": 10, "type": "regular", "attributes": ["serial_number"]}"#
    private static let position = #"{"priority": 40, "type": "regular", "attributes": ["position"], "dependent": true}"#
    private static let hybrid = #"{"priority": 10, "type": "hybrid", "attributes": ["name"], "list": "serials"}"#
    private static let tag =
        #"{"priority": 10, "type": "regular", "attributes": ["asset_tag", "position"], "allow_null": true}"#

    private static func asset(_ id: Int, _ columns: String, _ values: String) -> String {
        "INSERT INTO itam.asset (asset_id, \(columns)) VALUES (\(id), \(values));"
    }

    private static func ci(
        _ id: Int, _ columns: KeyValuePairs<String, String> = [:], macs: [String] = [],
        serials: KeyValuePairs<String, String> = [:], within parent: Int? = nil, of className: String = "thing"
    ) -> String {
        let names = (["ci_id", "ci_class"] + columns.map(\.key)).joined(separator: ", ")
        let values = (["\(id)", "'\(className)'"] + columns.map { "'\($0.value)'" }).joined(separator: ", ")
        let adapters = macs.map { "INSERT INTO cmdb.ci_network_adapter VALUES (\(id), 'eth', '\($0)');" }
        let typed = serials.map { "INSERT INTO cmdb.ci_serial_number VALUES (\(id), '\($0.key)', '\($0.value)');" }
        let relation = parent.map { ["INSERT INTO cmdb.ci_relationship VALUES (\($0), \(id), 'contains');"] } ?? []
        return
            (["INSERT INTO cmdb.ci (\(names)) VALUES (\(values));"] + adapters + typed + relation).joined(
                separator: "\n")
    }

    private static let a = "02:00:00:00:00:01"
    private static let b = "02:00:00:00:00:02"
    private static let c = "02:00:00:00:00:03"
    private static let two = asset(1, "mac_addresses", "'{\(a),\(b)}'")

    static let examples: [Example] = [
        Example(
            name: "exact count: an equal, a smaller, a larger and an overlapping set", rule: macs,
            there: [two, ci(1, macs: [b, a]), ci(2, macs: [a]), ci(3, macs: [a, b, c]), ci(4, macs: [b, c])],
            expected: [
                "linked to 1", "orphaned no_matching_asset", "orphaned no_matching_asset", "orphaned no_matching_asset",
            ]),
        Example(
            name: "any member: a smaller set, and one that overlaps nothing", rule: oneMAC,
            there: [two, ci(1, macs: [a]), ci(2, macs: [c])], expected: ["linked to 1", "orphaned no_matching_asset"]),
        Example(
            name: "exact count of serials: the serial number is one of them", rule: all,
            there: [
                asset(1, "serial_number, other_serials", "'S-1', '{B-1}'"),
                ci(1, ["serial_number": "s-1"], serials: ["bios": "b-1"]), ci(2, ["serial_number": "S-1"]),
            ], expected: ["linked to 1", "orphaned no_matching_asset"]),
        Example(
            name: "typed serials: two sources call the same number differently", rule: typed,
            there: [
                asset(1, "serial_number", "'S-1'"), asset(2, "serial_number", "'S-2'"),
                ci(1, serials: ["System ": "s-1"]), ci(2, serials: ["bios": "S-2", "chassis": "S-1"]),
                ci(3, serials: ["chassis": "S-1"]),
            ], expected: ["linked to 1", "linked to 2", "orphaned no_identifier"]),
        Example(
            name: "hybrid: two machines with identical sets of serials, told apart by name", rule: hybrid,
            there: [
                asset(1, "name, other_serials", "'vm-1', '{H-1,H-2}'"),
                asset(2, "name, other_serials", "'vm-2', '{H-1,H-2}'"),
                ci(1, ["name": "VM-1"], serials: ["host": "H-1", "bios": "H-2"]),
                ci(2, ["name": "vm-2"], serials: ["host": "H-1", "bios": "H-2"]),
                ci(3, ["name": "vm-3"], serials: ["host": "H-1", "bios": "H-2"]),
            ], expected: ["linked to 1", "linked to 2", "orphaned no_matching_asset"]),
        Example(
            name: "nulls allowed: a missing value equals only a missing value", rule: tag,
            there: [
                asset(1, "asset_tag", "'T-1'"), asset(2, "asset_tag, position", "'T-2', '3'"),
                ci(1, ["asset_tag": "t-1"]), ci(2, ["asset_tag": "T-2"]),
            ], expected: ["linked to 1", "orphaned no_matching_asset"]),
        Example(
            name: "a dependent chain four deep, the deepest first", rule: "\(serial), \(position)",
            there: [
                ci(4, ["position": "4"]), ci(3, ["position": "3"]), ci(2, ["position": "2"]),
                ci(1, ["serial_number": "ROOT"]),
                "INSERT INTO cmdb.ci_relationship VALUES (3, 4, 'contains'), (2, 3, 'contains'), (1, 2, 'contains');",
                asset(11, "serial_number", "'ROOT'"), asset(12, "position, parent_asset_id", "'2', 11"),
                asset(13, "position, parent_asset_id", "'3', 12"), asset(14, "position, parent_asset_id", "'4', 13"),
            ], expected: ["linked to 11", "linked to 12", "linked to 13", "linked to 14"]),
        Example(
            name: "a rule overridden half-way down the tree", rule: serial,
            there: [
                asset(1, "serial_number, asset_tag", "'S-1', 'T-1'"),
                asset(2, "serial_number, asset_tag", "'S-2', 'T-2'"),
                ci(1, ["serial_number": "S-1", "asset_tag": "T-9"], of: "small_thing"),
                ci(2, ["serial_number": "S-9", "asset_tag": "T-2"], of: "small_special_thing"),
                ci(3, ["serial_number": "S-2"], of: "small_special_thing"),
            ], expected: ["linked to 1", "linked to 2", "orphaned no_identifier"]),
    ]

    @Test func eachIsDecidedAsWritten() async throws {
        let bench = try await EngineBench { $0.breakerMinimum = 10_000 }
        try await bench.run(
            """
            INSERT INTO assetlink.ci_class (class, parent, rule) VALUES
                ('thing', 'ci', NULL), ('small_thing', 'thing', NULL),
                ('special_thing', 'small_thing', '{"entries": [
                    {"priority": 10, "type": "regular", "attributes": ["asset_tag"]}]}'),
                ('small_special_thing', 'special_thing', NULL);
            """)
        for example in Self.examples {
            try await bench.run(
                """
                DELETE FROM cmdb.ci; DELETE FROM itam.asset;
                UPDATE assetlink.ci_class SET rule = '{"entries": [\(example.rule)]}' WHERE class = 'thing'
                """)
            try await bench.drain()
            // One transaction each: who is decided first is as written.
            for sql in example.there {
                try await bench.run(sql)
                try await bench.drain()
            }
            let states = try await bench.rows(
                """
                SELECT concat_ws(' ', state, reason, 'to ' || asset_id) FROM assetlink.ci_state ORDER BY ci_id::integer
                """)
            #expect(states == example.expected, "\(example.name)")
            try await bench.check(example.name)
        }
    }
}
