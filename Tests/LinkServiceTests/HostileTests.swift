import FoundationEssentials
import LinkService
import LinkStore
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// Objects that somebody puts where names are looked up change nothing: neither what the daemon does, nor what
    /// callers of our functions get.
    @Suite struct HostileTests {
        private static let folder = MigrationFolder.find() + "/../tests"

        private func hasPgTAP(_ connection: PostgresConnection) async throws -> Bool {
            let isThere = try await PgTAP.isThere(connection)
            if !isThere { print(PgTAP.absence) }
            return isThere
        }

        /// A database with records of every kind of answer in it.
        private func filled(_ name: String = #function) async throws -> Bench {
            let bench = try await Bench(name)
            try await bench.withDaemon {
                try await bench.makePairs(1...6)
                try await bench.run(
                    """
                    INSERT INTO itam.asset (asset_id, serial_number) VALUES (7, 'CZJ70006QX');
                    INSERT INTO cmdb.ci (ci_id, ci_class, serial_number, uuid)
                    VALUES (8, 'server', 'To be filled by O.E.M.', '4c4c4544-0043-3510-8052-b4c04f4a3732'),
                        (9, 'server', 'CZJ 70009QX', NULL), (10, 'server', NULL, NULL);
                    SELECT assetlink.publish_asset('{"asset_id": "p-1", "serial_number": "CZJ79999QX"}');
                    """)
                try await bench.quiet()
                try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id = 3")
                try await bench.quiet()
            }
            return bench
        }

        @Test func callsEndAsTheyDoWithoutThem() async throws {
            let bench = try await filled()
            guard try await hasPgTAP(bench.connection) else { return }
            let failures = try await PgTAP.failures(of: "hostile", in: Self.folder, on: bench.conninfo)
            #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        }

        /// The control: functions as they would be if somebody forgot what keeps them safe.
        @Test(arguments: ["assetlink.source_number", "assetlink_internal.rules_edited", "assetlink.check_source"])
        func aFunctionThatLooksNamesUpIsFound(_ function: String) async throws {
            let bench = try await filled("hostile_control_\(function.suffix(12))")
            guard try await hasPgTAP(bench.connection) else { return }
            let failures = try await PgTAP.failures(
                of: "hostile", in: Self.folder, on: bench.conninfo,
                broken: "ALTER FUNCTION \(function) RESET search_path")
            #expect(failures.contains { $0.contains("every call ends as it does") }, "\(failures)")
        }

        /// The daemon decides the same with all of them in place, and says nothing of them.
        @Test func theDaemonCallsNoneOfThem() async throws {
            let bench = try await filled()
            let database = try await bench.text("current_database()") ?? ""
            try await bench.run(String(contentsOfFile: Self.folder + "/hostile_objects.sql", encoding: .utf8))
            try await bench.run("ALTER DATABASE \(database) SET search_path = public, pg_catalog")
            // The trap works for whoever looks names up.
            let session = try await bench.session()
            let error = await #expect(throws: PostgresError.self) {
                try await session.script("SELECT 'a'::text = 'b'::text")
            }
            #expect(error?.sqlState == "HJ001")
            await session.close()
            try await bench.run("SET search_path = pg_catalog")
            var configuration = bench.configuration()
            configuration.sweepInterval = .milliseconds(20)
            configuration.snapshotInterval = .milliseconds(50)
            try await bench.withDaemon(configuration) {
                try await bench.makePairs(20...40)
                try await bench.run(
                    """
                    SELECT assetlink.pin('cmdb', '8', 'itam', '7', 'a test');
                    SELECT assetlink.requeue('cmdb', '9', 'a test');
                    SELECT assetlink.publish_ci('{"ci_id": "p-2", "ci_class": "server", "serial_number": "CZJ79999QX"}');
                    """)
                try await bench.eventually(
                    """
                    SELECT count(*) FILTER (WHERE ci_id = '8' AND method = 'manual') = 1
                        AND count(*) FILTER (WHERE ci_id::text ~ '^[234][0-9]$') = 21
                    FROM assetlink.link WHERE status = 'active'
                    """)
                try await bench.eventually("SELECT count(*) > 0 FROM assetlink.coverage_history")
            }
            #expect(bench.complaints.all.isEmpty, "\(bench.complaints.all)")
        }

    }
}
