import LinkTesting
import Postgres
import Testing

@testable import LinkCommands

/// Pages of lists: each begins where the one before ended, and all together are the whole.
@Suite struct PageTests {
    /// Every list, with what fills it more than once in the fleet of the tests.
    static let lists = [
        ["orphans"], ["orphans", "causes"], ["unlinked"], ["stale"], ["conflicts"], ["links"], ["audit"],
        ["decisions"], ["suspects"], ["sources"], ["coverage", "--by-class"], ["coverage", "--by-source"],
        ["rules", "history"], ["dead-letters"], ["held"],
    ]

    @Test(arguments: lists)
    func pagesMakeTheWhole(_ list: [String]) async throws {
        let database = try await filledFleet()
        let whole = await run(list + ["--csv", "--all", "-d", database])
        try #require(whole.code == 0, "\(whole.errors)")
        #expect(whole.out.count > 2, "\(list) has fewer than two rows: nothing is paged")
        var paged: [String] = Array(whole.out.prefix(1))
        var cursor: String?
        for _ in 0..<whole.out.count {
            let page = await run(
                list + ["--csv", "--limit", "1", "-d", database] + (cursor.map { ["--after", $0] } ?? []))
            try #require(page.code == 0 && page.out.count == 2, "\(page.errors)")
            paged.append(page.out[1])
            cursor = page.err.first.map { String($0.split(separator: " ")[4]) }
            if cursor == nil { break }
        }
        // How long something waits goes on while it is read.
        func steady(_ lines: [String]) -> [String] {
            list == ["sources"] ? lines.map { String($0.prefix { $0 != ":" }.dropLast(2)) } : lines
        }
        #expect(steady(paged) == steady(whole.out))
    }

    @Test func cursorsAreOfOneList() async throws {
        let database = try await smallFleet()
        let cursor = PageCursor(list: "stale", values: ["2026-01-01", "1"]).text
        let other = await run("orphans", "--after", cursor, "-d", database)
        #expect(other.code == 64 && other.errors.contains("this cursor is one of stale, not of orphans"))
        let none = await run("orphans", "--after", "?", "-d", database)
        #expect(none.code == 64 && none.errors.contains("? is no cursor"))
        let forged = PageCursor(list: "orphans", values: ["yesterday'; DROP", "1"]).text
        #expect(await run("orphans", "--after", forged, "-d", database).code == 64)
    }

    @Test(arguments: ["", "a", "ab", "abc", "2026-01-03 03:04:05.678901+00", "ü/ß→", "\"quoted\" \\ 'text'"])
    func cursorsRoundTrip(_ value: String) throws {
        let cursor = PageCursor(list: "l", values: [value, "1"])
        #expect(try PageCursor(cursor.text, of: "l", keys: 2) == cursor)
    }

    @Test func streamsJSON() async throws {
        let database = try await smallFleet()
        try await execute(
            """
            INSERT INTO assetlink_internal.audit (batch_id, at, actor, action, rule_set_version)
            SELECT 1, now(), 'assetlinkd', 'requeue', 1 FROM generate_series(1, 2500)
            """, database)
        let outcome = await run("audit", "--all", "--json", "-d", database)
        // Three pages; all but the last were written before the next was read.
        #expect(outcome.out.count == 3)
        let connection = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
        let rows = try await connection.query(
            """
            SELECT jsonb_array_length($1::jsonb -> 'rows'), $1::jsonb ->> 'more', $1::jsonb ->> 'schema'
            """, [.json(outcome.text)])
        let count = try rows.first?.int4(0)
        #expect(count == 2_502)
        #expect(try rows.first?.text(1) == "false" && rows.first?.text(2) == "assetlinkctl/audit.v1")
        await connection.close()
    }

    @Test func csvAndJSONDoNotGoTogether() async throws {
        #expect(await run("links", "--csv", "--json", "-d", try await smallFleet()).code == 64)
    }

    @Test func progressSaysHowFarItIs() {
        #expect(Progress.line(1_234, nil, "rows") == "1,234 rows …")
        #expect(Progress.line(50, 200, "CIs").hasSuffix("25 %, 50 of 200 CIs"))
        #expect(Progress.line(300, 200, "CIs").contains("100 %"))
    }

    /// The small fleet with at least two rows in every list.
    private func filledFleet(_ name: String = #function) async throws -> String {
        let database = try await smallFleet(name)
        try await execute(
            """
            UPDATE assetlink_internal.ci_decision SET since = '2026-01-02Z' WHERE state = 'orphaned';
            INSERT INTO assetlink_internal.asset (source_id, key, digest, phase, lifecycle_mapped, standing, composite,
                first_seen_at, since)
            SELECT source_id, 'B-' || n, '', 'in_stock', true, 0, false, now(), '2026-01-01Z'
            FROM assetlink_internal.source, generate_series(1, 2) n WHERE name = 'itam';
            UPDATE assetlink_internal.ci SET last_discovered_at = '2020-01-01Z' WHERE ci_ref = 801;
            INSERT INTO assetlink_internal.conflict (kind, identity, matched_on, opened_at)
            VALUES ('duplicate_asset', 'x', '[["x"]]', '2026-03-04T05:06:07Z');
            INSERT INTO assetlink_internal.suspect_value VALUES ('serial', 'a', '2026-01-01Z'), ('serial', 'b', '2026-01-01Z');
            INSERT INTO assetlink_internal.dead_letter (at, feed, error_code, error_text)
            VALUES ('2026-01-01Z', 'cmdb', '22P02', 'one'), ('2026-01-01Z', 'cmdb', '22P02', 'two');
            INSERT INTO assetlink_internal.held_change
            SELECT source_id, k, '2026-01-01Z', 1 FROM assetlink_internal.source, unnest('{"",1}'::text[]) k WHERE name = 'cmdb';
            SELECT assetlink.pin('cmdb', '101', 'itam', 'A-5', 'seen'), assetlink.block('cmdb', '100', 'itam', 'A-3', 'no');
            INSERT INTO assetlink.placeholder (kind, value) VALUES ('serial', 'one more');
            INSERT INTO assetlink_internal.coverage_snapshot VALUES (now(), '*', '{}');
            """, database)
        return database
    }
}
