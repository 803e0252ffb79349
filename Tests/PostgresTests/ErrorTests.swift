import LinkTesting
import Logging
import Postgres
import Synchronization
import Testing

@Suite("Errors", .timeLimit(.minutes(1)))
struct ErrorTests {
    @Test func uniqueViolation() async throws {
        try await withConnection { connection async throws in
            try await connection.script(
                "CREATE TEMP TABLE person (name text CONSTRAINT one_name UNIQUE); INSERT INTO person VALUES ('canary')")
            let error = await failure {
                _ = try await connection.query("INSERT INTO person VALUES ($1)", [.text("canary")])
            }
            #expect(error?.code == .server)
            #expect(error?.sqlState == "23505")
            #expect(error?.severity == "ERROR")
            #expect(error?.constraint == "one_name")
            #expect(error?.table == "person")
            #expect(error?.schema?.hasPrefix("pg_temp") == true)
            #expect(error?.detail?.contains("canary") == true)
            #expect(error?.statementIndex == nil)
            // The value is for debugging only.
            #expect(error?.description.contains("canary") == false)
            #expect(error?.debugDescription.contains("canary") == true)
            #expect(error?.isRetriable == false)
            #expect(error?.isConnectionFailure == false)
        }
    }

    @Test func positionAndHint() async throws {
        try await withConnection { connection async throws in
            let error = await failure { _ = try await connection.query("SELECT relnam FROM pg_class") }
            #expect(error?.sqlState == "42703")
            #expect(error?.position == 8)
            #expect(error?.hint?.contains("relname") == true)
        }
    }

    @Test func raisedFieldsArrive() async throws {
        try await withConnection { connection async throws in
            let error = await failure {
                try await connection.script(
                    """
                    DO $$ BEGIN RAISE EXCEPTION 'mine' USING DETAIL = 'd', HINT = 'h', ERRCODE = '40001',
                        COLUMN = 'c', TABLE = 't', SCHEMA = 's', CONSTRAINT = 'k'; END $$
                    """)
            }
            #expect(error?.message == "mine")
            #expect(error?.detail == "d" && error?.hint == "h" && error?.column == "c" && error?.table == "t")
            #expect(error?.schema == "s" && error?.constraint == "k")
            #expect(error?.context?.contains("PL/pgSQL") == true)
            #expect(error?.isRetriable == true)
        }
    }

    @Test func valuesInMessagesAreNotDescribed() async throws {
        try await withConnection { connection async throws in
            let error = await failure {
                _ = try await connection.query("SELECT $1::text::int8", [.text("canary")])
            }
            #expect(error?.sqlState == "22P02")
            #expect(error?.description.contains("canary") == false)
            #expect(error?.message.contains("canary") == true)
        }
    }

    @Test func scriptStopsAtItsError() async throws {
        try await withConnection { connection async throws in
            try await connection.script("CREATE TEMP TABLE t (i int8)")
            let error = await failure {
                try await connection.script("INSERT INTO t VALUES (1); SELECT 1/0; INSERT INTO t VALUES (2)")
            }
            #expect(error?.sqlState == "22012")
            #expect(try await connection.query("SELECT count(*) FROM t")[0].int8(0) == 0)
        }
    }

    @Test(arguments: [
        ("40001", true, false), ("40P01", true, false), ("55P03", false, false), ("08006", false, true),
        ("57P01", false, true), ("57P02", false, true), ("57P03", false, true), ("23505", false, false),
    ])
    func policy(_ state: String, _ retriable: Bool, _ connection: Bool) {
        var error = PostgresError(.server, "")
        error.sqlState = state
        #expect(error.isRetriable == retriable)
        #expect(error.isConnectionFailure == connection)
    }

    @Test func noticesAreLogged() async throws {
        let log = CapturingLog()
        let logger = Logger(label: "test") { _ in log }
        let connection = try await TestServer.shared().connect(logger: logger)
        try await connection.script("DO $$ BEGIN RAISE NOTICE 'look here'; END $$")
        #expect(log.lines.withLock { $0 } == ["debug NOTICE 00000 look here"])
        await connection.close()
    }

    /// What refuses to run in a transaction runs as a query of its own.
    @Test func statementsOutsideATransaction() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.query("VACUUM pg_class")
            #expect(
                await failure { _ = try await connection.pipeline([Statement("SELECT 1"), Statement("VACUUM")]) }?
                    .sqlState == "25001")
        }
    }
}

/// Keeps what is logged.
private final class CapturingLog: LogHandler {
    let lines = Mutex<[String]>([])

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let fields = ["pg_severity", "pg_sqlstate", "pg_message"].map { event.metadata?[$0].map { "\($0)" } ?? "" }
        lines.withLock { $0.append("\(event.level) \(fields.joined(separator: " "))") }
    }
}
