/// A series as Prometheus knows it: what it is called, what it means, what tells its samples apart.
package struct Series: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case counter
        case gauge
        /// Upper bounds of its buckets, in the series' unit.
        case histogram([Double])
    }

    package let name: String
    package let kind: Kind
    /// The only label, whose values are few and known; `nil`: none.
    package let label: String?
    /// What it means, with its unit.
    package let help: String

    /// At most this many values of a label are shown.
    static let mostValues = 24

    static func counter(_ name: String, label: String? = nil, _ help: String) -> Series {
        Series(name: "assetlinkd_\(name)", kind: .counter, label: label, help: help)
    }

    static func gauge(_ name: String, label: String? = nil, _ help: String) -> Series {
        Series(name: "assetlinkd_\(name)", kind: .gauge, label: label, help: help)
    }

    static func histogram(_ name: String, _ buckets: [Double], _ help: String) -> Series {
        Series(name: "assetlinkd_\(name)", kind: .histogram(buckets), label: nil, help: help)
    }
}

extension Series {
    /// Every series that is served, in the order in which they are.
    package static let all = work + daemon + coverage + database + process

    /// From a millisecond to five minutes.
    private static let seconds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]

    /// What this process has done; zero in one that stands by.
    static let work: [Series] = [
        .histogram(
            "lag_seconds", seconds,
            "Time from a change's row in the log, which its writer writes just before its commit, to the committed link."
        ),
        .histogram("batch_duration_seconds", seconds, "Time from a batch's snapshot to the answer to its commit."),
        .histogram(
            "batch_changes", [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000], "Changes taken in by a batch."),
        .counter("batches_total", "Batches committed."),
        .counter("changes_total", "Changes taken in."),
        .counter("changes_ignored_total", "Events older than what was known, which were ignored."),
        .counter("changes_rejected_total", "Records and events that became dead letters."),
        .counter("decisions_total", label: "state", "CIs decided, by the state they were given."),
        .counter("link_changes_total", label: "change", "Links made, renewed, gone stale or closed."),
        .counter("audit_rows_total", "Audit rows written."),
        .counter("rows_put_away_total", label: "kind", "Rows of history that retention removed, by kind."),
        .counter("drift_found_total", "Records that the sweep found to differ, of which no event had told."),
        .counter("notifications_total", "Notifications heard."),
        .counter(
            "wakeups_missed_total",
            "Sleeps that time ended though changes waited and the bell was armed: nobody rang, even afterwards."),
        .counter("raw_events_dropped_total", "Raw notifications that came faster than they were stored."),
        .counter("sessions_total", "Sessions begun with the database: the first, and one for each reconnection."),
        .counter("failures_total", label: "kind", "What went wrong with the database, by kind."),
    ]

    /// How the daemon is.
    static let daemon: [Series] = [
        .gauge("info", label: "version", "1; the version of the program."),
        .gauge("ready", "1 when every check of /readyz is passed."),
        .gauge("leading", "1 when this daemon leads, 0 when it stands by or has no session."),
        .gauge("epoch", "The lease's epoch under which it leads; 0 while it does not."),
        .gauge("listening", "1 when notifications wake it, 0 when it polls or has no session."),
        .gauge("loop_delay_seconds", "How long the loop has left something waiting."),
        .gauge(
            "last_batch_timestamp_seconds", "When this daemon's newest batch was committed, by the database's clock."),
        .gauge(
            "config_last_reload_successful", "1 when the settings were taken when last read, 0 when refused."),
        .gauge(
            "config_last_reload_success_timestamp_seconds", "When settings were last taken, by this machine's clock."),
        .gauge("required_schema_version", "The version of the schema that the program needs."),
        .gauge("collect_success", "1 when the figures of the database below could be read."),
        .gauge("collect_duration_seconds", "How long reading them took."),
        .gauge("collect_timestamp_seconds", "When they were read, by this machine's clock."),
        .counter("series_refused_total", "Samples left out because their series has too many or is not known."),
    ]

    /// The view assetlink.coverage, to the last digit.
    static let coverage: [Series] = [
        .gauge("coverage_eligible_cis", "CIs that should be linked: all but the excluded."),
        .gauge("coverage_paired_cis", "CIs with an active link."),
        .gauge("coverage_orphaned_cis", "Orphaned CIs."),
        .gauge("coverage_conflicted_cis", "CIs in a conflict."),
        .gauge("coverage_excluded_cis", "CIs that need no asset."),
        .gauge("coverage_unlinked_assets", "Eligible assets without a CI that are in no conflict."),
        .gauge("coverage_open_conflicts", "Open conflicts."),
        .gauge("coverage_stale_links", "Stale links."),
        .gauge("coverage_automatic_links", "Active links made by rules."),
        .gauge("coverage_manual_links", "Active links made by people."),
        .gauge("coverage_percent", "Paired of eligible CIs in percent, cut; absent while none is eligible."),
        .gauge("coverage_target_percent", "The target in percent."),
        .gauge("coverage_target_met", "1 when the target is met; absent while no CI is eligible."),
        .gauge("coverage_unknown_class_cis", "CIs of a class that assetlink.ci_class does not have."),
        .gauge("orphaned_cis", label: "reason", "Orphaned CIs by reason."),
        .gauge("excluded_cis", label: "reason", "Excluded CIs by reason."),
    ]

    /// What else is read of the database; the same from every daemon on it.
    static let database: [Series] = [
        .gauge("leaders", "1 when a daemon holds the lease."),
        .gauge("backlog_changes", "Changes in the log that are not taken in."),
        .gauge("oldest_unprocessed_seconds", "Age of the oldest of them; 0 when there is none."),
        .gauge("open_ranges", "Bulk ranges under way: backlogs, first reads, rules coming into force."),
        .gauge(
            "activation_records_left", "Records still to do until a version of the rules is in force; 0 when one is."),
        .gauge("links", label: "status", "Links that are not closed, by status."),
        .gauge("conflicts", label: "kind", "Open conflicts by kind."),
        .gauge("sources", label: "status", "Attached sources: ok, held by the breaker, broken."),
        .gauge("breaker_open", "1 while a source or the rules in force are held."),
        .gauge("held_changes", "Records and sources whose changes the breaker holds."),
        .gauge("oldest_held_seconds", "How long the oldest of them has been held; 0 when there is none."),
        .gauge("oldest_conflict_seconds", "How long the oldest open conflict has waited; absent while there is none."),
        .gauge("oldest_stale_link_seconds", "How long the oldest stale link has waited; absent while there is none."),
        .gauge("oldest_dead_letter_seconds", "How long the oldest of the following has waited; 0 when there is none."),
        .gauge("dead_letters", "Rejected records and events that were not replayed."),
        .gauge("write_back_pending", "Records whose column may have to change and was not looked at."),
        .gauge("write_back_refused", "Rows that could not be written back and are tried again."),
        .gauge("write_back_failing_sources", "Sources whose column cannot be written at all."),
        .gauge(
            "write_back_oldest_seconds",
            "How long the oldest row or source of these has failed; 0 when there is none."),
        .gauge("alarms", label: "severity", "Rows of assetlink.alarm by severity."),
        .gauge("notify_queue_ratio", "How full PostgreSQL's notification queue is, 0 to 1."),
        .gauge("connections", label: "role", "Connections of all daemons to this database, by what they do."),
        .gauge("schema_version", "The database's schema version."),
        .gauge("rule_set_version", "The version of the rules by which the newest batch decided."),
        .gauge("audit_head_batch", "The number of the newest batch: the length of the audit's chain."),
        .gauge("audit_last_row_timestamp_seconds", "When the newest audit row was written."),
        .gauge(
            "audit_head_timestamp_seconds", "When the newest audit head was published; absent before the first."),
        .gauge("audit_unpublished_batches", "Batches behind the newest head that was published."),
        .gauge(
            "audit_verified_timestamp_seconds", "When the audit was last verified; absent while it never was."),
        .gauge("audit_verify_problems", "Problems that the last verification found; absent before the first."),
        .gauge("coverage_snapshot_timestamp_seconds", "When coverage was last recorded for its history."),
    ]

    /// What Prometheus' own clients tell of a process.
    static let process: [Series] = [
        Series(name: "process_resident_memory_bytes", kind: .gauge, label: nil, help: "Resident memory in bytes."),
        Series(name: "process_cpu_seconds_total", kind: .counter, label: nil, help: "User and system time in seconds."),
        Series(
            name: "process_start_time_seconds", kind: .gauge, label: nil,
            help: "When the process started, in seconds of the Unix epoch."),
        Series(name: "process_open_fds", kind: .gauge, label: nil, help: "Open file descriptors."),
        Series(name: "process_max_fds", kind: .gauge, label: nil, help: "The most that there may be."),
        Series(name: "process_threads", kind: .gauge, label: nil, help: "Threads."),
    ]
}
