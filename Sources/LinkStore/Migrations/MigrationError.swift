package import Postgres

/// Why a database could not be brought to the version of this program.
package struct MigrationError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Sendable, Equatable {
        /// The files on disk cannot be used as they are.
        case files
        /// The server or the database is of a kind that is not supported.
        case unsupported
        /// A file that was applied is not the file that lies here.
        case edited
        /// The database has a migration that this program does not know.
        case newer
        /// There are schemas of our name that no migration made.
        case foreign
        /// Another migration is running.
        case busy
        /// A statement of a file failed.
        case failed
    }

    /// The kind of failure.
    package var code: Code
    /// What happened, in one line.
    package var message: String
    /// What to do about it.
    package var hint: String
    /// What the server said, for `failed` and `busy`.
    package var underlying: PostgresError?

    init(_ code: Code, _ message: String, hint: String, underlying: PostgresError? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.underlying = underlying
    }

    /// The message and the remedy; the text of a migration holds no secrets and no data.
    package var description: String { "\(message) HINT: \(hint)" }
}

/// How a number is written in a file's name and in messages: four digits.
func fourDigits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
