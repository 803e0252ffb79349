import Postgres
import Testing

/// The functions that answer questions, over hand-made tables.
@Suite struct ViewsFunctionTests {
    @Test func linksAsOfAnyTime() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.asset(1, linked => 1), pg_temp.ci(1), pg_temp.decide(1, 'linked', asset => 1);
            SELECT pg_temp.batch(n, timestamptz '2026-05-01' + n * interval '1 day') FROM generate_series(1, 4) AS n;
            INSERT INTO assetlink_internal.link_period VALUES
                (1, 1, 2, 'active', NULL), (1, 2, 3, 'stale', 'asset_decommissioned'), (1, 3, NULL, 'closed',
                    'retention');
            """)
        for (day, links) in [(1, []), (2, ["(1,active,)"]), (3, ["(1,stale,asset_decommissioned)"]), (4, []), (9, [])] {
            #expect(
                try await books.rows(
                    "SELECT link_id, status, reason FROM assetlink.links_as_of('2026-05-0\(day) 12:00')") == links,
                "day \(day)")
        }
        #expect(
            try await books.rows(
                "SELECT status, from_at < to_at, to_at IS NULL FROM assetlink.link_period ORDER BY from_batch")
                == ["(active,t,f)", "(stale,t,f)", "(closed,,t)"])
    }

    @Test func decommissionImpactFollowsDependantsToAnyDepth() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.asset(1, linked => 1), pg_temp.asset(2), pg_temp.asset(3, linked => 1);
            SELECT pg_temp.ci(1, parent => 'C4', seen => now() - interval '90 days'), pg_temp.ci(2, parent => 'C1',
                seen => NULL),
                pg_temp.ci(3, parent => 'C2'), pg_temp.ci(4, parent => 'C3', seen => now() - interval '90 days'),
                pg_temp.ci(5, seen => now() - interval '90 days');
            SELECT pg_temp.decide(1, 'linked', asset => 1), pg_temp.decide(5, 'linked', asset => 3);
            SELECT pg_temp.decide(n, 'excluded', 'class_excluded') FROM generate_series(2, 4) AS n;
            """)
        let impact =
            "SELECT depth, role, ci_id, depends_on, relation, verdict FROM assetlink.decommission_impact('books', 'A%')"
        func of(_ asset: Int) -> String { impact.split(separator: "%").joined(separator: "\(asset)") }
        #expect(
            try await books.rows(of(1)) == [
                "(0,asset,,,,in_service)", "(1,linked,C1,,link,safe)", "(2,dependant,C2,C1,parent_ci_id,unknown)",
                "(3,dependant,C3,C2,parent_ci_id,in_service)", "(4,dependant,C4,C3,parent_ci_id,safe)",
            ])
        #expect(try await books.rows(of(2)) == ["(0,asset,,,,unknown)"])
        #expect(try await books.rows(of(3)) == ["(0,asset,,,,safe)", "(1,linked,C5,,link,safe)"])
        let error = await #expect(throws: PostgresError.self) { try await books.rows(of(9)) }
        #expect(error?.sqlState == "P0002" && error?.hint != nil)
    }

    @Test func decommissionImpactReadsRelationships() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.asset(1, linked => 1);
            INSERT INTO cmdb.ci (ci_id, ci_class, name) OVERRIDING SYSTEM VALUE
            VALUES (1, 'server', 'a'), (2, 'server', 'b'), (3, 'service', 'c');
            INSERT INTO cmdb.ci_relationship VALUES (1, 2, 'hosts'), (3, 2, 'depends on');
            INSERT INTO assetlink_internal.ci (
                ci_ref, source_id, key, digest, class, class_known, lifecycle_mapped, retired, first_seen_at)
            SELECT n, s.source_id, n, '', 'server', true, true, false, now()
            FROM generate_series(1, 3) AS n, assetlink_internal.source AS s WHERE s.name = 'cmdb';
            SELECT pg_temp.decide(1, 'linked', asset => 1), pg_temp.decide(2, 'orphaned', 'no_identifier'),
                pg_temp.decide(3, 'excluded', 'class_excluded');
            """)
        #expect(
            try await books.rows(
                """
                SELECT depth, ci_id, depends_on, relation FROM assetlink.decommission_impact('books', 'A1')
                    WHERE depth > 0
                """
            )
                == ["(1,1,,link)", "(2,2,1,hosts)", #"(3,3,2,"depends on")"#])
    }

    @Test func suggestionsGiveTheirReason() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.asset(1, 'ABC120O'), pg_temp.asset(2, 'SABC1200'), pg_temp.asset(3, '00ABC1200'),
                pg_temp.asset(4, 'ABC2100'),
                pg_temp.asset(5), pg_temp.asset(6, 'XYZ'), pg_temp.asset(7, 'SABC1200', 'retired'), pg_temp.asset(8,
                    'SABC1200');
            UPDATE assetlink_internal.asset SET name = 'Host1', model = 'R740' WHERE asset_ref = 5;
            SELECT pg_temp.ci(1, 'ABC1200'), pg_temp.decide(1, 'orphaned', 'no_matching_asset'), pg_temp.pair('block',
                1, 8);
            UPDATE assetlink_internal.ci SET model = 'r740' WHERE ci_ref = 1;
            """)
        #expect(
            try await books.rows("SELECT asset_id, reason, state FROM assetlink.suggest_assets('net', 'C1')") == [
                #"(A2,"leading S: SABC1200",free)"#, #"(A3,"leading zeros: 00ABC1200",free)"#,
                #"(A1,"O/0 or I/1: ABC120O",free)"#,
                #"(A4,"two characters swapped: ABC2100",free)"#, #"(A5,"same name and model",free)"#,
                #"(A7,"leading S: SABC1200",ended)"#,
            ])
        let error = await #expect(throws: PostgresError.self) {
            try await books.rows("SELECT * FROM assetlink.suggest_assets('net', 'nobody')")
        }
        #expect(error?.sqlState == "P0002" && error?.hint != nil)
    }
}
