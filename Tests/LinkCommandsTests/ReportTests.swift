import LinkTesting
import Postgres
import Testing

@testable import LinkCommands

/// History, changes, impact and coverage, beside a daemon.
@Suite(.serialized) struct ReportTests {
    @Test func theHistoryOfBothSides() async throws {
        try await liveFleet { database in
            try await execute("UPDATE cmdb.ci SET serial_number = 'SER-0006' WHERE ci_id = 1", database)
            try await executeUntil("SELECT asset_id = '6' FROM assetlink.ci_state WHERE ci_id = '1'", database)
            let ci = await run("history", "web-1", "-d", database, width: 140)
            #expect(ci.out.first == "Assets that CI cmdb/1 was linked to:")
            #expect(ci.out[2].contains("itam/1") && ci.out[2].contains("superseded"))
            #expect(ci.out[3].contains("itam/6") && ci.out[3].contains("active"))
            let asset = await run("history", "--asset", "T-1", "--json", "-d", database)
            #expect(asset.text.hasPrefix(#"{"schema": "assetlinkctl/history.v1", "side": "asset", "source": "itam""#))
            #expect(asset.text.contains(#""close_reason": "superseded""#))
            try await execute("DELETE FROM cmdb.ci WHERE ci_id = 1", database)
            try await executeUntil("SELECT count(*) = 0 FROM assetlink.ci_state WHERE ci_id = '1'", database)
            #expect(await run("history", "cmdb/1", "-d", database, width: 140).text.contains("ci_deleted"))
            let never = await run("history", "vm-7", "-d", database)
            #expect(never.err == ["The CI cmdb/7 never had a link."])
        }
    }

    @Test func whatChangedIsGrouped() async throws {
        try await liveFleet { database in
            let changes = await run("changes", "--since", "1 hour", "-d", database, width: 140)
            #expect(changes.out.first?.hasPrefix("Since ") == true, "\(changes.errors)")
            #expect(changes.text.contains("linked → orphaned  asset_decommissioned      1"), "\(changes.text)")
            let none = await run("changes", "--since", "2099-01-01", "-d", database)
            #expect(none.out.last == "Nothing changed.")
            #expect(await run("changes", "--since", "whenever", "-d", database).code == 64)
        }
    }

    @Test func whatStandsOnAnAsset() async throws {
        try await liveFleet { database in
            try await execute(
                """
                INSERT INTO cmdb.ci_relationship (parent_ci_id, child_ci_id, type) VALUES (1, 7, 'hosts'), (7, 1, 'hosts')
                """, database)
            let live = await run("impact", "T-1", "-d", database, width: 120)
            #expect(live.code == 1 && live.out.first == "Asset itam/1: in service")
            #expect(live.out.contains("1 CI linked to it was discovered lately."))
            #expect(live.out.contains("1 CI depending on those was discovered lately."))
            let unknown = await run("impact", "T-6", "-d", database)
            #expect(unknown.code == 10 && unknown.text.contains("No CI is linked to it"))
            let conflict = await run("impact", "T-5", "-d", database)
            #expect(conflict.code == 10 && conflict.text.contains("1 open conflict may hide more CIs"))
            try await execute(
                "UPDATE cmdb.ci SET last_discovered_at = '2020-01-01Z' WHERE ci_id IN (1, 7)", database)
            try await executeUntil(
                "SELECT last_discovered_at < '2021-01-01' FROM assetlink.ci_state WHERE ci_id = '7'", database)
            try await executeUntil(
                "SELECT last_discovered_at < '2021-01-01' FROM assetlink.ci_state WHERE ci_id = '1'", database)
            let safe = await run("impact", "itam/1", "--json", "-d", database)
            #expect(safe.code == 0 && safe.text.contains(#""verdict": "safe""#))
            #expect(await run("impact", "T-77", "-d", database).errors.contains("There is no asset T-77."))
        }
    }

    @Test func everyFigureIsTheSameEverywhere() async throws {
        try await liveFleet { database in
            let connection = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
            let page = await run("coverage", "--html", "-", "-d", database).text
            let json = await run("coverage", "--json", "-d", database).text
            let figures = [
                "coverage_percent", "paired_cis", "eligible_cis", "orphaned_cis", "conflicted_cis", "excluded_cis",
                "unlinked_assets", "open_conflicts", "stale_links", "automatic_links", "manual_links", "target_percent",
            ]
            for figure in figures {
                let row = try await connection.query(
                    "SELECT \(figure)::text, $1::jsonb -> 'coverage' ->> '\(figure)' FROM assetlink.coverage",
                    [.json(json)]
                ).first
                let view = try #require(try row?.textOrNil(0))
                #expect(try row?.textOrNil(1) == view, "\(figure)")
                #expect(page.contains("data-figure=\"\(figure)\">\(view)</b>"), "\(figure) is \(view)")
            }
            for (option, relation) in [("--by-class", "coverage_by_class"), ("--by-source", "coverage_by_source")] {
                let sum = try await connection.query(
                    """
                    SELECT (SELECT sum((r ->> 'paired_cis')::bigint) FROM jsonb_array_elements($1::jsonb -> 'rows') r)
                            = (SELECT paired_cis FROM assetlink.coverage),
                        (SELECT sum(paired_cis) FROM assetlink.\(relation)) = (SELECT paired_cis FROM assetlink.coverage)
                    """, [.json(await run("coverage", option, "--json", "-d", database).text)]
                ).first
                #expect(try row(sum) == [true, true], "\(relation)")
            }
            #expect(!page.contains("http") && !page.contains("<script"))
            await connection.close()
        }
    }

    private func row(_ row: Row?) throws -> [Bool?] { [try row?.boolOrNil(0), try row?.boolOrNil(1)] }

    @Test func aChartOfSnapshots() async throws {
        let database = try await smallFleet()
        #expect(await run("coverage", "--since", "90d", "-d", database).err.first?.contains("no snapshot") == true)
        try await execute(
            """
            INSERT INTO assetlink_internal.coverage_snapshot (taken_at, class, figures)
            SELECT now() - n * interval '1 day', '*', jsonb_build_object('coverage_percent', 90 - n, 'target_percent', 88)
            FROM generate_series(0, 9) n
            """, database)
        let chart = await run("coverage", "--since", "90d", "-d", database, width: 60)
        #expect(chart.out.count == 10)
        #expect(chart.out[0].hasPrefix("   90 % "))
        #expect(chart.out.dropLast().allSatisfy { $0.count <= 60 })
        #expect(chart.out.suffix(2).joined(separator: " ").hasSuffix("81 % → 90 %, in 10 snapshots."), "\(chart.text)")
        #expect(chart.out.contains { $0.hasPrefix(" target ") && $0.contains("┄") })
        #expect(await run("coverage", "--since", "1d", "--by-class", "-d", database).code == 64)
    }
}
