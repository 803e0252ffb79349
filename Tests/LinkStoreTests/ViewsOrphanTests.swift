import Testing

/// What stands in the way of orphans, and what their removal would make.
@Suite struct ViewsOrphanTests {
    @Test func everyOrphanHasACause() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.asset(1, 'GONE', 'retired'), pg_temp.asset(2, 'DELETED', gone => true), pg_temp.asset(3, 'BLOCKED'),
                pg_temp.asset(4, 'MANY');
            UPDATE assetlink_internal.asset SET asset_tag = 'T-100', lifecycle_since = '2026-02-01' WHERE asset_ref = 1;
            SELECT pg_temp.ci(1, 'NONE'), pg_temp.ci(2, 'GONE', seen => '2026-03-01'), pg_temp.ci(3, 'DELETED', seen => '2025-01-01'),
                pg_temp.ci(4, 'BLOCKED'), pg_temp.ci(5, 'DEFAULT STRING'), pg_temp.ci(6, 'MANY'), pg_temp.ci(7),
                pg_temp.ci(8, parent => 'C7'), pg_temp.ci(9, parent => 'C9'), pg_temp.ci(10), pg_temp.ci(11, 'NONE', source => 103);
            UPDATE assetlink_internal.ci SET evidence = jsonb_set(evidence, '{0,s}', '"placeholder 17"') WHERE ci_ref = 5;
            UPDATE assetlink_internal.ci SET evidence = jsonb_set(evidence, '{0,s}', '"suspect"') WHERE ci_ref = 6;
            UPDATE assetlink.ci_class SET rule = rule || '{"required": ["serial_number", "asset_tag"]}' WHERE class = 'hardware';
            SELECT pg_temp.pair('block', 4, 3);
            INSERT INTO assetlink_internal.suspect_value VALUES ('serial', 'MANY', now());
            SELECT pg_temp.decide(1, 'orphaned', 'no_matching_asset'), pg_temp.decide(2, 'orphaned', 'asset_decommissioned'),
                pg_temp.decide(3, 'orphaned', 'asset_deleted'), pg_temp.decide(4, 'orphaned', 'blocked_by_operator'),
                pg_temp.decide(5, 'orphaned', 'placeholder_identifier'), pg_temp.decide(6, 'orphaned', 'suspect_identifier'),
                pg_temp.decide(7, 'orphaned', 'no_identifier'), pg_temp.decide(8, 'orphaned', 'parent_not_linked'),
                pg_temp.decide(9, 'orphaned', 'parent_cycle'), pg_temp.decide(10, 'orphaned', 'incomplete'),
                pg_temp.decide(11, 'orphaned', 'no_matching_asset');
            """)
        let advice = try await books.rows(
            """
            SELECT ci_id, a.cause, a.cis, a.would_link, a.remedy, a.unknown_because FROM assetlink.orphaned_ci o
            CROSS JOIN LATERAL assetlink.orphan_advice(o.ci_source, o.ci_id) a
            """)
        let expected = [
            #"(C1,NONE,2,2,"Register an asset with serial ""NONE"", or correct one that means it.",)"#,
            #"(C2,T-100,1,1,"Asset books/A1 (T-100) was decommissioned on 2026-02-01, and the CI was seen since, on 2026-03-01: correct the asset's state, or find out what answers.",)"#,
            #"(C3,DELETED,1,1,"Asset books/A2 (DELETED) was deleted on DAY; the CI was not seen since: retire it, or register the asset again if it runs.",)"#
                .replacing("DAY", with: try #require(await day(10, books))),
            #"(C4,DECISION,1,1,"Unblock asset books/A3 (decision DECISION), or pin another.",)"#
                .replacing("DECISION", with: try #require(await decision(books))),
            #"(C5,"DEFAULT STRING",1,,"The serial ""DEFAULT STRING"" is a placeholder (17): have the real one discovered.","which asset the real value finds shows only when it is discovered")"#,
            #"(C6,MANY,1,1,"Too many records hold the serial ""MANY"": trust it if it is real, correct it if not.",)"#,
            #"(C7,hardware,1,,"Have an identifier discovered that the rule of hardware reads, or pin.","which asset an identifier finds shows only when it is discovered")"#,
            #"(C8,C7,1,,"Get the parent, CI C7, linked first.","what they match depends on the asset that the parent gets")"#,
            #"(C9,C9,1,,"The parents form a ring: correct the parent, now CI C9.","what they match depends on the parent that is meant")"#,
            #"(C10,"asset_tag, serial_number",1,,"Fill in what the rule requires: asset_tag, serial_number.","what a complete record matches shows only when it is complete")"#,
            #"(C11,NONE,2,2,"Register an asset with serial ""NONE"", or correct one that means it.",)"#,
        ]
        #expect(advice == expected)
        // The commands, and the same numbers where they are counted over all.
        #expect(
            try await books.value("SELECT command FROM assetlink.orphan_advice('net', 'C6')")
                == "assetlinkctl trust serial 'MANY' --reason \"…\"")
        #expect(
            try await books.rows(
                """
                SELECT cis, would_link, cause FROM assetlink.orphan_causes(NULL, NULL, NULL)
                WHERE cause_kind IN ('serial', 'asset') ORDER BY cause
                """) == ["(1,,\"DEFAULT STRING\")", "(1,1,DELETED)", "(1,1,MANY)", "(2,2,NONE)", "(1,1,T-100)"])
        #expect(
            try await books.rows("SELECT cis FROM assetlink.orphan_causes('far', 'server', 'no_matching_asset')")
                == ["(1)"])
        #expect(try await books.rows("SELECT * FROM assetlink.orphan_advice('net', 'nobody')").isEmpty)
        // Every cause has a remedy, a number of CIs, and a number of links or why nobody can know it.
        #expect(
            try await books.value(
                """
                SELECT bool_and(remedy <> '' AND cis > 0 AND (would_link IS NULL) = (unknown_because IS NOT NULL))
                FROM assetlink.orphan_causes(NULL, NULL, NULL)
                """) == "true")
        // Another placeholder is counted by itself as soon as it is read, and another class too.
        try await books.run(
            """
            UPDATE assetlink_internal.ci SET evidence = jsonb_set(evidence, '{0,c}', '"NO NAME"'), class = 'laptop'
            WHERE ci_ref = 5
            """)
        #expect(
            try await books.rows("SELECT cause, cis FROM assetlink.orphan_advice('net', 'C5')") == ["(\"NO NAME\",1)"])
        #expect(
            try await books.rows("SELECT ci_ref, reason FROM assetlink.orphaned_ci_index WHERE class = 'laptop'")
                == ["(5,placeholder_identifier)"])
        #expect(
            try await books.value(
                """
                SELECT (SELECT count(*) FROM assetlink.orphan_cause) = (SELECT count(*) FROM assetlink.orphaned_ci)
                """) == "true")
    }

    @Test func twoOfOneSourceWouldBeInConflict() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.ci(1, 'TWICE'), pg_temp.ci(2, 'TWICE');
            SELECT pg_temp.decide(1, 'orphaned', 'no_matching_asset'), pg_temp.decide(2, 'orphaned', 'no_matching_asset');
            """)
        #expect(
            try await books.rows("SELECT cis, would_link FROM assetlink.orphan_advice('net', 'C1')") == ["(2,0)"])
        #expect(
            try await books.rows("SELECT cis, would_link FROM assetlink.orphan_causes(NULL, NULL, NULL)") == ["(2,0)"])
    }

    @Test func uuidsInEveryFormAreNearMatches() async throws {
        let books = try await Books()
        // One machine as SMBIOS, VMware and the register may write it.
        try await books.run(
            """
            SELECT pg_temp.asset(1), pg_temp.asset(2, 'VMWARE-56 4D 12 34 AB CD EF 01-02 03 04 05 06 07 08 09'),
                pg_temp.asset(3, '34124D56-CDAB-01EF-0203-040506070809');
            INSERT INTO assetlink_internal.asset_value
            VALUES ('uuid', assetlink_internal.uuid_form('{34124D56-CDAB-01EF-0203-040506070809}'), 1, true);
            SELECT pg_temp.ci(1, 'VMWARE-56 4D 12 34 AB CD EF 01-02 03 04 05 06 07 08 09'), pg_temp.ci(2);
            UPDATE assetlink_internal.ci SET uuid = '564d1234-abcd-ef01-0203-040506070809' WHERE ci_ref = 2;
            SELECT pg_temp.decide(1, 'orphaned', 'no_matching_asset'), pg_temp.decide(2, 'orphaned', 'no_identifier');
            """)
        #expect(
            try await books.rows("SELECT asset_id, reason FROM assetlink.suggest_assets('net', 'C1')") == [
                "(A1,\"its serial is the asset's UUID\")",
                "(A2,\"same serial: VMWARE-56 4D 12 34 AB CD EF 01-02 03 04 05 06 07 08 09\")",
                "(A3,\"the asset's serial is its UUID: 34124D56-CDAB-01EF-0203-040506070809\")",
            ])
        #expect(
            try await books.rows("SELECT asset_id, left(reason, 9) FROM assetlink.suggest_assets('net', 'C2')")
                == ["(A1,\"same UUID\")", "(A2,\"the asset\")", "(A3,\"the asset\")"])
    }

    private func day(_ daysAgo: Int, _ books: Books) async throws -> String? {
        try await books.value("SELECT to_char(now() - interval '\(daysAgo) days', 'YYYY-MM-DD')")
    }

    private func decision(_ books: Books) async throws -> String? {
        try await books.value("SELECT act_id FROM assetlink_internal.act WHERE kind = 'block'")
    }
}
