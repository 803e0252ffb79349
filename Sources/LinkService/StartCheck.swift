import LinkStore
import Logging
import Postgres

/// Why a daemon cannot work with a database, in words that say what to do.
package struct StartError: Error, CustomStringConvertible {
    package let description: String
    /// Waiting helps: a standby may be promoted, a schema migrated.
    let isPassing: Bool

    init(_ description: String, isPassing: Bool = false) {
        self.description = description
        self.isPassing = isPassing
    }
}

/// What is checked before a daemon says that it is ready.
struct StartCheck {
    let connection: PostgresConnection

    /// - Throws: ``StartError`` when something does not fit, ``PostgresError`` when the database cannot be asked.
    func run() async throws {
        let rows = try await connection.query(
            """
            SELECT pg_is_in_recovery(), current_setting('server_encoding'),
                   EXISTS (
                       SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                       WHERE n.nspname = 'assetlink_internal' AND c.relname = 'batch'),
                   current_setting('transaction_read_only') = 'on'
            """)
        guard let row = rows.first else { throw StartError("the database did not answer the start-up check") }
        if try row.bool(0) || row.bool(3) {
            throw StartError("the database is a standby or read-only; waiting for its promotion", isPassing: true)
        }
        guard try row.text(1) == "UTF8" else {
            throw StartError("the database's encoding is \(try row.text(1)); make one with ENCODING 'UTF8'")
        }
        guard try row.bool(2) else {
            throw StartError("the database has no assetlink schema; run: assetlinkctl migrate")
        }
        try await checkPrivileges()
        try await Schema.require(on: connection)
        try await checkLineage()
    }

    private func checkPrivileges() async throws {
        let rows = try await connection.query(
            """
            SELECT pg_has_role(current_user, 'assetlink_daemon', 'USAGE'),
                   has_table_privilege(c.oid, 'INSERT'), current_user::text
            FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = 'assetlink_internal' AND c.relname = 'batch'
            """)
        guard let row = rows.first, try row.bool(0), try row.bool(1) else {
            let user = try rows.first?.text(2) ?? "the login role"
            throw StartError("\(user) may not do the daemon's work; run: GRANT assetlink_daemon TO \"\(user)\"")
        }
    }

    /// A cursor ahead of the cluster means another cluster: a restored dump or a copy (engine point 15).
    private func checkLineage() async throws {
        let rows = try await connection.query(
            """
            SELECT coalesce((
                SELECT pg_snapshot_xmax(snapshot) > pg_snapshot_xmax(pg_current_snapshot())
                FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1), false)
            """)
        if try rows.first?.bool(0) == true {
            throw StartError(
                "the cursor is ahead of this cluster's transactions: the database was restored from a dump or copied. "
                    + "Its log must not be trusted; delete the rows of assetlink_internal.batch's ranges only with care "
                    + "and resync every source")
        }
    }
}
