package import Logging

/// One connection to a server, driven by the process's readiness loop.
///
/// Safe to use from several tasks: commands run one at a time, in the order of their calls. Ends with `close`, or when
/// nothing refers to it any more.
package final class PostgresConnection: Sendable {
    /// The part on the loop.
    let core: ConnectionCore
    private let parameters: [String: String]
    /// The server process that serves this connection.
    package let backendPID: Int32
    /// The server's version, as 150020.
    package let serverVersion: Int
    /// The host that was chosen, or the directory of its socket.
    package let host: String
    /// The port.
    package let port: String
    /// The database.
    package let database: String
    /// The role.
    package let user: String

    /// Takes over a connected handle.
    init(_ server: ServerHandle, loop: ReadinessLoop) {
        backendPID = server.backendPID
        serverVersion = server.serverVersion
        host = server.host
        port = server.port
        database = server.database
        user = server.user
        var parameters: [String: String] = [:]
        for name in Self.reportedParameters { parameters[name] = server.parameter(name) }
        self.parameters = parameters
        let core = ConnectionCore(server, loop: loop)
        self.core = core
        loop.submit { core.start() }
    }

    // The loop keeps the core until it is closed; no command can be under way here, as each one keeps `self`.
    deinit {
        core.loop.submit { [core] in core.shutDown(.closed) }
    }

    /// Connects as psql would.
    ///
    /// The logger receives the server's notices, at debug. A pinned connection is watched by the thread on which
    /// ``LoopTask/pinned(_:)`` runs its callers.
    package static func connect(
        _ settings: ConnectionSettings, isPinned: Bool = false, logger: Logger
    ) async throws(PostgresError) -> PostgresConnection {
        let conninfo = try Conninfo(settings)
        let attempt = ConnectAttempt(timeout: settings.connectTimeout, loop: .shared)
        let server = try await attempt.run { () throws(PostgresError) in
            try ServerHandle(connecting: conninfo, logger: logger)
        }
        return PostgresConnection(server, loop: isPinned ? .pinned : .shared)
    }

    /// Whether the connection was closed or lost.
    package var isClosed: Bool { core.isClosed }

    /// Which command waits for the server, counted from 1; nil when none does.
    package var commandUnderWay: UInt64? { core.commandUnderWay }

    /// How many commands were sent so far: a measure of whether its user gets on.
    package var commandCount: UInt64 { core.commandCount }

    /// What the server reported about a parameter when the connection was made.
    package func parameterStatus(_ name: String) -> String? { parameters[name] }

    /// Closes the connection, once; commands under way fail with `closed`.
    package func close() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            core.loop.submit { [core] in
                core.shutDown(.closed)
                continuation.resume()
            }
        }
    }

    private static let reportedParameters = [
        "server_version", "server_encoding", "client_encoding", "application_name", "in_hot_standby",
        "default_transaction_read_only", "is_superuser", "session_authorization", "DateStyle", "IntervalStyle",
        "TimeZone", "integer_datetimes", "standard_conforming_strings",
    ]
}

extension PostgresConnection: CustomStringConvertible {
    /// Where it leads, without secrets.
    package var description: String { "\(user)@\(host):\(port)/\(database) pid \(backendPID)" }
}
