import LinkStore
package import Logging
import Postgres
import ServiceLifecycle

/// The daemon: connects, waits for the lease, leads, and begins again after whatever went wrong.
package final class Daemon: Service {
    private let configuration: DaemonConfiguration
    private let logger: Logger
    private let wakeup = Wakeup()
    private let holder: String

    package init(configuration: DaemonConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        holder = String(UInt64.random(in: .min ... .max), radix: 36)
    }

    /// Tells the loop to finish the batch under way and to give up the lease.
    package func stop() { wakeup.stop() }

    /// Runs until shut down.
    ///
    /// - Throws: ``StartError`` when the database does not fit and waiting does not help.
    package func run() async throws {
        try await withGracefulShutdownHandler {
            var backoff = Duration.milliseconds(100)
            while !wakeup.isStopping {
                var wasReady = false
                do {
                    try await session { wasReady = true }
                } catch let error as StartError where !error.isPassing {
                    throw error
                } catch let error as SchemaMismatch {
                    throw error
                } catch {
                    if wakeup.isStopping || Task.isCancelled { break }
                    logger.error("working with the database failed; trying again", metadata: ["error": "\(error)"])
                    // What was lost after it had worked is asked for at once; what fails again and again is not.
                    if wasReady, (error as? PostgresError)?.isConnectionFailure == true { backoff = .milliseconds(100) }
                    // Jitter: several daemons must not come back in step.
                    await wakeup.wait(backoff * Double.random(in: 0.5...1.5))
                    backoff = min(backoff * 2, .seconds(5))
                }
            }
            logger.info("stopped")
        } onGracefulShutdown: {
            self.wakeup.stop()
        }
    }

    /// One pair of connections: until one is lost, the lease is lost, or the daemon stops.
    private func session(_ noteReady: () -> Void) async throws {
        let work = try await PostgresConnection.connect(configuration.settings("work"), logger: logger)
        do {
            try await work.script(BatchEngine.sessionSettings)
            try await StartCheck(connection: work).run()
            let listen = try await PostgresConnection.connect(configuration.settings("listen"), logger: logger)
            do {
                try await listenAndLead(work, listen, noteReady)
            } catch {
                await listen.close()
                throw error
            }
            await listen.close()
        } catch {
            await work.close()
            throw error
        }
        await work.close()
    }

    private func listenAndLead(
        _ work: PostgresConnection, _ listen: PostgresConnection, _ noteReady: () -> Void
    ) async throws {
        let inbox = Inbox()
        let arrived = Wakeup()
        let probe = "assetlink_probe_\(holder)"
        let listener = Listener(connection: listen, wakeup: wakeup, inbox: inbox, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // Lost before anything arrived: nobody need wait for it.
                defer { arrived.stop() }
                try await listener.run(probe: probe, arrived: arrived)
            }
            let isPolling = try await !notificationsArrive(work, probe, arrived)
            if isPolling, configuration.usesDoorbell {
                logger.warning(
                    """
                    notifications do not arrive: a pooler stands between; polling instead. Connect directly for \
                    the shortest delay
                    """)
            }
            noteReady()
            logger.notice("ready", metadata: ["database": "\(work.database)", "host": "\(work.host)"])
            group.addTask { try await self.lead(work, inbox, isPolling || !self.configuration.usesDoorbell) }
            // Whichever ends first ends the session.
            try await group.next()
            group.cancelAll()
        }
    }

    /// Sends itself a notification: behind a transaction pooler a LISTEN is accepted and nothing ever comes.
    private func notificationsArrive(_ work: PostgresConnection, _ probe: String, _ arrived: Wakeup) async throws
        -> Bool
    {
        await arrived.wait(.seconds(5))
        for _ in 0..<10 where !arrived.isStopping {
            _ = try await work.query("SELECT pg_notify($1, '')", [.text(probe)])
            await arrived.wait(.milliseconds(200))
        }
        return arrived.isStopping
    }

    /// Waits for the lease and leads while it lasts.
    private func lead(_ work: PostgresConnection, _ inbox: Inbox, _ isPolling: Bool) async throws {
        let lease = Lease(
            holder: holder, duration: configuration.leaseDuration,
            details: JSONText.object([
                "version": JSONText.string(Schema.programVersion), "backend_pid": String(work.backendPID),
                "mode": JSONText.string(isPolling ? "polling" : "doorbell"),
            ]))
        var hasWaited = false
        while !wakeup.isStopping {
            guard let epoch = try await lease.acquire(work) else {
                if !hasWaited { logger.info("another daemon leads; standing by") }
                hasWaited = true
                // Raw events are the leader's to store.
                _ = inbox.take()
                await wakeup.wait(configuration.leaseDuration / 4)
                continue
            }
            logger.notice("leading", metadata: ["epoch": "\(epoch)"])
            try await lease.endPredecessor(work)
            #if DEBUG
                Failpoint.afterLease.reach()
            #endif
            let leader = Leader(
                connection: work, configuration: configuration, lease: lease, epoch: epoch, isPolling: isPolling,
                wakeup: wakeup, inbox: inbox, logger: logger)
            do {
                try await leader.run()
            } catch StoreError.lostLease {
                logger.warning("the lease was lost; standing by")
            }
        }
    }
}
