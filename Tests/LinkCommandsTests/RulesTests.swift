import LinkStore
import LinkTesting
import Postgres
import Testing

/// `assetlinkctl rules`: from a file to a version and back.
@Suite struct RulesTests {
    private static let rules = """
        classes:
          ci: {aged_after_days: 60, rule: none}
          box:
            parent: ci
            suspect_limits: {serial: 3}
            rule:
              required: [name]
              entries:
                - {priority: 10, type: regular, attributes: [serial_number]}
                - {priority: 20, type: hybrid, attributes: [name], list: attributes.wwns, types: [node]}
          small_box: {parent: box, aged_after_days: 7, suspect_limits: {serial: 0}}
        suspect_limits:
          serial: 9

        """

    @Test func lintNeedsNoDatabase() async throws {
        let good = await run("rules", "lint", try temporaryFile(Self.rules), "-d", "host=/nowhere")
        #expect(good.code == 0 && good.out.isEmpty && good.err == ["Nothing is wrong."], "\(good)")
        let path = try temporaryFile(
            """
            classes:
              ci: {rule: none}
              box: {parent: co}
            placeholders:
              serial: [{pattern: abc}]
            """)
        let bad = await run("rules", "lint", path)
        #expect(bad.code == 1)
        #expect(bad.out[0] == "\(path):3:17: error: class box: there is no class \"co\" [unknown-class]")
        #expect(bad.out[1] == "  → Did you mean \"ci\"?")
        #expect(bad.out[2].hasPrefix("\(path):5:12: warning: placeholder serial \"abc\": the pattern matches nothing"))
        #expect(bad.err == ["1 error, 1 warning."])
        let json = await run("rules", "lint", path, "--json")
        #expect(
            json.text.hasPrefix(#"{"schema": "assetlinkctl/rules-lint.v1", "errors": 1, "warnings": 1, "problems": "#))
        #expect(json.text.contains(#""code": "unknown-class", "line": 3, "column": 17, "subject": "class box""#))
        let doubtful = try temporaryFile("placeholders: {serial: [{pattern: abc}]}")
        #expect(await run("rules", "lint", doubtful).code == 0)
        #expect(await run("rules", "lint", doubtful, "--strict").code == 1)
        #expect(await run("rules", "lint", "/nowhere.yaml").code != 0)
    }

    @Test func fromAFileToAVersionAndBack() async throws {
        let database = try await migratedDatabase()
        let shipped = await run("rules", "export", "-d", database)
        #expect(shipped.code == 0 && shipped.text.contains("blade_server:"))
        let file = try temporaryFile(Self.rules)
        let diff = await run("rules", "diff", file, "-d", database)
        #expect(diff.code == 1)
        #expect(
            diff.out.contains(
                "- class hardware: under ci, entries 10: serial_number · 20: any of serials of type bios, chassis, standard, system · 30: uuid · 40: asset_tag · 50: all of mac_addresses"
            ))
        #expect(diff.out.contains("~ suspect limit of serial: 5 → 9"))
        #expect(diff.text.contains("any of attributes.wwns of type node, suspect limits serial 3"), "\(diff.text)")
        let refused = await run(
            "rules", "activate", try temporaryFile("classes: {}"), "--reason", "why", "-d", database)
        #expect(refused.code == 1 && refused.errors.contains("there is no class \"ci\""), "\(refused)")

        let activated = await run("rules", "activate", file, "--reason", "fewer classes", "--wait", "0", "-d", database)
        #expect(activated.code == 0 && activated.text.hasPrefix("Version "), "\(activated)")
        #expect(await run("rules", "diff", file, "-d", database).code == 0)
        let again = await run("rules", "activate", file, "--reason", "again", "-d", database)
        #expect(again.text.hasPrefix("Nothing differs from version"))
        let exported = await run("rules", "export", "-d", database)
        #expect(
            exported.text.hasPrefix(Self.rules.split(separator: "suspect").first ?? ""), "\(exported.text.prefix(900))")

        let history = await run("rules", "history", "-d", database, width: 120)
        #expect(history.out[1].contains("activated") && history.out[1].hasSuffix("fewer classes"), "\(history.text)")
        let number = try #require(history.out[2].split(separator: " ").first)
        let back = await run("rules", "rollback", "\(number)", "--reason", "too few", "--wait", "0", "-d", database)
        #expect(back.code == 0, "\(back)")
        #expect(await run("rules", "export", "-d", database).text == shipped.text)
        #expect(await run("rules", "rollback", "999", "--reason", "x", "-d", database).code == 1)
        #expect(await run("rules", "diff", "--from", "\(number)", "-d", database).code == 0)
    }

    /// A file that has only a part is completed by what is in force; what is said is what activation does.
    @Test func previewSaysWhatActivationDoes() async throws {
        let database = try await migratedDatabase()
        let connection = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
        let runner = try await EngineRunner(database)
        try await connection.script(
            """
            INSERT INTO itam.asset (asset_id, serial_number, asset_tag)
            SELECT n, 'KX' || n, 'T' || n FROM generate_series(1, 9) AS n;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number, asset_tag)
            SELECT n, CASE WHEN n < 5 THEN 'server' ELSE 'printer' END, CASE WHEN n <> 3 THEN 'KX' || n END,
                CASE n WHEN 3 THEN 'T3' WHEN 4 THEN 'T5' END
            FROM generate_series(1, 8) AS n;
            """)
        try await runner.drain()
        let same = await run("rules", "preview", try temporaryFile("suspect_limits: {serial: 7}"), "-d", database)
        #expect(same.code == 0 && same.out == ["Links: 0 gained, 0 lost, 0 moved. Conflicts: 0 opened, 0 closed."])
        let file = try temporaryFile("placeholders: {serial: [KX1, KX2, KX6, KX7]}")
        let losing = await run("rules", "preview", file, "-d", database, width: 100)
        #expect(losing.code == 1, "\(losing)")
        #expect(losing.out[0] == "Links: 0 gained, 4 lost, 0 moved. Conflicts: 0 opened, 0 closed.")
        #expect(losing.out.contains("  lost cmdb/1: itam/1 → orphaned placeholder_identifier"), "\(losing)")
        let json = await run("rules", "preview", file, "--examples", "1", "--json", "-d", database)
        #expect(
            json.text.hasPrefix(
                #"{"schema": "assetlinkctl/rules-preview.v1", "gained": 0, "lost": 4, "moved": 0, "conflicts_opened": 0"#
            ))
        let schema = try #require(JSONSchema(try PublishedFile("deploy/docs/schemas/rules-preview.v1.json").text()))
        #expect(schema.problems(in: json.text) == [])
        #expect(json.text.contains(#"{"class": "printer", "cis": 4, "gained": 0, "lost": 2, "moved": 0"#))
        #expect(
            json.text.contains(
                #"{"state": "orphaned", "reason": "placeholder_identifier", "before": 0, "after": 4}"#))
        // Nothing is written; then it is as was said.
        let active = "SELECT count(*) FROM assetlink.link WHERE status = 'active'"
        #expect(try await connection.query(active).first?.int8(0) == 8)
        #expect(await run("rules", "activate", file, "--reason", "r", "--wait", "0", "-d", database).code == 0)
        try await runner.drain()
        #expect(try await connection.query(active).first?.int8(0) == 4)
        // The other way round: what trusting a suspect value would do.
        try await connection.script("UPDATE cmdb.ci SET serial_number = 'KX9', asset_tag = NULL WHERE ci_id > 2")
        try await runner.drain()
        let same7 = try temporaryFile("suspect_limits: {serial: 7}")
        let csv = await run("rules", "preview", same7, "--csv", "-d", database)
        #expect(csv.out == ["change,ci,class,before,after,state,reason,rule,entry_priority"], "\(csv)")
        #expect(await run("rules", "preview", same7, "--csv", "--json", "-d", database).code == 64)
        let trusting = await run("rules", "preview", "--trust", "serial:kx9", "-d", database)
        #expect(trusting.code == 0 && trusting.out.first?.hasSuffix("1 opened, 0 closed.") == true, "\(trusting)")
        #expect(trusting.out.contains("  opened duplicate_ci itam/9 cmdb"), "\(trusting)")
        #expect(await run("rules", "preview", "--trust", "serial:KX5", "-d", database).code == 1)
        #expect(await run("rules", "preview", "-d", database).code == 64)
        let bad = await run("rules", "preview", try temporaryFile("classes: {}"), "-d", database)
        #expect(bad.code == 1 && bad.errors.contains("there is no class \"ci\""), "\(bad)")
    }

    @Test func showSaysFromWhere() async throws {
        let database = try await migratedDatabase()
        let file = try temporaryFile(Self.rules)
        let small = await run("rules", "show", "SMALL_box", "--file", file, "-d", database)
        #expect(small.out[0].hasPrefix("small_box < box < ci, version "))
        #expect(
            Array(small.out.dropFirst()) == [
                "Rule: of class box, whole.", "PRIORITY  COMPARES", "      10  serial_number",
                "      20  name with any of attributes.wwns of type node", "Required (of class box, whole): name.",
                "Links show as aged after 7 days without discovery (its own).",
                "A value is suspect when more CIs read it: serial never (its own).",
            ], "\(small.text)")
        let excluded = await run("rules", "show", "container", "-d", database)
        #expect(excluded.out[1] == "Excluded: class container says \"none\".")
        let unknown = await run("rules", "show", "servr", "-d", database)
        #expect(unknown.code == 1 && unknown.errors.contains("Did you mean \"server\"?"))
        let tree = await run("rules", "show", "-d", database)
        #expect(
            tree.out.contains {
                $0.hasPrefix("      blade_server") || $0.contains("blade_server") && $0.contains("its own")
            })
        let json = await run("rules", "show", "linux_server", "--json", "-d", database)
        #expect(
            json.text.contains(#""rule_from": "hardware", "rule": {"entries": [{"priority": 10, "type": "regular""#))
    }

    @Test func liveLintAsksTheData() async throws {
        try await liveFleet { database in
            let shipped = await run("rules", "lint", "--live", "--json", "-d", database)
            #expect(shipped.code == 0, "\(shipped)")
            #expect(shipped.text.contains(#""code": "never-matched""#), "\(shipped.text)")
            #expect(shipped.text.contains(#""code": "unused-rule""#) && shipped.text.contains("cloud_instance"))
            #expect(!shipped.text.contains("class hardware, entry 10\""), "\(shipped.text)")
            #expect(
                shipped.text.contains("no CI of the rule and no asset has anything in mac_addresses"), "\(shipped.text)"
            )
            let file = try temporaryFile(
                """
                classes:
                  ci: {rule: none}
                  linux_server:
                    parent: ci
                    rule:
                      entries:
                        - {priority: 10, attributes: [serial_number]}
                        - {priority: 20, type: lookup, list: serials, types: [hologram]}
                        - {priority: 30, attributes: [attributes.badge]}
                """)
            let proposed = await run("rules", "lint", file, "--live", "--json", "-d", database)
            #expect(proposed.text.contains("has anything in serials of type hologram"), "\(proposed.text)")
            #expect(
                proposed.text.contains("no CI of the rule and no asset shows a value of attributes.badge"),
                "\(proposed.text)")
            #expect(!proposed.text.contains("entry 10"), "\(proposed.text)")
        }
    }
}
