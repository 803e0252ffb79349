import LinkStore
import LinkTesting
package import Postgres
import Synchronization

/// A database with the schema, the session of who looks at it, and the daemons of a scenario beside it.
package final class Arena: Sendable {
    package let stage: Stage
    package let database: String
    /// Where the database is now; another one after a failover.
    private let place: Mutex<Cluster>
    private let session: Mutex<PostgresConnection>
    private let daemons = Mutex<[DaemonProcess]>([])
    private let markers = Mutex(Arena.firstMarker)

    /// Records from this number on are no load's.
    package static let firstMarker = 1_000_000

    init(stage: Stage, cluster: Cluster, database: String) async throws {
        self.stage = stage
        self.database = database
        place = Mutex(cluster)
        session = Mutex(try await cluster.connect(database: database))
    }

    /// The server that the database is on.
    package var cluster: Cluster { place.withLock { $0 } }

    /// A superuser's session in the database.
    package var connection: PostgresConnection { session.withLock { $0 } }

    /// A keyword string for daemons: their own role.
    package var conninfo: String { cluster.conninfo(user: GoldenCluster.daemonRole, database: database) }

    /// Where daemons connect to through a proxy.
    package func conninfo(through proxy: FaultProxy) -> String {
        proxy.conninfo(user: GoldenCluster.daemonRole, database: database)
    }

    /// One more superuser's session.
    package func connect() async throws(PostgresError) -> PostgresConnection {
        try await cluster.connect(database: database)
    }

    /// Looks at the database anew: after its server was restarted, or on another server.
    package func reconnect(to cluster: Cluster? = nil) async throws {
        if let cluster { place.withLock { $0 = cluster } }
        let made = try await Eventually.get { try await self.connect() }
        let old = session.withLock { session in
            defer { session = made }
            return session
        }
        await old.close()
    }

    /// A load of writers at the database, wherever it is.
    package func load(_ change: (inout Load.Shape) -> Void = { _ in }) -> Load {
        var shape = Load.Shape()
        change(&shape)
        return Load(seed: stage.seed, shape: shape) { [self] in try await connect() }
    }

    // MARK: Daemons

    /// Starts a daemon; it ends with the scenario at the latest.
    @discardableResult
    package func start(
        _ options: DaemonProcess.Options = DaemonProcess.Options(), at conninfo: String? = nil
    ) async throws -> DaemonProcess {
        let daemon = try await DaemonProcess.start(conninfo ?? self.conninfo, options)
        daemons.withLock { $0.append(daemon) }
        return daemon
    }

    /// Kills every daemon that still lives.
    package func killDaemons() async {
        for daemon in daemons.withLock({ $0 }) where daemon.child.ending == nil {
            do { try await daemon.kill() } catch { stage.expect(false, "a daemon could not be killed: \(error)") }
        }
    }

    /// What the daemons logged, the newest last; for whoever looks for the reason of a failure.
    package var logs: String { daemons.withLock { $0.map(\.log).joined(separator: "\n--\n") } }

    // MARK: Looking

    /// Runs a script.
    package func run(_ sql: String) async throws { try await connection.script(sql) }

    /// The only cell of a query, as text.
    package func text(_ sql: String) async throws -> String? {
        try await connection.query(Statement("SELECT (\(sql))::text", prepared: false)).first?.textOrNil(0)
    }

    /// The only cell of a query, as a number; 0 for NULL.
    package func number(_ sql: String) async throws -> Int {
        try await text(sql).flatMap { Int($0) } ?? 0
    }

    /// Waits until a query's first column is true.
    package func eventually(_ sql: String, within limit: Duration = .seconds(60)) async throws {
        try await Eventually.holds(sql, on: connection, within: limit)
    }

    /// Waits until everything written so far is taken in.
    package func quiet(within limit: Duration = .seconds(90)) async throws {
        try await Eventually.quiet(on: connection, within: limit)
    }

    /// What the leader says it resumed after.
    package func resumedAfter() async throws -> String? {
        try await text("SELECT details ->> 'resumed_after' FROM assetlink.daemon_status")
    }

    /// The number of the newest batch.
    package func batches() async throws -> Int {
        try await number("SELECT coalesce(max(batch_id), 0) FROM assetlink_internal.batch")
    }

    /// Waits until everything is taken in and asks the oracle.
    package func settle(_ load: Load? = nil, within limit: Duration = .seconds(90), _ place: String = "oracle")
        async throws
    {
        try await quiet(within: limit)
        stage.add(try await Oracle.problems(connection, load: load), place)
    }

    /// Writes an asset and its CI and waits until they are linked; returns how long that took from the commit on.
    package func lag(within limit: Duration = .seconds(60)) async throws -> Duration {
        let number = markers.withLock { markers in
            markers += 1
            return markers
        }
        try await run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (\(number), 'MARK\(number)');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (\(number), 'linux_server', 'MARK\(number)')
            """)
        let start = ContinuousClock.now
        try await eventually(
            "SELECT EXISTS (SELECT FROM assetlink.link WHERE ci_id = '\(number)' AND status = 'active')", within: limit)
        return ContinuousClock.now - start
    }

    /// Ends the daemons' sessions of a kind, `work` or `listen`, or all; returns how many there were.
    @discardableResult
    package func terminate(_ kind: String = "") async throws -> Int {
        try await connection.query(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'assetlinkd ' || $1 || '%'
            """, [.text(kind)]
        ).count
    }

    /// Ends whatever is left of it.
    package func close() async {
        await killDaemons()
        await connection.close()
    }
}
