import LinkHealth
import LinkService
import LinkStore
import LinkTesting
import Logging
import Postgres
import Testing

/// Tests with daemons of their own, one after the other.
@Suite(.serialized) enum HealthTests {}

/// A migrated database, a daemon in this process, and what tells of it.
struct HealthBench {
    let conninfo: String
    let connection: PostgresConnection
    let daemon: Daemon
    let registry = Registry()
    private let server: HealthServer
    private let tasks: [Task<Void, any Error>]

    init(
        _ name: String = #function, file: String = #fileID, logger: Logger = quietLogger, endpoint: Endpoint? = nil,
        change: (inout DaemonConfiguration) -> Void = { _ in }
    ) async throws {
        conninfo = try await migratedDatabase(name, file: file)
        connection = try await .connect(ConnectionSettings(conninfo), logger: quietLogger)
        var configuration = DaemonConfiguration(database: conninfo)
        configuration.housekeepingInterval = .milliseconds(100)
        configuration.sweepInterval = .zero
        configuration.snapshotInterval = .zero
        change(&configuration)
        let daemon = Daemon(configuration: configuration, meters: ServiceMeters(registry), logger: logger)
        self.daemon = daemon
        let collector = Collector(configuration.settings("metrics"), interval: .zero, restraint: 0, logger: quietLogger)
        let server = HealthServer(
            try endpoint ?? Endpoint("127.0.0.1:0"), vitals: daemon.vitals, registry: registry, collector: collector,
            logger: quietLogger)
        self.server = server
        tasks = [Task { try await daemon.run() }, Task { try await server.run() }]
    }

    /// Where it answers.
    func port() async throws -> String {
        try await Eventually.true("it serves") { server.port != nil }
        return "\(server.port ?? 0)"
    }

    /// Waits until it is ready.
    func ready() async throws -> String {
        let port = try await port()
        try await Eventually.true("it is ready") { try ask(port, "/readyz").status == 200 }
        return port
    }

    /// Waits until everything written so far is taken in.
    func quiet() async throws { try await Eventually.quiet(on: connection) }

    /// One more session.
    func other() async throws -> PostgresConnection {
        try await .connect(ConnectionSettings(conninfo), logger: quietLogger)
    }

    /// Ends both.
    func end() async throws {
        daemon.stop()
        try await tasks[0].value
        tasks[1].cancel()
        _ = await tasks[1].result
        await connection.close()
    }

    /// Assets and CIs of one serial number each, and one CI that finds none.
    func fill() async throws {
        try await connection.script(
            """
            INSERT INTO itam.asset (asset_id, serial_number)
            SELECT n, 'CZJ' || (70000 + n) || 'QX' FROM generate_series(1, 12) AS n;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'linux_server', 'CZJ' || (70000 + n) || 'QX' FROM generate_series(2, 14) AS n;
            """)
        try await quiet()
    }
}
