/// How the program ends; documented in its help.
package enum CommandExit: Int32, Sendable {
    /// Done, and nothing is wrong.
    case success = 0
    /// The answer is no: degraded, a check found problems, no such record, or the act was refused.
    case problems = 1
    /// The database could not do it.
    case failed = 2
    /// The database cannot be reached.
    case unreachable = 3
    /// The role may not do it, or could not prove who it is.
    case permission = 4
    /// The database lacks migrations, or the files of migrations are not those of this release.
    case schemaMismatch = 5
    /// The database is of a newer release.
    case databaseIsNewer = 6
    /// Nobody can tell: what the answer depends on is not known.
    case unknown = 10
    /// Wrong arguments.
    case usage = 64
    /// Somebody is in the way; the same later may work.
    case tryAgain = 75

    /// The table for the help.
    package static let explanation = """
        Exit codes:
          0   done, and nothing is wrong
          1   the answer is no: degraded, problems found, no such record, act refused
          2   the database could not do it, or a migration failed
          3   the database cannot be reached
          4   permission denied, or authentication failed
          5   the schema does not fit: not migrated, older, or changed migration files
          6   the database is of a newer release than this program
          10  nobody can tell (impact of an asset that nothing is known about)
          64  wrong arguments
          75  somebody is in the way (another migration, a lock): try again
          130 interrupted by Ctrl-C (143 by SIGTERM); what was done by then is said
        """
}
