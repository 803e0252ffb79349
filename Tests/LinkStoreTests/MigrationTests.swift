import LinkStore
import LinkTesting
import Postgres
import Synchronization
import Testing

/// The runner against a real server: each test has a database of its own.
@Suite struct MigrationTests {
    @Test func freshDatabaseReachesTheNewestVersion() async throws {
        let connection = try await open(emptyDatabase())
        try await Migrator(files: released()).apply(on: connection)
        let versions = try await connection.query(
            "SELECT name, length(sha256), applied_by = session_user, applied_at <= now() FROM assetlink.schema_version")
        #expect(versions.count == (try released().count))
        for row in versions {
            #expect(try row.int4(1) == 64)
            #expect(try row.bool(2) && row.bool(3))
        }
        #expect(try await Schema.version(on: connection) == released().last?.number)
    }

    @Test func secondRunDoesNothing() async throws {
        let connection = try await migratedConnection()
        let before = try await ledger(connection)
        let lines = Lines()
        try await Migrator(files: released()).apply(on: connection, report: lines.add)
        #expect(lines.all == ["The schema is up to date: version \(try released().last?.number ?? 0)."])
        #expect(try await ledger(connection) == before)
    }

    @Test func editedFileIsNamed() async throws {
        let connection = try await migratedConnection()
        var files = try released()
        files[1] = try MigrationFile(name: files[1].name, sql: files[1].sql + "\n-- edited")
        let edited = files
        let error = await #expect(throws: MigrationError.self) {
            try await Migrator(files: edited).apply(on: connection)
        }
        #expect(error?.code == .edited)
        #expect(error?.message == "\(files[1].name) was edited after it had been applied to this database.")
    }

    @Test func newerDatabaseIsRefused() async throws {
        let connection = try await migratedConnection()
        let files = try released().dropLast()
        let error = await #expect(throws: MigrationError.self) {
            try await Migrator(files: Array(files)).apply(on: connection)
        }
        #expect(error?.code == .newer)
    }

    @Test func dryRunChangesNothing() async throws {
        let connection = try await open(emptyDatabase())
        let lines = Lines()
        try await Migrator(files: released()).apply(on: connection, dryRun: true, report: lines.add)
        #expect(lines.all.count == (try released().count) + 1)
        #expect(lines.all.first?.hasPrefix("would apply 0001_roles_and_schemas.sql (") == true)
        #expect(try await Schema.version(on: connection) == nil)
        let schemas = try await connection.query("SELECT FROM pg_namespace WHERE nspname LIKE 'assetlink%'")
        #expect(schemas.isEmpty)
    }

    @Test func failingFileTakesBackOnlyItself() async throws {
        let connection = try await open(emptyDatabase())
        let files =
            try [first()] + [
                MigrationFile(name: "0002_good.sql", sql: "CREATE TABLE assetlink.good (a integer);"),
                MigrationFile(
                    name: "0003_bad.sql",
                    sql: "CREATE TABLE assetlink.half (a int);\n\n-- wrong\nSELECT 1,\n  nonsense\nFROM assetlink.half"
                ),
            ]
        let error = await #expect(throws: MigrationError.self) {
            try await Migrator(files: files).apply(on: connection)
        }
        #expect(error?.code == .failed)
        #expect(
            error?.message == "0003_bad.sql, line 5 (statement 2 of 2): column \"nonsense\" does not exist")
        #expect(try await ledger(connection) == ["0001_roles_and_schemas.sql", "0002_good.sql"])
        #expect(try await exists("assetlink.good", connection))
        #expect(try await !exists("assetlink.half", connection))
    }

    @Test func failureWithoutPositionNamesTheStatement() async throws {
        let connection = try await open(emptyDatabase())
        let files = try [first(), MigrationFile(name: "0002_twice.sql", sql: "SELECT 1;\nCREATE SCHEMA\n  assetlink;")]
        let error = await #expect(throws: MigrationError.self) {
            try await Migrator(files: files).apply(on: connection)
        }
        #expect(
            error?.message == "0002_twice.sql, line 2 (statement 2 of 2): schema \"assetlink\" already exists")
    }

    @Test func concurrentMigratorsApplyEachFileOnce() async throws {
        let conninfo = try await emptyDatabase()
        let files =
            try [first()]
            + (2...6).map { number in
                try MigrationFile(
                    name: "000\(number)_table.sql",
                    sql: "CREATE TABLE assetlink.t\(number) (a integer); SELECT pg_sleep(0.02)")
            }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let connection = try await open(conninfo)
                    try await Migrator(files: files).apply(on: connection)
                    await connection.close()
                }
            }
            try await group.waitForAll()
        }
        let connection = try await open(conninfo)
        #expect(try await ledger(connection) == files.map(\.name))
    }

    @Test func whoHoldsTheLockIsSaid() async throws {
        let conninfo = try await emptyDatabase()
        let other = try await open(conninfo + " application_name=deploy")
        _ = try await other.query("BEGIN")
        _ = try await other.query("SELECT pg_advisory_xact_lock(7022083123582889579)")
        let connection = try await open(conninfo)
        let lines = Lines()
        let error = await #expect(throws: MigrationError.self) {
            try await Migrator(files: [first()]).apply(
                on: connection, lockTimeout: .milliseconds(10), retries: 1, backoff: .milliseconds(1),
                report: lines.add)
        }
        #expect(error?.code == .busy)
        #expect(error?.message.contains("process \(other.backendPID), role postgres, deploy") == true)
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.contains("waiting for process \(other.backendPID)") == true)
    }

    @Test func lockOfAnotherSessionIsRetried() async throws {
        let conninfo = try await emptyDatabase()
        let connection = try await open(conninfo)
        try await Migrator(files: [first()]).apply(on: connection)
        try await connection.script("CREATE TABLE assetlink.busy (a integer)")
        let other = try await open(conninfo)
        _ = try await other.query("BEGIN")
        _ = try await other.query("LOCK TABLE assetlink.busy IN ACCESS SHARE MODE")
        let released = Mutex(false)
        let files = try [
            first(), MigrationFile(name: "0002_busy.sql", sql: "ALTER TABLE assetlink.busy ADD b integer"),
        ]
        let lines = Lines()
        async let applied: Void = Migrator(files: files).apply(
            on: connection, lockTimeout: .milliseconds(10), backoff: .milliseconds(1)
        ) { line in
            lines.add(line)
            // The first wait is over: let go.
            if !released.withLock({
                let was = $0; $0 = true; return was
            }) {
                Task { await other.close() }
            }
        }
        try await applied
        #expect(lines.all.first?.hasPrefix("0002_busy.sql: a lock was not granted in time, try 1 of") == true)
        #expect(lines.all.contains("applied 0002_busy.sql"))
    }

    @Test func schemaOfSomebodyElseIsLeftAlone() async throws {
        let connection = try await open(emptyDatabase())
        try await connection.script("CREATE SCHEMA assetlink")
        let error = await #expect(throws: MigrationError.self) {
            try await Migrator(files: released()).plan(on: connection)
        }
        #expect(error?.code == .foreign)
    }

    @Test func databaseMustBeUTF8() async throws {
        let server = try await TestServer.shared()
        let admin = try await server.connect()
        try await admin.script("DROP DATABASE IF EXISTS t_latin1")
        try await admin.script(
            "CREATE DATABASE t_latin1 ENCODING latin1 LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        let connection = try await server.connect(database: "t_latin1")
        let error = await #expect(throws: MigrationError.self) {
            try await Migrator(files: released()).plan(on: connection)
        }
        #expect(error?.message == "The database t_latin1 has the encoding LATIN1; UTF8 is needed.")
    }
}

private func released() throws -> [MigrationFile] { try Migrator.load(directory: MigrationFolder.find()) }

private func first() throws -> MigrationFile {
    let files = try released()
    return try #require(files.first)
}

private func open(_ conninfo: String) async throws -> PostgresConnection {
    try await .connect(ConnectionSettings(conninfo), logger: quietLogger)
}

private func ledger(_ connection: PostgresConnection) async throws -> [String] {
    try await connection.query("SELECT name FROM assetlink.schema_version ORDER BY number").map { try $0.text(0) }
}

private func exists(_ relation: String, _ connection: PostgresConnection) async throws -> Bool {
    try await connection.query("SELECT to_regclass($1) IS NOT NULL", [.text(relation)]).first?.bool(0) ?? false
}

/// What was reported.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock(\.self) }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
