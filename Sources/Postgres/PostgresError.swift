/// What went wrong on a connection, in one type for the whole module.
package struct PostgresError: Error, Sendable {
    /// The kind of failure.
    package enum Code: Sendable, Equatable {
        /// The connection could not be made.
        case connectionFailed
        /// The connection was made and then lost; whether the command took effect is unknown.
        case connectionLost
        /// The server refused the command; see `sqlState`.
        case server
        /// The calling task was cancelled.
        case cancelled
        /// The deadline of the command or of the connection attempt has passed.
        case timedOut
        /// A cell does not hold what was asked of it.
        case decoding
        /// The connection was closed by us.
        case closed
        /// The call can never work, whatever the server answers.
        case misuse
    }

    /// The kind of failure.
    package var code: Code
    /// The primary message; may quote values when the server wrote it.
    package var message: String
    /// The five characters of the server's error code.
    package var sqlState: String?
    /// The severity, never localised: `ERROR`, `FATAL` or `PANIC`.
    package var severity: String?
    /// The server's detail; often quotes row values.
    package var detail: String?
    /// The server's hint.
    package var hint: String?
    /// The character of the statement the error points at, counted from 1.
    package var position: Int?
    /// The constraint that was violated.
    package var constraint: String?
    /// The schema of the table concerned.
    package var schema: String?
    /// The table concerned.
    package var table: String?
    /// The column concerned.
    package var column: String?
    /// The call stack inside the server.
    package var context: String?
    /// Which statement of a pipeline failed, counted from 0.
    package var statementIndex: Int?

    /// Makes an error that did not come from the server.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same transaction may succeed when it is run again from its start.
    package var isRetriable: Bool {
        sqlState == "40001" || sqlState == "40P01"
    }

    /// Whether the connection, not the command, is at fault.
    package var isConnectionFailure: Bool {
        switch code {
        case .connectionFailed, .connectionLost: true
        case .server:
            sqlState?.hasPrefix("08") == true || ["57P01", "57P02", "57P03"].contains(sqlState)
        default: false
        }
    }
}
