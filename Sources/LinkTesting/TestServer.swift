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
        var template = Array("/tmp/assetlink-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw StartFailure(description: "no temporary directory") }
        let directory = String(cString: made)
        var command = ["/bin/sh", "-c", supervisor, "supervisor", directory, binaries, settings]
        if getuid() == 0 {
            // PostgreSQL refuses to run as root.
            guard let user = getpwnam("postgres") ?? getpwnam("nobody") else {
                throw StartFailure(description: "no user to run PostgreSQL as")
            }
            let (uid, gid) = (user.pointee.pw_uid, user.pointee.pw_gid)
            chown(directory, uid, gid)
            command = ["/usr/bin/setpriv", "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups"] + command
        }
        let answer = try spawn(command)
        let word = await withCheckedContinuation { continuation in
            // Blocks for seconds, so not on the cooperative pool.
            Thread.detach { continuation.resume(returning: readAll(answer)) }
        }
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

    /// The newest server's programs.
    private static var binaries: String {
        ["17", "16", "15"].map { "/usr/lib/postgresql/\($0)/bin" }.first { access("\($0)/initdb", X_OK) == 0 }
            ?? "/usr/bin"
    }

    /// Starts a program; returns the descriptor of its standard output.
    private static func spawn(_ command: [String]) throws -> CInt {
        var input: [CInt] = [0, 0]
        var output: [CInt] = [0, 0]
        guard pipe(&input) == 0, pipe(&output) == 0 else { throw StartFailure(description: "no pipe") }
        for descriptor in input + output { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        var arguments = command.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var pid = pid_t()
        let status = posix_spawn(&pid, command[0], &actions, nil, &arguments, environ)
        // The write end of the input stays open until this process ends.
        close(input[0])
        close(output[1])
        guard status == 0 else { throw StartFailure(description: "\(command[0]) could not be started") }
        return output[0]
    }

    private static func readAll(_ descriptor: CInt) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        close(descriptor)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A thread for what blocks.
private final class Thread: Sendable {
    private let run: @Sendable () -> Void

    private init(_ run: @escaping @Sendable () -> Void) { self.run = run }

    /// Runs the body on a thread of its own.
    static func detach(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        // Retained here, released by the thread.
        let argument = Unmanaged.passRetained(Thread(body)).toOpaque()
        pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Thread>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, argument)
        pthread_detach(thread)
    }
}
