import LinkStore
import Postgres

/// The doorbell (engine point 7): writers NOTIFY only while it is armed, and it is armed only before a sleep.
struct Doorbell {
    let connection: PostgresConnection
    let linger: Duration
    /// Probing only: behind a pooler a LISTEN is accepted and never delivers.
    let isOff: Bool

    // Not flushed to disk before it returns: after a crash nobody sleeps, and whoever leads next disarms.
    private static let arm = Statement(
        "SELECT set_config('synchronous_commit', 'off', true), setval('assetlink_internal.bell', 1, true)")
    private static let disarmed = Statement(
        "SELECT set_config('synchronous_commit', 'off', true), setval('assetlink_internal.bell', 1, false)")

    /// Transactions that have written to the log and are not over: they may have read the bell before it was armed.
    private static let writers = Statement(
        """
        SELECT DISTINCT l.virtualtransaction
        FROM pg_catalog.pg_locks AS l
        WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted
            AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
            AND l.relation IN (
                'assetlink_internal.change_log_0'::regclass, 'assetlink_internal.change_log_1'::regclass,
                'assetlink_internal.change_log_2'::regclass)
        """)

    private func isNew(_ position: Snapshot) async throws -> Bool {
        try await connection.query(ChangeLog.probe(position)).first?.bool(0) ?? false
    }

    /// Sleeps until something is new, somebody rings, or the limit is over.
    ///
    /// A ring may also mean a raw event, which is not in the log yet: whoever is rung goes back and looks at both.
    func sleep(_ position: Snapshot, _ wakeup: Wakeup, limit: Duration) async throws {
        let clock = ContinuousClock()
        // (a) Steady traffic never rings.
        let lingerEnd = clock.now + linger
        while clock.now < lingerEnd, !wakeup.isStopping {
            if await wakeup.wait(.milliseconds(2)) { return }
            if try await isNew(position) { return }
        }
        if isOff {
            await wakeup.wait(min(limit, .milliseconds(50)))
            return
        }
        // (b) armed, committed; (c) who is writing; (d) only then a look with a new snapshot.
        let rows = try await connection.pipeline([Self.arm, Self.writers])
        #if DEBUG
            Failpoint.betweenArmingAndSleeping.reach()
        #endif
        let writing = Set(try rows[1].map { try $0.text(0) })
        let end = clock.now + limit
        var isFound = try await isNew(position)
        if !isFound, !writing.isEmpty { isFound = try await outlast(writing, position, wakeup, end) }
        // (f) everybody who writes from now on sees it armed.
        if !isFound, clock.now < end { await wakeup.wait(end - clock.now) }
        // (g) disarmed before anything else.
        try await disarm()
    }

    /// From now on writers do not ring.
    func disarm() async throws { _ = try await connection.query(Self.disarmed) }

    /// (e) Probes at growing intervals while any of those writers lives: it may commit without ringing.
    private func outlast(
        _ writing: Set<String>, _ position: Snapshot, _ wakeup: Wakeup, _ end: ContinuousClock.Instant
    ) async throws -> Bool {
        var interval = Duration.milliseconds(1)
        var living = writing
        while !living.isEmpty, !wakeup.isStopping, ContinuousClock().now < end {
            if await wakeup.wait(interval) { return true }
            if try await isNew(position) { return true }
            living.formIntersection(try await connection.query(Self.writers).map { try $0.text(0) })
            if try await isNew(position) { return true }
            interval = min(interval * 2, .milliseconds(250))
        }
        return false
    }
}
