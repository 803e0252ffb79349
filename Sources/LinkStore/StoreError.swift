package import Postgres

/// What can go wrong in a batch beside the database's own errors.
package enum StoreError: Error {
    /// Our own rows are not as we wrote them.
    case corrupt(String)
    /// Another daemon has the lease.
    case lostLease
    /// The database's schema is not the one this daemon knows.
    case schemaMismatch(String)
    /// The breaker: this source would end too many links.
    case breaker(source: Int32, ending: Int, window: Int, limit: Int)
    /// The breaker: the rules in force end too many links, of this source or (`nil`) of all together.
    case activationBreaker(source: Int32?, ended: Int, limit: Int)
    /// The source's query no longer plans.
    case brokenSource(source: Int32, PostgresError)
    /// The tables of a source are locked by their owner just now.
    case sourcesLocked
    /// The set of tables to lock has changed since the last batch.
    case tablesChanged
    /// A trial of part of a batch went through; it is rolled back all the same.
    case trialSucceeded
    /// The cursor in memory is not the newest row.
    case staleCursor
    /// A part of the audit was detached while it was read.
    case auditDetached
}
