import Glibc
import LinkStore
import LinkTesting
import Logging
package import Postgres
import Synchronization

/// A throw-away PostgreSQL of a scenario's own, on a Unix socket in its folder; it ends with this process however that
/// ends.
///
/// Every commit is durable against a crash of the server (`synchronous_commit` is on), none against one of the machine.
package final class Cluster: Sendable {
    /// How a server is stopped.
    package enum Stop: String, Sendable {
        case fast, immediate
    }

    /// Holds the data, the socket and the server's log.
    package let folder: String
    /// Where the data is: in the folder, or on another file system.
    package let data: String
    /// Keywords that lead to it, without user and database.
    private let way: String
    /// Server settings beside the usual ones; may be changed while it is stopped.
    private let settings: Mutex<[String: String]>

    init(folder: String, data: String? = nil, settings: [String: String]) {
        self.folder = folder
        self.data = data ?? folder + "/data"
        way = "host=\(folder) port=5432 connect_timeout=10"
        self.settings = Mutex(settings)
    }

    /// Servers that somebody else starts and stops.
    init(folder: String, way: String) {
        self.folder = folder
        data = folder
        self.way = way
        settings = Mutex([:])
    }

    /// A running copy of a cluster with the schema in it; much quicker than a new one.
    ///
    /// - Parameter data: where its data goes, for a file system of its own.
    package static func make(_ settings: [String: String] = [:], data: String? = nil) async throws -> Cluster {
        let cluster = Cluster(folder: try await Room.folder(), data: data, settings: settings)
        try await Room.run(["/bin/cp", "-a", GoldenCluster.shared.value.data, cluster.data])
        try await cluster.start()
        return cluster
    }

    /// The cluster that scenarios share which do it no harm; made by the first call.
    package static let shared = Task<Cluster, any Error> { try await make(["max_connections": "300"]) }

    // MARK: Sessions

    /// The socket it listens on.
    package var socket: String { "\(folder)/.s.PGSQL.5432" }

    /// A keyword string that leads to a database.
    package func conninfo(user: String = "postgres", database: String = "postgres") -> String {
        "\(way) user=\(user) dbname=\(database)"
    }

    /// Connects as a superuser.
    package func connect(database: String = "postgres") async throws(PostgresError) -> PostgresConnection {
        try await .connect(ConnectionSettings(conninfo(database: database)), logger: quietLogger)
    }

    /// Runs statements as a superuser, each in a transaction of its own, on a session of their own.
    package func run(_ statements: String..., database: String = "postgres") async throws {
        let connection = try await connect(database: database)
        for statement in statements { try await connection.script(statement) }
        await connection.close()
    }

    /// Makes a database with the whole schema, replacing one of that name.
    package func makeDatabase(_ name: String) async throws {
        try await run(
            "DROP DATABASE IF EXISTS \(name) WITH (FORCE)", "CREATE DATABASE \(name) TEMPLATE \(GoldenCluster.template)"
        )
    }

    // MARK: The server

    /// Adds settings that count from the next start on.
    package func set(_ values: [String: String]) { settings.withLock { $0.merge(values) { $1 } } }

    /// Starts it and waits until it accepts connections.
    package func start() async throws {
        let given = settings.withLock { $0 }
        let words = Self.usual.merging(given) { $1 }.sorted { $0.key < $1.key }.map { "-c \($0)='\($1)'" }
        try await Room.run(
            Room.program("pg_ctl") + [
                "-D", data, "-l", "\(folder)/server.log", "-w", "-t", "60", "start", "-o",
                "-k \(folder) -c listen_addresses= \(words.joined(separator: " "))",
            ])
    }

    /// Stops it; `immediate` is a crash of the server.
    package func stop(_ how: Stop = .fast) async throws {
        try await Room.run(
            Room.program("pg_ctl") + ["-D", data, "-m", how.rawValue, "-w", "-t", "60", "stop"])
    }

    /// Crashes it and starts it again: it recovers from its log.
    package func crash() async throws {
        try await stop(.immediate)
        try await start()
    }

    /// Makes a standby the primary of a timeline of its own.
    package func promote() async throws {
        try await Room.run(Room.program("pg_ctl") + ["-D", data, "-w", "-t", "60", "promote"])
    }

    /// A running streaming standby of this cluster.
    ///
    /// - Parameter name: its `application_name` at the primary.
    package func makeStandby(_ name: String = "standby", settings: [String: String] = [:]) async throws -> Cluster {
        let standby = Cluster(
            folder: try await Room.folder(), settings: settings.merging(["cluster_name": name]) { old, _ in old })
        try await Room.run(
            Room.program("pg_basebackup") + [
                "-D", standby.data, "-h", folder, "-U", "postgres", "-R", "-X", "stream", "-c", "fast", "--no-sync",
            ])
        try await standby.start()
        return standby
    }

    /// What the server wrote to its log.
    package func log() async throws -> String { try await Room.run(["/bin/cat", "\(folder)/server.log"]) }

    /// Stops it and removes its folder.
    package func remove() async {
        do {
            try await stop(.immediate)
        } catch {
            // It was stopped already.
        }
        do { try await Room.run(["/bin/rm", "-rf", folder, data]) } catch {
            quietLogger.warning("a folder is left behind", metadata: ["folder": "\(folder)"])
        }
    }

    private static let usual = [
        "fsync": "off", "full_page_writes": "off", "wal_level": "logical", "max_connections": "100",
        "max_prepared_transactions": "10", "max_wal_senders": "8", "shared_buffers": "64MB", "autovacuum_naptime": "5s",
        "wal_keep_size": "64MB",
    ]
}
