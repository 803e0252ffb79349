/// One command while the loop drives it; lives on the loop only.
protocol Operation: AnyObject {
    /// The first error so far; makes `resolve` fail.
    var failure: PostgresError? { get set }
    /// Sends and takes what it can without blocking; throws when the connection cannot be used any further.
    func advance(_ server: ServerHandle) throws(PostgresError) -> Progress
    /// Resumes the caller; called exactly once.
    func resolve()
    /// The caller has given up while the command runs; whether the server must be asked to stop.
    func interrupt(_ reason: PostgresError) -> Bool
}

extension Operation {
    /// Most commands end through the server only.
    func interrupt(_ reason: PostgresError) -> Bool { true }
}

/// What an operation needs next.
enum Progress {
    /// To be called again when the descriptor is ready.
    case wait(Interest)
    /// Nothing: the server is ready for the next command.
    case finished
}

/// Resumes one waiting caller.
@safe struct Resolver<Value: Sendable>: Sendable {
    private let continuation: UnsafeContinuation<Result<Value, PostgresError>, Never>

    // Safe: whoever holds the resolver calls it once; `Operation`, `ConnectAttempt` and `NotificationBuffer` each give
    // it up in the same step. A checked continuation costs an allocation per call.
    /// Takes over the duty to resume.
    init(_ continuation: UnsafeContinuation<Result<Value, PostgresError>, Never>) {
        unsafe self.continuation = unsafe continuation
    }

    /// Resumes the caller; must be called exactly once.
    func resolve(_ result: Result<Value, PostgresError>) {
        unsafe continuation.resume(returning: result)
    }
}
