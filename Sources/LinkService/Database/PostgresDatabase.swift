import LinkStore
import Logging
import Postgres
import Synchronization

/// What the loop's calls mean in PostgreSQL.
///
/// Two connections, both direct to the primary (engine point 16): one works, one listens and is asked single statements.
final class PostgresDatabase: Sendable {
    /// The connections of the session, for whoever gives them up.
    private struct Lines {
        /// Counts sessions.
        var session = 0
        var work: PostgresConnection?
        var serverPID: Int32 = 0
        var listen: PostgresConnection?
    }

    let configuration: DaemonConfiguration
    let lease: Lease
    let inbox = Inbox()
    let mailbox: Mailbox
    let observer: Observer
    let logger: Logger
    private let lines = Mutex(Lines())
    private let worker: Worker
    private let interruptions = Interruptions()
    private let writeBack: WriteBackRunner

    /// - Parameter holder: the name under which the lease is held.
    init(
        configuration: DaemonConfiguration, holder: String, mailbox: Mailbox, observer: Observer, logger: Logger
    ) {
        self.configuration = configuration
        self.mailbox = mailbox
        self.observer = observer
        self.logger = logger
        lease = Lease(holder: holder, duration: configuration.leaseDuration)
        writeBack = WriteBackRunner(configuration: configuration, logger: logger)
        worker = Worker(
            configuration: configuration, lease: lease, inbox: inbox, writeBack: writeBack,
            interruptions: interruptions, observer: observer, logger: logger)
    }

    /// Remembers what it was that ended a session, for the next one to say.
    func note(_ note: ServiceNote) { interruptions.note(note) }

    /// Writes links back whenever this daemon leads, until the task is cancelled.
    func writeLinksBack() async { await writeBack.run() }

    /// A call on the working connection; one at a time.
    func perform(_ call: ServiceCall) async -> ServiceReply {
        do {
            guard case .open = call else { return try await LoopTask.pinned { try await worker.perform(call) } }
            let (connection, serverPID) = try await worker.open { connection in
                lines.withLock { $0.work = connection }
            }
            lines.withLock { $0.serverPID = serverPID }
            logger.info(
                "connected", metadata: ["database": "\(connection.database)", "host": "\(connection.host)"])
            return .opened
        } catch {
            return .failed(ServiceFailure(error))
        }
    }

    /// Listens until the connection is lost or given up.
    ///
    /// - Parameter arrived: rung when LISTEN is in effect, stopped when the first notification of ours has come, or
    ///   when there is nothing to wait for any more.
    func listen(_ arrived: Wakeup) async -> ServiceFailure {
        // Lost before anything arrived: nobody need wait for it.
        defer { arrived.stop() }
        do {
            let session = lines.withLock { $0.session }
            let connection = try await PostgresConnection.connect(configuration.settings("listen"), logger: logger)
            let isCurrent = lines.withLock { lines in
                guard lines.session == session else { return false }
                lines.listen = connection
                return true
            }
            // Given up while it was being made: the next session has its own.
            guard isCurrent else {
                await connection.close()
                throw PostgresError(.closed, "the session was given up")
            }
            try await connection.script(BatchEngine.searchPath)
            let listener = Listener(
                connection: connection, mailbox: mailbox, inbox: inbox, meters: observer.meters, logger: logger)
            try await listener.run(probe: lease.probeChannel, arrived: arrived)
            await connection.close()
            return ServiceFailure(.connection, PostgresError(.closed, "the connection that listens was closed"))
        } catch {
            return ServiceFailure(error)
        }
    }

    /// Sends itself a notification: behind a transaction pooler a LISTEN is accepted and nothing ever comes.
    func prove(_ arrived: Wakeup) async -> ServiceReply {
        do {
            return .listening(try await worker.provesNotifications(arrived))
        } catch {
            return .failed(ServiceFailure(error))
        }
    }

    /// One statement on the connection that listens; `nil` when it failed.
    func watch(_ call: WatchCall) async -> WatchReply? {
        let lines = lines.withLock { $0 }
        guard let work = lines.work, let listen = lines.listen else { return nil }
        do {
            return try await Watch(work: work, serverPID: lines.serverPID, listen: listen, lease: lease).ask(call)
        } catch {
            logger.debug("the heartbeat failed", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// What is seen of the working connection from beside.
    func sample(isCalling: Bool) -> WorkWatch.Sample {
        let work = lines.withLock { $0.work }
        return WorkWatch.Sample(
            isCalling: isCalling, isWaiting: work?.commandUnderWay != nil, commands: work?.commandCount ?? 0)
    }

    /// The connections that are open, by what they do.
    var openConnections: (work: Bool, listen: Bool) {
        let lines = lines.withLock { $0 }
        return (lines.work?.isClosed == false, lines.listen?.isClosed == false)
    }

    /// Closes every connection; whatever waits for an answer fails.
    func abandon() async {
        let taken = lines.withLock { lines in
            defer { lines = Lines(session: lines.session + 1) }
            return lines
        }
        await writeBack.rest()
        await taken.work?.close()
        await taken.listen?.close()
    }
}

extension ServiceFailure {
    /// What the loop must know of an error.
    init(_ error: any Error) {
        switch error {
        case let error as StartError: self.init(error.isPassing ? .standby : .fatal, error)
        case let error as SchemaMismatch: self.init(.fatal, error)
        case StoreError.lostLease: self.init(.lostLease, error)
        case let error as PostgresError:
            let isLost = error.isConnectionFailure || error.code == .closed || error.code == .cancelled
            self.init(isLost ? .connection : .server, error)
        default: self.init(.server, error)
        }
    }
}
