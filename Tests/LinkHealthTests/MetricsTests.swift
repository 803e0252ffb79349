import LinkCommands
import LinkCore
import LinkHealth
import LinkService
import LinkStore
import LinkTesting
import Postgres
import Synchronization
import Testing

extension HealthTests {
    @Suite struct MetricsTests {
        @Test func everySeriesHasASampleOrAReasonNotTo() async throws {
            let bench = try await HealthBench { $0.headInterval = .milliseconds(50) }
            let port = try await bench.ready()
            try await bench.fill()
            // A conflict, a stale link, a verification; and a head, which the daemon publishes by itself.
            try await bench.connection.script(
                """
                INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (40, 'linux_server', 'CZJ70005QX');
                UPDATE itam.asset SET state = 'retired' WHERE asset_id = 3;
                INSERT INTO assetlink_internal.audit_check (audit_rows, problems, started_at) VALUES (1, 2, now());
                """)
            try await bench.quiet()
            try await Eventually.holds(
                "SELECT EXISTS (SELECT FROM assetlink.audit_published_head)", on: bench.connection)
            let page = try ask(port, "/metrics")
            #expect(page.sample("assetlinkd_audit_verify_problems") == "2")
            #expect(page.sample("assetlinkd_config_last_reload_successful") == "1")
            // Of these there is none in this small world.
            let absent: Set = ["assetlinkd_excluded_cis", "assetlinkd_coverage_snapshot_timestamp_seconds"]
            for series in Series.all where !absent.contains(series.name) {
                let names = if case .histogram = series.kind { "\(series.name)_count" } else { series.name }
                #expect(
                    page.samples(names).contains {
                        $0.dropFirst(names.utf8.count).first.map { " {".contains($0) } == true
                    },
                    "\(series.name)")
                #expect(page.body.contains("# TYPE \(series.name) "))
            }
            #expect(page.sample("assetlinkd_series_refused_total") == "0")
            try await bench.end()
        }

        @Test func nothingIsServedThatHasNoDescription() async throws {
            let bench = try await HealthBench()
            let port = try await bench.ready()
            try await bench.fill()
            let known = Set(Series.all.map(\.name))
            for line in try ask(port, "/metrics").body.split(separator: "\n") where !line.hasPrefix("#") {
                let name = String(line.prefix { $0 != "{" && $0 != " " })
                let isPart = ["_bucket", "_sum", "_count"].contains {
                    name.hasSuffix($0) && known.contains(String(name.dropLast($0.utf8.count)))
                }
                #expect(known.contains(name) || isPart, "\(line)")
                #expect(Double(line.split(separator: " ").last ?? "") != nil, "\(line)")
            }
            try await bench.end()
        }

        /// A page of coverage, the command, the view and the figures: one number.
        @Test func coverageIsTheSameEverywhere() async throws {
            let bench = try await HealthBench()
            let port = try await bench.ready()
            try await bench.fill()
            let page = try ask(port, "/metrics")
            let columns = try await bench.connection.query(
                """
                SELECT j.key, CASE j.value WHEN 'true' THEN '1' WHEN 'false' THEN '0' ELSE j.value END
                FROM assetlink.coverage AS c CROSS JOIN LATERAL jsonb_each_text(to_jsonb(c)) AS j
                WHERE j.value IS NOT NULL AND left(j.value, 1) <> '{'
                """)
            #expect(columns.count == 14)
            for row in columns {
                let column = try row.text(0)
                let name =
                    "assetlinkd_coverage_" + (column.hasPrefix("coverage_") ? String(column.dropFirst(9)) : column)
                #expect(page.sample(name) == (try row.text(1)), "\(column)")
            }
            let percent = try #require(page.sample("assetlinkd_coverage_percent"))
            #expect(percent == "84.6", "11 of 13")
            let lines = Mutex<[String]>([])
            let console = Console(width: 80, say: { line in lines.withLock { $0.append(line) } }, remark: { _ in })
            #expect(await Assetlinkctl.run(["coverage", "--json", "-d", bench.conninfo], on: console) == 0)
            #expect(lines.withLock { $0.joined() }.contains("\"coverage_percent\":\(percent)"))
            #expect(page.sample("assetlinkd_orphaned_cis{reason=\"no_matching_asset\"}") == "2")
            try await bench.end()
        }

        @Test func workIsCounted() async throws {
            let bench = try await HealthBench()
            let port = try await bench.ready()
            try await bench.quiet()
            // The shipped schemas were read at first.
            let before = try ask(port, "/metrics")
            try await bench.fill()
            try await bench.connection.script("UPDATE itam.asset SET state = 'retired' WHERE asset_id = 5")
            try await bench.quiet()
            let page = try ask(port, "/metrics")
            func number(_ name: String) -> Double { page.sample(name).flatMap { Double($0) } ?? -1 }
            func added(_ name: String) -> Double { number(name) - (before.sample(name).flatMap { Double($0) } ?? 0) }
            #expect(added("assetlinkd_changes_total") == 26)
            #expect(added("assetlinkd_lag_seconds_count") == 26, "one for each change")
            #expect(number("assetlinkd_lag_seconds_sum") > 0)
            #expect(added("assetlinkd_batch_changes_sum") == 26)
            #expect(number("assetlinkd_batches_total") == number("assetlinkd_batch_duration_seconds_count"))
            #expect(number("assetlinkd_link_changes_total{change=\"made\"}") == 11)
            #expect(number("assetlinkd_link_changes_total{change=\"stale\"}") == 1)
            #expect(number("assetlinkd_links{status=\"active\"}") == 10)
            #expect(number("assetlinkd_links{status=\"stale\"}") == 1)
            #expect(number("assetlinkd_decisions_total{state=\"linked\"}") >= 11)
            let rows = try await bench.connection.query("SELECT count(*)::float8 FROM assetlink.audit")
            #expect(number("assetlinkd_audit_rows_total") == (try #require(rows.first).float8(0)))
            #expect(number("assetlinkd_leading") == 1)
            #expect(number("assetlinkd_leaders") == 1)
            #expect(number("assetlinkd_connections{role=\"work\"}") == 1)
            #expect(number("process_resident_memory_bytes") > 1_000_000)
            #expect(number("assetlinkd_sessions_total") == 1)
            try await bench.end()
        }

        /// Buckets go up, the last is the count: what `histogram_quantile` needs.
        @Test func histogramsAdd() async throws {
            let bench = try await HealthBench()
            let port = try await bench.ready()
            try await bench.fill()
            let page = try ask(port, "/metrics")
            let counts = page.samples("assetlinkd_lag_seconds_bucket").compactMap { $0.split(separator: " ").last }
                .compactMap { Int($0) }
            #expect(counts.count == 17)
            #expect(counts == counts.sorted())
            #expect(counts.last.map { "\($0)" } == page.sample("assetlinkd_lag_seconds_count"))
            try await bench.end()
        }

        /// Heads are in the log, each once, and go on from one another; a refused configuration shows.
        @Test func headsArePublished() async throws {
            let bench = try await HealthBench { $0.headInterval = .milliseconds(50) }
            let port = try await bench.ready()
            try await bench.fill()
            let all = "SELECT max(batch_id) FROM assetlink.audit_batch"
            try await Eventually.holds(
                "SELECT (SELECT max(batch_id) FROM assetlink.audit_published_head) = (\(all))", on: bench.connection)
            try await bench.connection.script("UPDATE itam.asset SET state = 'retired' WHERE asset_id = 3")
            try await bench.quiet()
            try await Eventually.holds(
                "SELECT (SELECT max(batch_id) FROM assetlink.audit_published_head) = (\(all))", on: bench.connection)
            // Made bit by bit by the daemon, and at once by the database.
            let rows = try await bench.connection.query(
                """
                SELECT count(*) FROM assetlink_internal.audit_head AS h
                WHERE assetlink_internal.audit_peaks(h.batch_id) IS DISTINCT FROM h.peaks
                """)
            #expect(try rows.first?.int8(0) == 0)
            #expect(try ask(port, "/metrics").sample("assetlinkd_audit_unpublished_batches") == "0")
            bench.daemon.vitals.noteConfiguration(isTaken: false)
            #expect(try ask(port, "/metrics").sample("assetlinkd_config_last_reload_successful") == "0")
            try await bench.end()
        }

        /// After a reload the figures are those of the database that was named then.
        @Test func figuresAreOfTheDatabaseInForce() async throws {
            let (old, new) = (try await migratedDatabase("figures_old"), try await migratedDatabase("figures_new"))
            let connection = try await PostgresConnection.connect(ConnectionSettings(new), logger: quietLogger)
            try await connection.script(
                "INSERT INTO assetlink_internal.dead_letter (feed, error_code, error_text) VALUES ('f', 'c', 't')")
            await connection.close()
            let collector = Collector(ConnectionSettings(old), interval: .seconds(3_600), logger: quietLogger)
            func letters() async -> [String] {
                await collector.collect().figures?.figures.filter { $0.name == "dead_letters" }.map(\.value) ?? []
            }
            #expect(await letters() == ["0"])
            await collector.use(ConnectionSettings(new))
            #expect(await letters() == ["1"])
            await collector.close()
        }

        /// A daemon that stands by may wait for years, and the schema may change meanwhile.
        @Test func theSchemaIsLookedAtWhileStandingBy() async throws {
            let bench = try await HealthBench()
            let port = try await bench.ready()
            try await bench.connection.script(
                """
                UPDATE assetlink_internal.lease
                SET holder = 'another', epoch = epoch + 1, expires_at = clock_timestamp() + interval '1 hour'
                """)
            try await Eventually.true("it stands by") {
                try ask(port, "/readyz?verbose").body.contains("another daemon leads")
            }
            #expect(try ask(port, "/readyz").status == 200)
            try await bench.connection.script(
                "INSERT INTO assetlink.schema_version (number, name, sha256) VALUES (9999, 'later', '')")
            try await Eventually.true("it is not ready") {
                let answer = try ask(port, "/readyz")
                return answer.status == 503
                    && answer.body.contains("[-]schema failed: The database is at schema version 9999")
            }
            try await bench.end()
        }

        /// A sleep that time ends though a change waited, and nobody rang.
        @Test func aMissedWakeUpIsCounted() async throws {
            let bench = try await HealthBench { $0.housekeepingInterval = .seconds(600) }
            let port = try await bench.ready()
            try await bench.fill()
            #expect(try ask(port, "/metrics").sample("assetlinkd_wakeups_missed_total") == "0")
            try await Eventually.holds("SELECT is_called FROM assetlink_internal.bell", on: bench.connection)
            // As by a trigger that does not ring.
            try await bench.connection.script(
                """
                INSERT INTO assetlink_internal.change_log_0 (topic, source_id, key, cause)
                SELECT 'record', source_id, '5', 'trigger' FROM assetlink_internal.source WHERE name = 'itam'
                """)
            try await Eventually.true("it is counted") {
                try ask(port, "/metrics").sample("assetlinkd_wakeups_missed_total") == "1"
            }
            try await bench.end()
        }
    }
}
