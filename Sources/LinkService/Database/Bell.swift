import LinkStore
import Postgres

/// The doorbell's statements (engine point 7): the bell is a sequence, whose `is_called` everybody reads as of now.
struct Bell {
    let connection: PostgresConnection
    let lease: Lease

    private static let ours =
        "EXISTS (SELECT FROM assetlink_internal.lease AS l WHERE l.holder = $1 AND l.epoch = $2)"
    private static let logs = """
        l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted
            AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
            AND l.relation IN (
                'assetlink_internal.change_log_0'::regclass, 'assetlink_internal.change_log_1'::regclass,
                'assetlink_internal.change_log_2'::regclass)
        """

    /// Transactions that have written to the log and are not over: they may have read the bell before it was armed.
    private static let writing = Statement(
        "SELECT DISTINCT l.virtualtransaction, l.pid IS NULL FROM pg_catalog.pg_locks AS l WHERE \(logs)")

    /// Arms it, and only then sees who is writing.
    ///
    /// - Returns: those, and how full PostgreSQL's notification queue is.
    func arm(_ epoch: Int64) async throws -> (Set<LogWriter>, Double) {
        let rows = try await connection.pipeline([
            set(true, epoch), Self.writing, Statement("SELECT pg_notification_queue_usage()"),
        ])
        #if DEBUG
            Failpoint.betweenArmingAndSleeping.reach()
        #endif
        return (try decode(rows[1]), try rows[2].first?.float8(0) ?? 0)
    }

    func writers() async throws -> Set<LogWriter> { try decode(try await connection.query(Self.writing)) }

    /// From now on writers do not ring.
    func disarm(_ epoch: Int64) async throws { _ = try await connection.query(set(false, epoch)) }

    /// What stands against it.
    func facts() async throws -> HouseFacts {
        let rows = try await connection.query(
            """
            SELECT current_setting('max_prepared_transactions') <> '0' AND EXISTS (
                       SELECT FROM pg_catalog.pg_locks AS l WHERE l.pid IS NULL AND \(Self.logs)),
                   pg_notification_queue_usage()
            """)
        guard let row = rows.first else { return HouseFacts() }
        return HouseFacts(hasPrepared: try row.bool(0), queueUsage: try row.float8(1))
    }

    /// Not flushed to disk before it returns: after a crash nobody sleeps, and whoever leads next disarms.
    ///
    /// The bell is the lease holder's alone: a daemon that comes to from a long stop must not disarm its successor's.
    private func set(_ isArmed: Bool, _ epoch: Int64) -> Statement {
        Statement(
            """
            SELECT set_config('synchronous_commit', 'off', true), setval('assetlink_internal.bell', 1, \(isArmed))
            WHERE \(Self.ours)
            """,
            [.text(lease.holder), .int8(epoch)])
    }

    private func decode(_ rows: Rows) throws -> Set<LogWriter> {
        Set(try rows.map { LogWriter(id: try $0.text(0), isPrepared: try $0.bool(1)) })
    }
}
