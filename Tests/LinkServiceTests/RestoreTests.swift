import LinkService
import LinkStore
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// A dump of the database, restored into another cluster, is whole and usable.
    @Suite struct RestoreTests {
        private static func program(_ name: String, _ arguments: [String]) async throws {
            try await ChildProcess.run(["\(ServerPrograms.folder)/\(name)"] + arguments)
        }

        /// What must be the same in the copy: everything that people see, and the record of how it came about.
        private static let contents = """
            SELECT format('%s/%s %s %s/%s %s', ci_source, ci_id, status, asset_source, asset_id, link_id) FROM assetlink.link
            UNION ALL SELECT format('%s/%s %s %s', ci_source, ci_id, state, reason) FROM assetlink.ci_state
            UNION ALL SELECT format('%s %s %s', decision_id, kind, effect) FROM assetlink.operator_decision
            UNION ALL SELECT format('%s %s', batch_id, encode(digest, 'hex')) FROM assetlink_internal.batch
            UNION ALL SELECT format('%s %s %s', audit_id, action, evidence) FROM assetlink_internal.audit
            UNION ALL SELECT format('%s %s', name, value) FROM assetlink.setting
            UNION ALL SELECT format('%s %s %s', c.oid::regclass, x.grantee::regrole, x.privilege_type)
                FROM pg_class AS c, aclexplode(c.relacl) AS x
                WHERE c.relnamespace::regnamespace::text ~ '^(assetlink|itam|cmdb)' AND x.grantee NOT IN (0, c.relowner)
            UNION ALL SELECT format('%s %s %s', p.oid::regprocedure, x.grantee::regrole, x.privilege_type)
                FROM pg_proc AS p, aclexplode(p.proacl) AS x
                WHERE p.pronamespace::regnamespace::text ~ '^(assetlink|itam|cmdb)' AND x.grantee NOT IN (0, p.proowner)
            UNION ALL SELECT format('%s %s %s', t.tgrelid::regclass, t.tgname, t.tgenabled) FROM pg_trigger AS t
                WHERE NOT t.tgisinternal
            ORDER BY 1
            """

        @Test(arguments: ["custom", "plain"])
        func aDumpIsWholeElsewhere(format: String) async throws {
            let bench = try await Bench("dumped_\(format)")
            try await bench.withDaemon {
                try await bench.makePairs(1...50)
                try await bench.quiet()
                try await bench.run(
                    """
                    SELECT assetlink.pin('cmdb', '1', 'itam', '2', 'a test');
                    UPDATE itam.asset SET state = 'retired' WHERE asset_id = 3;
                    SELECT assetlink.publish_asset('{"asset_id": "p-1", "serial_number": "CZJ79999QX"}');
                    """)
                try await bench.quiet()
            }
            // In the log, and not taken in yet.
            try await bench.makePairs(51...55)
            try await bench.run("SELECT assetlink.block('cmdb', '5', 'itam', '5', 'a test')")
            let contents = try await bench.texts(Self.contents)

            let folder = try ServerPrograms.makeFolder("assetlink-dump")
            let dump = "\(folder)/dump"
            try await Self.program("pg_dump", ["--format=\(format)", "--file=\(dump)", "--dbname=\(bench.conninfo)"])
            let elsewhere = try await TestServer.start()
            let conninfo = try await elsewhere.createDatabase(named: "restored")
            // The roles first: a dump has none.
            let roles = MigrationFolder.find() + "/../roles.sql"
            for _ in 1...2 {
                try await Self.program("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-f", roles])
            }
            if format == "custom" {
                try await Self.program("pg_restore", ["--exit-on-error", "--dbname=\(conninfo)", dump])
            } else {
                try await Self.program("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-f", dump])
            }
            try await ChildProcess.run(["/bin/rm", "-rf", folder])
            let copy = Bench(
                conninfo: conninfo,
                connection: try await .connect(ConnectionSettings(conninfo), logger: quietLogger))
            #expect(try await copy.texts(Self.contents) == contents)
            #expect(try await copy.texts("SELECT problem FROM assetlink.audit_verify()").isEmpty)
            try await refusedUntilRebased(copy)
        }

        private func refusedUntilRebased(_ copy: Bench) async throws {
            let refused = copy.start()
            let error = await #expect(throws: StartError.self) { try await refused.task.value }
            #expect(error?.exit == .foreignLineage)
            // What is written meanwhile is found by the first read after it.
            try await copy.makePairs(60...62)
            // Not by superuser: an operator's membership is all that is needed.
            try await copy.run("SET ROLE assetlink_operator; SELECT assetlink.rebase('restored'); RESET ROLE")
            try await copy.withDaemon {
                try await copy.eventually(
                    """
                    SELECT count(*) FILTER (WHERE ci_id IN ('51', '52', '53', '54', '55', '60', '61', '62')) = 8
                        AND count(*) FILTER (WHERE ci_id = '5') = 0
                        AND count(*) FILTER (WHERE ci_id = '1' AND method = 'manual') = 1
                    FROM assetlink.link WHERE status = 'active'
                    """)
                try await copy.quiet()
                // New ids go on where the old ones ended.
                try await copy.makePairs(70...70)
                try await copy.quiet()
            }
            #expect(try await copy.texts("SELECT problem FROM assetlink.audit_verify()").isEmpty)
            let report = try await BatchEngine.verify(copy.connection, page: 1_000, logger: quietLogger)
            #expect(report.isClean, "\(report.examples.prefix(3))")
            // Nothing is to be migrated there either, and a second run of the roles changes nothing.
            let migrator = try Migrator()
            #expect(try await migrator.plan(on: copy.connection).pending.isEmpty)
            try await migrator.apply(on: copy.connection)
            await copy.connection.close()
        }
    }
}
