import LinkCore
import LinkStore
import LinkTesting
import Postgres
import Testing

/// Broken variants of the log's own functions, replaced in the test's database.
@Suite struct NegativeControlLogTests {
    /// "The cursor's xmin has passed the switch" is not enough: who had looked where to write before it writes later.
    @Test(arguments: [false, true]) func rotationByXmin(isBroken: Bool) async throws {
        let bench = try await ControlBench("control_rotation_\(isBroken)", tables: ["itam"])
        if isBroken {
            try await bench.writer.script(
                """
                CREATE OR REPLACE FUNCTION assetlink_internal.empty_log(which integer, base_xmax xid8, base_xip xid8[])
                RETURNS boolean LANGUAGE plpgsql AS $$
                BEGIN
                    IF coalesce((SELECT min(x) FROM unnest(base_xip) AS x), base_xmax) <= (SELECT s.xid FROM public.switched AS s)
                    THEN RETURN false;
                    END IF;
                    EXECUTE format('TRUNCATE assetlink_internal.change_log_%s', which);
                    RETURN true;
                END $$
                """)
        }
        let changes = ControlBench.pair()
        try await bench.write([changes[1]])
        let late = try await bench.session()
        try await late.script(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT last_value FROM assetlink_internal.log_current")
        try await bench.writer.script(
            """
            SELECT assetlink_internal.switch_log();
            CREATE TABLE public.switched AS SELECT pg_current_xact_id() AS xid;
            """)
        // Other databases' transactions are in the server's snapshots too: until none is older than the switch.
        let passed = ContinuousClock().now + .seconds(60)
        var base = bench.runner.engine.position
        repeat {
            try await bench.write([.requeue(ControlBench.ci)])
            try await bench.drain()
            base = bench.runner.engine.position
        } while try await !hasPassed(base, bench) && ContinuousClock().now < passed
        // It writes its row, and says so in the table that was the current one when it looked.
        try await bench.writer.script("ALTER TABLE world.itam DISABLE TRIGGER ALL")
        try await late.script(
            """
            INSERT INTO world.itam (asset_id, serial_number) VALUES ('a1', 'SN-7');
            INSERT INTO assetlink_internal.change_log_0 (topic, source_id, key, cause)
            SELECT 'record', source_id, 'a1', 'trigger' FROM assetlink_internal.source WHERE name = 'itam';
            COMMIT
            """)
        bench.world.apply(changes[0])
        let emptied = try await bench.writer.query(
            "SELECT assetlink_internal.empty_log(0, $1::text::xid8, $2::text[]::xid8[])",
            [.text(String(base.xmax)), .texts(base.inProgress.map { String($0) })])
        #expect(try emptied[0].bool(0) == isBroken)
        try await bench.drain()
        #expect(try await bench.differences().isEmpty != isBroken)
    }

    /// Whether everything below a snapshot began after the switch.
    private func hasPassed(_ base: Snapshot, _ bench: ControlBench) async throws -> Bool {
        let oldest = (base.inProgress + [base.xmax]).min() ?? base.xmax
        let rows = try await bench.writer.query("SELECT xid::text FROM public.switched")
        return try oldest > UInt64(rows[0].text(0)) ?? .max
    }

    /// A bell in a table row is not heard by who reads as of an older snapshot.
    @Test(arguments: [false, true]) func bellInATableRow(isBroken: Bool) async throws {
        let bench = try await ControlBench("control_bell_\(isBroken)")
        try await bench.writer.script(
            "CREATE TABLE public.bell AS SELECT false AS is_called; GRANT SELECT ON public.bell TO PUBLIC")
        if isBroken {
            let bell = "assetlink_internal.bell AS b"
            let text = try await bench.writer.query(
                """
                SELECT pg_get_functiondef(oid) FROM pg_proc
                WHERE proname = 'append_log' AND pronamespace = 'assetlink_internal'::regnamespace
                """)[0].text(0)
            #expect(text.contains(bell), "append_log rings by other words now")
            try await bench.writer.script(text.replacing(bell, with: "public.bell AS b"))
        }
        let late = try await bench.session()
        try await late.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM assetlink_internal.act")
        let first: String? = try await bench.writer.listen(on: ["assetlink_wake", "done"]) { notifications in
            try await bench.writer.script(
                "SELECT setval('assetlink_internal.bell', 1, true); UPDATE public.bell SET is_called = true")
            try await late.script("SELECT assetlink_internal.log_change('ci', NULL, '1', 'operator'); COMMIT")
            try await late.script("NOTIFY done")
            for try await event in notifications {
                if case .notification(let channel, _, _) = event { return channel }
            }
            return nil
        }
        #expect(first == (isBroken ? "done" : "assetlink_wake"))
    }
}
