import ArgumentParser
import Glibc
import LinkCommands
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

    /// Every command that has an answer for programs, in an order in which each can be done.
    private static let commands: [[String]] = [
        ["status"], ["coverage"], ["coverage", "--by-class"], ["coverage", "--by-source"],
        ["coverage", "--since", "90d"],
        ["explain", "cmdb/100"], ["explain", "102"], ["explain", "sw-01"], ["explain", "--asset", "A-1"],
        ["explain", "--asset", "A-3"], ["explain", "cmdb/900"], ["orphans"], ["orphans", "causes"], ["unlinked"],
        ["stale"], ["conflicts"], ["conflicts", "show", "601"], ["links"], ["suspects"], ["audit"],
        ["audit", "verify"], ["audit", "head"], ["audit", "prove", "1"], ["audit", "export", "PART", "--up-to", "1"],
        ["decisions"], ["dead-letters"], ["held"], ["sources"], ["sources", "check", "itam"],
        ["sources", "write-back"], ["sources", "write-back", "failures"],
        ["sources", "write-back", "set", "cmdb", "asset_ref", "--reason", "r"],
        ["sources", "write-back", "unset", "cmdb", "--reason", "r"],
        ["history", "cmdb/100"], ["history", "--asset", "A-1"], ["changes", "--since", "2026-01-01"],
        ["impact", "A-1"], ["impact", "A-5"], ["rules", "show"], ["rules", "show", "server"], ["rules", "history"],
        ["rules", "lint", "RULES"], ["rules", "diff", "RULES"], ["rules", "preview", "RULES"], ["verify"],
        ["migrate", "--dry-run"], ["migrate", "plan"], ["retention", "plan"], ["support-bundle", "BUNDLE"],
        ["discover", "PAYLOAD", "--dry-run"],
        ["discover", "PAYLOAD", "--wait", "0"],
        ["pin", "101", "A-5", "--reason", "r"], ["unpin", "101", "--reason", "r"],
        ["block", "cmdb/100", "A-5", "--reason", "r"], ["unblock", "cmdb/100", "A-5", "--reason", "r"],
        ["requeue", "101", "--reason", "r"], ["composite", "A-1", "--reason", "r"],
        ["close-stale", "702", "--reason", "r"], ["decisions", "load", "DECISIONS"],
        ["conflicts", "resolve", "601", "--keep", "A-3", "--reason", "r"],
        ["trust", "serial", "X", "--reason", "r"], ["distrust", "serial", "Y", "--reason", "r"],
        ["resync", "itam", "--reason", "r"], ["dead-letters", "replay", "1", "--reason", "r"],
        ["held", "approve", "cmdb", "--reason", "r"], ["held", "drop", "itam", "--reason", "r"],
        ["rules", "activate", "RULES", "--reason", "r"], ["rules", "rollback", "VERSION", "--reason", "r"],
        ["rules", "activate", "RULES", "--reason", "again"], ["held", "drop", "--rules", "--reason", "r"],
        ["rebase", "--reason", "r"],
    ]

    @Test func everyAnswerKeepsItsSchema() async throws {
        let database = try await smallFleet()
        try await execute(Self.fixture, database)
        let files = [
            "RULES": try temporaryFile("suspect_limits: {serial: 9}\n"),
            "DECISIONS": try temporaryFile("action,ci,asset,reason\nrequeue,101,,test\n"),
            "PAYLOAD": try temporaryFile(
                #"{"items": [{"className": "linux_server", "values": {"name": "n", "serial_number": "SN-77"}}]}"#),
        ]
        let part = try temporaryFile("")
        unlink(part)
        let made = ["PART": part, "BUNDLE": part + ".bundle"]
        defer { for path in made.values { unlink(path) } }
        var seen: Set<String> = []
        for words in Self.commands {
            var command = words.map { made[$0] ?? files[$0] ?? $0 }
            if words.starts(with: ["held", "drop", "--rules"]) { try await execute(Self.heldRules, database) }
            if let place = command.firstIndex(of: "VERSION") {
                command[place] = try #require(try await value(Self.oldest, database))
            }
            let outcome = await run(command + ["--json", "-d", database])
            #expect([0, 1, 10].contains(outcome.code), "\(command): \(outcome.errors)")
            guard case .string(let name)? = JSONTree(Array(outcome.text.utf8))?["schema"] else {
                Issue.record("\(command) answers with no schema: \(outcome.text.prefix(200)) \(outcome.errors)")
                continue
            }
            let file = String(name.dropFirst("assetlinkctl/".count))
            seen.insert(file)
            let schema = try #require(
                JSONSchema(try PublishedFile("deploy/docs/schemas/\(file).json").text()), "\(file)")
            let problems = schema.problems(in: outcome.text)
            #expect(problems.isEmpty, "\(command): \(problems.prefix(5).joined(separator: "; "))")
        }
        #expect(Set(Answers.all.keys.map { "\($0).v1" }).subtracting(seen).sorted() == [], "schemas without an answer")
    }

    /// A command that is added and has `--json` must be asked above.
    @Test func everyCommandWithAnswersIsAsked() throws {
        var asked: Set<String> = []
        for words in Self.commands {
            asked.insert(
                String(describing: type(of: try Assetlinkctl.parseAsRoot(words.map { $0 == "VERSION" ? "1" : $0 }))))
        }
        var leaves: [any ParsableCommand.Type] = []
        func descend(_ command: any ParsableCommand.Type) {
            let below = command.configuration.subcommands
            if below.isEmpty { leaves.append(command) } else { below.forEach(descend) }
        }
        descend(Assetlinkctl.self)
        // The parser lists the options of a command in its help.
        let answering = leaves.filter { $0.helpMessage().contains("--json") }.map { String(describing: $0) }
        #expect(answering.count > 40)
        // Rules are exported in their own form, which a rule file has to have.
        #expect(Set(answering).subtracting(asked).sorted() == ["RulesExport"])
    }

    private static let fixture = """
        INSERT INTO assetlink_internal.dead_letter (feed, source_id, key, error_code, error_text)
        SELECT 'cmdb', source_id, '900', '22P02', 'serials is no list' FROM assetlink_internal.source WHERE name = 'cmdb';
        INSERT INTO assetlink_internal.suspect_value VALUES ('serial', 'X', now());
        ALTER TABLE cmdb.ci ADD COLUMN asset_ref text;
        ALTER TABLE itam.asset ADD COLUMN seen_as text;
        DO $$ BEGIN PERFORM assetlink.set_write_back('itam', 'seen_as', 'r'); END $$;
        INSERT INTO assetlink_internal.write_back_retry (source_id, key, next_attempt_at, error_code, error_text)
        SELECT source_id, 'A-1', now(), 'locked', 'held' FROM assetlink_internal.source WHERE name = 'itam';
        INSERT INTO assetlink_internal.coverage_snapshot
        SELECT now() - interval '1 day', '*', to_jsonb(c) FROM assetlink.coverage c;
        INSERT INTO assetlink_internal.held_change
        SELECT source_id, '901', now(), 1 FROM assetlink_internal.source WHERE name IN ('cmdb', 'itam');
        INSERT INTO assetlink_internal.source_status
        SELECT source_id, 'held', 'its changes would end 70 links', now()
        FROM assetlink_internal.source WHERE name IN ('cmdb', 'itam');
        INSERT INTO assetlink_internal.trusted_value VALUES ('serial', 'Y', 1);
        SELECT assetlink.enable_discovery();
        INSERT INTO assetlink_internal.batch (batch_id, epoch, snapshot, committed_at, rule_set_version, changes, audit_rows,
            previous_digest, digest, row_digests)
        SELECT 1, 1, pg_current_snapshot(), now(), max(m.version), 0, 1, d.zero,
            assetlink_internal.batch_digest(d.zero, 1, assetlink_internal.batch_payload(d.row, now())), d.row
        FROM assetlink_internal.rule_set m
        CROSS JOIN (
            SELECT decode(repeat('00', 32), 'hex') AS zero, assetlink_internal.row_digest(a) AS row
            FROM assetlink_internal.audit a WHERE a.batch_id = 1) AS d
        GROUP BY d.zero, d.row;
        """

    /// Versions that the migrations made have no document to go back to.
    private static let oldest = "SELECT min(version) FROM assetlink.rule_set WHERE document IS NOT NULL"

    /// As the batch leaves it that finds the rules in force to end too much.
    private static let heldRules = """
        INSERT INTO assetlink_internal.batch (batch_id, epoch, snapshot, ranges, committed_at, rule_set_version, changes,
            audit_rows, previous_digest, digest)
        SELECT 2, 1, pg_current_snapshot(),
            format('[{"kind": "reevaluate", "held": "it would end 70 links", "replaces": %s}]', (\(oldest)))::jsonb,
            now(), max(m.version), 0, 0, '', ''
        FROM assetlink_internal.rule_set m
        """

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
