import LinkTesting
import Postgres

extension Catalogue {
    /// What stands between, and what others have put into the database.
    static let strangers: [Scenario] = [
        .shared(
            "transaction-pooler", faults: [7], needs: [.pgbouncer],
            expected: "behind PgBouncer in transaction mode it says so and ends; behind one of sessions it works"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            let pooler = try await Pooler.start(to: arena.cluster, mode: "transaction")
            let refused = try await arena.start(at: pooler.conninfo(database: arena.database))
            let ending = try await refused.child.ended(within: .seconds(60))
            stage.expect(ending == .exited(8), "it ended with \(ending)")
            stage.expect(refused.log.contains("pooler"), "it does not say why: \(refused.log.suffix(600))")
            let left = try await arena.number(
                """
                SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """)
            stage.expect(left == 0, "\(left) session locks are left in the pool")
            try await pooler.stop()

            let sessions = try await Pooler.start(to: arena.cluster, mode: "session")
            let daemon = try await arena.start(at: sessions.conninfo(database: arena.database))
            try await load.run(stage.either(20, 500))
            try await arena.settle(load)
            stage.note("lag through a pool of sessions \(try await arena.lag())")
            try await daemon.stop()
            try await sessions.stop()
        },
        .own(
            "wrong-password", faults: [43],
            expected: "a wrong password is a clear error without the password in it, and no flood of tries"
        ) { arena in
            let stage = arena.stage
            let secrets = (right: "correct-Horse-7", wrong: "wrong-Horse-8")
            try await arena.cluster.run("ALTER ROLE \(GoldenCluster.daemonRole) PASSWORD '\(secrets.right)'")
            try await Room.run([
                "/bin/sh", "-c",
                "printf 'local all postgres trust\\nlocal all all scram-sha-256\\n' >'\(arena.cluster.data)/pg_hba.conf'",
            ])
            try await arena.cluster.run("SELECT pg_reload_conf()")
            for place in [arena.conninfo, "\(arena.conninfo) password=\(secrets.wrong)"] {
                var options = DaemonProcess.Options()
                options.logLevel = "trace"
                options.environment["PGPASSWORD"] = secrets.wrong
                let refused = try await arena.start(options, at: place)
                try await refused.child.hasWritten("password authentication failed")
                try await Task.sleep(for: .seconds(stage.either(2, 20)))
                let said = refused.log.split(separator: "\n").count
                stage.expect(said <= stage.either(15, 60), "\(said) lines: \(refused.log.suffix(1_000))")
                stage.expect(!refused.log.contains(secrets.wrong), "the log has the password in it")
                try await refused.kill()
            }
            var options = DaemonProcess.Options()
            options.logLevel = "trace"
            options.environment["PGPASSWORD"] = secrets.right
            let daemon = try await arena.start(options)
            let load = arena.load()
            try await load.run(stage.either(20, 500))
            try await arena.settle(load)
            try await daemon.stop()
            stage.expect(!daemon.log.contains(secrets.right), "the log has the password in it")
            stage.expect(
                try await !arena.cluster.log().contains(secrets.right), "the server's log has the password in it")
        },
        .shared(
            "hostile-public", faults: [43],
            expected: "functions and operators that somebody puts before PostgreSQL's own are never called by ours"
        ) { arena in
            let stage = arena.stage
            try await arena.run(trap)
            // Who looks must not walk into it; who writes may.
            try await arena.run("SET search_path = pg_catalog")
            let load = arena.load()
            let daemon = try await arena.start()
            try await load.run(stage.either(40, 1_000))
            try await arena.run(
                """
                SELECT assetlink.publish_asset('{"asset_id": "h", "serial_number": "HOSTILE"}');
                SELECT assetlink.publish_ci('{"ci_id": "h", "ci_class": "server", "serial_number": "HOSTILE"}')
                """)
            try await arena.settle(load)
            for view in ["coverage", "orphaned_ci", "conflict_queue", "daemon_status", "ci_evidence"] {
                try await arena.run("SELECT count(*) FROM assetlink.\(view)")
            }
            try await daemon.stop()
            // Who called as himself what he could see is his own affair; ours must not.
            let sprung = try await arena.text(
                """
                SELECT string_agg(DISTINCT name || ' as ' || who, ', ') FROM public.sprung
                WHERE who IN ('assetlink_owner', '\(GoldenCluster.daemonRole)')
                """
            )
            stage.expect(sprung == nil, "called: \(sprung ?? "")")
            // The trap works: whoever walks into it is noted.
            try await arena.run(
                "SET search_path = public, pg_catalog; SELECT concat_ws('/'::text, 'a'::text, 'b'::text)")
            stage.expect(try await arena.number("SELECT count(*) FROM public.sprung") > 0, "the trap does not work")
        },
    ]

    /// Better matches than PostgreSQL's own functions, on everybody's search path, that note who called them.
    private static let trap = """
        CREATE TABLE public.sprung (name text, who text);
        GRANT INSERT ON public.sprung TO PUBLIC;
        CREATE FUNCTION public.note(name text) RETURNS void LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO public.sprung VALUES (name, current_user); END $$;
        CREATE FUNCTION public.concat_ws(text, text, text) RETURNS text LANGUAGE plpgsql AS $$
            BEGIN PERFORM public.note('concat_ws'); RETURN 'retired'; END $$;
        CREATE FUNCTION public.jsonb_build_object(text, text, text, text) RETURNS jsonb LANGUAGE plpgsql AS $$
            BEGIN PERFORM public.note('jsonb_build_object'); RETURN '{}'; END $$;
        CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$
            BEGIN PERFORM public.note('clock_timestamp'); RETURN 'epoch'; END $$;
        CREATE FUNCTION public.pg_current_xact_id() RETURNS xid8 LANGUAGE plpgsql AS $$
            BEGIN PERFORM public.note('pg_current_xact_id'); RETURN '3'; END $$;
        CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS $$
            BEGIN PERFORM public.note('pg_notify'); END $$;
        CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE plpgsql AS $$
            BEGIN PERFORM public.note('now'); RETURN 'epoch'; END $$;
        CREATE FUNCTION public.same(text, text) RETURNS boolean LANGUAGE plpgsql AS $$
            BEGIN PERFORM public.note('='); RETURN false; END $$;
        CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.same);
        DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$;
        """
}
