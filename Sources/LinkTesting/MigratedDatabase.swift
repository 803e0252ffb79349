package import Logging
import LinkStore
package import Postgres
import Synchronization

/// Makes a database with the whole schema and returns the keyword string that leads to it.
///
/// The migrations run once per process, into a template that each call copies. The database is named after the calling
/// test, and replaces the one that an earlier run left on a server that outlives the tests.
package func migratedDatabase(_ name: String = #function, file: String = #fileID) async throws -> String {
    let server = try await TestServer.shared()
    try await MigratedTemplate.ready.value
    let database = testDatabaseName(name, file)
    let connection = try await server.connect()
    try await connection.script("DROP DATABASE IF EXISTS \(database) WITH (FORCE)")
    try await connection.script("CREATE DATABASE \(database) TEMPLATE \(MigratedTemplate.name)")
    await connection.close()
    return server.conninfo(database: database)
}

/// A connection to a new database with the whole schema, for tests that need one session only.
package func migratedConnection(_ name: String = #function, file: String = #fileID) async throws -> PostgresConnection {
    try await .connect(ConnectionSettings(migratedDatabase(name, file: file)), logger: quietLogger)
}

/// Makes an empty database named after the calling test and returns the keyword string that leads to it.
package func emptyDatabase(_ name: String = #function, file: String = #fileID) async throws -> String {
    // The roles belong to the cluster: made once, by the template's migrations.
    try await MigratedTemplate.ready.value
    return try await TestServer.shared().createDatabase(named: testDatabaseName(name, file))
}

/// A logger that says nothing.
package let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// The database that is copied.
private enum MigratedTemplate {
    static let name = "assetlink_template"

    static let ready = Task<Void, any Error> {
        let conninfo = try await TestServer.shared().createDatabase(named: name)
        let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
        try await Migrator().apply(on: connection)
        // Nobody may be connected to what is copied.
        await connection.close()
    }
}

/// How often each name was asked for, as a test with arguments runs several times.
private let uses = Mutex<[String: Int]>([:])

/// A name of at most 63 letters, digits and underscores that needs no quotes.
private func testDatabaseName(_ function: String, _ file: String) -> String {
    let module = file.prefix { $0 != "/" }.filter(\.isUppercase)
    let source = file.split(separator: "/").last?.prefix { $0 != "." } ?? ""
    let readable = "\(module)_\(source)_\(function.prefix { $0 != "(" })".lowercased()
        .map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    let name = "t_" + String(readable.suffix(50))
    let use = uses.withLock { uses in
        uses[name, default: 0] += 1
        return uses[name, default: 1]
    }
    return use == 1 ? name : "\(name)_\(use)"
}
