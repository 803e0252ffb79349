import Postgres
import Testing

/// The public relations over hand-made tables: states, conflicts, evidence, decisions.
@Suite struct ViewsTests {
    @Test func assetAndEntryShowOnlyWhenLinked() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.asset(1, 'S1', linked => 1), pg_temp.asset(2, 'S2', linked => 1), pg_temp.asset(3, 'S3');
            SELECT pg_temp.ci(n, 'S' || n) FROM generate_series(1, 4) AS n;
            SELECT pg_temp.ci(5); SELECT pg_temp.conflict(9, 'contradicting_evidence');
            SELECT pg_temp.decide(1, 'linked', asset => 1), pg_temp.decide(2, 'linked', asset => 2, pinned => true),
                pg_temp.decide(3, 'conflicted', 'contradicting_evidence', 3, conflict => 9),
                pg_temp.decide(4, 'orphaned', 'no_matching_asset'), pg_temp.decide(5, 'excluded', 'ci_retired');
            """)
        #expect(
            try await books.rows(
                """
                SELECT ci_source, ci_id, state, reason, asset_source, asset_id, link_id, method, rule, entry_priority,
                    matched_on
                FROM assetlink.ci_state ORDER BY ci_id
                """) == [
                    #"(net,C1,linked,,books,A1,1,automatic,hardware,10,"[[""S1""]]")"#,
                    "(net,C2,linked,,books,A2,2,manual,,,)",
                    "(net,C3,conflicted,contradicting_evidence,,,,,,,)",
                    "(net,C4,orphaned,no_matching_asset,,,,,,,)",
                    "(net,C5,excluded,ci_retired,,,,,,,)",
                ])
    }

    @Test func inheritedAssetIsTheNearestLinkedAncestors() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.asset(1, linked => 1), pg_temp.asset(2, linked => 2);
            SELECT pg_temp.ci(1), pg_temp.ci(2, parent => 'C1'), pg_temp.ci(3, parent => 'C2'), pg_temp.ci(4,
                parent => 'C3'),
                -- behind a conflicted one; retired; on a ring with a linked one; leading into it; under a deleted one
                pg_temp.ci(5, parent => 'C1'), pg_temp.ci(6, parent => 'C5'), pg_temp.ci(7, parent => 'C1'),
                pg_temp.ci(8, parent => 'C9'), pg_temp.ci(9, parent => 'C8'), pg_temp.ci(10, parent => 'C8'),
                pg_temp.ci(11, parent => 'C1'), pg_temp.ci(12, parent => 'C11');
            SELECT pg_temp.decide(1, 'linked', asset => 1), pg_temp.decide(2, 'orphaned', 'no_identifier'),
                pg_temp.decide(3, 'excluded', 'class_excluded'), pg_temp.decide(4, 'excluded', 'class_excluded'),
                pg_temp.decide(5, 'conflicted', 'duplicate_asset'), pg_temp.decide(6, 'excluded', 'class_excluded'),
                pg_temp.decide(7, 'excluded', 'ci_retired'), pg_temp.decide(8, 'excluded', 'class_excluded'),
                pg_temp.decide(9, 'linked', asset => 2), pg_temp.decide(10, 'excluded', 'class_excluded'),
                pg_temp.decide(12, 'excluded', 'class_excluded');
            UPDATE assetlink_internal.ci SET deleted_at = now() WHERE ci_ref = 11;
            """)
        #expect(
            try await books.rows(
                """
                SELECT ci_id, inherited_asset_id FROM assetlink.ci_state WHERE inherited_asset_id IS NOT NULL
                    ORDER BY ci_id
                """
            )
                == ["(C10,A2)", "(C3,A1)", "(C4,A1)"])
    }

    @Test func assetStates() async throws {
        let books = try await Books()
        try await books.run(Self.conflicts)
        #expect(
            try await books.rows("SELECT asset_id, state, ci_count FROM assetlink.asset_state ORDER BY asset_id") == [
                "(A1,conflicted,0)", "(A2,conflicted,0)", "(A3,unlinked,0)", "(A4,conflicted,0)", "(A5,conflicted,0)",
                "(A6,linked,1)", "(A7,ended,0)",
            ])
    }

    @Test func membersOfOpenConflicts() async throws {
        let books = try await Books()
        try await books.run(Self.conflicts)
        #expect(
            try await books.rows("SELECT conflict_id, side, source, id FROM assetlink.conflict_member ORDER BY 1, 2, 4")
                == [
                    "(1,asset,books,A1)", "(1,asset,books,A2)", "(1,ci,net,C1)",
                    "(2,asset,books,A4)", "(2,ci,net,C2)",
                    "(3,asset,books,A5)", "(3,ci,net,C3)", "(3,ci,net,C4)",
                    "(4,asset,books,A6)", "(4,ci,net,C5)", "(4,ci,net,C6)",
                ])
        #expect(
            try await books.rows("SELECT conflict_id, kind, asset_id, cis, assets FROM assetlink.conflict_queue") == [
                "(1,duplicate_asset,,1,2)", "(2,contradicting_evidence,,1,1)", "(3,duplicate_ci,A5,2,1)",
                "(4,asset_already_linked,A6,2,1)",
            ])
        #expect(try await books.value("SELECT count(*) FROM assetlink.conflict") == "5")
    }

    /// One conflict of each kind, and a closed one; A3 shares the key of C1 and is blocked for it.
    static let conflicts = """
        SELECT pg_temp.asset(1, 'D'), pg_temp.asset(2, 'D'), pg_temp.asset(3, 'D'), pg_temp.asset(4, 'E'),
            pg_temp.asset(5, 'F'),
            pg_temp.asset(6, 'G', linked => 1), pg_temp.asset(7, 'H', 'retired'), pg_temp.asset(8, 'I', gone => true);
        SELECT pg_temp.ci(1, 'D'), pg_temp.ci(2, 'E'), pg_temp.ci(3, 'F'), pg_temp.ci(4, 'F'), pg_temp.ci(5, 'G'),
            pg_temp.ci(6, 'G');
        SELECT pg_temp.conflict(1, 'duplicate_asset'), pg_temp.conflict(2, 'contradicting_evidence'),
            pg_temp.conflict(3, 'duplicate_ci', 5), pg_temp.conflict(4, 'asset_already_linked', 6),
            pg_temp.conflict(5, 'duplicate_ci', 3);
        UPDATE assetlink_internal.conflict SET closed_at = now(), close_reason = 'resolved' WHERE conflict_id = 5;
        SELECT pg_temp.decide(1, 'conflicted', 'duplicate_asset', conflict => 1),
            pg_temp.decide(2, 'conflicted', 'contradicting_evidence', 4, conflict => 2),
            pg_temp.decide(3, 'conflicted', 'duplicate_ci', 5, conflict => 3),
            pg_temp.decide(4, 'conflicted', 'duplicate_ci', 5, conflict => 3),
            pg_temp.decide(5, 'linked', asset => 6, pinned => true),
            pg_temp.decide(6, 'conflicted', 'asset_already_linked', 6, conflict => 4);
        SELECT pg_temp.pair('block', 1, 3);
        """

    @Test func evidenceSaysWhatBecameOfEachValue() async throws {
        let books = try await Books()
        try await books.run(Self.conflicts)
        try await books.run(
            """
            SELECT pg_temp.ci(7, 'H'), pg_temp.ci(8, 'I'), pg_temp.ci(9, 'J'), pg_temp.ci(10, 'D'), pg_temp.ci(11, 'G',
                source => 103);
            SELECT pg_temp.asset(9, 'K', linked => 1), pg_temp.ci(12, 'K'), pg_temp.decide(12, 'linked', asset => 9);
            UPDATE assetlink_internal.ci SET evidence = evidence || '[
                {"p": 5, "t": "regular", "k": "uuid", "a": "uuid", "r": "0", "c": null, "s": "malformed", "sp": 3,
                    "key": null},
                {"p": 8, "t": "regular", "k": "name", "a": "name", "r": "h", "c": "h", "s": null, "sp": 4, "key": null},
                {"p": 20, "t": "regular", "k": "asset_tag", "a": "asset_tag", "r": "T", "c": "T", "s": null, "sp": 2,
                    "key": "T"}]'
            WHERE ci_ref = 12;
            SELECT pg_temp.decide(7, 'orphaned', 'asset_decommissioned'), pg_temp.decide(8, 'orphaned',
                'asset_deleted'),
                pg_temp.decide(9, 'orphaned', 'no_matching_asset'), pg_temp.decide(10, 'orphaned',
                    'blocked_by_operator'),
                pg_temp.decide(11, 'orphaned', 'no_matching_asset');
            """)
        #expect(
            try await books.rows(
                """
                SELECT ci_id, entry_priority, eligible_assets, ended_assets, deleted_assets, cis_sharing, outcome
                FROM assetlink.ci_evidence ORDER BY length(ci_id), ci_id, entry_priority
                """) == [
                    #"(C1,10,3,0,0,2,"several assets")"#, "(C2,10,1,0,0,1,contradicted)",
                    #"(C3,10,1,0,0,2,"several CIs")"#,
                    #"(C4,10,1,0,0,2,"several CIs")"#, #"(C5,10,1,0,0,3,"overruled by pin")"#,
                    #"(C6,10,1,0,0,3,"asset already linked")"#, #"(C7,10,0,1,0,1,"asset ended")"#,
                    #"(C8,10,0,0,1,1,"asset deleted")"#, #"(C9,10,0,0,0,1,"no candidate")"#, "(C10,10,3,0,0,2,blocked)",
                    #"(C11,10,0,0,0,3,"no candidate")"#,
                    "(C12,5,0,0,0,0,suppressed)", #"(C12,8,0,0,0,0,"no key")"#, "(C12,10,1,0,0,1,matched)",
                    #"(C12,20,0,0,0,0,"not reached")"#,
                ])
    }

    @Test func keysOfDependentEntriesHoldTheParentsAsset() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.asset(1, linked => 1), pg_temp.ci(1), pg_temp.ci(2), pg_temp.ci(3);
            SELECT pg_temp.decide(1, 'linked', asset => 1), pg_temp.decide(2, 'orphaned', 'parent_not_linked'),
                pg_temp.decide(3, 'orphaned', 'parent_cycle');
            UPDATE assetlink_internal.ci SET evidence = '[{"p": 10, "t": "dependent", "k": "attribute", "a": "position",
                "r": "7", "c": "7", "s": null, "sp": 1, "key": "[\\"7\\"]"}]';
            INSERT INTO assetlink_internal.ci_key VALUES (1, '["books/A9","7"]', 1), (1, '["books/A9","77"]', 1);
            INSERT INTO assetlink_internal.asset_key VALUES (1, '["books/A9","7"]', 0, 1, 101);
            """)
        #expect(
            try await books.rows(
                """
                SELECT ci_id, eligible_assets, cis_sharing, outcome, match_key
                FROM assetlink.ci_evidence ORDER BY ci_id
                """)
                == [
                    #"(C1,1,1,matched,"[""books/A9"",""7""]")"#, #"(C2,0,0,"parent not linked","[""7""]")"#,
                    #"(C3,0,0,"parent on a ring","[""7""]")"#,
                ])
    }

    @Test func decisionsHaveEffectOnlyWhereTheyCan() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.asset(1), pg_temp.asset(2, phase => 'retired'), pg_temp.asset(3);
            SELECT pg_temp.ci(n) FROM generate_series(1, 5) AS n;
            SELECT pg_temp.decide(n, 'orphaned', 'no_identifier') FROM generate_series(1, 4) AS n;
            SELECT pg_temp.decide(5, 'excluded', 'ci_retired');
            SELECT pg_temp.pair('pin', 1, 1), pg_temp.pair('pin', 2, 2), pg_temp.pair('block', 3, 2),
                pg_temp.pair('pin', 5, 1),
                pg_temp.pair('pin', 4, 3);
            INSERT INTO assetlink_internal.act_end
            SELECT act_id, '2026-05-01', 'ann', 'removed' FROM assetlink_internal.act WHERE ci_id = 'C4';
            DELETE FROM assetlink_internal.pair_in_force WHERE ci_id IN ('C4', 'C3');
            """)
        #expect(
            try await books.rows(
                """
                SELECT kind, ci_id, asset_id, effect, ended_by, end_reason, pending
                    FROM assetlink.operator_decision ORDER BY ci_id
                """
            )
                == [
                    "(pin,C1,A1,in_force,,,f)", "(pin,C2,A2,void,,,f)", "(block,C3,A2,in_force,,,t)",
                    "(pin,C4,A3,ended,ann,removed,f)", "(pin,C5,A1,void,,,f)",
                ])
    }

    @Test func oneRecordIsAnIndexProbe() async throws {
        let books = try await Books()
        // Enough rows that a probe pays, and sequential scans as a last resort: one that is left has no index instead.
        try await books.run(
            """
            SELECT pg_temp.asset(n, 'S' || n, linked => 1), pg_temp.ci(n, 'S' || n) FROM generate_series(1, 1000) AS n;
            SELECT pg_temp.decide(n, 'linked', asset => n), pg_temp.pair('pin', n, n), pg_temp.conflict(n,
                'duplicate_ci', n)
            FROM generate_series(1, 1000) AS n;
            INSERT INTO assetlink_internal.act_end SELECT act_id, now(), 'ann', 'removed' FROM assetlink_internal.act;
            """)
        try await books.run(
            """
            ANALYZE; SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off;
                SET enable_mergejoin = off
            """
        )
        for query in [
            "ci_state WHERE ci_source = 'net' AND ci_id = 'C1'",
            "asset_state WHERE asset_source = 'books' AND asset_id = 'A1'",
            "ci_evidence WHERE ci_source = 'net' AND ci_id = 'C1'", "link WHERE ci_source = 'net' AND ci_id = 'C1'",
            "link WHERE asset_source = 'books' AND asset_id = 'A1'", "audit WHERE ci_source = 'net' AND ci_id = 'C1'",
            "operator_decision WHERE ci_source = 'net' AND ci_id = 'C1'", "conflict_member WHERE conflict_id = 1",
            "links_as_of(now()) WHERE ci_source = 'net' AND ci_id = 'C1'",
        ] {
            let plan = try await books.connection.query("EXPLAIN SELECT * FROM assetlink.\(query)").map {
                try $0.text(0)
            }
            #expect(plan.filter { $0.contains("Seq Scan") && !$0.contains(" on source") } == [], "\(query)")
            // A scan of a whole index is no probe.
            for (number, line) in plan.enumerated()
            where line.contains("Index") && line.contains(" using ") && !line.contains(" on source") {
                #expect(plan[(number + 1)...].first?.contains("Index Cond") == true, "\(query): \(line)")
            }
        }
    }
}
