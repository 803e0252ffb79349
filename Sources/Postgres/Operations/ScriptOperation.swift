import CLibPQ

/// Several statements in the simple protocol.
final class ScriptOperation: Operation {
    /// The first error of the script.
    var failure: PostgresError?
    private let sql: String
    private let resolver: Resolver<Void>
    private var started = false

    /// Prepares the script; the resolver is answered once.
    init(_ sql: String, _ resolver: Resolver<Void>) {
        self.sql = sql
        self.resolver = resolver
    }

    /// Answers with the first error, if there was one.
    func resolve() {
        resolver.resolve(failure.map { .failure($0) } ?? .success(()))
    }

    /// Sends everything at once and drops the results.
    func advance(_ server: ServerHandle) throws(PostgresError) -> Progress {
        if !started {
            try server.sendScript(sql)
            started = true
        }
        let isFull = try server.flush()
        while !server.isBusy {
            guard let result = server.nextResult() else {
                return server.isBroken ? .wait(Interest(read: true, write: false)) : .finished
            }
            switch result.status {
            case PGRES_FATAL_ERROR:
                if failure == nil { failure = result.error }
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw PostgresError(.misuse, "COPY must use copyIn or copyOut; the connection was closed")
            default: break
            }
        }
        return .wait(Interest(read: true, write: isFull))
    }
}
