import Glibc
import LinkTesting
import Testing

@testable import Postgres

@Suite("Connecting", .timeLimit(.minutes(1)))
struct ConnectTests {
    private func connect(_ conninfo: String, timeout: Duration = .seconds(10)) async throws -> PostgresConnection {
        var settings = ConnectionSettings(conninfo)
        settings.connectTimeout = timeout
        return try await .connect(settings, logger: silent)
    }

    @Test func describesItself() async throws {
        let server = try await TestServer.shared()
        let settings = ConnectionSettings(
            server.conninfo(), overrides: ["application_name": "tested", "password": "canary"])
        let connection = try await PostgresConnection.connect(settings, logger: silent)
        #expect(connection.backendPID > 0)
        #expect(connection.serverVersion >= 150_000)
        #expect(connection.parameterStatus("server_version")?.isEmpty == false)
        #expect(connection.parameterStatus("client_encoding") == "UTF8")
        #expect(connection.parameterStatus("application_name") == "tested")
        #expect(connection.database == "postgres")
        #expect(!"\(connection) \(settings)".contains("canary"))
        #expect(try await connection.query("SHOW application_name")[0].text(0) == "tested")
        await connection.close()
    }

    @Test func closeIsIdempotent() async throws {
        let connection = try await TestServer.shared().connect()
        #expect(!connection.isClosed)
        await connection.close()
        await connection.close()
        #expect(connection.isClosed)
        #expect(await failure { _ = try await connection.query("SELECT 1") }?.code == .closed)
        #expect(await failure { try await connection.listen(on: ["c"]) { _ in } }?.code == .closed)
        #expect(await failure { _ = try await connection.copyIn("COPY t FROM STDIN") { _ in } }?.code == .closed)
        #expect(await failure { for try await _ in connection.copyOut("COPY t TO STDOUT") {} }?.code == .closed)
    }

    @Test func closeFailsWhatIsUnderWay() async throws {
        try await withConnection { observer async throws in
            let connection = try await TestServer.shared().connect()
            let running = Task { try await connection.query("SELECT pg_sleep(600), 'closing'") }
            try await waitUntilRunning("'closing'", pid: connection.backendPID, observer)
            await connection.close()
            #expect(await failure { _ = try await running.value }?.code == .closed)
        }
    }

    /// A connection nobody refers to any more leaves the server.
    @Test func droppedConnectionIsClosed() async throws {
        try await withConnection { observer async throws in
            let pid = try await TestServer.shared().connect().backendPID
            while try await !observer.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [.int4(pid)]).isEmpty {
                await Task.yield()
            }
        }
    }

    @Test(arguments: [
        "postgres://user:canary@[::1/db", "postgres://user:can%zzary@host/db", "postgresql://u:ca@canary@host/db",
        "postgres://user:canary/x@host/db", "postgres://user:12/canary@host/db", "postgresql:/user:canary@host/db",
        "postgres:user:canary", "host=h password='canary", "host=h password=a canary", "host=h canary=1",
        "password=x dbname=a@canary", "port=canary", "host=a,b port=1,canary", "canary@host", "/canary",
        "user:canary@host?sslmode=disable", "=canary", "host=h\0 password=canary",
    ])
    func malformedStringsAreNotQuoted(_ conninfo: String) async throws {
        let error = await failure { _ = try await connect(conninfo) }
        #expect(error?.code == .connectionFailed)
        #expect(error?.message == "the connection string could not be parsed")
        #expect(error?.description.contains("canary") == false)
        #expect(error?.debugDescription.contains("canary") == false)
    }

    @Test func passwordsAreRedacted() async throws {
        // The password shows up where libpq does quote: as the name of the host.
        let error = await failure { _ = try await connect("host=canary.invalid password=canary user=x") }
        #expect(error?.code == .connectionFailed)
        #expect(error?.debugDescription.contains("canary") == false)
        #expect(error?.message.contains("***.invalid") == true)
    }

    @Test(arguments: [
        "postgresql://x:can@ary@/nowhere", "postgresql://x:12/canary?user=a@/nowhere", "postgresql://x:@[canary],@y",
        "user=' password=canary host=/nowhere dbname='", "user=postgresql://x:canary@host host=/nowhere",
    ])
    func misplacedPasswordsAreRefused(conninfo: String) async {
        let error = await failure { _ = try await connect(conninfo) }
        #expect(error?.message == "the connection string could not be parsed")
        #expect(error?.debugDescription.contains("ary") == false)
    }

    @Test func everySecretIsRedactedWhole() throws {
        let conninfo = try Conninfo(ConnectionSettings("password=ab sslpassword=abc"))
        // As characters, the last two are one; as scalars, they are a secret and a mark.
        #expect(conninfo.redacting("abc ab ab\u{301}") == "*** *** ***\u{301}")
        #expect(!"\(conninfo) \(String(reflecting: conninfo))".contains("ab"))
    }

    @Test func refusedLoginIsOfTheConnection() async throws {
        let server = try await TestServer.shared()
        let error = await failure { _ = try await connect(server.conninfo(database: "does_not_exist")) }
        #expect(error?.code == .connectionFailed)
        #expect(error?.isConnectionFailure == true)
        #expect(error?.message.contains("does_not_exist") == true)
    }

    @Test func severalHosts() async throws {
        let server = try await TestServer.shared()
        try await withConnection { connection async throws in
            let port = connection.port
            let hosts =
                "host=/nonexistent,\(connection.host) port=\(port),\(port) user=\(connection.user) dbname=postgres"
            let found = try await connect(hosts + " target_session_attrs=read-write")
            #expect(found.host == connection.host)
            await found.close()
            let standby = await failure { _ = try await connect(server.conninfo() + " target_session_attrs=standby") }
            #expect(standby?.code == .connectionFailed)
            let preferred = try await connect(hosts + " target_session_attrs=prefer-standby")
            #expect(preferred.host == connection.host)
            await preferred.close()
        }
    }

    /// A host that accepts and says nothing costs its share of the time, not all of it.
    @Test func silentHostIsPassedOver() async throws {
        let silentHost = try SilentHost()
        try await withConnection { connection async throws in
            let found = try await connect(
                "host=127.0.0.1,\(connection.host) port=\(silentHost.port),\(connection.port) user=\(connection.user)"
                    + " dbname=postgres connect_timeout=2")
            #expect(found.host == connection.host)
            await found.close()
        }
    }

    @Test func silentHostTimesOut() async throws {
        let silentHost = try SilentHost()
        let error = await failure {
            _ = try await connect("host=127.0.0.1 port=\(silentHost.port)", timeout: .milliseconds(50))
        }
        #expect(error?.code == .connectionFailed)
        #expect(error?.message.contains("in time") == true)
    }

    @Test func cancelledWhileConnecting() async throws {
        let silentHost = try SilentHost()
        let task = Task { try await connect("host=127.0.0.1 port=\(silentHost.port)") }
        await silentHost.waitForClient()
        task.cancel()
        #expect(await failure { _ = try await task.value }?.code == .cancelled)
    }

    /// In a process of its own, because it sets the environment.
    @Test func serviceFile() async throws {
        let (host, port, user) = try await withConnection { ($0.host, $0.port, $0.user) }
        await #expect(processExitsWith: .success) {
            [host = host as String, port = port as String, user = user as String] in
            var template = Array("/tmp/assetlink-service-XXXXXX".utf8CString)
            let descriptor = mkstemp(&template)
            let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            defer { unlink(path) }
            let text =
                "[asset]\nhost=\(host)\nport=\(port)\nuser=\(user)\ndbname=postgres\napplication_name=from_file\n"
            _ = write(descriptor, text, text.utf8.count)
            close(descriptor)
            setenv("PGSERVICEFILE", path, 1)
            let found = try await PostgresConnection.connect(ConnectionSettings("service=asset"), logger: silent)
            #expect(found.parameterStatus("application_name") == "from_file")
            setenv("PGSERVICE", "asset", 1)
            let fromEnvironment = try await PostgresConnection.connect(ConnectionSettings(""), logger: silent)
            #expect(fromEnvironment.parameterStatus("application_name") == "from_file")
        }
    }
}
