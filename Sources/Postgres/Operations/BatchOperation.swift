import CLibPQ

/// Statements in one pipeline with one sync at its end: a query is a batch of one.
final class BatchOperation: Operation {
    private enum Step {
        case prepare(statement: Int, PreparedStatements.Name)
        case execute(statement: Int)
        case sync
    }

    /// libpq's buffer is handed to the socket at least this often, and no more is queued while the socket is full.
    private static let flushSize = 65_536

    /// The first error of the batch.
    var failure: PostgresError?
    private let statements: [EncodedStatement]
    private let prepared: PreparedStatements
    private let resolver: Resolver<[Rows]>
    private var started = false
    /// The next statement to send.
    private var next = 0
    private var unflushed = 0
    private var syncSent = false
    /// What was sent, in order; results come in the same order.
    private var steps: [Step] = []
    private var answered = 0
    private var results: [Rows] = []
    /// Names that the Parse of this batch will make.
    private var preparing: [EncodedStatement.Key: PreparedStatements.Name] = [:]

    /// Prepares the batch; the resolver is answered once.
    init(_ statements: [EncodedStatement], _ prepared: PreparedStatements, _ resolver: Resolver<[Rows]>) {
        self.statements = statements
        self.prepared = prepared
        self.resolver = resolver
        results.reserveCapacity(statements.count)
    }

    /// Answers with all results or the first error.
    func resolve() {
        resolver.resolve(failure.map { .failure($0) } ?? .success(results))
    }

    /// Sends and takes alternately, until the sync is answered.
    func advance(_ server: ServerHandle) throws(PostgresError) -> Progress {
        if !started {
            try server.enterPipeline()
            started = true
        }
        while true {
            // Read while writing, or both ends fill up and wait for each other.
            let isFull = try send(server)
            if try takeResults(server) {
                try server.exitPipeline()
                guard failure != nil || results.count == statements.count else {
                    throw PostgresError(.connectionLost, "the server did not answer each statement once")
                }
                return .finished
            }
            // After an error the server skips everything up to the sync: send that now instead of the rest.
            if failure != nil, !syncSent, !isFull, !server.isBroken { continue }
            return .wait(Interest(read: true, write: isFull))
        }
    }

    /// Sends until the socket is full, and says whether it is.
    private func send(_ server: ServerHandle) throws(PostgresError) -> Bool {
        if try server.flush() { return true }
        unflushed = 0
        while failure == nil, next < statements.count {
            try send(statements[next], server)
            next += 1
            guard unflushed >= Self.flushSize else { continue }
            if try server.flush() { return true }
            unflushed = 0
        }
        if !syncSent {
            try server.sync()
            syncSent = true
            steps.append(.sync)
        }
        return try server.flush()
    }

    private func send(_ statement: EncodedStatement, _ server: ServerHandle) throws(PostgresError) {
        var name: PreparedStatements.Name?
        if statement.prepared {
            name = prepared[statement.key] ?? preparing[statement.key]
            if name == nil, let fresh = prepared.makeName(underWay: preparing.count) {
                try server.sendPrepare(fresh, statement)
                steps.append(.prepare(statement: next, fresh))
                preparing[statement.key] = fresh
                name = fresh
            }
        }
        try server.sendExecute(name, statement)
        steps.append(.execute(statement: next))
        unflushed += statement.size
    }

    /// Takes what has arrived; true when the sync was answered.
    private func takeResults(_ server: ServerHandle) throws(PostgresError) -> Bool {
        while answered < steps.count, !server.isBusy {
            guard let result = server.nextResult() else {
                // A lost connection answers nil for ever.
                if server.isBroken { return false }
                answered += 1
                continue
            }
            if try take(result, for: steps[answered]) { return true }
        }
        return false
    }

    /// Takes one result; true when it is the sync.
    private func take(_ result: ResultHandle, for step: Step) throws(PostgresError) -> Bool {
        switch (result.status, step) {
        case (PGRES_PIPELINE_SYNC, _):
            return true
        case (PGRES_PIPELINE_ABORTED, _):
            break
        case (PGRES_FATAL_ERROR, _):
            fail(result.error, step)
        case (PGRES_COPY_IN, _), (PGRES_COPY_OUT, _), (PGRES_COPY_BOTH, _):
            // libpq cannot leave a COPY inside a pipeline: the connection is given up.
            throw PostgresError(.misuse, "COPY must use copyIn or copyOut; the connection was closed")
        case (_, .prepare(let statement, let name)):
            prepared.insert(statements[statement].key, name)
        case (_, .execute):
            results.append(Rows(result))
        case (_, .sync):
            throw PostgresError(.connectionLost, "the server answered more than it was asked")
        }
        return false
    }

    private func fail(_ error: PostgresError, _ step: Step) {
        guard failure == nil else { return }
        failure = error
        switch step {
        case .prepare(let statement, _): failure?.statementIndex = statement
        case .execute(let statement):
            failure?.statementIndex = statement
            // The table has changed under the plan, or the server has forgotten it: prepare anew next time.
            if error.sqlState == "0A000" || error.sqlState == "26000" { prepared.forget(statements[statement].key) }
        case .sync: break
        }
    }
}
