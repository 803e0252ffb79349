import LinkStore
import Logging
package import Postgres

/// One run of a command: a database that fits, somebody who reads, and how they want it.
package struct Session: Sendable {
    /// The database.
    package let connection: PostgresConnection
    /// Who reads.
    package let console: Console
    /// Whether a program reads.
    package let json: Bool

    /// Connects as psql would.
    static func connect(_ options: CommonOptions, _ console: Console) async throws(PostgresError) -> Session {
        let connection = try await open(options)
        return Session(
            connection: connection, console: options.noColor ? console.withoutColours() : console, json: options.json)
    }

    /// One more connection to the same database.
    static func open(_ options: CommonOptions) async throws(PostgresError) -> PostgresConnection {
        let settings = ConnectionSettings(
            options.database, overrides: ["fallback_application_name": "assetlinkctl"])
        return try await .connect(settings, logger: Logger(label: "assetlinkctl") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Makes the session one that reads: names resolve to PostgreSQL's own only, and programs get UTC.
    func prepareToRead() async throws(PostgresError) {
        // Cursors of pages hold times as text. To compile a page's plan takes longer than the page.
        _ = try await connection.query(
            """
            SELECT set_config('search_path', 'pg_catalog, pg_temp', false), set_config('DateStyle', 'ISO', false),
                set_config('jit', 'off', false)
            """)
        if json {
            _ = try await connection.query(
                "SELECT set_config('TimeZone', 'UTC', false), set_config('IntervalStyle', 'iso_8601', false)")
        }
    }

    /// Runs a query.
    package func query(_ sql: String, _ parameters: [Parameter] = []) async throws(PostgresError) -> Rows {
        try await connection.query(sql, parameters)
    }

    /// Records what somebody decided; from then on an interrupt changes nothing of it.
    ///
    /// - Returns: the number that the call gave.
    func record(_ call: Statement, _ what: String) async throws -> Int64 {
        try await console.interruption.recording {
            guard let number = try await connection.query(call).first?.int8OrNil(0) else {
                throw Failure(.failed, "The database did not say under which number it took \(what).")
            }
            return number
        } done: {
            "Recorded under number \($0): the daemon takes it up by itself."
        }
    }

    /// Answers a program.
    package func answer(_ command: String, _ fields: [(String, JSON)]) {
        console.say(JSON.object([("schema", .string("assetlinkctl/\(command).v1"))] + fields).text)
    }

    /// Answers a person with prose, broken into lines that fit.
    package func tell(_ text: String) {
        for line in wrapped(text.harmless, to: console.width) { console.say(line) }
    }

    /// Answers a person with a table.
    package func show(_ table: Table) {
        for line in table.lines(width: console.width, style: console.style) { console.say(line) }
    }
}
