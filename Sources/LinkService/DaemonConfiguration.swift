package import LinkStore
package import Postgres

/// What a daemon needs to know; every figure with its unit and default.
package struct DaemonConfiguration: Sendable, Undisclosed {
    /// Where the database is: anything libpq takes, passwords by passfile, service file or environment only.
    package var database: String
    /// The password, where neither ``database`` nor libpq's own places have it.
    package var password: String?
    /// Batch sizes and the breaker.
    package var limits = BatchLimits()
    /// The longest sleep without a look at the log; bounds what a lost notification costs.
    package var pollInterval: Duration = .seconds(2)
    /// How long a lease lasts without renewal: a dead leader is succeeded after it.
    package var leaseDuration: Duration = .seconds(4)
    /// Whether writers ring while the daemon sleeps; otherwise it polls every 50 ms.
    ///
    /// PostgreSQL refuses to PREPARE a
    /// transaction that rang, so `false` where two-phase transactions write to attached tables.
    package var usesDoorbell = true
    /// How long to go on probing after the last change before sleeping; steady traffic never rings the bell.
    package var linger: Duration = .milliseconds(10)
    /// Rest between two pages of the sweep; `.zero` switches the sweep off.
    package var sweepInterval: Duration = .seconds(10)
    /// Records the sweep compares in one page.
    package var sweepPage = 1_000
    /// Time between two coverage snapshots; `.zero` switches them off.
    package var snapshotInterval: Duration = .seconds(3_600)
    /// Time between two heads of the audit in the log, for what was written meanwhile; `.zero` switches them off.
    package var headInterval: Duration = .seconds(3_600)
    /// Time between two rounds of housekeeping: expiries, retries, tombstones, the log's rotation.
    package var housekeepingInterval: Duration = .seconds(5)
    /// The longest time between two questions on the connection that listens; it also prolongs the lease there.
    package var heartbeatInterval: Duration = .seconds(5)
    /// How long such a question may wait for its answer before the connections are given up.
    package var heartbeatTimeout: Duration = .seconds(8)
    /// How long server and working connection may wait for each other before the connections are given up; a slow
    /// network needs time to carry a large batch.
    package var stallTimeout: Duration = .seconds(15)
    /// How long connecting, and giving the lease up at the end, may take.
    package var sessionTimeout: Duration = .seconds(30)
    /// Share of PostgreSQL's notification queue, 0 to 1, above which nobody is asked to ring.
    package var notifyQueueLimit = 0.25
    /// How long after the last prepared transaction on attached tables the bell stays off.
    package var twoPhaseMemory: Duration = .seconds(86_400)
    /// How long an event or an alarm may wait for the loop before it counts as stuck.
    package var loopPatience: Duration = .seconds(10)
    /// How long a call may compute without asking the database before it counts as stuck.
    package var callPatience: Duration = .seconds(60)
    /// Rows that a log table may hold before writers move on to the next one.
    package var logTableRows = 200_000

    package init(database: String) { self.database = database }

    /// Connection settings under a name that shows in `pg_stat_activity`.
    package func settings(_ role: String) -> ConnectionSettings {
        var overrides = ["application_name": "assetlinkd \(role)", "client_encoding": "UTF8"]
        overrides["password"] = password
        return ConnectionSettings(database, overrides: overrides)
    }
}
