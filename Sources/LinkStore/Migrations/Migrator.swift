package import Postgres

/// Brings a database to the version of this program, one file and one transaction at a time.
package struct Migrator: Sendable {
    /// What makes the schema, in order.
    package let files: [MigrationFile]
    /// What makes the roles; empty: the files themselves make what they need.
    let roles: [MigrationStatement]

    /// Takes the files that make the schema, in order, and the script of the roles.
    package init(files: [MigrationFile], roles: [MigrationStatement] = []) {
        self.files = files
        self.roles = roles
    }

    /// What lies in a folder: its migrations, and `roles.sql` beside it.
    package init(directory: String = MigrationFolder.find()) throws(MigrationError) {
        self.init(files: try Self.load(directory: directory), roles: try Self.loadRoles(beside: directory))
    }

    /// Compares the files with the database; changes nothing.
    package func plan(on connection: PostgresConnection) async throws -> MigrationPlan {
        try await requireSupportedServer(connection)
        return try MigrationPlan(files: files, applied: try await Ledger.read(on: connection))
    }

    /// Applies what is missing.
    ///
    /// Each file runs in a transaction of its own and is written into the ledger by it, so a failure takes back that
    /// file only. A lock that is not granted within `lockTimeout` ends the attempt, not the wait: nobody queues up
    /// behind us for longer. `report` gets one line per step.
    package func apply(
        on connection: PostgresConnection, lockTimeout: Duration = .seconds(1), retries: Int = 20,
        backoff: Duration = .milliseconds(100), dryRun: Bool = false, report: (String) -> Void = { _ in }
    ) async throws {
        let plan = try await plan(on: connection)
        if !dryRun { try await makeRoles(on: connection, retries: retries, backoff: backoff) }
        if plan.pending.isEmpty {
            report("The schema is up to date: version \(plan.version).")
            return
        }
        for file in plan.pending {
            if dryRun {
                report("would apply \(file.name) (\(file.statements.count) statements)")
                continue
            }
            let applied = try await apply(
                file, on: connection, lockTimeout: lockTimeout, retries: retries, backoff: backoff, report: report)
            report(applied ? "applied \(file.name)" : "\(file.name) was just applied by somebody else")
        }
        if dryRun {
            report("Nothing was changed: this was a dry run.")
        } else {
            report("The schema is up to date: version \(plan.pending.last?.number ?? 0).")
        }
    }

    private func requireSupportedServer(_ connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            """
            SELECT current_setting('server_version_num')::integer, current_setting('server_version'),
                current_setting('server_encoding'), current_database()::text, pg_is_in_recovery()
            """)
        guard let row = rows.first else { return }
        if try row.int4(0) < 150_000 {
            throw MigrationError(
                .unsupported, "The server is PostgreSQL \(try row.text(1)); 15 or newer is needed.",
                hint: "Upgrade the server, or use another one.")
        }
        if try row.text(2) != "UTF8" {
            throw MigrationError(
                .unsupported, "The database \(try row.text(3)) has the encoding \(try row.text(2)); UTF8 is needed.",
                hint: "Make one with: createdb --encoding=UTF8 --template=template0 NAME")
        }
        if try row.bool(4) {
            throw MigrationError(
                .unsupported, "The server is a standby, which cannot be migrated.",
                hint:
                    "Connect to the primary: name all hosts and target_session_attrs=read-write."
            )
        }
    }
}
