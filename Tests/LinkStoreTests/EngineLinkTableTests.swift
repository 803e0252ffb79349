import LinkStore
import Testing

/// Domain.md section 7, row by row, through the real engine: CI 1 has an active link to asset 1, CI 2 a stale one
/// to asset 2 (CI 3 has its serial too); source `cmdb` has policy `flag`, source `cut` policy `remove`.
@Suite struct EngineLinkTableTests {
    static func bench(_ name: String = #function, file: String = #fileID) async throws -> EngineBench {
        let bench = try await EngineBench(name, file: file, cut: true)
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S1'), (2, 'S2');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1, 'server', 'S1'), (2, 'server', 'S2');
            """)
        try await bench.drain()
        try await bench.run("INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (3, 'server', 'S2')")
        try await bench.drain()
        return bench
    }

    /// A row of the table that ends the same way under both policies.
    struct Row: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// What happens to CIs 1 and 2 and their assets.
        var change: String
        var active: String
        var stale: String
    }

    static let rows = [
        Row(
            testDescription: "CI deleted", change: "DELETE FROM cmdb.ci WHERE ci_id < 3", active: "ci_deleted",
            stale: "ci_deleted"),
        Row(
            testDescription: "retired", change: "UPDATE cmdb.ci SET state = 'retired' WHERE ci_id < 3",
            active: "ci_retired",
            stale: "ci_retired"),
        Row(
            testDescription: "class excluded", change: "UPDATE cmdb.ci SET ci_class = 'container' WHERE ci_id < 3",
            active: "class_excluded", stale: "class_excluded"),
        Row(
            testDescription: "pair blocked",
            change: """
                SELECT assetlink.block(s, c.id, 'itam', c.id, 'test') FROM unnest('{cmdb,cut}'::text[]) AS s,
                    (VALUES ('1'), ('2')) AS c (id)
                """, active: "blocked_by_operator", stale: "blocked_by_operator"),
        Row(
            testDescription: "identifier changed",
            change: "UPDATE cmdb.ci SET serial_number = 'elsewhere' WHERE ci_id < 3", active: "identifier_changed",
            stale: "identifier_changed"),
        Row(
            testDescription: "identifier of the asset changed",
            change: "UPDATE itam.asset SET serial_number = asset_id::text", active: "identifier_changed",
            stale: "identifier_changed"),
        Row(
            testDescription: "class rule changed",
            change: """
                UPDATE assetlink.ci_class
                SET rule = '{"entries": [{"priority": 10, "type": "regular", "attributes": ["uuid"]}]}'
                WHERE class = 'server'
                """, active: "rule_changed", stale: "rule_changed"),
        Row(
            testDescription: "placeholder added",
            change: "INSERT INTO assetlink.placeholder (kind, value, is_pattern) VALUES ('serial', 's[12]', true)",
            active: "rule_changed", stale: "rule_changed"),
    ]

    @Test(arguments: rows) func closes(_ row: Row) async throws {
        let bench = try await Self.bench()
        let seen = try await bench.links(after: row.change)
        for source in ["cmdb", "cut"] {
            #expect(
                seen.filter { $0.hasPrefix("\(source) 1 ") } == ["\(source) 1 to 1: active > closed, \(row.active)"])
            #expect(seen.filter { $0.hasPrefix("\(source) 2 ") } == ["\(source) 2 to 2: stale > closed, \(row.stale)"])
        }
    }

    @Test func aNewLinkOpens() async throws {
        let bench = try await EngineBench()
        #expect(
            try await bench.links(
                after: """
                    INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S1');
                    INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1, 'server', ' s1 ');
                    """) == ["cmdb 1 to 1: nothing > active, linked"])
        #expect(
            try await bench.rows(
                """
                SELECT concat_ws(' ', status, method, rule, entry_priority, matched_on, linked_by, predecessor_link_id)
                FROM assetlink.link
                """) == [#"active automatic hardware 10 [["S1"]] assetlinkd"#])
    }

    @Test func anActiveLinkIsKeptAndItsEvidenceUpdatedOnce() async throws {
        let bench = try await EngineBench()
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number, asset_tag) VALUES (1, 'S1', 'T1');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number, asset_tag) VALUES (1, 'server', 'S1', 'T1');
            """)
        try await bench.drain()
        let before = try await bench.value("SELECT (link_id, linked_at) FROM assetlink.link")
        #expect(
            try await bench.links(after: "UPDATE cmdb.ci SET serial_number = NULL")
                == ["cmdb 1 to 1: active > active, evidence"])
        #expect(
            try await bench.rows("SELECT concat_ws(' ', status, entry_priority, matched_on) FROM assetlink.link")
                == [#"active 40 [["T1"]]"#])
        #expect(try await bench.value("SELECT (link_id, linked_at) FROM assetlink.link") == before)
        #expect(try await bench.value("SELECT count(*) FROM assetlink_internal.link_period") == "1")
        // Nothing that the link says has changed.
        #expect(try await bench.links(after: "UPDATE cmdb.ci SET model = 'M'") == [])
    }

    @Test func aStaleLinkIsRestored() async throws {
        let bench = try await Self.bench()
        #expect(
            try await bench.links(after: "DELETE FROM cmdb.ci WHERE ci_id = 3")
                == ["cmdb 2 to 2: stale > active, restored", "cut 2 to 2: stale > active, restored"])
        #expect(
            try await bench.rows("SELECT status || coalesce(stale_at::text, '') FROM assetlink.link WHERE ci_id = '2'")
                == ["active", "active"])
    }

    @Test func aLinkIsSupersededByOneThatNamesIt() async throws {
        let bench = try await Self.bench()
        let seen = try await bench.links(
            after: """
                INSERT INTO itam.asset (asset_id, serial_number) VALUES (11, 'N1'), (12, 'N2');
                UPDATE cmdb.ci SET serial_number = 'N' || ci_id WHERE ci_id < 3;
                """)
        for source in ["cmdb", "cut"] {
            #expect(
                seen.filter { $0.hasPrefix(source) } == [
                    "\(source) 1 to 1: active > closed, superseded", "\(source) 1 to 11: nothing > active, succeeded",
                    "\(source) 2 to 2: stale > closed, superseded", "\(source) 2 to 12: nothing > active, succeeded",
                    "\(source) 3 to 2: nothing > active, linked",
                ])
        }
        #expect(
            try await bench.rows(
                """
                SELECT l.asset_id || ' after ' || p.asset_id || ' ' || p.status FROM assetlink.link AS l
                JOIN assetlink.link AS p ON p.link_id = l.predecessor_link_id ORDER BY l.link_id
                """
            ).sorted() == ["11 after 1 closed", "11 after 1 closed", "12 after 2 closed", "12 after 2 closed"])
    }

    @Test func aConflictMakesStale() async throws {
        let bench = try await Self.bench()
        #expect(
            try await bench.links(after: "INSERT INTO itam.asset (asset_id, serial_number) VALUES (9, 'S1'), (8, 'S2')")
                == ["cmdb 1 to 1: active > stale, in_conflict", "cut 1 to 1: active > stale, in_conflict"])
    }
}
