import LinkStore
import LinkTesting
package import Logging
package import Postgres

/// The server that worlds are made on: a temporary cluster of the run's own, or one that somebody names.
package struct Site: Sendable {
    private let server: TestServer.Instance
    /// Whether server processes can be looked at in `/proc`: they run on this machine, as far as is known.
    package let isLocal: Bool
    let logger: Logger

    /// What a server is told that must not lose a commit, has room, and says when a transaction committed.
    package static let settings = """
        -c shared_buffers=1GB -c max_wal_size=16GB -c checkpoint_timeout=30min -c max_connections=100 \
        -c track_commit_timestamp=on -c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.track=all \
        -c maintenance_work_mem=256MB -c work_mem=64MB
        """

    /// Starts a cluster, or uses the one of a connection string.
    package init(database: String?, logger: Logger) async throws {
        self.logger = logger
        isLocal = database == nil
        if let database {
            server = TestServer.Instance(base: database)
        } else {
            server = try await TestServer.start(Self.settings)
        }
    }

    /// A keyword string that leads to a database.
    func conninfo(_ name: String) -> String { server.conninfo(database: name) }

    /// Connects to a database.
    package func connect(_ name: String) async throws(PostgresError) -> PostgresConnection {
        try await server.connect(database: name, logger: logger)
    }

    /// Makes a database with the whole schema and no record.
    func create(_ name: String) async throws {
        let connection = try await PostgresConnection.connect(
            ConnectionSettings(try await server.createDatabase(named: name)), logger: logger)
        try await Migrator().apply(on: connection)
        await connection.close()
    }

    /// Copies a database to which nobody is connected, replacing one of that name.
    func copy(_ template: String, to name: String) async throws {
        try await drop(name)
        let connection = try await connect("postgres")
        try await connection.script("CREATE DATABASE \(name) TEMPLATE \(template) STRATEGY file_copy")
        await connection.close()
    }

    /// Removes a database, whoever is connected to it.
    func drop(_ name: String) async throws {
        let connection = try await connect("postgres")
        try await connection.script("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
        await connection.close()
    }
}
