import LinkTesting
import Postgres
import Testing

/// Command, page, view and metric say the same to the last digit.
@Suite struct CoverageAgreementTests {
    private static let figures = [
        "eligible_cis", "paired_cis", "orphaned_cis", "conflicted_cis", "excluded_cis", "unlinked_assets",
        "open_conflicts", "stale_links", "automatic_links", "manual_links", "coverage_percent", "target_percent",
    ]

    @Test func allSayTheSame() async throws {
        let database = try await smallFleet()
        // A share that is cut, not rounded: 2 of 3 is 66.6.
        try await execute(
            """
            DELETE FROM assetlink_internal.ci_decision WHERE ci_ref IN (802, 803);
            UPDATE assetlink_internal.ci_decision SET state = 'linked', reason = NULL, claim_asset = 905, claim_manual = true
            WHERE ci_ref = 806;
            """, database)
        let command = try #require(JSONTree(Array(await run("coverage", "--json", "-d", database).text.utf8)))
        let page = await run("coverage", "--html", "-", "-d", database).text
        let text = await run("coverage", "-d", database, width: 200).text
        for figure in Self.figures {
            let view = try #require(try await value("SELECT \(figure) FROM assetlink.coverage", database))
            let metric = try await value(
                "SELECT value FROM assetlink.coverage_metric WHERE scope = 'total' AND figure = '\(figure)'", database)
            #expect(command["coverage"]?[figure]?.text == view, "\(figure)")
            #expect(page.contains("data-figure=\"\(figure)\">\(view)<"), "\(figure)")
            #expect(metric == view, "\(figure)")
        }
        #expect(try await value("SELECT coverage_percent FROM assetlink.coverage", database) == "66.6")
        #expect(text.contains("66.6 %, 2 of 3 eligible CIs; target 90 %: missed"))
        #expect(text.contains("2 CIs: 1 automatic, 1 manual"))
    }

    /// By reason, class and source too, where nothing adds up by luck.
    @Test func partsAgree() async throws {
        let database = try await smallFleet()
        for (relation, scope, label) in [
            ("coverage_by_class", "class", "class"), ("coverage_by_source", "source", "source"),
        ] {
            let rows = try #require(
                JSONTree(Array(await run("coverage", "--by-\(scope)", "--all", "--json", "-d", database).text.utf8)))
            guard case .array(let list)? = rows["rows"] else {
                Issue.record("coverage --by-\(scope) has no rows")
                continue
            }
            #expect(!list.isEmpty)
            for row in list {
                guard case .string(let name)? = row[label] else { continue }
                for figure in Self.figures where row[figure] != nil && figure != "target_percent" {
                    let found = try await value(
                        """
                        SELECT coalesce(max(value)::text, 'null') FROM assetlink.coverage_metric
                        WHERE scope = '\(scope)' AND label = '\(name)' AND figure = '\(figure)'
                        """, database)
                    // Conflicts are no figure of a source.
                    if found == "null", relation == "coverage_by_source", figure == "open_conflicts" { continue }
                    #expect(found == row[figure]?.text, "\(relation) \(name) \(figure)")
                }
            }
        }
        #expect(
            try await value(
                """
                SELECT string_agg(label || ' ' || value, ', ' ORDER BY label) FROM assetlink.coverage_metric
                WHERE scope = 'reason' AND figure = 'orphaned_cis'
                """, database) == "asset_decommissioned 1, no_matching_asset 1, placeholder_identifier 1")
        #expect(
            try await value(
                "SELECT count(*) FROM assetlink.coverage_metric WHERE figure LIKE 'oldest%' AND value > 0", database)
                == "2")
    }
}
