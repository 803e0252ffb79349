import LinkTesting
import Postgres
import Testing

/// Edits of the rule tables: versions, log rows, and what a rule may look like.
@Suite struct RuleTableTests {
    @Test func everyEditMakesOneVersion() async throws {
        let connection = try await migratedConnection()
        var log = try await LogReader(connection)
        func version() async throws -> Int64? {
            try await connection.query("SELECT max(version) FROM assetlink_internal.rule_set").first?.int8(0)
        }
        var current = try #require(try await version())
        for edit in [
            "INSERT INTO assetlink.placeholder (kind, value) VALUES ('serial', 'a test value')",
            "UPDATE assetlink.ci_class SET aged_after_days = 31 WHERE class = 'server'",
            "INSERT INTO assetlink.manufacturer_alias VALUES ('a test', 'a'); DELETE FROM assetlink.manufacturer_alias WHERE alias = 'a test'",
            "TRUNCATE assetlink.suspect_limit",
        ] {
            let logged = try await log.after(edit)
            current += 1
            #expect(logged.map(\.topic) == ["act", "rules"], "\(edit)")
            #expect(logged.last == Logged(topic: "rules", key: "\(current)", cause: "operator"), "\(edit)")
            #expect(try await version() == current)
        }
        #expect(
            try await log.after(
                "UPDATE assetlink.ci_class SET parent = parent; DELETE FROM assetlink.placeholder WHERE false") == [])
    }

    @Test func shippedRulesHold() async throws {
        let connection = try await migratedConnection()
        #expect(
            try await text(connection, "SELECT bool_and(assetlink.check_rule(rule))::text FROM assetlink.ci_class")
                == "true")
    }

    @Test(arguments: [
        (#"[]"#, "a rule is null"), (#"{"entries": []}"#, "at least one entry"), (#"{"entry": []}"#, "a rule is null"),
        (#"{"entries": [{"priority": 0, "attributes": ["uuid"]}]}"#, "entry 1 needs a \"priority\""),
        (#"{"entries": [{"priority": 1.5, "attributes": ["uuid"]}]}"#, "entry 1 needs a \"priority\""),
        (
            #"{"entries": [{"priority": 1, "attributes": ["uuid"]}, {"priority": 1, "attributes": ["name"]}]}"#,
            "entry 2 has priority 1, as the one before it"
        ),
        (
            #"{"entries": [{"priority": 2, "attributes": ["uuid"]}, {"priority": 1, "attributes": ["name"]}]}"#,
            "entry 2 has priority 1 after 2"
        ),
        (#"{"entries": [{"priority": 1, "type": "look up", "list": "serials"}]}"#, "unknown type \"look up\""),
        (#"{"entries": [{"priority": 1, "type": "lookup", "list": "macs"}]}"#, "needs \"list\""),
        (
            #"{"entries": [{"priority": 1, "type": "lookup", "list": "serials", "types": "bios"}]}"#,
            "\"types\" that are no list"
        ),
        (#"{"entries": [{"priority": 1, "attributes": ["serial"]}]}"#, "unknown attribute 'serial'"),
        (#"{"entries": [{"priority": 1, "attributes": [{"ci": "name"}]}]}"#, "unknown attribute null"),
        (#"{"entries": [{"priority": 1, "attributes": [7]}]}"#, "neither a name nor"),
        (#"{"entries": [{"priority": 1, "attribute": ["uuid"]}]}"#, "unknown member \"attribute\""),
        (#"{"entries": [{"priority": 1, "type": "hybrid", "list": "serials"}]}"#, "needs \"attributes\""),
        (
            #"{"entries": [{"priority": 1, "attributes": ["position"], "dependent": true}, {"priority": 2, "attributes": ["uuid"]}]}"#,
            "comes after a dependent entry"
        ),
        (#"{"required": ["nam"], "entries": [{"priority": 1, "attributes": ["uuid"]}]}"#, "unknown attribute 'nam'"),
        (#"{"entries": [{"priority": 1, "attributes": ["uuid"], "allow_null": "yes"}]}"#, "neither true nor false"),
        (#"{"entries": [{"priority": 1, "attributes": ["ci_class"]}]}"#, "unknown attribute 'ci_class' of assets"),
        (
            #"{"entries": [{"priority": 1, "attributes": ["uuid"], "when": {"asset_class": "x"}}]}"#,
            "unknown attribute 'asset_class' of CIs"
        ),
        (#"{"entries": [{"priority": 1, "attributes": ["uuid"], "when": {}}]}"#, "has \"when\" that is no object"),
        (
            #"{"entries": [{"priority": 1, "attributes": ["uuid"], "among": {"model": []}}]}"#,
            "has \"among\" that is no object"
        ),
        (#"{"entries": [{"priority": 1, "type": "lookup", "list": "attributes."}]}"#, "needs \"list\""),
        (#"{"entries": [{"priority": 1, "attributes": ["uuid"]}], "related": [{"class": "x"}]}"#, "\"related\""),
    ])
    func mistakesInRulesAreNamed(_ rule: String, _ message: String) async throws {
        let connection = try await migratedConnection()
        let error = await refusal(connection, "INSERT INTO assetlink.ci_class VALUES ('test_class', 'ci', '\(rule)')")
        #expect(error?.sqlState == "23514")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        "null", #""none""#,
        #"{"entries": [{"priority": 1, "attributes": ["attributes.rack", {"ci": "name", "asset": "asset_tag"}], "allow_null": true}]}"#,
        #"{"entries": [{"priority": 1, "type": "lookup", "list": "attributes.wwns", "types": ["fc"], "exact_count": true}]}"#,
        #"{"entries": [{"priority": 1, "attributes": ["uuid"], "when": {"manufacturer": ["dell", "hp"], "ci_class": "x"}, "among": {"asset_class": ["server"]}}], "related": [{"class": "software", "attributes": ["name"]}]}"#,
        #"{"required": ["name"], "entries": [{"priority": 5, "type": "hybrid", "attributes": ["name"], "list": "serials", "types": ["bios"]}, {"priority": 6, "type": "lookup", "list": "mac_addresses", "exact_count": true}, {"priority": 7, "type": "lookup", "list": "serials", "types": null, "dependent": true}]}"#,
    ])
    func goodRulesAreTaken(_ rule: String) async throws {
        let connection = try await migratedConnection()
        try await connection.script(
            "INSERT INTO assetlink.ci_class VALUES ('test_class', 'ci', nullif('\(rule)', 'null')::jsonb)")
    }
}
