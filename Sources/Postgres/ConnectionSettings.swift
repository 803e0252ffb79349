/// Where and how to connect: whatever libpq takes.
package struct ConnectionSettings: Sendable {
    /// A keyword string, a URI, a database name, or nothing at all for the environment, as with psql.
    let conninfo: String
    /// Keywords that win over the connection string.
    let overrides: [String: String]
    /// How long the whole attempt may take, all hosts together.
    package var connectTimeout: Duration = .seconds(10)

    /// Describes a server the way psql does.
    ///
    /// Service files, the environment, several hosts and `target_session_attrs` are libpq's work. A `connect_timeout`
    /// counts for one host; when none is given in the string or the environment, each host gets its share of
    /// `connectTimeout`.
    package init(_ conninfo: String, overrides: [String: String] = [:]) {
        self.conninfo = conninfo
        self.overrides = overrides
    }
}

extension ConnectionSettings {
    /// Whether the connection string can be parsed, and holds no secret where others would take it for something else.
    ///
    /// - Throws: an error that quotes nothing of it.
    package func check() throws(PostgresError) { _ = try Conninfo(self) }

    /// Whether the connection string holds a password or another secret.
    package var holdsSecret: Bool { Conninfo.holdsSecret(conninfo) }
}

extension ConnectionSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says nothing of the connection string, which may hold a password.
    package var description: String { "ConnectionSettings" }
    /// The same as `description`.
    package var debugDescription: String { description }
    /// Hides the fields from `dump` and string interpolation.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
