import Postgres

extension Lease {
    /// Ends the session of a leader that stands still within a transaction.
    ///
    /// It holds the next batch's number and the rows it wrote, and would keep its successor from every batch for as long
    /// as it stands. It could not have committed under its epoch; those who stand by have no transaction open.
    func endPredecessor(_ connection: PostgresConnection) async throws(PostgresError) {
        _ = try await connection.query(
            """
            SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
            WHERE datname = current_database() AND usename = current_user AND application_name = 'assetlinkd work'
                AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'
            """)
    }
}
