import LinkStore
import Logging
import Postgres

/// The work of the daemon that holds the lease: batches while there is work, housekeeping in between, sleep otherwise.
final class Leader {
    private let connection: PostgresConnection
    private let configuration: DaemonConfiguration
    private let lease: Lease
    private let epoch: Int64
    private let engine: BatchEngine
    private let doorbell: Doorbell
    private let housekeeping: Housekeeping
    private let wakeup: Wakeup
    private let inbox: Inbox
    private let logger: Logger
    private let clock = ContinuousClock()

    private var renewedAt: ContinuousClock.Instant
    private var housekeptAt: ContinuousClock.Instant
    private var sweptAt: ContinuousClock.Instant
    private var snapshotAt: ContinuousClock.Instant?
    /// Records that bulk ranges took in since the statistics were refreshed.
    private var bulkDone = 0
    private var aside: Task<Void, Never>?
    private var sweepPosition = SweepPosition()
    private var ranges: [BulkRange] = []

    init(
        connection: PostgresConnection, configuration: DaemonConfiguration, lease: Lease, epoch: Int64, isPolling: Bool,
        wakeup: Wakeup, inbox: Inbox, logger: Logger
    ) {
        self.connection = connection
        self.configuration = configuration
        self.lease = lease
        self.epoch = epoch
        self.wakeup = wakeup
        self.inbox = inbox
        self.logger = logger
        engine = BatchEngine(connection: connection, epoch: epoch, limits: configuration.limits, logger: logger)
        doorbell = Doorbell(connection: connection, linger: configuration.linger, isOff: isPolling)
        housekeeping = Housekeeping(connection: connection, configuration: configuration, logger: logger)
        renewedAt = clock.now
        housekeptAt = clock.now - configuration.housekeepingInterval
        sweptAt = clock.now
    }

    /// Leads until told to stop, or until the lease or the connection is lost.
    func run() async throws {
        defer { aside?.cancel() }
        // A leader that was killed in its sleep left it armed.
        try await doorbell.disarm()
        while !wakeup.isStopping {
            try await renew()
            try await storeEvents()
            switch try await engine.runGuarded() {
            case .done(let report):
                note(report)
                // A log that is never empty must not keep the house from being kept.
                try await keepHouse(engine.position, isBusy: !report.ranges.isEmpty)
            case .idle(let position):
                try await keepHouse(position, isBusy: false)
                // One wake-up does for the lease as well.
                let limit = min(configuration.pollInterval, configuration.leaseDuration / 3)
                try await doorbell.sleep(position, wakeup, limit: limit)
            }
        }
        #if DEBUG
            Failpoint.beforeRelease.reach()
        #endif
        try await lease.release(connection, epoch: epoch)
        logger.info("lease released")
    }

    private func renew() async throws {
        guard clock.now - renewedAt >= configuration.leaseDuration / 3 else { return }
        guard try await lease.renew(connection, epoch: epoch) else { throw StoreError.lostLease }
        renewedAt = clock.now
    }

    /// Raw NOTIFY events go into the log first; from then on they are as durable as any other (engine point 1).
    private func storeEvents() async throws {
        let (events, dropped) = inbox.take()
        if dropped > 0 {
            logger.error(
                "raw notifications were dropped; resync their sources", metadata: ["count": "\(dropped)"])
        }
        #if DEBUG
            if !events.isEmpty { Failpoint.beforeStoringEvents.reach() }
        #endif
        for start in stride(from: 0, to: events.count, by: 500) {
            _ = try await connection.pipeline(
                events[start..<min(start + 500, events.count)].map {
                    Statement(
                        "SELECT assetlink_internal.take_notification($1, $2)", [.text($0.channel), .text($0.payload)])
                })
        }
    }

    private func note(_ report: BatchReport) {
        if !ranges.isEmpty { bulkDone += report.changes }
        ranges = report.ranges
        var metadata: Logger.Metadata = [
            "batch": "\(report.batchID)", "changes": "\(report.changes)", "audit_rows": "\(report.auditRows)",
            "round_trips": "\(report.roundTrips)", "statements": "\(report.statements)",
        ]
        if let oldest = report.oldestLoggedAt { metadata["lag_ms"] = "\((report.time - oldest) / 1_000)" }
        if !report.ranges.isEmpty { metadata["ranges"] = "\(report.ranges.count)" }
        logger.debug("batch", metadata: metadata)
    }

    /// What is due; comparing and counting wait until nothing large is under way.
    private func keepHouse(_ position: Snapshot, isBusy: Bool) async throws {
        if clock.now - housekeptAt >= configuration.housekeepingInterval {
            housekeptAt = clock.now
            try await housekeeping.run(position, ranges)
        }
        guard !isBusy else { return }
        if configuration.sweepInterval > .zero, clock.now - sweptAt >= configuration.sweepInterval {
            sweptAt = clock.now
            try await sweep()
        }
        countAside()
    }

    /// Statistics after bulk work and snapshots of coverage read everything: on a connection of their own, so that no
    /// change waits for them.
    private func countAside() {
        let isBulkOver = bulkDone >= 1_000
        let isSnapshotDue =
            configuration.snapshotInterval > .zero
            && snapshotAt.map { clock.now - $0 >= configuration.snapshotInterval } ?? true
        guard isBulkOver || isSnapshotDue else { return }
        if isBulkOver { bulkDone = 0 }
        if isSnapshotDue { snapshotAt = clock.now }
        let before = aside
        let task = Counting(
            configuration: configuration, refreshesStatistics: isBulkOver, takesSnapshot: isSnapshotDue, logger: logger)
        aside = Task {
            await before?.value
            await task.run()
        }
    }

    private func sweep() async throws {
        do {
            let drift = try await engine.sweep(&sweepPosition, page: configuration.sweepPage)
            if drift > 0 {
                logger.warning("the sweep found records that no event had told of", metadata: ["count": "\(drift)"])
            }
        } catch let error as PostgresError where error.code == .server {
            // A source that cannot be read is the batch's to find: it marks it.
            logger.warning("the sweep could not read a page", metadata: ["error": "\(error)"])
        }
    }
}
