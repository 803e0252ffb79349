import LinkStore
import LinkTesting
import Postgres
import Testing

/// What stands in the way of a write-back: rows that are locked, refused or gone, triggers, privileges, other daemons.
@Suite struct WriteBackTroubleTests {
    private static let pairs = """
        INSERT INTO itam.asset (asset_id, serial_number) SELECT n, 'SN-' || 1000 + n FROM generate_series(1, 30) AS n;
        INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
        SELECT n, 'server', 'SN-' || 1000 + n FROM generate_series(1, 30) AS n;
        """

    @Test func aLockedRowIsNotWaitedFor() async throws {
        let bench = try await WriteBackBench()
        try await bench.settle("INSERT INTO cmdb.ci (ci_id, ci_class) VALUES (7, 'server')")
        let writer = try await PostgresConnection.connect(ConnectionSettings(bench.bench.conninfo), logger: quietLogger)
        try await writer.script("BEGIN; UPDATE cmdb.ci SET name = 'mine' WHERE ci_id = 7")
        try await bench.settle(
            """
            INSERT INTO itam.asset (asset_id, serial_number) SELECT n, 'SN-' || 1000 + n FROM generate_series(1, 30) AS n;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'server', 'SN-' || 1000 + n FROM generate_series(1, 30) AS n WHERE n <> 7;
            """)
        try await bench.settle("SELECT assetlink.pin('cmdb', '7', 'itam', '7', 'test')")
        #expect(try await bench.held().filter { $0.hasPrefix("ci ") && $0.hasSuffix(":") } == ["ci 7:"])
        #expect(
            try await bench.bench.rows(
                "SELECT concat_ws(' ', source, id, attempts, error_code) FROM assetlink.write_back_failure")
                == ["cmdb 7 1 locked"])
        try await bench.hurry()
        try await bench.write()
        #expect(try await bench.status() == ["cmdb ok 0 1", "itam ok 0 0"])
        try await writer.script("COMMIT")
        try await bench.hurry()
        try await bench.settle()
        try await bench.check()
        #expect(try await bench.status() == ["cmdb ok 0 0", "itam ok 0 0"])
        await writer.close()
    }

    @Test func aTableThatItsOwnerHasLockedWaits() async throws {
        let bench = try await WriteBackBench()
        try await bench.bench.run(Self.pairs)
        try await bench.bench.drain()
        let owner = try await PostgresConnection.connect(ConnectionSettings(bench.bench.conninfo), logger: quietLogger)
        try await owner.script("BEGIN; LOCK TABLE cmdb.ci IN ACCESS EXCLUSIVE MODE")
        try await bench.write()
        #expect(try await bench.bench.value("SELECT count(*) FROM itam.asset WHERE ci IS NOT NULL") == "30")
        await owner.close()
        // Once or twice it is not said to fail.
        #expect(try await bench.status() == ["cmdb filling 30 0 55P03", "itam ok 0 0"])
        try await bench.hurry()
        try await bench.write()
        try await bench.check()
    }

    @Test func aRefusedRowIsKeptAndTheOthersAreWritten() async throws {
        let bench = try await WriteBackBench()
        try await bench.settle(
            "ALTER TABLE cmdb.ci ADD CONSTRAINT none_of_13 CHECK (asset <> '13'); \(Self.pairs)")
        #expect(try await bench.held().filter { $0.hasPrefix("ci ") && $0.hasSuffix(":") } == ["ci 13:"])
        #expect(
            try await bench.bench.rows(
                """
                SELECT concat_ws(' ', source, id, error_code, error_text LIKE '%none_of_13%')
                FROM assetlink.write_back_failure
                """) == ["cmdb 13 23514 t"])
        #expect(
            try await bench.bench.rows(
                "SELECT severity || ' ' || subject FROM assetlink.alarm WHERE alarm = 'write_back'")
                == ["warning source cmdb"])
        try await bench.bench.run("ALTER TABLE cmdb.ci DROP CONSTRAINT none_of_13")
        try await bench.hurry()
        try await bench.write()
        try await bench.check()
    }

    @Test func whereEveryRowIsRefusedTheSourceRests() async throws {
        let bench = try await WriteBackBench { $0.failures = 4 }
        try await bench.settle(
            "ALTER TABLE cmdb.ci ADD CONSTRAINT never CHECK (asset IS NULL); \(Self.pairs)")
        #expect(try await bench.status() == ["cmdb failing 26 4 23514", "itam ok 0 0"])
        // A few more each time, so that rows which are in order come to their turn.
        try await bench.bench.run("ALTER TABLE cmdb.ci ADD CONSTRAINT few CHECK (asset::integer > 20)")
        try await bench.bench.run("ALTER TABLE cmdb.ci DROP CONSTRAINT never")
        for _ in 0..<8 {
            try await bench.hurry()
            try await bench.write()
        }
        #expect(try await bench.bench.value("SELECT count(asset) FROM cmdb.ci") == "10")
        #expect(try await bench.status() == ["cmdb ok 0 20", "itam ok 0 0"])
        try await bench.bench.run("ALTER TABLE cmdb.ci DROP CONSTRAINT few")
        try await bench.hurry()
        try await bench.write()
        try await bench.check()
        #expect(try await bench.status() == ["cmdb ok 0 0", "itam ok 0 0"])
    }

    @Test func aMissingPrivilegeIsNamedAndWorkGoesOnAfterTheGrant() async throws {
        let bench = try await WriteBackBench()
        try await bench.settle("REVOKE UPDATE (asset) ON cmdb.ci FROM assetlink_write_back; \(Self.pairs)")
        let grant = "GRANT SELECT (ci_id, asset), UPDATE (asset) ON cmdb.ci TO assetlink_write_back;"
        #expect(
            try await bench.bench.rows(
                "SELECT concat_ws(' | ', state, error_code, error_text, remedy) FROM assetlink.write_back WHERE source = 'cmdb'"
            )
                == ["failing | 42501 | assetlink_write_back may not update column asset of cmdb.ci | \(grant)"])
        #expect(
            try await bench.bench.rows(
                "SELECT severity || ' ' || remedy FROM assetlink.alarm WHERE alarm = 'write_back'")
                == ["error \(grant)"])
        #expect(
            try await bench.bench.rows(
                "SELECT severity FROM assetlink.check_source('cmdb') WHERE check_name = 'write-back'") == ["error"])
        // The other source goes on.
        #expect(try await bench.bench.value("SELECT count(*) FROM itam.asset WHERE ci IS NOT NULL") == "30")
        try await bench.bench.run(grant)
        try await bench.hurry()
        try await bench.write()
        try await bench.check()
        #expect(try await bench.status() == ["cmdb ok 0 0", "itam ok 0 0"])
        #expect(
            try await bench.bench.rows(
                "SELECT severity FROM assetlink.check_source('cmdb') WHERE check_name = 'write-back'") == ["ok"])
    }

    @Test func aRenamedColumnFailsAlone() async throws {
        let bench = try await WriteBackBench()
        try await bench.settle(Self.pairs)
        try await bench.settle("ALTER TABLE cmdb.ci RENAME asset TO other; UPDATE itam.asset SET state = 'retired'")
        #expect(try await bench.status() == ["cmdb failing 30 0 42703", "itam ok 0 0"])
        try await bench.bench.run("ALTER TABLE cmdb.ci RENAME other TO asset")
        try await bench.hurry()
        try await bench.write()
        try await bench.check()
    }

    /// A table whose trigger notes the time of each change in a column that is read: one more round, and then rest.
    @Test func aTableThatNotesItsChangesIsReadOnceMore() async throws {
        let bench = try await WriteBackBench(isOn: false)
        try await bench.settle(
            """
            CREATE TABLE public.box (id bigint PRIMARY KEY, serial text, updated_at timestamptz, asset text);
            CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END';
            CREATE TRIGGER note BEFORE INSERT OR UPDATE ON public.box FOR EACH ROW EXECUTE FUNCTION public.note();
            SELECT assetlink.attach_ci_source('boxes', 'public.box', $$
                SELECT b.id AS ci_id, 'server' AS ci_class, b.serial AS serial_number,
                    jsonb_build_object('updated', b.updated_at) AS attributes FROM public.box AS b $$, 'id');
            SELECT assetlink.set_write_back('boxes', 'asset', 'test');
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S-1001');
            INSERT INTO public.box (id, serial) VALUES (1, 'S-1001'), (2, 'S-1002');
            """)
        #expect(
            try await bench.bench.value("SELECT string_agg(coalesce(asset, '-'), ' ' ORDER BY id) FROM public.box")
                == "1 -")
        let again = try await bench.bench.drain()
        #expect(again.map(\.changes) == [1] && again.map(\.writesBack) == [false])
        try await bench.write()
        #expect(try await bench.bench.drain().isEmpty)
    }

    /// Triggers of others run as a role that has nothing, and what they leave in the session is gone.
    @Test func triggersOfOthersGainNothing() async throws {
        let bench = try await WriteBackBench()
        try await bench.settle(
            """
            ALTER TABLE cmdb.ci ADD COLUMN who text;
            CREATE SCHEMA evil;
            CREATE FUNCTION evil.who() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                NEW.who := current_user;
                SET search_path = evil; SET lock_timeout = 0; SET default_transaction_read_only = on;
                RETURN NEW;
            END $$;
            CREATE TRIGGER who BEFORE UPDATE ON cmdb.ci FOR EACH ROW EXECUTE FUNCTION evil.who();
            \(Self.pairs)
            """)
        #expect(
            try await bench.bench.value("SELECT string_agg(DISTINCT who, ' ') FROM cmdb.ci") == "assetlink_write_back")
        try await bench.check()
        // Neither by becoming somebody else …
        try await bench.settle(
            """
            CREATE OR REPLACE FUNCTION evil.who() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                SET ROLE assetlink_daemon; RETURN NEW; END $$;
            UPDATE itam.asset SET state = 'retired' WHERE asset_id = 1;
            """)
        #expect(
            try await bench.bench.rows("SELECT id || ' ' || error_code FROM assetlink.write_back_failure") == [
                "1 42501"
            ])
        // … nor by waiting for the commit: what puts itself off until then may write nothing.
        try await bench.settle(
            """
            DROP TRIGGER who ON cmdb.ci;
            CREATE TABLE evil.gain (who text); GRANT ALL ON evil.gain TO PUBLIC; GRANT USAGE ON SCHEMA evil TO PUBLIC;
            CREATE FUNCTION evil.later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF current_user = 'assetlink_write_back' THEN
                    SET CONSTRAINTS ALL DEFERRED;
                    INSERT INTO evil.gain VALUES ('first');
                ELSE
                    INSERT INTO evil.gain VALUES ('later');
                END IF;
                RETURN NULL;
            END $$;
            CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON cmdb.ci DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION evil.later();
            CREATE CONSTRAINT TRIGGER later AFTER INSERT ON evil.gain DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION evil.later();
            """)
        try await bench.bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id = 2")
        try await bench.bench.drain()
        try await bench.write()
        #expect(try await bench.bench.value("SELECT count(*) FROM evil.gain") == "0")
        #expect(
            try await bench.bench.rows(
                "SELECT id || ' ' || error_code FROM assetlink.write_back_failure WHERE id = '2'") == ["2 25006"])
    }

    @Test func anotherDaemonHasTheLease() async throws {
        let bench = try await WriteBackBench()
        try await bench.bench.run(Self.pairs)
        try await bench.bench.drain()
        try await bench.bench.run("UPDATE assetlink_internal.lease SET epoch = 2")
        let lost = await #expect(throws: StoreError.self) { try await bench.write() }
        guard case .lostLease = lost else {
            Issue.record("\(String(describing: lost))")
            return
        }
        #expect(try await bench.bench.value("SELECT count(asset) FROM cmdb.ci") == "0")
    }

    #if DEBUG
        /// A leader that stands still between locking a row and writing it, and goes on after its successor has moved
        /// the link: what it writes is not what stays.
        @Test func aPageOfALeaderOfOldIsOverwritten() async throws {
            let bench = try await WriteBackBench(isOn: false)
            try await bench.settle(
                """
                SELECT assetlink.set_write_back('cmdb', 'asset', 'test');
                INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S-1001'), (2, 'S-1002');
                INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1, 'server', NULL);
                """)
            try await bench.bench.run("UPDATE cmdb.ci SET serial_number = 'S-1001'")
            try await bench.bench.drain()
            let successor = try await PostgresConnection.connect(
                ConnectionSettings(bench.bench.conninfo), logger: quietLogger)
            let runner = try await EngineRunner(bench.bench.conninfo, epoch: 2)
            try await bench.bench.run("UPDATE assetlink_internal.lease SET epoch = 1")
            var limits = WriteBackLimits()
            limits.sweepInterval = .zero
            let engine = WriteBackEngine(connection: successor, epoch: 2, limits: limits, logger: quietLogger)
            bench.engine.interception = {
                bench.engine.interception = nil
                try await bench.bench.run("UPDATE assetlink_internal.lease SET epoch = 2")
                // Not the row that the page has locked: its writer would wait for this test.
                try await bench.bench.run("UPDATE itam.asset SET serial_number = 'S-100' || 3 - asset_id")
                try await runner.drain()
                for _ in 0..<100 {
                    guard case .done = try await engine.run() else { break }
                }
                // The row is locked, and the successor goes on without it.
                #expect(try await bench.bench.value("SELECT failed FROM assetlink.write_back") == "1")
            }
            let lost = await #expect(throws: StoreError.self) { try await bench.write() }
            guard case .lostLease = lost else {
                Issue.record("\(String(describing: lost))")
                return
            }
            #expect(try await bench.bench.value("SELECT asset FROM cmdb.ci") == "1")
            try await bench.hurry()
            _ = try await engine.run()
            #expect(try await bench.bench.value("SELECT asset FROM cmdb.ci") == "2")
            await successor.close()
            await runner.connection.close()
        }
    #endif
}
