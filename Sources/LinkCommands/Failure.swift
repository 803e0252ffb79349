import LinkStore
import Postgres

/// Why a command could not answer: what happened, what to do, and how the program ends.
package struct Failure: Error, Sendable {
    /// How the program ends.
    package let exit: CommandExit
    /// What happened.
    package let message: String
    /// What to do about it.
    package let hint: String?

    /// Says both.
    package init(_ exit: CommandExit, _ message: String, hint: String? = nil) {
        self.exit = exit
        self.message = message
        self.hint = hint
    }

    /// Puts any error into words; nothing of it shows a value or a secret that the person did not give.
    init(_ error: any Error) {
        switch error {
        case let error as Failure: self = error
        case let error as MigrationError: self.init(error)
        case let error as SchemaMismatch:
            self.init(
                error.databaseIsNewer ? .databaseIsNewer : .schemaMismatch, error.message, hint: error.hint)
        case let error as PostgresError: self.init(error)
        case is CancellationError: self.init(.tryAgain, "Interrupted.")
        case let error as any CustomStringConvertible: self.init(.failed, Self.sentence(error.description))
        default: self.init(.failed, "Unexpected: \(error).")
        }
    }

    private init(_ error: MigrationError) {
        let exit: CommandExit =
            switch error.code {
            case .newer: .databaseIsNewer
            case .edited, .files, .foreign: .schemaMismatch
            case .unsupported: .failed
            case .busy: .tryAgain
            case .failed:
                switch error.underlying?.sqlState {
                case "42501": .permission
                case "55P03": .tryAgain
                default: .failed
                }
            }
        self.init(exit, error.message, hint: error.hint)
    }

    private init(_ error: PostgresError) {
        let text = Self.sentence(error.message)
        switch (error.code, error.sqlState) {
        case (.connectionFailed, _) where Self.isAboutIdentity(error):
            self.init(
                .permission, "PostgreSQL refused the login: \(text)",
                hint: error.hint ?? "Check the role and its password (~/.pgpass or a service file) and pg_hba.conf.")
        case (.connectionFailed, _)
        where error.message.contains("database \"") && error.message.contains("does not exist"):
            self.init(
                .unreachable, "PostgreSQL cannot be reached: \(text)",
                hint: "Create the database with createdb, or name another with --database.")
        case (.connectionFailed, _), (.timedOut, nil):
            self.init(
                .unreachable, "PostgreSQL cannot be reached: \(text)",
                hint: error.hint
                    ?? "Name the database with --database, or with PGHOST, PGPORT, PGDATABASE, as for psql.")
        case (.connectionLost, _), (_, "57P01"), (_, "57P02"), (_, "57P03"):
            self.init(.unreachable, "The connection to PostgreSQL was lost: \(text)", hint: "Try again.")
        case (.server, "42501"):
            self.init(
                .permission, text,
                hint: error.hint
                    ?? "Reading needs membership in assetlink_reader, acting in assetlink_operator: GRANT one of them.")
        case (.server, "42P01"), (.server, "42883"), (.server, "42703"), (.server, "3F000"):
            self.init(
                .schemaMismatch, text, hint: "Program and database do not fit. Run: assetlinkctl migrate --dry-run")
        case (.server, "55P03"), (.server, "57014"), (.server, "40001"), (.server, "40P01"),
            (.server, "55006"):
            self.init(.tryAgain, text, hint: error.hint ?? "Try again.")
        case (.server, "22004"), (.server, "22023"), (.server, "23514"), (.server, "42704"), (.server, "42809"),
            (.server, "54000"), (.server, "55000"),
            (.server, "P0001"), (.server, "P0002"):
            // Our functions refuse with these; what they say is meant for the caller.
            self.init(.problems, text, hint: error.hint)
        case (.server, let state?) where state.hasPrefix("22"):
            self.init(
                .usage, text, hint: error.hint ?? "Correct the argument; assetlinkctl help COMMAND shows examples.")
        default:
            self.init(.failed, text, hint: error.hint)
        }
    }

    /// libpq gives no SQLSTATE for what happens before the session stands.
    private static func isAboutIdentity(_ error: PostgresError) -> Bool {
        if let state = error.sqlState { return state.hasPrefix("28") }
        return ["authentication failed", "no password supplied", "pg_hba.conf", "role \"", "permission denied"]
            .contains { error.message.contains($0) }
    }

    /// One line with one full stop.
    private static func sentence(_ text: String) -> String {
        var line = text.split(whereSeparator: \.isNewline).map { $0.trimmed }.filter { !$0.isEmpty }.joined(
            separator: "; ")
        if let first = line.first, first.isLetter,
            line.dropFirst().prefix(while: \.isLetter).count > 1 || line.dropFirst().first == " "
        {
            line = first.uppercased() + line.dropFirst()
        }
        if let last = line.last, !".!?".contains(last) { line.append(".") }
        return line
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
