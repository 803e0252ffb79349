import LinkService
import LinkStore
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// Databases that a daemon refuses, in words that say what to do; and a login role that is a member and no more.
    @Suite struct StartCheckTests {
        /// Why a daemon does not start.
        private func refusal(_ conninfo: String) async throws -> any Error {
            let running = RunningDaemon(DaemonConfiguration(database: conninfo))
            let watch = Task {
                try await Task.sleep(for: .seconds(20))
                running.daemon.stop()
            }
            defer { watch.cancel() }
            return try #require(await running.task.result.failure, "it went on trying")
        }

        @Test func anUnmigratedDatabase() async throws {
            let error = try await refusal(emptyDatabase())
            #expect((error as? StartError)?.description.contains("assetlinkctl migrate") == true, "\(error)")
        }

        @Test func aDatabaseOfAnotherVersion() async throws {
            let bench = try await Bench()
            try await bench.run(
                "UPDATE assetlink.schema_version SET number = 999, works_from = NULL WHERE number = (SELECT max(number) FROM assetlink.schema_version)"
            )
            let error = try await refusal(bench.conninfo)
            #expect((error as? SchemaMismatch)?.version == 999, "\(error)")
            #expect("\(error)".contains("HINT"))
        }

        @Test func aRoleWithoutPrivileges() async throws {
            let bench = try await Bench()
            try await bench.run(
                "DROP ROLE IF EXISTS assetlink_test_stranger; CREATE ROLE assetlink_test_stranger LOGIN")
            let error = try await refusal(bench.conninfo + " user=assetlink_test_stranger")
            #expect(
                (error as? StartError)?.description.contains("GRANT assetlink_daemon TO \"assetlink_test_stranger\"")
                    == true,
                "\(error)")
            try await bench.run("DROP ROLE assetlink_test_stranger")
        }

        @Test func aDatabaseWithoutEncoding() async throws {
            let server = try await TestServer.shared()
            let connection = try await server.connect()
            try await connection.script("DROP DATABASE IF EXISTS t_svc_sql_ascii WITH (FORCE)")
            try await connection.script(
                "CREATE DATABASE t_svc_sql_ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
            await connection.close()
            let error = try await refusal(server.conninfo(database: "t_svc_sql_ascii"))
            #expect((error as? StartError)?.description.contains("SQL_ASCII") == true, "\(error)")
        }

        /// A database that is read-only for now is waited for.
        @Test func aReadOnlyDatabaseIsWaitedFor() async throws {
            let bench = try await Bench()
            let name = try await bench.text("current_database()") ?? ""
            try await bench.run("ALTER DATABASE \(name) SET default_transaction_read_only = on")
            let daemon = bench.start()
            try await bench.eventually(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'assetlinkd waiting' AND datname = '\(name)')"
            )
            try await bench.run("ALTER DATABASE \(name) RESET default_transaction_read_only")
            try await bench.quiet()
            try await daemon.stop()
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
