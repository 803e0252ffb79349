package import Postgres

/// The version of the database that this program is written for.
package enum Schema {
    /// The version of this program.
    package static let programVersion = "0.1.0"

    /// The number of the newest migration; a test compares it with the files.
    package static let expectedVersion = 57

    /// The number of the newest migration that the database has; nil when it was never migrated.
    package static func version(on connection: PostgresConnection) async throws(PostgresError) -> Int? {
        guard try await Ledger.exists(on: connection) else { return nil }
        return try await connection.query("SELECT max(number) FROM assetlink.schema_version").first?.int8OrNil(0)
            .map { Int($0) }
    }

    /// Refuses a database of another version, unless it is newer and its migrations say that this program works with it.
    package static func require(on connection: PostgresConnection) async throws {
        let version = try await version(on: connection)
        guard let version, version > expectedVersion else {
            if version != expectedVersion { throw SchemaMismatch(version: version) }
            return
        }
        if let name = try await Ledger.firstUnusable(by: expectedVersion, on: connection) {
            throw SchemaMismatch(version: version, unusable: name)
        }
    }
}

/// The database is not of the version that this program is written for.
package struct SchemaMismatch: Error, Sendable, Equatable, CustomStringConvertible {
    /// The version of the database; nil when it was never migrated.
    package let version: Int?
    /// The first migration with which this program does not work; `nil` when the database is older.
    package var unusable: String?
    /// The version of this program.
    package var expected: Int { Schema.expectedVersion }
    /// Whether the program is the older of the two.
    package var databaseIsNewer: Bool { version.map { $0 > expected } ?? false }

    /// What is wrong, in one line.
    package var message: String {
        guard let version else { return "The database has no assetlink schema: it was never migrated." }
        let since = unusable.map { "; it does not work with \($0)" } ?? ""
        return "The database is at schema version \(version), this program needs \(expected)\(since)."
    }

    /// What to do about it.
    package var hint: String {
        databaseIsNewer ? "Use the release that migrated the database." : "Run: assetlinkctl migrate"
    }

    /// The message and the remedy.
    package var description: String { "\(message) HINT: \(hint)" }
}
