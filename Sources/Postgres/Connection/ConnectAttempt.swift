import Synchronization

/// One attempt to connect: the first of success, failure, deadline and cancellation answers the caller.
final class ConnectAttempt: Sendable {
    private enum State {
        case new
        case waiting(Resolver<ServerHandle>)
        case settled(PostgresError?)
    }

    private let state = Mutex(State.new)
    private let timeout: Duration
    private let loop: ReadinessLoop

    /// Prepares an attempt; `run` makes it.
    init(timeout: Duration, loop: ReadinessLoop) {
        self.timeout = timeout
        self.loop = loop
    }

    /// Connects on a thread of its own, because libpq blocks while it resolves names.
    ///
    /// When the caller has been answered early, the thread goes on until libpq gives up, and drops what it gets.
    func run(
        _ connect: @escaping @Sendable () throws(PostgresError) -> ServerHandle
    ) async throws(PostgresError) -> ServerHandle {
        let result = await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                guard begin(unsafe Resolver(continuation)) else { return }
                let isStarted = startThread("postgres-connect") { [self] in
                    do throws(PostgresError) {
                        settle(.success(try connect()))
                    } catch {
                        settle(.failure(error))
                    }
                }
                guard isStarted else {
                    return settle(.failure(PostgresError(.connectionFailed, "no thread could be started")))
                }
                loop.submit { [self] in
                    _ = loop.schedule(after: timeout) { [weak self] in
                        self?.settle(.failure(PostgresError(.connectionFailed, "the server did not answer in time")))
                    }
                }
            }
        } onCancel: {
            settle(.failure(.cancelled))
        }
        return try result.get()
    }

    /// False when the task was cancelled before it began.
    private func begin(_ resolver: Resolver<ServerHandle>) -> Bool {
        let early: PostgresError? = state.withLock { state in
            if case .settled(let error) = state { return error }
            state = .waiting(resolver)
            return nil
        }
        guard let early else { return true }
        resolver.resolve(.failure(early))
        return false
    }

    /// Answers the caller unless it was answered; a connection nobody waits for is dropped, which finishes it.
    private func settle(_ result: Result<ServerHandle, PostgresError>) {
        let resolver: Resolver<ServerHandle>? = state.withLock { state in
            let before = state
            guard case .settled = before else {
                var error: PostgresError?
                if case .failure(let failure) = result { error = failure }
                state = .settled(error)
                if case .waiting(let resolver) = before { return resolver }
                return nil
            }
            return nil
        }
        resolver?.resolve(result)
    }
}
