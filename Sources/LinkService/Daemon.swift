import CoreMetrics
import LinkStore
package import Logging
import Postgres
import ServiceLifecycle
import Synchronization

/// The daemon: does what ``ServiceMachine`` decides.
package final class Daemon: Service {
    private struct State {
        var configuration: DaemonConfiguration
        /// What takes its place as soon as the loop has given its lease up.
        var next: DaemonConfiguration?
        var isStopping = false
    }

    private let state: Mutex<State>
    private let logger: Logger
    /// Under which name it holds the lease, whatever it is configured anew.
    private let holder = String(UInt64.random(in: .min ... .max), radix: 36)
    private let mailbox = Mailbox()
    private let observer: Observer
    private let report: StatusReport?

    /// - Parameters:
    ///   - meters: what counts the daemon's work.
    ///   - report: who else is told how it gets on, by the loop itself.
    package init(
        configuration: DaemonConfiguration, meters: ServiceMeters = .none, report: StatusReport? = nil, logger: Logger
    ) {
        self.report = report
        state = Mutex(State(configuration: configuration))
        self.logger = logger
        let patience = Vitals.Patience(loop: configuration.loopPatience, call: configuration.callPatience)
        observer = Observer(vitals: Vitals(mailbox, patience), meters: meters)
    }

    /// How it is, for whoever asks beside it.
    package var vitals: Vitals { observer.vitals }

    /// Tells the loop to finish the batch under way and to give up the lease.
    package func stop() {
        state.withLock { $0.isStopping = true }
        report?.stopping()
        mailbox.post(.stop)
    }

    /// Finishes the batch under way and begins anew by other settings: all of them take effect.
    ///
    /// The lease is given up only where it is another database's, or another role's, from then on.
    package func reload(_ configuration: DaemonConfiguration) {
        let isSame = state.withLock { state in
            state.next = configuration
            let present = state.configuration
            return (present.database, present.password) == (configuration.database, configuration.password)
        }
        mailbox.post(isSame ? .handOver : .stop)
    }

    /// Runs until shut down.
    ///
    /// - Throws: ``StartError`` or `SchemaMismatch` when the database does not fit and waiting does not help.
    package func run() async throws {
        try await withGracefulShutdownHandler {
            var former: PostgresDatabase?
            repeat {
                let configuration = state.withLock { $0.configuration }
                let database = PostgresDatabase(
                    configuration: configuration, holder: holder, mailbox: mailbox, observer: observer, logger: logger)
                vitals.watch { database.sample(isCalling: $0) }
                // Where the notifications arrive: deciding takes no time beside waking another thread.
                try await LoopTask.beside { [former] in try await drive(database, configuration, former) }
                former = database
            } while takeNext()
            await former?.abandon()
        } onGracefulShutdown: {
            self.stop()
        }
    }

    /// Whether there are other settings to go on by, and nobody has asked for the end.
    private func takeNext() -> Bool {
        let hasNext = state.withLock { state in
            guard let next = state.next.take() else { return false }
            state.configuration = next
            return true
        }
        guard hasNext, !Task.isCancelled else { return false }
        // What was said to the loop that has ended; a stop that comes later is heard by the next one.
        mailbox.clear()
        report?.reloadTaken()
        return !state.withLock { $0.isStopping }
    }

    /// - Parameter former: what worked by the settings before. While its session is there, nobody takes the lease: it is
    ///   closed as soon as it is known who leads.
    private func drive(
        _ database: PostgresDatabase, _ configuration: DaemonConfiguration, _ former: PostgresDatabase?
    ) async throws {
        var machine = ServiceMachine(configuration) { Double.random(in: 0..<1) }
        let failure = await withDiscardingTaskGroup { group in
            defer { group.cancelAll() }
            var former = former
            // What a connection that was given up says late is nothing to the session after it.
            var session = 0
            group.addTask { await database.writeLinksBack() }
            mailbox.post(.started)
            while let event = await mailbox.next(until: alarm(machine), session: session) {
                for action in machine.handle(event, at: mailbox.now) {
                    switch action {
                    case .call(let call): start(call, database, session, &group)
                    case .watch(let question):
                        group.addTask { [session] in
                            self.mailbox.post(.watched(await database.watch(question)), of: session)
                        }
                    case .abandon:
                        session += 1
                        await database.abandon()
                    case .count(let refreshesStatistics, let takesSnapshot, let publishesHead):
                        let counting = Counting(
                            configuration: configuration, refreshesStatistics: refreshesStatistics,
                            takesSnapshot: takesSnapshot, publishesHead: publishesHead, logger: logger)
                        group.addTask { await counting.run() }
                    case .say(let note):
                        say(note)
                        database.note(note)
                        if case .ready = note { continue }
                        await former.take()?.abandon()
                    case .end(let failure): return failure
                    }
                }
                vitals.note(machine, database.sample(isCalling: machine.isCalling))
                report?.tell(vitals.now, isGettingOn: vitals.workStillness == nil, at: mailbox.now)
            }
            // Cancelled: nothing is given up, as after a crash.
            await former?.abandon()
            await database.abandon()
            return nil
        }
        if let failure { throw failure.cause }
    }

    /// When the loop is wanted next: by the machine, or by who waits to hear of it.
    private func alarm(_ machine: borrowing ServiceMachine) -> Duration? {
        guard let report else { return machine.alarm }
        let next = mailbox.now + report.interval
        return machine.alarm.map { min($0, next) } ?? next
    }

    private func start(
        _ call: ServiceCall, _ database: PostgresDatabase, _ session: Int, _ group: inout DiscardingTaskGroup
    ) {
        guard case .listen = call else {
            return group.addTask { self.mailbox.post(.answered(await database.perform(call))) }
        }
        let arrived = Wakeup()
        group.addTask { self.mailbox.post(.listenerLost(await database.listen(arrived)), of: session) }
        group.addTask { self.mailbox.post(.answered(await database.prove(arrived))) }
    }

    private func say(_ note: ServiceNote) {
        observe(note)
        switch note {
        case .ready(let mode):
            logger.notice("ready", metadata: ["mode": "\(mode)"])
        case .leading(let epoch): logger.notice("leading", metadata: ["epoch": "\(epoch)"])
        case .standingBy: logger.info("another daemon leads; standing by")
        case .lostLease: logger.warning("the lease was lost; standing by")
        case .released: logger.info("lease released")
        case .mode(let mode):
            logger.warning("the way of learning of changes is another one now", metadata: ["mode": "\(mode)"])
        case .missedWakeup: logger.info("changes waited for the next look at the log, as nobody rang")
        case .failed(let failure):
            logger.error(
                "working with the database failed; trying again", metadata: ["error": "\(failure.cause)"])
        case .waitingForPrimary(let failure): logger.notice("\(failure.cause)")
        case .stopped: logger.info("stopped")
        }
    }
}

extension Daemon {
    /// What of it is counted, or shown to who asks.
    private func observe(_ note: ServiceNote) {
        switch note {
        case .ready:
            observer.meters.sessions.increment()
            vitals.note(nil as ServiceFailure.Kind?)
        case .missedWakeup: observer.meters.missedWakeups.increment()
        case .lostLease: observer.meters.failures[.lostLease]?.increment()
        case .failed(let failure), .waitingForPrimary(let failure):
            observer.meters.failures[failure.kind]?.increment()
            vitals.note(failure.kind)
        case .leading, .standingBy, .released, .mode, .stopped: break
        }
    }
}

extension WakeMode: CustomStringConvertible {
    /// As the log has it.
    package var description: String {
        switch self {
        case .doorbell: "doorbell"
        case .polling(.asked): "polling, as asked"
        case .polling(.noNotifications): "polling, as notifications do not arrive: connect directly for the least delay"
        case .polling(.twoPhase):
            "polling, as prepared transactions write to attached tables and PostgreSQL prepares none that rang"
        case .polling(.queue): "polling, as PostgreSQL's notification queue fills up: see pg_notification_queue_usage()"
        }
    }
}
