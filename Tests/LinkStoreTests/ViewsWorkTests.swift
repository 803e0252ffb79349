import Testing

/// The public relations over hand-made tables: work lists, discrepancies, coverage, status.
@Suite struct ViewsWorkTests {
    @Test func workListsAreOldestFirstAndSayWhatToDo() async throws {
        let books = try await Books()
        try await books.run(
            """
            UPDATE assetlink.ci_class SET aged_after_days = 7 WHERE class = 'laptop';
            SELECT pg_temp.asset(1, linked => 1), pg_temp.asset(2, linked => 1), pg_temp.asset(3, phase => 'retired'),
                pg_temp.asset(4),
                pg_temp.asset(5, linked => 1), pg_temp.asset(6, phase => 'in_stock');
            SELECT pg_temp.ci(1, seen => now() - interval '61 days'), pg_temp.ci(2, class => 'laptop',
                seen => now() - interval '8 days'),
                pg_temp.ci(3), pg_temp.ci(4), pg_temp.ci(5, seen => now() - interval '59 days');
            SELECT pg_temp.decide(1, 'linked', asset => 1), pg_temp.decide(2, 'linked', asset => 2),
                pg_temp.decide(5, 'linked', asset => 5),
                pg_temp.decide(4, 'orphaned', 'no_identifier'), pg_temp.decide(3, 'orphaned', 'asset_decommissioned');
            SELECT pg_temp.stale(3, 3, 'asset_decommissioned');
            UPDATE assetlink_internal.asset SET since = '2025-01-01' WHERE asset_ref = 6;
            """)
        #expect(
            try await books.rows("SELECT ci_id, reason, stale_asset_id, remedy IS NOT NULL FROM assetlink.orphaned_ci")
                == ["(C3,asset_decommissioned,A3,t)", "(C4,no_identifier,,t)"])
        #expect(
            try await books.rows(
                """
                SELECT link_id, ci_id, asset_id, reason, status, remedy IS NOT NULL FROM assetlink.stale_link
                    ORDER BY link_id
                """
            )
                == [
                    "(1,C1,A1,not_discovered,active,t)", "(2,C2,A2,not_discovered,active,t)",
                    "(3,C3,A3,asset_decommissioned,stale,t)",
                ])
        #expect(
            try await books.value("SELECT array_agg(since) = array_agg(since ORDER BY since) FROM assetlink.stale_link")
                == "true")
        #expect(
            try await books.rows("SELECT asset_id, lifecycle_phase, remedy IS NOT NULL FROM assetlink.unlinked_asset")
                == ["(A6,in_stock,t)", "(A4,in_use,t)"])
    }

    @Test func suspectHeldAndUnmapped() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.asset(1, 'X'), pg_temp.asset(2, 'X'), pg_temp.asset(3, 'Y'), pg_temp.asset(4);
            SELECT pg_temp.ci(1, 'X'), pg_temp.ci(2, 'Y'), pg_temp.ci(3, 'Y'), pg_temp.ci(4, 'Z');
            INSERT INTO assetlink_internal.suspect_value VALUES
                ('serial', 'X', '2026-05-01'), ('serial', 'Y', '2026-05-02'), ('serial', 'Z', '2026-05-03');
            INSERT INTO assetlink_internal.source_status VALUES (101, 'held', 'reads empty', now());
            INSERT INTO assetlink_internal.held_change VALUES (101, '', '2026-05-02', 7), (101, 'A1', '2026-05-01', 6);
            UPDATE assetlink_internal.asset SET lifecycle_mapped = false, lifecycle_raw = 'On Loan'
                WHERE asset_ref IN (1, 2);
            UPDATE assetlink_internal.ci SET class_known = false, ci_class = 'toaster', lifecycle_mapped = false,
                lifecycle_raw = 'odd'
            WHERE ci_ref = 1;
            """)
        #expect(
            try await books.rows(
                "SELECT kind, value, ci_holders, asset_holders, if_trusted FROM assetlink.suspect_identifier") == [
                    #"(serial,X,1,2,"Conflicts of 2 assets (duplicate_asset) unless other values tell them apart.")"#,
                    #"(serial,Y,2,1,"2 CIs claim one asset (duplicate_ci).")"#,
                    #"(serial,Z,1,0,"Nothing is linked: no eligible asset holds it.")"#,
                ])
        #expect(
            try await books.rows("SELECT source, side, id, batch_id, detail FROM assetlink.held_change")
                == [#"(books,asset,A1,6,"reads empty")"#, #"(books,asset,,7,"reads empty")"#])
        #expect(
            try await books.rows("SELECT source, side, what, raw_value, records FROM assetlink.unmapped") == [
                #"(books,asset,lifecycle,"On Loan",2)"#, "(net,ci,class,toaster,1)", "(net,ci,lifecycle,odd,1)",
            ])
    }

    @Test func discrepanciesOfEveryKind() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.asset(1, 'S1', 'retired'), pg_temp.asset(2, 'S2', gone => true), pg_temp.asset(3,
                phase => 'missing', linked => 1),
                pg_temp.asset(4, phase => 'in_stock', linked => 1), pg_temp.asset(5, linked => 1), pg_temp.asset(6,
                    'S6'),
                pg_temp.asset(7, 'S7', linked => 1), pg_temp.asset(8, 'S8'), pg_temp.asset(9, phase => 'missing',
                    linked => 1),
                pg_temp.asset(10, phase => 'in_maintenance'), pg_temp.asset(11, phase => 'in_maintenance');
            UPDATE assetlink_internal.asset SET lifecycle_since = now() - interval '1 day' WHERE asset_ref = 9;
            UPDATE assetlink_internal.asset SET phase_since = now() - interval '9 days' WHERE asset_ref = 3;
            UPDATE assetlink_internal.asset SET parent_asset_id = CASE asset_ref WHEN 10 THEN 'A11' ELSE 'A10' END
                WHERE asset_ref > 9;
            SELECT pg_temp.ci(1, 'S1'), pg_temp.ci(2, 'S2'), pg_temp.ci(3), pg_temp.ci(4), pg_temp.ci(5,
                seen => now() - interval '70 days'),
                pg_temp.ci(7, 'S8'), pg_temp.ci(8, 's7 ', 'virtual_machine'), pg_temp.ci(9,
                    seen => now() - interval '2 days'),
                pg_temp.ci(20, parent => 'C21'), pg_temp.ci(21, parent => 'C20'), pg_temp.ci(22, parent => 'C20'),
                pg_temp.ci(23, parent => 'C23');
            SELECT pg_temp.decide(1, 'orphaned', 'asset_decommissioned'), pg_temp.stale(1, 1, 'asset_decommissioned'),
                pg_temp.decide(2, 'orphaned', 'asset_deleted'), pg_temp.decide(3, 'linked', asset => 3),
                    pg_temp.decide(4, 'linked', asset => 4),
                pg_temp.decide(5, 'linked', asset => 5), pg_temp.decide(7, 'linked', asset => 7, pinned => true),
                    pg_temp.pair('pin', 7, 7),
                pg_temp.decide(8, 'excluded', 'class_excluded'), pg_temp.decide(9, 'linked', asset => 9);
            """)
        #expect(
            try await books.rows(
                "SELECT kind, ci_id, asset_id FROM assetlink.discrepancy ORDER BY kind, ci_id, asset_id") == [
                    "(asset_cycle,,A10)", "(asset_cycle,,A11)", "(ci_cycle,C20,)", "(ci_cycle,C21,)", "(ci_cycle,C23,)",
                    "(ghost,C1,A1)", "(ghost,C2,A2)", "(inherited_serial,C8,A7)", "(missing_seen,C3,A3)",
                    "(pin_disagrees,C7,A8)",
                    "(stock_seen,C4,A4)", "(unseen,,A6)", "(zombie,C5,A5)",
                ])
        #expect(
            try await books.value("SELECT bool_and(remedy <> '' AND since IS NOT NULL) FROM assetlink.discrepancy")
                == "true")
        #expect(try await books.rows("SELECT ci_id FROM assetlink.discrepancy WHERE kind = 'zombie'") == ["(C5)"])
    }

    @Test func coverageIsCutAndComparedExactly() async throws {
        let books = try await Books()
        #expect(
            try await books.rows(
                "SELECT eligible_cis, coverage_percent, target_percent, target_met FROM assetlink.coverage")
                == ["(0,,90,)"])
        try await books.run(
            """
            SELECT pg_temp.asset(1, linked => 1), pg_temp.asset(2, linked => 1), pg_temp.asset(3);
            SELECT pg_temp.ci(1), pg_temp.ci(2), pg_temp.ci(3, class => 'laptop'), pg_temp.ci(4,
                class => 'virtual_machine');
            SELECT pg_temp.decide(1, 'linked', asset => 1), pg_temp.decide(2, 'linked', asset => 2, pinned => true),
                pg_temp.decide(3, 'orphaned', 'no_identifier'), pg_temp.decide(4, 'excluded', 'class_excluded');
            UPDATE assetlink.setting SET value = '66.66' WHERE name = 'coverage_target_percent';
            """)
        #expect(
            try await books.rows("SELECT * FROM assetlink.coverage") == [
                #"(3,2,1,0,1,1,0,0,1,1,66.6,66.66,t,"{""no_identifier"": 1}","{""class_excluded"": 1}",0)"#
            ])
        try await books.run("UPDATE assetlink.setting SET value = '66.67' WHERE name = 'coverage_target_percent'")
        #expect(try await books.rows("SELECT coverage_percent, target_met FROM assetlink.coverage") == ["(66.6,f)"])
        #expect(
            try await books.rows(
                """
                SELECT class, eligible_cis, paired_cis, excluded_cis, unlinked_assets, coverage_percent
                FROM assetlink.coverage_by_class ORDER BY class
                """) == [
                    #"("",0,0,0,1,)"#, "(laptop,1,0,0,0,0.0)", "(server,2,2,0,0,100.0)", "(virtual_machine,0,0,1,0,)",
                ])
        try await books.run("SELECT assetlink_internal.take_coverage_snapshot('2026-06-01')")
        #expect(
            try await books.rows(
                """
                SELECT class, eligible_cis, coverage_percent, target_met, orphans_by_reason
                    FROM assetlink.coverage_history ORDER BY class
                """
            )
                == [
                    #"("",0,,,{})"#, #"(laptop,1,0.0,f,"{""no_identifier"": 1}")"#, "(server,2,100.0,t,{})",
                    "(virtual_machine,0,,,{})", #"(,3,66.6,f,"{""no_identifier"": 1}")"#,
                ])
    }

    @Test func statusCountsWhatTheSnapshotOfTheCursorDoesNotSee() async throws {
        let books = try await Books()
        try await books.run(
            """
            SELECT pg_temp.asset(1), pg_temp.asset(2, gone => true);
            SELECT assetlink_internal.log_change('record', 101, 'A0', 'trigger');
            """)
        try await books.run("SELECT pg_temp.batch(1)")
        #expect(
            try await books.rows("SELECT backlog, last_applied_lag FROM assetlink.daemon_status") == ["(0,00:00:03)"])
        try await books.run(
            """
            SELECT assetlink_internal.log_change('record', 101, 'A1', 'trigger');
            SELECT assetlink_internal.log_change('act', NULL, '1', 'operator');
            INSERT INTO assetlink_internal.lease VALUES (true, 'host:1', 3, now() + interval '1 hour',
                '{"version": "1.2"}');
            INSERT INTO assetlink_internal.source_status VALUES (102, 'held', 'too many', now());
            """)
        #expect(
            try await books.rows(
                """
                SELECT source, status, records, backlog, oldest_unprocessed_age IS NULL
                    FROM assetlink.feed_status WHERE source IN ('books', 'net') ORDER BY source
                """
            )
                == ["(books,ok,1,1,f)", "(net,held,0,0,t)"])
        #expect(
            try await books.rows(
                """
                SELECT leader, epoch, version, last_batch, backlog, open_ranges, breaker, held_sources, broken_sources
                FROM assetlink.daemon_status
                """) == ["(host:1,3,1.2,1,2,0,open,{net},)"])
        try await books.run("UPDATE assetlink_internal.lease SET expires_at = now() - interval '1 second'")
        #expect(try await books.rows("SELECT leader, epoch FROM assetlink.daemon_status") == ["(,3)"])
    }
}
