import LinkTesting
import Postgres
import Testing

/// The lists on a small fleet, as people and as programs see them.
@Suite struct ListTests {
    @Test func orphansOldestFirst() async throws {
        let database = try await smallFleet()
        let outcome = await run("orphans", "-d", database)
        #expect(outcome.code == 0)
        #expect(
            outcome.out.prefix(4).map { $0.split(separator: " ").prefix(4).joined(separator: " ") } == [
                "CI NAME CLASS REASON", "cmdb/101 web-02 linux_server no_matching_asset",
                "cmdb/102 db-01 linux_server placeholder_identifier",
                "cmdb/105 db-02 linux_server asset_decommissioned",
            ])
        #expect(outcome.out[1].contains("2026-01-03 03:04"))
        #expect(
            outcome.out[4...6] == [
                "", "no_matching_asset: Register the asset, correct the identifiers, or pin;",
                "assetlink.suggest_assets shows near matches.",
            ])
        #expect(outcome.err.isEmpty)
    }

    @Test func filtersAndLimit() async throws {
        let database = try await smallFleet()
        #expect(await run("orphans", "-d", database, "--reason", "no_matching_asset").out.count == 5)
        #expect(await run("orphans", "-d", database, "--class", "LINUX_server").out.count == 11)
        let none = await run("orphans", "-d", database, "--class", "switch")
        #expect(none.out.isEmpty && none.code == 0)
        #expect(none.err == ["No orphaned CIs with these filters."])
        let one = await run("orphans", "-d", database, "--limit", "1")
        #expect(one.out.count == 5)
        #expect(one.err.count == 1 && one.errors.hasPrefix("… and more: --after "))
    }

    @Test func wrongNamesAreRefusedWithTheNearest() async throws {
        let database = try await smallFleet()
        for (arguments, message, hint) in [
            (["orphans", "--source", "cmbd"], "There is no source cmbd.", "Did you mean cmdb?"),
            (["orphans", "--class", "linux-server"], "There is no class linux-server.", "Did you mean linux_server?"),
            (["stale", "--class", "hardwear"], "There is no class hardwear.", "Did you mean hardware?"),
            (
                ["links", "--source", "everything"], "There is no source everything.",
                "Sources are cmdb, cmdb_events, itam, itam_events."
            ),
        ] {
            let outcome = await run(arguments + ["-d", database])
            #expect(outcome.code == 64, "\(arguments)")
            #expect(outcome.err == ["assetlinkctl: \(message)", "  → \(hint)"])
        }
        // Not in the tree, but what a source writes.
        #expect(await run("orphans", "--class", "Toaster", "-d", database).code == 0)
    }

    @Test func jsonHasTheSchemaAndTheColumns() async throws {
        let outcome = await run("orphans", "--json", "--limit", "1", "-d", try await smallFleet())
        #expect(outcome.out.count == 1)
        #expect(
            outcome.text.hasPrefix(
                #"{"schema": "assetlinkctl/orphans.v1", "rows": [{"ci_source":"cmdb","ci_id":"101","#))
        #expect(outcome.text.contains(#""since":"2026-01-03T03:04:05+00:00""#))
        #expect(outcome.text.contains(#"}], "more": true, "next": "b3JwaGFucx8"#))
        #expect(outcome.err.isEmpty)
    }

    @Test func conflictsAndTheirMembers() async throws {
        let database = try await smallFleet()
        let list = await run("conflicts", "-d", database, width: 120)
        #expect(list.out[1] == "601  duplicate_asset  2026-03-04 05:06  SN-3    1       2")
        #expect(list.out[3].hasPrefix("duplicate_asset: Several assets match"))
        let one = await run("conflicts", "show", "601", "-d", database)
        #expect(one.out.first == "Conflict 601: duplicate_asset, on SN-3, opened 2026-03-04 05:06.")
        #expect(
            one.out.dropFirst(2).prefix(3).map { $0.prefix(15) } == [
                "asset  itam/A-3", "asset  itam/A-4", "ci     cmdb/103",
            ])
        #expect(!one.text.contains("Suggested"))
        #expect(await run("conflicts", "-d", database, "--source", "itam").out.count == 5)
        #expect(await run("conflicts", "-d", database, "--kind", "duplicate_ci").out.isEmpty)
        #expect(
            await run("conflicts", "show", "--json", "601", "-d", database).text.contains(
                #""schema": "assetlinkctl/conflict.v1""#))
        let unknown = await run("conflicts", "show", "602", "-d", database)
        #expect(unknown.code == 1)
        #expect(unknown.err.first == "assetlinkctl: There is no conflict 602.")
    }

    @Test func staleLinks() async throws {
        let outcome = await run("stale", "-d", try await smallFleet(), width: 110)
        #expect(outcome.out[1].hasPrefix(" 702  cmdb/105  itam/A-2  asset_decommissioned  2026-02-03 04:05"))
    }

    @Test func auditNewestFirstWithFilters() async throws {
        let database = try await smallFleet()
        let all = await run("audit", "-d", database, width: 120)
        #expect(all.out.count == 3)
        #expect(
            all.out[1].hasPrefix(
                "2026-02-03 04:05:06  link_stale   cmdb/105  itam/A-2  active → stale  asset_decommissioned"))
        for ci in ["100", "cmdb/100"] {
            #expect(await run("audit", "--ci", ci, "-d", database).out.count == 2)
        }
        #expect(await run("audit", "--asset", "itam/A-2", "-d", database).out.count == 2)
        #expect(await run("audit", "--since", "2026-01-15", "-d", database).out.count == 2)
        #expect(
            await run("audit", "--since", "1 hour", "--json", "-d", database).text.hasSuffix(
                #""rows": [], "more": false, "next": null}"#))
        #expect(
            await run("audit", "verify", "-d", try await migratedDatabase()).text == "The audit is whole: it is empty.")
        let wrong = await run("audit", "--since", "whenever", "-d", database)
        #expect(wrong.code == 64)
    }

    @Test func coverageWithBothNumbers() async throws {
        let database = try await smallFleet()
        let outcome = await run("coverage", "-d", database)
        #expect(outcome.out.first == "Coverage    20.0 %, 1 of 5 eligible CIs; target 90 %: missed")
        #expect(outcome.text.contains("asset_decommissioned 1"))
        let classes = await run("coverage", "--by-class", "-d", database)
        #expect(
            classes.out.prefix(2) == [
                "CLASS            COVERAGE  LINKED  OF  ORPHANED  CONFLICTED  EXCLUDED  UNLINKED",
                "linux_server       25.0 %       1   4         3           0         0         0",
            ])
        #expect(
            await run("coverage", "--json", "-d", database).text.hasPrefix(
                #"{"schema": "assetlinkctl/coverage.v1", "coverage": {"eligible_cis":5,"paired_cis":1,"#))
    }

    @Test func everyAnswerForProgramsIsJSON() async throws {
        let database = try await smallFleet()
        let commands = [
            ["status"], ["coverage"], ["coverage", "--by-class"], ["explain", "cmdb/100"], ["orphans"], ["conflicts"],
            ["stale"], ["audit"], ["audit", "verify"], ["sources"], ["sources", "check", "itam"], ["dead-letters"],
            ["held"],
        ]
        let connection = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
        for command in commands {
            let outcome = await run(command + ["--json", "-d", database])
            let schema = try await connection.query("SELECT $1::json ->> 'schema'", [.json(outcome.text)])
            #expect(try schema.first?.text(0).hasPrefix("assetlinkctl/") == true, "\(command)")
        }
    }
}
