import LinkCore
import LinkRules
import LinkStore
import LinkTesting
import Postgres
import Testing

/// Versions of the rules: whole documents, one after the other, by whoever made them.
@Suite struct RuleSetVersionTests {
    /// What the tables hold, as the engine reads it, in the form of a document.
    private func tables(_ connection: PostgresConnection) async throws -> String {
        DocumentValue(try await RuleSetLoader.load(connection)).json
    }

    private func newest(_ connection: PostgresConnection) async throws -> (version: Int64, document: String) {
        let row = try #require(
            try await connection.query("SELECT version, document::text FROM assetlink.rule_set WHERE in_force").first)
        let file = RuleFile.read(json: try row.text(1))
        #expect(file.problems.isEmpty, "\(file.problems.first?.message ?? "")")
        return (try row.int8(0), DocumentValue(file.ruleSet).json)
    }

    private func activate(_ rules: RuleSet, _ connection: PostgresConnection) async throws -> Int64? {
        try await connection.query(
            "SELECT assetlink.activate_rule_set($1, 'a test')", [.json(DocumentValue(rules).json)]
        ).first?.int8OrNil(0)
    }

    @Test func whatIsShippedIsADocument() async throws {
        let connection = try await migratedConnection()
        #expect(try await newest(connection).document == tables(connection))
        let rules = try await RuleSetLoader.load(connection)
        #expect(rules.classes.count == DefaultRules.classes.count)
        #expect(RuleLint.problems(of: rules) == [])
    }

    @Test func editsByHandMakeWholeVersions() async throws {
        let connection = try await migratedConnection()
        let before = try await newest(connection)
        try await connection.script(
            """
            BEGIN;
            UPDATE assetlink.ci_class SET aged_after_days = 31 WHERE class = 'server';
            SAVEPOINT s; DELETE FROM assetlink.placeholder WHERE kind = 'name'; ROLLBACK TO s;
            SAVEPOINT t; INSERT INTO assetlink.lifecycle_state VALUES ('ci', 'lab', 'gone', 'retired'); RELEASE t;
            TRUNCATE assetlink.suspect_limit;
            COMMIT
            """)
        let after = try await newest(connection)
        #expect(after.version == before.version + 1)
        #expect(try await after.document == tables(connection))
        #expect(after.document.contains(#""aged_after_days": 31"#) && after.document.contains(#""lab""#))
        let made = try await connection.query("SELECT made_as, reason FROM assetlink.rule_set WHERE in_force").first
        #expect(try made?.text(0) == "edit_rules" && made?.text(1) == "edited by hand")
        try await connection.script("BEGIN; TRUNCATE assetlink.placeholder; ROLLBACK")
        #expect(try await newest(connection) == after)
    }

    @Test func whoEditsBesideAnotherSeesWhatWasCommitted() async throws {
        let conninfo = try await migratedDatabase()
        let settings = ConnectionSettings(conninfo)
        let one = try await PostgresConnection.connect(settings, logger: quietLogger)
        let other = try await PostgresConnection.connect(settings, logger: quietLogger)
        try await one.script("BEGIN; UPDATE assetlink.ci_class SET aged_after_days = 11 WHERE class = 'server'")
        try await other.script("BEGIN; UPDATE assetlink.ci_class SET aged_after_days = 22 WHERE class = 'switch'")
        // Makes its version now, and so holds up the other's until it commits.
        try await one.script("SET CONSTRAINTS ALL IMMEDIATE")
        async let committed: Void = other.script("COMMIT")
        let waits =
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        try await Eventually.holds(waits, on: one)
        try await one.script("COMMIT")
        try await committed
        #expect(try await newest(one).document == tables(one))
        #expect(try await newest(one).document.contains(#""aged_after_days": 11"#))

        try await one.script(
            """
            BEGIN ISOLATION LEVEL REPEATABLE READ;
            UPDATE assetlink.ci_class SET aged_after_days = 33 WHERE class = 'server'
            """)
        try await other.script("UPDATE assetlink.ci_class SET aged_after_days = 44 WHERE class = 'switch'")
        let error = await refusal(one, "COMMIT")
        #expect(error?.sqlState == "40001")
        #expect(try await newest(other).document == tables(other))
    }

    @Test(arguments: 0..<12) func aDocumentBecomesTheRules(_ seed: UInt64) async throws {
        let connection = try await migratedConnection("rules_activated_\(seed)")
        var random = RandomRules(seed: seed)
        var versions: [(Int64, String)] = []
        for _ in 0..<4 {
            let rules = random.ruleSet()
            let kept = try await RuleSetLoader.load(connection).placeholders
            let version = try #require(try await activate(rules, connection))
            let wanted = DocumentValue(rules).json
            #expect(try await tables(connection) == wanted, "seed \(seed)")
            #expect(try await newest(connection) == (version, wanted), "seed \(seed)")
            #expect(try await activate(rules, connection) == version, "seed \(seed): again changes nothing")
            let now = try await RuleSetLoader.load(connection).placeholders
            for item in kept {
                var same = now.first { ($0.kind, $0.value, $0.isPattern) == (item.kind, item.value, item.isPattern) }
                guard same?.manufacturer == item.manufacturer else { continue }
                same?.note = item.note
                #expect(same == nil || same == item, "seed \(seed): a placeholder keeps its number")
            }
            versions.append((version, wanted))
        }
        let (old, document) = versions[1]
        _ = try await connection.query("SELECT assetlink.rollback_rule_set($1, 'a test')", [.int8(old)])
        #expect(try await newest(connection).document == document, "seed \(seed)")
        let row = try await connection.query("SELECT restores, made_as FROM assetlink.rule_set WHERE in_force").first
        #expect(try row?.int8(0) == old && row?.text(1) == "rollback_rule_set")
        let digests = try await connection.query(
            "SELECT count(DISTINCT digest) FROM assetlink.rule_set WHERE version = $1 OR in_force", [.int8(old)])
        #expect(try digests.first?.int8(0) == 1)
    }

    @Test func aMissingSectionStaysAsItIs() async throws {
        let connection = try await migratedConnection()
        let before = try await RuleSetLoader.load(connection)
        _ = try await connection.query(
            "SELECT assetlink.activate_rule_set($1, 'a test')", [.json(#"{"suspect_limits": {"mac": 9}}"#)])
        var wanted = before
        wanted.suspectLimits = [.mac: 9]
        #expect(try await tables(connection) == DocumentValue(wanted).json)
    }

    @Test(arguments: [
        (#"[]"#, "23514", "is no object"), (#"{"clases": {}}"#, "23514", "unknown member \"clases\""),
        (#"{"classes": {"box": {}}}"#, "23514", "no class \"ci\""),
        (#"{"classes": {"ci": {}, "box": {"parent": "cj"}}}"#, "23514", "\"cj\", which is no class"),
        (#"{"classes": {"ci": {}, "a": {"parent": "b"}, "b": {"parent": "a"}}}"#, "23514", "ancestors"),
        (
            #"{"classes": {"ci": {"rule": {"entries": [{"priority": 1, "attributes": ["serial"]}]}}}}"#, "23514",
            "rule of class \"ci\": unknown attribute"
        ),
        (#"{"placeholders": {"serial": [{"note": "x"}]}}"#, "23514", "needs \"value\" or \"pattern\""),
        (#"{"placeholders": {"serial": ["x", "x"]}}"#, "23514", "twice"),
        (#"{"placeholders": {"serial": "x"}}"#, "23514", "cannot extract"),
        (#"{"lifecycle": {"asset": {"in_used": ["a"]}}}"#, "23514", "no meaning"),
        (#"{"lifecycle": {"ci": {"active": ["A"], "retired": ["a"]}}}"#, "23514", "twice"),
        (#"{"suspect_limits": {"serial": -1}}"#, "23514", "no number"),
        (#"{"classes": {"ci": {"suspect_limits": {"mac": "many"}}}}"#, "23514", "limit of \"mac\" is no number"),
        (#"{"classes": {"ci": {"suspect_limits": {"mac": null}}}}"#, "23514", "limit of \"mac\" is no number"),
        (#"{"classes": {"ci": {"suspect_limits": {"name": 1}}}}"#, "23514", "unknown member \"name\""),
        (#"{"classes": {"ci": {"suspect_limits": 1}}}"#, "23514", "is no object"),
    ])
    func badDocumentsAreRefused(_ document: String, _ state: String, _ message: String) async throws {
        let connection = try await migratedConnection()
        let before = try await newest(connection)
        let error = await refusal(connection, "SELECT assetlink.activate_rule_set('\(document)', 'a test')")
        #expect(error?.sqlState == state, "\(error?.message ?? "")")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        #expect(try await newest(connection) == before)
    }

    @Test func actsNeedReasonsAndVersionsNeverChange() async throws {
        let connection = try await migratedConnection()
        for (sql, state) in [
            ("SELECT assetlink.activate_rule_set('{\"suspect_limits\": {}}', ' ')", "22023"),
            ("SELECT assetlink.rollback_rule_set(1, 'a test')", "55000"),
            ("SELECT assetlink.rollback_rule_set(999, 'a test')", "P0002"),
            ("UPDATE assetlink_internal.rule_set SET reason = 'x'", "23001"),
            ("DELETE FROM assetlink_internal.rule_set", "23001"),
            ("TRUNCATE assetlink_internal.rule_set", "23001"),
        ] {
            #expect(await refusal(connection, sql)?.sqlState == state, "\(sql)")
        }
        let same = try await newest(connection).version
        #expect(await refusal(connection, "SELECT assetlink.rollback_rule_set(\(same), 'x')")?.sqlState == "55000")
    }

    @Test func theAuditNamesTheVersionAndWhy() async throws {
        let conninfo = try await migratedDatabase()
        let runner = try await EngineRunner(conninfo)
        try await runner.drain()
        let version = try #require(
            try await runner.connection.query(
                "SELECT assetlink.activate_rule_set('{\"suspect_limits\": {\"serial\": 7}}', 'fewer false alarms')"
            ).first?.int8(0))
        try await runner.drain()
        let rows = try await runner.connection.query(
            """
            SELECT a.reason, a.actor, a.rule_set_version, (a.evidence ->> 'act')::bigint = r.act_id
            FROM assetlink.audit a, assetlink.rule_set r
            WHERE a.action = 'activate_rule_set' AND r.in_force
            """)
        let row = try #require(rows.first)
        #expect(rows.count == 1)
        #expect(try row.text(0) == "fewer false alarms" && row.int8(2) == version && row.bool(3))
        #expect(try !row.text(1).isEmpty)
    }
}
