/// How the daemon ends.
///
/// `deploy/docs/service.md` has the table. The numbers that `assetlinkctl` has too mean the same.
package enum DaemonExit: Int32, CaseIterable, Sendable {
    /// The database cannot be worked with: its encoding, or something unforeseen.
    case failed = 2
    /// The role lacks what the daemon needs.
    case permission = 4
    /// The database was never migrated, or is older than this program.
    case schemaMismatch = 5
    /// The database is of a newer release.
    case databaseIsNewer = 6
    /// The database is a copy of another one: `assetlinkctl rebase`.
    case foreignLineage = 7
    /// A transaction pooler stands between.
    case pooler = 8
    /// The configuration is not right; nothing was begun.
    case configuration = 78

    /// What it says to whoever started the program.
    package var meaning: String {
        switch self {
        case .failed: "the database cannot be worked with: its encoding is not UTF8"
        case .permission: "the role may not do the daemon's work"
        case .schemaMismatch: "the database was never migrated, or is older than the program: assetlinkctl migrate"
        case .databaseIsNewer: "the database is of a newer release than the program"
        case .foreignLineage: "the database is a copy of another one: assetlinkctl rebase"
        case .pooler: "a transaction pooler stands between"
        case .configuration: "a setting is not right, or its file cannot be read: everything that is wrong is said"
        }
    }
}

/// Why a daemon cannot work with a database, in words that say what to do.
package struct StartError: Error, CustomStringConvertible {
    package let description: String
    /// How the program ends.
    package let exit: DaemonExit
    /// Waiting helps: a standby may be promoted.
    let isPassing: Bool

    init(_ description: String, exit: DaemonExit = .failed, isPassing: Bool = false) {
        self.description = description
        self.exit = exit
        self.isPassing = isPassing
    }
}
