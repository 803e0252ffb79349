import Glibc
import LinkService
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// PgBouncer between daemon and server (engine points 7 and 16).
    @Suite struct PoolerTests {
        /// Transactions go to any session: settings, LISTEN and prepared statements would be there only by luck.
        @Test func aPoolOfTransactionsIsRefused() async throws {
            let bench = try await Bench()
            guard let pooler = try await Pooler(bench.conninfo, mode: "transaction") else { return }
            defer { pooler.stop() }
            let running = RunningDaemon(DaemonConfiguration(database: pooler.conninfo))
            let error = await #expect(throws: StartError.self) { try await running.task.value }
            #expect(error?.exit == .pooler)
            #expect(error?.description.contains("pool_mode = session") == true)
            // It left none of its settings in the pool.
            let pooled = try await PostgresConnection.connect(ConnectionSettings(pooler.conninfo), logger: quietLogger)
            let rows = try await pooled.query(Statement("SELECT current_setting('row_security')", prepared: false))
            #expect(try rows.first?.text(0) == "on")
            await pooled.close()
        }

        /// Whole sessions are as good as a direct connection, bell included.
        @Test func aPoolOfSessionsWorks() async throws {
            let bench = try await Bench()
            guard let pooler = try await Pooler(bench.conninfo, mode: "session") else { return }
            defer { pooler.stop() }
            var configuration = bench.bellOnly()
            configuration.database = pooler.conninfo
            try await bench.withDaemon(configuration) {
                for number in 1...3 {
                    try await bench.asleep()
                    try await bench.makePairs(number...number)
                    try await bench.eventually(
                        "SELECT count(*) = \(number) FROM assetlink.link WHERE status = 'active'")
                }
            }
        }
    }
}

/// A PgBouncer of the test's own, on a Unix socket in a temporary folder.
private struct Pooler {
    let conninfo: String
    private let process: ChildProcess
    private let directory: String

    /// - Returns: `nil`, and says so, where PgBouncer is not installed.
    init?(_ server: String, mode: String) async throws {
        let program = "/usr/sbin/pgbouncer"
        guard access(program, X_OK) == 0 else {
            print("skipped: PgBouncer is not installed")
            return nil
        }
        var template = Array("/tmp/assetlink-pooler-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw ChildProcess.Failure(description: "no temporary folder") }
        directory = String(cString: made)
        chmod(directory, 0o777)
        let database = server.split(separator: "'").last { !$0.isEmpty } ?? ""
        let file = directory + "/pgbouncer.ini"
        let text = """
            [databases]
            \(database) = \(server)
            [pgbouncer]
            listen_addr =
            unix_socket_dir = \(directory)
            listen_port = 6432
            auth_type = any
            pool_mode = \(mode)
            ignore_startup_parameters = extra_float_digits
            """
        guard let handle = fopen(file, "w") else { throw ChildProcess.Failure(description: "no file") }
        fputs(text, handle)
        fclose(handle)
        var words = [program, "-q", file]
        if getuid() == 0 { words = [program, "-q", "-u", getpwnam("postgres") != nil ? "postgres" : "nobody", file] }
        process = try await .start(words)
        let socket = directory + "/.s.PGSQL.6432"
        let end = ContinuousClock.now + .seconds(30)
        while access(socket, F_OK) != 0 {
            guard ContinuousClock.now < end else {
                throw ChildProcess.Failure(description: "PgBouncer did not start: \(process.output)")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        conninfo = "host=\(directory) port=6432 user=postgres dbname='\(database)'"
    }

    func stop() {
        process.signal(SIGKILL)
        for name in ["/pgbouncer.ini", "/.s.PGSQL.6432"] { unlink(directory + name) }
        rmdir(directory)
    }
}
