import Glibc
package import Logging
package import Postgres

/// The PostgreSQL that tests run against.
///
/// `ASSETLINK_TEST_CONNINFO` names a server by a keyword string of a superuser; without it a private one is started
/// once per process, on a Unix socket in a temporary directory, and ends with the process however that ends.
package enum TestServer {
    /// A server that is ready.
    package struct Instance: Sendable {
        /// Keywords that lead to the server, without a database.
        package let base: String

        /// A server that somebody else runs, by a keyword string of a superuser.
        package init(base: String) { self.base = base }

        /// A keyword string that leads to a database.
        package func conninfo(database: String = "postgres") -> String {
            "\(base) dbname='\(database)'"
        }

        /// Makes an empty database, replacing one of that name, and returns the keyword string that leads to it.
        package func createDatabase(named name: String) async throws -> String {
            let quoted = "\"\(name.replacing("\"", with: "\"\""))\""
            let connection = try await connect()
            // Not in one script: each of the two refuses to run inside a transaction.
            try await connection.script("DROP DATABASE IF EXISTS \(quoted) WITH (FORCE)")
            try await connection.script("CREATE DATABASE \(quoted) TEMPLATE template0")
            await connection.close()
            return conninfo(database: name)
        }

        /// Connects to a database.
        package func connect(
            database: String = "postgres", logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) async throws(PostgresError) -> PostgresConnection {
            try await .connect(ConnectionSettings(conninfo(database: database)), logger: logger)
        }
    }

    /// The server of this process, started by the first call.
    package static func shared() async throws -> Instance {
        try await starting.value
    }

    /// Why no server could be started.
    package struct StartFailure: Error, CustomStringConvertible {
        /// What the tools said.
        package let description: String
    }

    private static let starting = Task<Instance, any Error> {
        if let conninfo = getenv("ASSETLINK_TEST_CONNINFO") { return Instance(base: String(cString: conninfo)) }
        return try await start()
    }

    /// Fast, and nothing that a crash may not lose.
    package static let forgetful = """
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=500 \
        -c wal_level=logical -c max_prepared_transactions=10 -c max_wal_senders=8
        """

    /// Starts a server of the caller's own, by a supervising shell, and waits until it accepts connections.
    ///
    /// - Parameter settings: options of the `postgres` program.
    package static func start(_ settings: String = forgetful) async throws -> Instance {
        let directory = try ServerPrograms.makeFolder("assetlink-test")
        let word = try await Supervisor.start(
            try ServerPrograms.asServerUser([
                "/bin/sh", "-c", supervisor, "supervisor", directory, ServerPrograms.folder, settings,
            ]))
        guard word.hasPrefix("ready") else { throw StartFailure(description: word) }
        return Instance(base: "host=\(directory) port=5432 user=postgres")
    }

    /// Its standard input is a pipe that this process holds open: it ends with the process, and the server then too.
    private static let supervisor = """
        trap '' INT TERM HUP
        dir=$1 bin=$2 settings=$3
        cd "$dir"
        if "$bin/initdb" -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >log 2>&1 &&
            "$bin/pg_ctl" -D data -l server.log -w -t 60 start >>log 2>&1 -o "-k $dir -c listen_addresses= $settings"
        then echo ready
        else cat log server.log 2>/dev/null
        fi
        exec >/dev/null 2>&1
        read -r _
        "$bin/pg_ctl" -D data -m immediate stop
        cd / && rm -rf "$dir"
        """
}
