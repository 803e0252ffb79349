import LinkStore
import Logging
import Postgres

/// What is checked before a daemon says that it is ready; it sets nothing in the session before it knows whose that is.
struct StartCheck {
    let connection: PostgresConnection
    /// One more connection by the same way.
    let connectAgain: () async throws -> PostgresConnection

    /// - Returns: the number of the server process behind the connection.
    /// - Throws: ``StartError`` when something does not fit, ``PostgresError`` when the database cannot be asked.
    func run() async throws -> Int32 {
        let serverPID = try await serverProcess()
        try await checkPooler(serverPID)
        // The session is ours: from here on nothing of what others put on the search path is called.
        try await connection.script(BatchEngine.searchPath)
        let rows = try await connection.query(
            """
            SELECT pg_is_in_recovery(), current_setting('server_encoding'),
                   EXISTS (
                       SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                       WHERE n.nspname = 'assetlink_internal' AND c.relname = 'batch'),
                   current_setting('transaction_read_only') = 'on', s.value
            FROM (SELECT set_config('application_name', CASE
                WHEN pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'
                THEN 'assetlinkd waiting' ELSE 'assetlinkd work' END, false)) AS s (value)
            """)
        guard let row = rows.first else { throw StartError("the database did not answer the start-up check") }
        if try row.bool(0) || row.bool(3) {
            throw Self.readOnly
        }
        guard try row.text(1) == "UTF8" else {
            throw StartError("the database's encoding is \(try row.text(1)); make one with ENCODING 'UTF8'")
        }
        guard try row.bool(2) else {
            throw StartError("the database has no assetlink schema; run: assetlinkctl migrate", exit: .schemaMismatch)
        }
        try await checkPrivileges()
        try await Schema.require(on: connection)
        try await Lineage(connection: connection).check()
        return serverPID
    }

    private static var readOnly: StartError {
        StartError("the database is a standby or read-only; waiting for its promotion", isPassing: true)
    }

    private func serverProcess() async throws -> Int32 {
        let rows = try await connection.query(Statement("SELECT pg_catalog.pg_backend_pid()", prepared: false))
        guard let row = rows.first else { throw StartError("the database did not answer the start-up check") }
        return try row.int4(0)
    }

    private func checkPooler(_ serverPID: Int32) async throws {
        // A pooler makes numbers of its own up.
        guard serverPID != connection.backendPID else { return }
        let other = try await connectAgain()
        let check = PoolerCheck(connection: connection, other: other, channel: "assetlink_pooler_\(serverPID)")
        let hasSession: Bool
        do {
            hasSession = try await check.hasSession()
        } catch {
            await other.close()
            // A standby neither listens nor notifies.
            guard (error as? PostgresError)?.sqlState == "25006" else { throw error }
            throw Self.readOnly
        }
        await other.close()
        guard hasSession else {
            throw StartError(
                "a transaction pooler stands between, which keeps neither LISTEN nor settings nor prepared statements; "
                    + "connect to PostgreSQL directly, or through a pool of whole sessions (pool_mode = session)",
                exit: .pooler)
        }
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
            throw StartError(
                "\(user) may not do the daemon's work; run: GRANT assetlink_daemon TO \"\(user)\"", exit: .permission)
        }
    }
}
