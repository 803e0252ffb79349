import LinkStore
import LinkTesting
import Postgres
import Testing

/// Somebody holds locks on rows of ours, for long: what needs them waits, everybody else goes on.
@Suite struct EngineLockedRowTests {
    @Test func onlyTheLockedLinkWaits() async throws {
        let bench = try await EngineBench()
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) SELECT n, 'S' || n FROM generate_series(1, 20) AS n;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'server', 'S' || n FROM generate_series(1, 20) AS n;
            """)
        try await bench.drain()
        let person = try await secondSession(bench.connection)
        try await person.script("BEGIN")
        _ = try await person.query("SELECT FROM assetlink_internal.link WHERE ci_id = '7' FOR UPDATE")
        try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id <= 10")
        while case .done = try await bench.engine.runGuarded() {}
        #expect(try await bench.value("SELECT count(*) FROM assetlink.link WHERE status = 'stale'") == "9")
        #expect(
            try await bench.rows(
                """
                SELECT concat_ws(' ', source, record_id, error_code, next_attempt_at < clock_timestamp() + interval '6 seconds')
                FROM assetlink.dead_letter WHERE replayed_at IS NULL
                """) == ["itam 7 locked t"])
        // While it waits, the others' changes are taken in at once.
        try await bench.run("UPDATE itam.asset SET state = 'in_use' WHERE asset_id = 3")
        while case .done = try await bench.engine.runGuarded() {}
        #expect(try await bench.state(3) == "linked to 3")
        try await person.script("ROLLBACK")
        try await bench.run(
            "SELECT assetlink_internal.log_change('record', source_id, key, 'retry') FROM assetlink_internal.dead_letter"
        )
        try await bench.drain()
        #expect(try await bench.state(7) == "orphaned asset_decommissioned")
        #expect(try await bench.value("SELECT count(*) FROM assetlink.dead_letter WHERE replayed_at IS NULL") == "0")
        try await bench.check()
        try await bench.compare()
    }
}
