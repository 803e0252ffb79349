import Glibc
import LinkService
import LinkStore
import LinkTesting
import Logging
import Postgres
import Testing

/// Tests of the whole daemon, one after the other: each has several sessions and looks at the clock.
@Suite(.serialized) enum DaemonTests {}

/// A migrated database, the session of those who write to it and look at it, and daemons beside it in this process.
struct Bench {
    let conninfo: String
    let connection: PostgresConnection
    /// What daemons logged as a warning or worse.
    let complaints = Complaints()

    init(_ name: String = #function, file: String = #fileID) async throws {
        conninfo = try await migratedDatabase(name, file: file)
        connection = try await .connect(ConnectionSettings(conninfo), logger: quietLogger)
    }

    /// A database that the test itself has brought to where it is.
    init(conninfo: String, connection: PostgresConnection) {
        self.conninfo = conninfo
        self.connection = connection
    }

    /// One more session.
    func session() async throws -> PostgresConnection {
        try await .connect(ConnectionSettings(conninfo), logger: quietLogger)
    }

    /// How daemons run here unless a test says otherwise: quick to keep house, no sweep, no coverage, no breaker.
    func configuration() -> DaemonConfiguration {
        var configuration = DaemonConfiguration(database: conninfo)
        configuration.leaseDuration = .seconds(2)
        configuration.housekeepingInterval = .milliseconds(50)
        configuration.sweepInterval = .zero
        configuration.snapshotInterval = .zero
        configuration.limits.breakerMinimum = 1_000_000
        return configuration
    }

    /// As ``configuration()``, and nothing but the bell wakes the daemon within a test's time.
    func bellOnly() -> DaemonConfiguration {
        var configuration = configuration()
        configuration.pollInterval = .seconds(600)
        configuration.leaseDuration = .seconds(1_800)
        configuration.housekeepingInterval = .seconds(600)
        return configuration
    }

    /// Starts a daemon.
    func start(_ configuration: DaemonConfiguration? = nil) -> RunningDaemon {
        RunningDaemon(configuration ?? self.configuration(), complaints)
    }

    /// Runs the body beside a daemon that leads, stops the daemon, and checks what must hold whatever happened.
    func withDaemon(
        _ configuration: DaemonConfiguration? = nil, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async throws {
        let daemon = start(configuration)
        do {
            try await quiet()
            try await body()
        } catch {
            daemon.task.cancel()
            _ = await daemon.task.result
            throw error
        }
        try await daemon.stop()
        try await check(sourceLocation: sourceLocation)
    }

    /// Runs a script: one transaction unless it says otherwise.
    func run(_ sql: String) async throws { try await connection.script(sql) }

    /// Waits until the query's first column is true.
    func eventually(_ sql: String, within limit: Duration = .seconds(30)) async throws {
        try await Eventually.holds(sql, on: connection, within: limit)
    }

    /// Waits until everything written so far is taken in.
    func quiet(within limit: Duration = .seconds(60)) async throws {
        try await Eventually.quiet(on: connection, within: limit)
    }

    /// Waits until the daemon sleeps with the bell armed.
    func asleep() async throws {
        try await quiet()
        try await eventually("SELECT is_called FROM assetlink_internal.bell")
    }

    /// The rows of a query of one text column.
    func texts(_ sql: String) async throws -> [String] {
        try await connection.query(Statement(sql, prepared: false)).map { try $0.textOrNil(0) ?? "" }
    }

    /// The only cell of a query, as text.
    func text(_ sql: String) async throws -> String? {
        try await connection.query(Statement("SELECT (\(sql))::text", prepared: false)).first?.textOrNil(0)
    }

    /// Ends the daemons' connections of a role, `work` or `listen`, and says how many there were.
    @discardableResult
    func terminate(_ role: String) async throws -> Int {
        try await connection.query(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = $1
            """, [.text("assetlinkd \(role)")]
        ).count
    }

    /// Links as `ci -> asset status`, of CIs whose id is like the pattern.
    func links(_ pattern: String = "%") async throws -> [String] {
        try await texts(
            """
            SELECT ci_source || '/' || ci_id || ' -> ' || asset_source || '/' || asset_id || ' ' || status
                || coalesce(' ' || stale_reason, '')
            FROM assetlink.link WHERE status <> 'closed' AND ci_id LIKE '\(pattern)' ORDER BY 1
            """)
    }

    /// Assets and CIs in the reference schemas, numbered and each with a serial number of its own.
    func makePairs(_ numbers: ClosedRange<Int>) async throws {
        try await run(
            """
            INSERT INTO itam.asset (asset_id, serial_number)
            SELECT n, 'CZJ' || (70000 + n) || 'QX' FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) AS n;
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            SELECT n, 'linux_server', 'CZJ' || (70000 + n) || 'QX'
            FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) AS n;
            """)
    }

    /// Records what must hold after any run: one chain of batches, one audit, at most one open link.
    func check(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let problems = try await texts(
            """
            SELECT 'batch ' || batch_id || ' does not follow ' || before FROM (
                SELECT *, lag(batch_id) OVER w AS before, lag(epoch) OVER w AS e, lag(committed_at) OVER w AS at
                FROM assetlink_internal.batch WINDOW w AS (ORDER BY batch_id)) AS b
            WHERE batch_id <> before + 1 OR epoch < e OR committed_at <= at
            UNION ALL
            SELECT 'batch ' || batch_id || ': ' || problem FROM assetlink.audit_verify()
            UNION ALL
            SELECT action || ' ' || who || ' goes on from ' || coalesce(from_state, 'nothing') || ', was '
                || coalesce(before, 'nothing')
            FROM (SELECT *, lag(to_state) OVER (PARTITION BY action, who ORDER BY audit_id) AS before FROM (
                SELECT *, CASE action WHEN 'link' THEN link_id::text ELSE ci_source || '/' || ci_id END AS who
                FROM assetlink_internal.audit WHERE action IN ('link', 'ci_state')) AS a) AS a
            WHERE from_state IS DISTINCT FROM before
            UNION ALL
            SELECT 'audit row of no batch' FROM assetlink_internal.audit AS a
            WHERE NOT EXISTS (SELECT FROM assetlink_internal.batch AS b WHERE b.batch_id = a.batch_id)
            UNION ALL
            SELECT 'CI ' || ci_ref || ' has ' || count(*) || ' open links' FROM assetlink_internal.link
            WHERE status <> 'closed' GROUP BY ci_ref HAVING count(*) > 1
            """)
        #expect(problems.isEmpty, "\(problems.prefix(8).joined(separator: "\n"))", sourceLocation: sourceLocation)
    }
}

/// A daemon under way.
struct RunningDaemon {
    let daemon: Daemon
    let task: Task<Void, any Error>

    init(_ configuration: DaemonConfiguration, _ complaints: Complaints = Complaints()) {
        // ASSETLINK_TEST_LOG=debug shows what the daemons say.
        let level = getenv("ASSETLINK_TEST_LOG").flatMap { Logger.Level(rawValue: String(cString: $0)) }
        var logger = Logger(label: "daemon") { label -> any LogHandler in
            level == nil ? Complaints.Handler(complaints: complaints) : StreamLogHandler.standardError(label: label)
        }
        logger.logLevel = level ?? .warning
        let daemon = Daemon(configuration: configuration, logger: logger)
        self.daemon = daemon
        task = Task { try await daemon.run() }
    }

    /// Asks it to stop and waits until it has.
    func stop() async throws {
        daemon.stop()
        try await task.value
    }
}
