import Glibc
import LinkTesting

/// Debian's PgBouncer between daemons and a cluster.
package struct Pooler: Sendable {
    private let folder: String
    private let child: ChildProcess

    /// Starts one and waits until it listens.
    ///
    /// - Parameter mode: `transaction` or `session`.
    package static func start(to cluster: Cluster, mode: String) async throws -> Pooler {
        let folder = try await Room.folder()
        let settings = """
            [databases]
            * = host=\(cluster.folder) port=5432
            [pgbouncer]
            listen_addr =
            unix_socket_dir = \(folder)
            listen_port = 6432
            auth_type = trust
            auth_file = \(folder)/users
            pool_mode = \(mode)
            default_pool_size = 10
            ignore_startup_parameters = extra_float_digits
            """
        try await Room.run(["/bin/sh", "-c", "cat >'\(folder)/settings.ini' <<'END'\n\(settings)\nEND\n"])
        try await Room.run(["/bin/sh", "-c", "echo '\"\(GoldenCluster.daemonRole)\" \"\"' >'\(folder)/users'"])
        // Once more: the change of user undoes that it ends with whoever started it.
        let words = ["/usr/bin/setpriv", "--pdeathsig=KILL", "/usr/sbin/pgbouncer", "\(folder)/settings.ini"]
        let child = try await ChildProcess.start(ServerPrograms.asServerUser(words))
        try await child.hasWritten("process up")
        return Pooler(folder: folder, child: child)
    }

    /// A keyword string that leads through it, to a role that it logs in as any.
    package func conninfo(database: String) -> String {
        "host=\(folder) port=6432 user=\(GoldenCluster.daemonRole) dbname=\(database) connect_timeout=10"
    }

    /// Ends it.
    package func stop() async throws {
        child.signal(SIGTERM)
        try await child.ended()
    }
}
