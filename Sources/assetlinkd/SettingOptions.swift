import ArgumentParser
import LinkConfiguration

/// The flags that win over environment and file; what each takes is said by ``Setting/all``.
struct SettingOptions: ParsableArguments {
    @Option(help: "Where the database is: anything libpq takes, without a password. Default: the PG* environment.")
    var database: String?

    @Flag(help: "Poll every 50 ms and never ring: where transactions that write to attached tables are PREPAREd.")
    var noDoorbell = false

    @Option(help: "What is logged: trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?

    @Option(
        help:
            "Serve /livez, /readyz and /metrics there: 127.0.0.1:9187, [::1]:9187 or unix:/run/assetlinkd/health.sock.")
    var health: String?

    @Option(help: "The longest sleep without a look at the log, in seconds: bounds what a lost notification costs.")
    var pollSeconds: String?

    @Option(help: "How long the lease lasts without renewal, in seconds: a dead leader is succeeded after it.")
    var leaseSeconds: String?

    @Option(help: "Seconds between two rounds of housekeeping.")
    var housekeepingSeconds: String?

    @Option(help: "Seconds between two pages of the sweep; 0 switches it off.")
    var sweepSeconds: String?

    @Option(help: "Rows that a log table may hold before writers move on to the next one.")
    var logTableRows: String?

    @Option(help: "The breaker: percentage of the active links that one source may end within its window.")
    var breakerPercent: String?

    @Option(help: "The breaker: the number of links that a source may always end, whatever their percentage.")
    var breakerMinimum: String?

    /// What was said, by keys of settings.
    var said: [String: String] {
        let values = [
            "database.connection": database, "wake.doorbell": noDoorbell ? "false" : nil, "log.level": logLevel,
            "health.address": health, "wake.poll_interval": pollSeconds, "lease.duration": leaseSeconds,
            "housekeeping.interval": housekeepingSeconds, "sweep.interval": sweepSeconds,
            "housekeeping.log_table_rows": logTableRows, "breaker.percent": breakerPercent,
            "breaker.minimum": breakerMinimum,
        ]
        return values.compactMapValues(\.self)
    }
}
