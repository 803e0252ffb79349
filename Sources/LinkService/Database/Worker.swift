import CoreMetrics
import LinkStore
import Logging
import Postgres

/// The working connection and what is known on it; an actor only because its calls come from one task each.
actor Worker {
    private let configuration: DaemonConfiguration
    private let lease: Lease
    private let inbox: Inbox
    private let observer: Observer
    private let writeBack: WriteBackRunner
    private let interruptions: Interruptions
    private let logger: Logger

    private var connection: PostgresConnection?
    private var engine: BatchEngine?
    /// Up to where the last look at the log saw.
    private var position = Snapshot.beginning
    private var ranges: [BulkRange] = []
    private var sweepPosition = SweepPosition()
    /// Records of the page under way that are still to be compared.
    private var sweepLeft = 0
    /// Records that are compared in one go: some 5 ms.
    private static let sweepPart = 100
    private var thrift = HeapThrift()
    /// How often a server that cannot be written to was asked on one connection.
    private var checks = 0

    init(
        configuration: DaemonConfiguration, lease: Lease, inbox: Inbox, writeBack: WriteBackRunner,
        interruptions: Interruptions, observer: Observer, logger: Logger
    ) {
        self.interruptions = interruptions
        self.configuration = configuration
        self.writeBack = writeBack
        self.observer = observer
        self.lease = lease
        self.inbox = inbox
        self.logger = logger
    }

    /// Connects and checks; a connection to a server that is only waited for is kept and asked again.
    ///
    /// - Returns: the connection and the number of the server process behind it.
    func open(
        _ note: @Sendable (PostgresConnection) -> Void
    ) async throws -> (PostgresConnection, serverPID: Int32) {
        engine = nil
        let connection: PostgresConnection
        if let kept = await reusable() {
            connection = kept
        } else {
            connection = try await .connect(configuration.settings("work"), isPinned: true, logger: logger)
        }
        note(connection)
        self.connection = connection
        do {
            let check = StartCheck(connection: connection) { [configuration, logger] in
                try await .connect(configuration.settings("listen"), logger: logger)
            }
            let serverPID = try await check.run()
            try await connection.script(BatchEngine.sessionSettings)
            checks = 0
            return (connection, serverPID)
        } catch let error as StartError where error.isPassing {
            checks += 1
            throw error
        } catch {
            self.connection = nil
            await connection.close()
            throw error
        }
    }

    /// Now and then a new one: another host of the connection string may be the primary by now.
    private func reusable() async -> PostgresConnection? {
        guard let connection else { return nil }
        self.connection = nil
        if checks % 3 != 0, !connection.isClosed { return connection }
        await connection.close()
        return nil
    }

    /// Whether a notification that this daemon sends arrives.
    func provesNotifications(_ arrived: Wakeup) async throws -> Bool {
        let connection = try current()
        await arrived.wait(.seconds(5))
        for _ in 0..<10 where !arrived.isStopping {
            _ = try await connection.query("SELECT pg_notify($1, '')", [.text(lease.probeChannel)])
            await arrived.wait(.milliseconds(200))
        }
        return arrived.isStopping
    }

    /// What a call means in SQL.
    func perform(_ call: ServiceCall) async throws -> ServiceReply {
        let connection = try current()
        switch call {
        case .open, .listen: preconditionFailure("opened and listened to elsewhere")
        case .acquire(let mode):
            let (epoch, twoPhaseAgo) = try await lease.acquire(connection, mode, after: interruptions.last)
            if let epoch {
                // A migration may be why the lease was lost.
                try await Schema.require(on: connection)
                observer.vitals.note(nil as SchemaMismatch?)
                interruptions.clear()
                try await lease.endPredecessor(connection)
                #if DEBUG
                    Failpoint.afterLease.reach()
                #endif
                engine = BatchEngine(
                    connection: connection, epoch: epoch, limits: configuration.limits, logger: logger)
                ranges = []
                writeBack.lead(epoch, isOn: try await WriteBackEngine.isOn(connection))
                if try await Lineage(connection: connection).record() {
                    logger.notice("the cluster is on another timeline: it failed over, or was recovered")
                }
            } else {
                await writeBack.rest()
                // It may wait for years: what is migrated meanwhile shows in /readyz.
                try await lookAtSchema(connection)
                // Raw events are the leader's to store.
                _ = inbox.take()
            }
            return .lease(epoch, twoPhaseAgo: twoPhaseAgo)
        case .renew(let epoch, let mode): return .renewed(try await lease.renew(connection, epoch: epoch, mode))
        case .release(let epoch):
            #if DEBUG
                Failpoint.beforeRelease.reach()
            #endif
            await writeBack.rest()
            try await lease.release(connection, epoch: epoch)
            await sayHead(connection)
            return .released
        case .batch: return try await batch(connection)
        case .probe: return .isNew(try await isNew(connection))
        case .arm(let epoch):
            let (writers, usage) = try await Bell(connection: connection, lease: lease).arm(epoch)
            return .armed(writers, queueUsage: usage)
        case .writers: return .writers(try await Bell(connection: connection, lease: lease).writers())
        case .disarm(let epoch):
            try await Bell(connection: connection, lease: lease).disarm(epoch)
            return .disarmed
        case .keepHouse:
            let housekeeping = Housekeeping(
                connection: connection, configuration: configuration, logger: logger, meters: observer.meters)
            try await housekeeping.run(position, ranges)
            observer.vitals.note(try await Backlog.count(connection))
            if thrift.isDue() { Heap.giveBack() }
            return .houseKept(try await Bell(connection: connection, lease: lease).facts())
        case .sweep: return .swept(isWhole: try await sweep(connection))
        }
    }

    /// Whether the program still fits the database, for who asks whether the daemon is ready.
    private func lookAtSchema(_ connection: PostgresConnection) async throws {
        do {
            try await Schema.require(on: connection)
            observer.vitals.note(nil as SchemaMismatch?)
        } catch let mismatch as SchemaMismatch {
            observer.vitals.note(mismatch)
        }
    }

    /// The end of what this daemon wrote is kept elsewhere too; giving the lease up does not fail for it.
    private func sayHead(_ connection: PostgresConnection) async {
        guard configuration.headInterval > .zero else { return }
        do {
            if let head = try await AuditReader(connection).digestOfNewest() {
                logger.notice("audit head", metadata: ["head": "\(head)"])
            }
        } catch {
            logger.warning("the head of the audit could not be read", metadata: ["error": "\(error)"])
        }
    }

    private func current() throws -> PostgresConnection {
        guard let connection else { throw PostgresError(.closed, "there is no connection") }
        return connection
    }

    private func batch(_ connection: PostgresConnection) async throws -> ServiceReply {
        guard let engine else { throw StoreError.lostLease }
        try await storeEvents(connection)
        let reply: ServiceReply
        switch try await engine.runGuarded() {
        case .idle(let position):
            self.position = position
            ranges = []
            observer.vitals.note(nil as BatchReport?)
            reply = .idle
        case .done(let report):
            position = engine.position
            ranges = report.ranges
            note(report)
            if report.writesBack { writeBack.ring() }
            reply = .done(changes: report.changes, isBusy: !report.ranges.isEmpty)
        }
        // What discovery writes comes back through the log: the next batch is due at once.
        let items = try await engine.discover()
        let answer = items == 0 ? reply : .done(changes: items, isBusy: true)
        if case .done(let changes, _) = answer {
            thrift.looked(found: max(1, changes))
        } else {
            thrift.looked(found: 0)
        }
        return answer
    }

    /// Raw NOTIFY events go into the log first; from then on they are as durable as any other (engine point 1).
    private func storeEvents(_ connection: PostgresConnection) async throws {
        let (events, dropped) = inbox.take()
        if dropped > 0 {
            observer.meters.droppedEvents.increment(by: dropped)
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
        observer.vitals.note(report)
        observer.meters.note(report)
        var metadata: Logger.Metadata = [
            "batch": "\(report.batchID)", "changes": "\(report.changes)", "audit_rows": "\(report.auditRows)",
            "round_trips": "\(report.roundTrips)", "statements": "\(report.statements)",
        ]
        if let oldest = report.oldestLoggedAt { metadata["lag_ms"] = "\((report.time - oldest) / 1_000)" }
        if !report.ranges.isEmpty { metadata["ranges"] = "\(report.ranges.count)" }
        logger.debug("batch", metadata: metadata)
    }

    /// A page of the sweep in small parts: what is new in the log waits for one of them, not for all.
    ///
    /// - Returns: whether all of the page was compared.
    private func sweep(_ connection: PostgresConnection) async throws -> Bool {
        guard let engine else { return true }
        if sweepLeft == 0 { sweepLeft = configuration.sweepPage }
        do {
            while true {
                let part = min(sweepLeft, Self.sweepPart)
                sweepLeft -= part
                var position = sweepPosition
                defer { sweepPosition = position }
                let drift = try await engine.sweep(&position, page: part)
                observer.meters.drift.increment(by: drift)
                if drift > 0 {
                    logger.warning("the sweep found records that no event had told of", metadata: ["count": "\(drift)"])
                }
                guard sweepLeft > 0 else { return true }
                if try await isNew(connection) { return false }
            }
        } catch let error as PostgresError where error.code == .server && !error.isConnectionFailure {
            // A source that cannot be read is the batch's to find: it marks it.
            logger.warning("the sweep could not read a page", metadata: ["error": "\(error)"])
            sweepLeft = 0
            return true
        }
    }

    private func isNew(_ connection: PostgresConnection) async throws -> Bool {
        try await connection.query(ChangeLog.probe(position)).first?.bool(0) ?? false
    }
}
