/// How the daemon ends.
///
/// `deploy/docs/service.md` has the table. The numbers that `assetlinkctl` has too mean the same.
package enum DaemonExit: Int32, Sendable {
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
