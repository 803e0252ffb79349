import LinkStore
import LinkTesting
import Postgres

/// The stopped cluster that others are copied from: the whole schema in a template, and a login role for daemons.
enum GoldenCluster {
    /// The database to copy.
    static let template = "assetlink_template"
    /// The role that daemons log in with: no more than the daemon's own privileges.
    static let daemonRole = "assetlinkd"

    static let shared = Task<Cluster, any Error> {
        let cluster = try await initialised()
        try await cluster.start()
        try await cluster.run("CREATE DATABASE \(template) TEMPLATE template0")
        let connection = try await cluster.connect(database: template)
        try await Migrator().apply(on: connection)
        try await connection.script("CREATE ROLE \(daemonRole) LOGIN IN ROLE assetlink_daemon")
        await connection.close()
        try await cluster.stop()
        return cluster
    }

    /// An empty stopped cluster, of a lineage of its own.
    static func initialised() async throws -> Cluster {
        let cluster = Cluster(folder: try await Room.folder(), settings: [:])
        try await Room.run(
            Room.program("initdb") + [
                "-D", cluster.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
            ])
        return cluster
    }
}
