import Postgres
import Testing

/// Pages of the lists keep the plans that cost the same whatever the size of the fleet.
@Suite struct ListPlanTests {
    /// Each list's index relation with one source, class or reason, and its order; `true` where the table itself is not
    /// to be read while the index is walked.
    private static let pages: [(String, Bool)] = [
        ("orphaned_ci_index WHERE source_id = assetlink.source_number('net') ORDER BY since, ci_ref", true),
        ("orphaned_ci_index WHERE class = 'server' ORDER BY since, ci_ref", true),
        ("orphaned_ci_index WHERE reason = 'no_identifier' ORDER BY since, ci_ref", true),
        ("orphaned_ci_index WHERE (since, ci_ref) > ('2026-02-01', 5) ORDER BY since, ci_ref", true),
        ("unlinked_asset_index WHERE source_id = assetlink.source_number('books') ORDER BY since, asset_ref", true),
        ("unlinked_asset_index WHERE asset_class = 'server' ORDER BY since, asset_ref", true),
        ("conflict_queue_index ORDER BY since, conflict_id", true),
        ("link_index WHERE source_id = assetlink.source_number('net') ORDER BY link_id DESC", false),
        (
            """
            conflict_queue_index q WHERE EXISTS (SELECT FROM assetlink.conflict_source m
            WHERE m.conflict_id = q.conflict_id AND m.source_id = (SELECT assetlink.source_number('net'))
            OFFSET 0) ORDER BY since, conflict_id
            """, true
        ),
    ]

    @Test func aPageIsAWalkOfItsIndex() async throws {
        let books = try await filled()
        for (page, isIndexOnly) in Self.pages {
            let key = try #require(page.split(separator: " ORDER BY ").last)
            let columns = key.replacing(" DESC", with: "")
            let plan = try await plan("SELECT \(columns) FROM assetlink.\(page) LIMIT 51", books)
            #expect(plan.filter { $0.contains("Seq Scan") && !$0.contains(" on source") } == [], "\(page)")
            // Nothing is sorted: the index has the order, so that the page ends the walk.
            #expect(!plan.contains { $0.contains("Sort") }, "\(page): \(plan.joined(separator: "\n"))")
            guard isIndexOnly else { continue }
            let walk = plan.first { $0.contains("Index") && $0.contains(" using ") } ?? ""
            #expect(walk.contains("Index Only Scan"), "\(page): \(walk)")
        }
    }

    /// The rows of a page by their keys: no list is read for them.
    @Test(arguments: [
        ("orphaned_ci", "ci_ref", "orphaned_ci_index", "since, ci_ref"),
        ("unlinked_asset", "asset_ref", "unlinked_asset_index", "since, asset_ref"),
        ("conflict_queue", "conflict_id", "conflict_queue_index", "since, conflict_id"),
        ("link", "link_id", "link_index", "link_id DESC"),
    ])
    func rowsAreFoundByTheirKeys(_ list: String, _ key: String, _ index: String, _ order: String) async throws {
        let books = try await filled("\(list)")
        let plan = try await plan(
            """
            SELECT * FROM assetlink.\(list) WHERE \(key) = ANY (ARRAY(
                SELECT \(key) FROM assetlink.\(index) ORDER BY \(order) LIMIT 51))
            """, books)
        #expect(plan.filter { $0.contains("Seq Scan") && !$0.contains(" on source") } == [], "\(list)")
        for (number, line) in plan.enumerated() where line.contains(" on asset a  ") || line.contains(" on ci c  ") {
            // A probe by key, or the walk that the page ends.
            #expect(
                plan[(number + 1)...].first?.contains("Index Cond") == true || line.contains("Index Only"),
                "\(list): \(line)")
        }
    }

    private func plan(_ query: String, _ books: Books) async throws -> [String] {
        try await books.connection.query("EXPLAIN \(query)").map { try $0.text(0) }
    }

    /// Enough rows that a walk of all costs more than a page, and what reads all of a table as the last resort.
    private func filled(_ name: String = #function) async throws -> Books {
        let books = try await Books(name)
        try await books.run(
            """
            SELECT pg_temp.asset(n, 'S' || n, linked => CASE WHEN n % 2 = 0 THEN 1 ELSE 0 END), pg_temp.ci(n, 'S' || n)
            FROM generate_series(1, 3000) AS n;
            UPDATE assetlink_internal.asset SET asset_class = CASE WHEN asset_ref % 3 = 0 THEN 'laptop' ELSE 'server' END;
            SELECT pg_temp.decide(n, 'linked', asset => n) FROM generate_series(2, 3000, 2) AS n;
            SELECT pg_temp.decide(n, 'orphaned', CASE WHEN n % 3 = 0 THEN 'no_identifier' ELSE 'no_matching_asset' END)
            FROM generate_series(1, 3000, 2) AS n;
            SELECT pg_temp.conflict(n, 'duplicate_ci', n) FROM generate_series(1, 1000) AS n;
            """)
        for table in ["asset", "ci", "ci_decision", "conflict", "link"] {
            try await books.run("VACUUM (ANALYZE) assetlink_internal.\(table)")
        }
        try await books.run("SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off")
        return books
    }
}
