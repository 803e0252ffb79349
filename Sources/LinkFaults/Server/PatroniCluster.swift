import Glibc
import LinkStore
import LinkTesting
import Postgres

/// Three nodes under Patroni and etcd on loopback, as `deploy/patroni/cluster.sh` makes them; they end with this process
/// however that ends.
struct PatroniCluster: Sendable {
    /// What happens to a node.
    enum Fault: String, Sendable {
        /// Its PostgreSQL is killed; its Patroni lives.
        case crash
        /// All of it is killed, as when its host is gone.
        case kill
        /// All of it stands still, as a host that hangs.
        case freeze
        /// What sends its log to the standbys stands still.
        case lag
    }

    private let folder: String
    /// Whichever node can be written to, by the nodes' sockets, as a superuser.
    let place: Cluster
    /// Keywords that lead to whichever node can be written to, over TCP with a password.
    private let loopback: String

    /// Whether it can be started.
    static var isThere: Bool { access("\(root)/var/patroni/venv/bin/patroni", X_OK) == 0 }

    /// The package's folder.
    private static var root: String {
        MigrationFolder.find().split(separator: "/").dropLast(2).map { "/\($0)" }.joined()
    }

    private static var script: String { "\(root)/deploy/patroni/cluster.sh" }

    /// A running cluster with the schema in it.
    ///
    /// - Parameter isSynchronous: whether a COMMIT waits for a standby.
    static func start(isSynchronous: Bool = true) async throws -> PatroniCluster {
        let folder = try await Room.folder()
        let said = try await Supervisor.start(
            ["/bin/bash", script, "run", folder] + (isSynchronous ? [] : ["--asynchronous"]))
        func line(_ word: String) throws -> String {
            guard let line = said.split(separator: "\n").first(where: { $0.hasPrefix("\(word): ") }) else {
                throw ChildProcess.Failure(description: "the cluster did not come up: \(said)")
            }
            return String(line.dropFirst(word.count + 2))
        }
        let cluster = PatroniCluster(
            folder: folder, place: Cluster(folder: folder, way: try line("socket")), loopback: try line("loopback"))
        try await cluster.makeTemplate(password: try line("password"))
        return cluster
    }

    private func makeTemplate(password: String) async throws {
        try await place.run("CREATE DATABASE \(GoldenCluster.template) TEMPLATE template0")
        // A standby may not have it yet, and refuses.
        let connection = try await Eventually.get(within: .seconds(20)) {
            try await place.connect(database: GoldenCluster.template)
        }
        try await Migrator().apply(on: connection)
        try await connection.script(
            "CREATE ROLE \(GoldenCluster.daemonRole) LOGIN PASSWORD '\(password)' IN ROLE assetlink_daemon")
        await connection.close()
    }

    /// Where daemons connect to: every node, over TCP, with a password of theirs.
    func conninfo(database: String) -> String { "\(loopback) user=\(GoldenCluster.daemonRole) dbname=\(database)" }

    /// The node that can be written to.
    func primary() async throws -> String {
        let connection = try await place.connect()
        await connection.close()
        return connection.host.split(separator: "/").last.map(String.init) ?? ""
    }

    /// Another node than the one named, once it can be written to.
    func primary(after old: String, within limit: Duration) async throws -> String {
        try await Eventually.get(within: limit) {
            let node = try await primary()
            guard node != old else { throw TooLate(question: "another node than \(old) leads") }
            return node
        }
    }

    /// Makes a fault happen to a node.
    func make(_ fault: Fault, _ node: String) async throws { try await run(fault.rawValue, node) }

    /// Ends a fault: what was killed is started, what stands still goes on.
    func end(_ fault: Fault, _ node: String) async throws {
        switch fault {
        case .crash: break
        case .kill: try await run("start", node)
        case .freeze, .lag: try await run("thaw", node)
        }
    }

    /// Whether every node is there again, and follows.
    func isWhole() async throws -> Bool { (try? await run("whole")) != nil }

    /// Ends and removes it.
    func stop() async throws { try await run("stop") }

    private func run(_ command: String, _ node: String...) async throws {
        try await ChildProcess.run(["/bin/bash", Self.script, command, folder] + node)
    }
}
