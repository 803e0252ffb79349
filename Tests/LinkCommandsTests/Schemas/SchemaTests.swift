import LinkTesting
import Postgres
import Testing

/// The schemas that `--json` promises are published, true of the database, and kept by every command.
@Suite struct SchemaTests {
    @Test func schemasArePublished() async throws {
        let connection = try await migratedConnection()
        let catalog = try await Catalog(connection)
        for (command, fields) in Answers.all {
            try PublishedFile("deploy/docs/schemas/\(command).v1.json").expect(try catalog.schema(command, fields))
        }
        await connection.close()
        #expect(
            try PublishedFile.names(in: "deploy/docs/schemas").filter { $0.hasSuffix(".json") }
                == Answers.all.keys.map { "\($0).v1.json" }.sorted())
    }

    /// What a fleet without a daemon can be asked.
    static let commands: [[String]] = [
        ["status"], ["coverage"], ["coverage", "--by-class"], ["coverage", "--by-source"],
        ["coverage", "--since", "90d"],
        ["explain", "cmdb/100"], ["explain", "102"], ["explain", "sw-01"], ["explain", "--asset", "A-1"],
        ["explain", "--asset", "A-3"], ["explain", "cmdb/900"], ["orphans"], ["orphans", "causes"], ["unlinked"],
        ["stale"], ["conflicts"], ["conflicts", "show", "601"], ["links"], ["suspects"], ["audit"],
        ["audit", "verify"], ["decisions"], ["dead-letters"], ["held"], ["sources"], ["sources", "check", "itam"],
        ["history", "cmdb/100"], ["history", "--asset", "A-1"], ["changes", "--since", "2026-01-01"],
        ["impact", "A-1"], ["impact", "A-5"], ["rules", "show"], ["rules", "show", "server"], ["rules", "history"],
        ["migrate", "--dry-run"],
        ["pin", "101", "A-5", "--reason", "r"], ["block", "cmdb/100", "A-5", "--reason", "r"],
        ["requeue", "101", "--reason", "r"], ["composite", "A-1", "--reason", "r"],
        ["conflicts", "resolve", "601", "--keep", "A-3", "--reason", "r"],
        ["trust", "serial", "X", "--reason", "r"], ["resync", "itam", "--reason", "r"],
    ]

    @Test func everyAnswerKeepsItsSchema() async throws {
        let database = try await smallFleet()
        try await execute(
            """
            INSERT INTO assetlink_internal.dead_letter (feed, source_id, key, error_code, error_text)
            SELECT 'cmdb', source_id, '900', '22P02', 'serials is no list' FROM assetlink_internal.source WHERE name = 'cmdb';
            INSERT INTO assetlink_internal.suspect_value VALUES ('serial', 'X', now());
            INSERT INTO assetlink_internal.coverage_snapshot
            SELECT now() - interval '1 day', '*', to_jsonb(c) FROM assetlink.coverage c;
            """, database)
        var seen: Set<String> = []
        for command in Self.commands {
            let outcome = await run(command + ["--json", "-d", database])
            #expect([0, 1, 10].contains(outcome.code), "\(command): \(outcome.errors)")
            guard case .string(let name)? = JSONTree(Array(outcome.text.utf8))?["schema"] else {
                Issue.record("\(command) answers with no schema: \(outcome.text.prefix(200))")
                continue
            }
            let file = String(name.dropFirst("assetlinkctl/".count))
            seen.insert(file)
            let schema = try #require(
                JSONSchema(try PublishedFile("deploy/docs/schemas/\(file).json").text()), "\(file)")
            let problems = schema.problems(in: outcome.text)
            #expect(problems.isEmpty, "\(command): \(problems.prefix(5).joined(separator: "; "))")
        }
        // What needs a daemon, a file or a wrong database is validated where it is tested.
        let rest = Set(Answers.all.keys.map { "\($0).v1" }).subtracting(seen).sorted()
        #expect(
            rest == [
                "close-stale.v1", "dead-letters-replay.v1", "decisions-load.v1", "discover-preview.v1", "discover.v1",
                "distrust.v1", "held-approve.v1", "held-drop-rules.v1", "held-drop.v1", "rebase.v1",
                "rules-activate.v1", "rules-diff.v1", "rules-lint.v1", "rules-preview.v1", "rules-rollback.v1",
                "unblock.v1", "unpin.v1", "verify.v1",
            ])
    }

    @Test func effectsKeepTheirSchemas() async throws {
        try await liveFleet { database in
            let file = try temporaryFile("action,ci,asset,reason\nrequeue,web-1,,test\n")
            for command in [
                ["pin", "web-2", "T-2", "--reason", "r"], ["unpin", "web-2", "--reason", "r"],
                ["block", "web-1", "T-1", "--reason", "r"], ["unblock", "web-1", "T-1", "--reason", "r"],
                ["decisions", "load", file], ["verify"],
            ] {
                let outcome = await run(command + ["--json", "-d", database])
                #expect(outcome.code == 0, "\(command): \(outcome.errors)")
                guard case .string(let name)? = JSONTree(Array(outcome.text.utf8))?["schema"] else {
                    Issue.record("\(command) answers with no schema: \(outcome.text.prefix(200))")
                    continue
                }
                let path = "deploy/docs/schemas/\(name.dropFirst("assetlinkctl/".count)).json"
                let schema = try #require(JSONSchema(try PublishedFile(path).text()))
                #expect(schema.problems(in: outcome.text) == [], "\(command)")
            }
        }
    }

    @Test(arguments: [
        (#"{"a": "1", "b": []}"#, ["$.a: \"1\" is not of type \"integer\""]),
        (#"{"a": 1}"#, ["$: b is missing"]), (#"{"a": 1, "b": [], "c": 0}"#, ["$: c is not in the schema"]),
        (#"{"a": 1, "b": [1.5]}"#, ["$.b[0]: fits none of the choices: 1.5"]), (#"{"a": 1, "b": [null, 2]}"#, []),
        (#"{"a": 1.5, "b": []}"#, ["$.a: 1.5 is not of type \"integer\""]), ("[", ["this is no JSON"]),
    ])
    func theCheckFindsWhatDoesNotFit(_ answer: String, _ problems: [String]) throws {
        let schema = try #require(
            JSONSchema(
                """
                {"type": "object", "properties": {"a": {"type": "integer"},
                 "b": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]}}},
                 "required": ["a", "b"], "additionalProperties": false, "$defs": {"n": {"type": "integer"}}}
                """))
        #expect(schema.problems(in: answer) == problems)
    }
}
