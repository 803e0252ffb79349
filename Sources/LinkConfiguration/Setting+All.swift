import LinkService
import LinkStore
import Logging

extension Setting {
    /// Every setting, in the order of the file.
    package static let all: [Setting] = [
        .text(
            "database.connection", isSecret: true, flag: "--database", \.daemon.database,
            """
            Where the database is: anything libpq takes; empty: the PG* environment, as psql has it. A password does not \
            belong here, and is refused in the flag, where every user of the machine could read it.
            """),
        .text(
            "database.password_file", .path, \.passwordFile,
            """
            A file whose first line is the password. Empty: systemd's credential pg-password where there is one, else what \
            libpq finds by itself (PGPASSFILE, PGPASSWORD, a service file).
            """),
        Setting(
            key: "log.level", kind: .choice(Logger.Level.allCases.map(\.rawValue)), isSecret: false,
            needsRestart: false,
            flag: "--log-level", help: "What is logged.", show: { $0.logLevel.rawValue },
            apply: { settings, value in
                if case .text(let text) = value {
                    settings.logLevel = Logger.Level(rawValue: text) ?? settings.logLevel
                }
            }),
        Setting(
            key: "health.address", kind: .address, isSecret: false, needsRestart: true, flag: "--health",
            help: "Where /livez, /readyz and /metrics are served: this machine's own addresses only.",
            show: { $0.health?.description ?? "" },
            apply: { settings, value in if case .address(let endpoint) = value { settings.health = endpoint } }),
        Setting(
            key: "wake.doorbell", kind: .yesOrNo, isSecret: false, needsRestart: false, flag: "--no-doorbell",
            help: """
                Whether writers ring while the daemon sleeps; otherwise it polls every 50 ms. False where transactions that \
                write to attached tables are PREPAREd.
                """,
            show: { "\($0.daemon.usesDoorbell)" },
            apply: { settings, value in if case .yesOrNo(let value) = value { settings.daemon.usesDoorbell = value } }),
        .seconds(
            "wake.poll_interval", 0.01...3_600, flag: "--poll-seconds", \.daemon.pollInterval,
            "The longest sleep without a look at the log: bounds what a lost notification costs."),
        .seconds(
            "lease.duration", 0.1...3_600, flag: "--lease-seconds", \.daemon.leaseDuration,
            "How long the lease lasts without renewal: a leader that stands still is succeeded after it."),
        .seconds(
            "housekeeping.interval", 0.01...86_400, flag: "--housekeeping-seconds", \.daemon.housekeepingInterval,
            "Time between two rounds of housekeeping: expiries, retries, the log's rotation."),
        .count(
            "housekeeping.log_table_rows", .count(1...1_000_000_000), flag: "--log-table-rows", \.daemon.logTableRows,
            "Rows that a log table may hold before writers move on to the next one."),
        .seconds(
            "sweep.interval", 0...86_400, flag: "--sweep-seconds", \.daemon.sweepInterval,
            "Time between two pages of the sweep, which finds what no event told of; 0 switches it off."),
        .count(
            "sweep.page", .count(1...100_000), \.daemon.sweepPage, "Records that the sweep compares in one page."),
        .seconds(
            "coverage.snapshot_interval", 0...31_536_000, \.daemon.snapshotInterval,
            "Time between two records of coverage for its history; 0 switches them off."),
        .seconds(
            "audit.head_interval", 0...31_536_000, \.daemon.headInterval,
            "Time between two heads of the audit in the log, to be kept on another machine; 0 switches them off."),
        .count(
            "breaker.percent", .count(0...1_000_000), flag: "--breaker-percent", \.daemon.limits.breakerPercent,
            "Percentage of the active links that one source may end within the window; more is held."),
        .count(
            "breaker.minimum", .count(0...1_000_000_000), flag: "--breaker-minimum", \.daemon.limits.breakerMinimum,
            "The number of links that a source may always end, whatever their percentage."),
        .count(
            "breaker.window", .count(1...86_400), \.daemon.limits.breakerWindow, "The breaker's window in seconds."),
    ]
}
