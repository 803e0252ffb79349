import LinkService
import LinkStore
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// History goes only where somebody said so, piece by piece, and nothing else with it.
    @Suite struct RetentionTests {
        private static let kinds = [
            "closed_links", "closed_conflicts", "forgotten_assets", "forgotten_cis", "replayed_dead_letters",
            "coverage_snapshots",
        ]

        /// A year of it, made in a moment: links that came and went, a conflict that was resolved, records that were
        /// deleted, a dead letter that was replayed, snapshots; and of each something that lasts.
        private func aged() async throws -> Bench {
            let bench = try await Bench()
            var configuration = bench.configuration()
            configuration.snapshotInterval = .milliseconds(50)
            configuration.pollInterval = .milliseconds(50)
            try await bench.withDaemon(configuration) {
                try await bench.makePairs(1...20)
                try await bench.run("INSERT INTO itam.asset (asset_id, serial_number) VALUES (50, 'CZJ70003QX')")
                try await bench.quiet()
                // Links 10 to 14 move to other assets, which closes them; the conflict about 3 ends; 18 to 20 go.
                try await bench.run(
                    """
                    UPDATE itam.asset SET serial_number = 'MOVED' || asset_id WHERE asset_id BETWEEN 10 AND 14;
                    DELETE FROM itam.asset WHERE asset_id = 50;
                    DELETE FROM cmdb.ci WHERE ci_id BETWEEN 18 AND 20;
                    """)
                try await bench.quiet()
                try await bench.run("DELETE FROM itam.asset WHERE asset_id BETWEEN 17 AND 20")
                try await bench.run("UPDATE assetlink.setting SET value = '0.0000001' WHERE name = 'tombstone_days'")
                try await bench.quiet()
                try await bench.eventually("SELECT count(*) > 2 FROM assetlink.coverage_history")
            }
            try await bench.run(
                """
                UPDATE assetlink_internal.link SET closed_at = closed_at - interval '1 year' WHERE status = 'closed';
                UPDATE assetlink_internal.conflict SET closed_at = closed_at - interval '1 year';
                UPDATE assetlink_internal.asset SET deleted_at = deleted_at - interval '1 year';
                UPDATE assetlink_internal.ci SET deleted_at = deleted_at - interval '1 year';
                UPDATE assetlink_internal.coverage_snapshot SET taken_at = taken_at - interval '1 year';
                INSERT INTO assetlink_internal.dead_letter (feed, error_code, error_text, replayed_at)
                VALUES ('itam', 'X', 'a test', clock_timestamp() - interval '1 year'), ('itam', 'X', 'a test', NULL);
                """)
            return bench
        }

        private func due(_ bench: Bench, _ days: String = "") async throws -> [String: Int64] {
            let rows = try await bench.connection.query(
                "SELECT what, due FROM assetlink.retention_plan(nullif($1, '')::integer)", [.text(days)])
            return try Dictionary(uniqueKeysWithValues: rows.map { (try $0.text(0), try $0.int8(1)) })
        }

        private func counts(_ bench: Bench) async throws -> [String] {
            try await bench.texts(
                """
                SELECT 'closed links ' || count(*) FROM assetlink.link WHERE status = 'closed'
                UNION ALL SELECT 'open links ' || count(*) FROM assetlink.link WHERE status <> 'closed'
                UNION ALL SELECT 'closed conflicts ' || count(*) FROM assetlink.conflict WHERE closed_at IS NOT NULL
                UNION ALL SELECT 'deleted assets ' || count(*) FROM assetlink_internal.asset WHERE deleted_at IS NOT NULL
                UNION ALL SELECT 'deleted CIs ' || count(*) FROM assetlink_internal.ci WHERE deleted_at IS NOT NULL
                UNION ALL SELECT 'dead letters ' || count(*) FROM assetlink.dead_letter
                UNION ALL SELECT 'audit rows ' || count(*) FROM assetlink.audit
                """)
        }

        @Test func asShippedNothingGoes() async throws {
            let bench = try await aged()
            let before = try await counts(bench)
            #expect(try await due(bench).values.allSatisfy { $0 == 0 })
            try await bench.withDaemon {
                try await bench.makePairs(100...101)
                try await bench.quiet()
                // Some rounds of housekeeping.
                try await bench.run(
                    "SELECT assetlink.pin('cmdb', '100', 'itam', '101', 'a test', clock_timestamp() + interval '200 ms')"
                )
                try await bench.eventually("SELECT effect = 'ended' FROM assetlink.operator_decision")
            }
            let after = try await counts(bench).filter { !$0.hasPrefix("audit") && !$0.hasPrefix("open links") }
            // The expired pin closed what it had linked; everything from before is there.
            #expect(Set(before.filter { $0.hasPrefix("deleted") || $0.hasPrefix("dead") }).isSubset(of: after))
            #expect(
                try await bench.text(
                    "SELECT count(*) FROM assetlink.coverage_history WHERE taken_at < now() - interval '300 days'")
                    != "0")
        }

        @Test func whatIsOverGoesAndNothingElse() async throws {
            let bench = try await aged()
            // The plan says beforehand what the deed will do; it changes nothing.
            let plan = try await due(bench, "30")
            #expect(try await due(bench).values.allSatisfy { $0 == 0 })
            for kind in Self.kinds { #expect((plan[kind] ?? 0) > 0 || kind.hasPrefix("forgotten"), "\(kind): \(plan)") }
            let before = try await counts(bench)
            let audit =
                "SELECT string_agg(format('%s %s', audit_id, action), ',' ORDER BY audit_id) FROM assetlink.audit"
            let record = try await bench.text(audit) ?? ""
            try await bench.run(
                """
                UPDATE assetlink.setting SET value = '30'
                WHERE name IN ('closed_link_days', 'closed_conflict_days', 'forgotten_record_days',
                    'replayed_dead_letter_days', 'coverage_history_days')
                """)
            let daemon = bench.start()
            try await bench.eventually("SELECT bool_and(due = 0) FROM assetlink.retention_plan()")
            try await bench.quiet()
            try await daemon.stop()
            #expect(try await bench.text("SELECT count(*) FROM assetlink.link WHERE status = 'closed'") == "0")
            #expect(
                try await bench.text(
                    "SELECT count(*) FROM assetlink_internal.link_period p WHERE NOT EXISTS (SELECT FROM assetlink_internal.link l WHERE l.link_id = p.link_id)"
                ) == "0")
            // Records that only closed links referred to went with them; asset 17 has a stale one.
            #expect(
                try await bench.text(
                    "SELECT string_agg(key, ' ') FROM assetlink_internal.asset WHERE deleted_at IS NOT NULL")
                    == "17")
            #expect(
                try await bench.text("SELECT count(*) FROM assetlink_internal.ci WHERE deleted_at IS NOT NULL") == "0")
            #expect(
                try await bench.texts("SELECT coalesce(replayed_at::text, 'waits') FROM assetlink.dead_letter") == [
                    "waits"
                ])
            let open = before.first { $0.hasPrefix("open links") }
            #expect(try await counts(bench).contains(open ?? ""))
            // The audit still has all of it, and neither verification finds anything to say.
            #expect(try await bench.text(audit)?.hasPrefix(record) == true)
            #expect(try await bench.texts("SELECT problem FROM assetlink.audit_verify()").isEmpty)
            let report = try await BatchEngine.verify(bench.connection, page: 1_000, logger: quietLogger)
            #expect(report.isClean, "\(report.examples.prefix(3))")
        }

        /// What was put away on purpose is not taken for what somebody removed by hand; what somebody did remove is.
        @Test func whatWasPutAwayIsNotMended() async throws {
            let bench = try await aged()
            try await bench.run("UPDATE assetlink.setting SET value = '30' WHERE name = 'closed_link_days'")
            var configuration = bench.configuration()
            configuration.sweepInterval = .milliseconds(20)
            let daemon = bench.start(configuration)
            try await bench.eventually("SELECT bool_and(due = 0) FROM assetlink.retention_plan()")
            let closed = "SELECT count(*) FROM assetlink.link WHERE status = 'closed'"
            #expect(try await bench.text(closed) == "0")
            // Somebody deletes links by hand; the sweep finds it.
            try await bench.run("DELETE FROM assetlink_internal.link WHERE ci_id = '10' OR ci_id = '1'")
            try await bench.eventually(
                "SELECT count(*) = 1 FROM assetlink.link WHERE ci_id = '1' AND status = 'active'")
            try await bench.quiet()
            #expect(try await bench.texts("SELECT ci_id FROM assetlink.audit WHERE action = 'repair'") == ["1"])
            #expect(try await bench.text(closed) == "0")
            try await daemon.stop()
        }

        /// The daemon removes by the settings, which it cannot change.
        @Test func theDaemonCannotChooseWhatGoes() async throws {
            let bench = try await aged()
            for statement in [
                "UPDATE assetlink.setting SET value = '1' WHERE name = 'closed_link_days'",
                "DELETE FROM assetlink_internal.link", "DELETE FROM assetlink_internal.conflict",
                "DELETE FROM assetlink_internal.dead_letter",
            ] {
                let error = await #expect(throws: PostgresError.self) {
                    try await bench.run("BEGIN; SET LOCAL ROLE assetlink_daemon; \(statement)")
                }
                #expect(error?.sqlState == "42501", "\(statement)")
                try await bench.run("ROLLBACK")
            }
            let before = try await counts(bench)
            try await bench.run(
                "SET ROLE assetlink_daemon; SET assetlink.asked_days = '1'; SELECT assetlink_internal.put_away(1000); RESET ROLE"
            )
            #expect(try await counts(bench) == before)
        }
    }
}
