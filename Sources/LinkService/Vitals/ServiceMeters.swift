package import CoreMetrics
import LinkCore
import LinkStore

/// What the daemon counts of its own work, in the series that `LinkHealth` describes.
package struct ServiceMeters: Sendable {
    let batches, changes, ignored, rejected, auditRows: Counter
    let sessions, notifications, missedWakeups, droppedEvents, drift: Counter
    let failures: [ServiceFailure.Kind: Counter]
    /// By the kind of history, as `assetlink.retention_plan` calls it.
    let putAway: [String: Counter]
    private let decisions: [CIState: Counter]
    private let made, closed, stale, renewed: Counter
    private let lag, batchTime: Timer
    private let batchSize: Recorder

    /// - Parameter factory: where the figures go.
    package init(_ factory: any MetricsFactory) {
        func counter(_ name: String, _ dimensions: [(String, String)] = []) -> Counter {
            Counter(label: "assetlinkd_\(name)_total", dimensions: dimensions, factory: factory)
        }
        batches = counter("batches")
        changes = counter("changes")
        ignored = counter("changes_ignored")
        rejected = counter("changes_rejected")
        auditRows = counter("audit_rows")
        sessions = counter("sessions")
        notifications = counter("notifications")
        missedWakeups = counter("wakeups_missed")
        droppedEvents = counter("raw_events_dropped")
        drift = counter("drift_found")
        failures = Dictionary(
            uniqueKeysWithValues: ServiceFailure.Kind.allCases.map {
                ($0, counter("failures", [("kind", $0.rawValue)]))
            })
        putAway = Dictionary(
            uniqueKeysWithValues: [
                "closed_links", "closed_conflicts", "forgotten_assets", "forgotten_cis", "replayed_dead_letters",
                "coverage_snapshots",
            ].map { ($0, counter("rows_put_away", [("kind", $0)])) })
        decisions = Dictionary(
            uniqueKeysWithValues: CIState.allCases.map { ($0, counter("decisions", [("state", $0.rawValue)])) })
        made = counter("link_changes", [("change", "made")])
        closed = counter("link_changes", [("change", "closed")])
        stale = counter("link_changes", [("change", "stale")])
        renewed = counter("link_changes", [("change", "renewed")])
        lag = Timer(label: "assetlinkd_lag_seconds", factory: factory)
        batchTime = Timer(label: "assetlinkd_batch_duration_seconds", factory: factory)
        batchSize = Recorder(label: "assetlinkd_batch_changes", aggregate: true, factory: factory)
    }

    /// Counts nothing.
    package static let none = ServiceMeters(NOOPMetricsHandler.instance)

    /// A batch was committed.
    func note(_ report: BatchReport) {
        batches.increment()
        changes.increment(by: report.changes)
        ignored.increment(by: report.ignored)
        rejected.increment(by: report.rejected)
        auditRows.increment(by: report.auditRows)
        batchSize.record(report.changes)
        batchTime.recordNanoseconds(report.duration.nanoseconds)
        for time in report.loggedAt { lag.recordNanoseconds(report.lag(of: time).nanoseconds) }
        for (state, count) in report.decisions { decisions[state]?.increment(by: count) }
        made.increment(by: report.links.made)
        closed.increment(by: report.links.closed)
        stale.increment(by: report.links.stale)
        renewed.increment(by: report.links.renewed)
    }
}

extension Duration {
    /// Whole nanoseconds; years of them fit.
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
