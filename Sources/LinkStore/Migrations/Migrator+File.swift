import Postgres

extension Migrator {
    /// The advisory lock under which one file at a time is applied: "assetlnk" in ASCII.
    private static let lock = "7022083123582889579"

    /// Makes the roles that are missing; what is right is left as it is.
    func makeRoles(on connection: PostgresConnection, retries: Int, backoff: Duration) async throws {
        guard !roles.isEmpty else { return }
        var attempt = 0
        while true {
            do {
                try await step(.roles) {
                    _ = try await connection.query("BEGIN")
                    _ = try await connection.query("SET LOCAL client_min_messages = warning")
                    _ = try await connection.pipeline(roles.map { Statement($0.sql, prepared: false) })
                    _ = try await connection.query("COMMIT")
                }
                return
            } catch let error as StepFailure {
                _ = try? await connection.query("ROLLBACK")
                guard error.isWorthRetrying, attempt < retries else { throw explained(roles: error.error) }
                attempt += 1
                try await Task.sleep(for: backoff * Double.random(in: 0.5...1))
            }
        }
    }

    private func explained(roles error: PostgresError) -> any Error {
        if error.isConnectionFailure { return error }
        let hint =
            error.sqlState == "42501"
            ? "Have a superuser run roles.sql once, which says how; then run this again."
            : (error.hint ?? "Run roles.sql by hand to see more.")
        return MigrationError(
            .failed, "The roles could not be made: \(error.message)", hint: hint, underlying: error)
    }

    /// Applies one file, again and again while locks are not granted; false when it had been applied meanwhile.
    func apply(
        _ file: MigrationFile, on connection: PostgresConnection, lockTimeout: Duration, retries: Int,
        backoff: Duration, report: (String) -> Void
    ) async throws -> Bool {
        var pause = backoff
        var attempt = 0
        while true {
            do {
                return try await attemptOnce(file, on: connection, lockTimeout: lockTimeout)
            } catch let error as StepFailure {
                // Whatever the rollback says, the first error is the one that counts.
                _ = try? await connection.query("ROLLBACK")
                guard error.isWorthRetrying, attempt < retries else {
                    throw try await explained(error, file, connection)
                }
                attempt += 1
                let holder = error.step == .lock ? try await lockHolder(connection) : nil
                report(
                    "\(file.name): \(holder.map { "waiting for \($0)" } ?? "a lock was not granted in time"), "
                        + "try \(attempt) of \(retries)")
                try await Task.sleep(for: pause * Double.random(in: 0.5...1))
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    private func attemptOnce(
        _ file: MigrationFile, on connection: PostgresConnection, lockTimeout: Duration
    ) async throws -> Bool {
        try await step(.begin) {
            _ = try await connection.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
            _ = try await connection.query(
                """
                SELECT set_config('lock_timeout', $1, true), set_config('search_path', 'pg_catalog, pg_temp', true),
                    set_config('client_min_messages', 'warning', true)
                """, [.text("\(milliseconds(lockTimeout))ms")])
        }
        try await step(.lock) { _ = try await connection.query("SELECT pg_advisory_xact_lock(\(Self.lock))") }
        // Read again, now that nobody else can write it.
        let applied = try await Ledger.read(on: connection)
        guard try MigrationPlan(files: files, applied: applied).pending.contains(file) else {
            _ = try await connection.query("ROLLBACK")
            return false
        }
        try await step(.file) {
            try await lockTables(of: file, on: connection, within: lockTimeout)
            _ = try await connection.pipeline(file.statements.map { Statement($0.sql, prepared: false) })
        }
        try await step(.ledger) {
            _ = try await connection.pipeline(Ledger.record(file))
            _ = try await connection.query("COMMIT")
        }
        return true
    }

    /// Takes every lock that the file is known to need, all within one timeout.
    ///
    /// Statement by statement, a file would hold its first locks while it waits for each of the next ones, and writers
    /// with it.
    private func lockTables(
        of file: MigrationFile, on connection: PostgresConnection, within limit: Duration
    ) async throws {
        var made: Set<String> = []
        let touches = try await forecast(file, &made, on: connection).touches.filter {
            $0.lock >= .share && $0.isOurTable
        }
        guard !touches.isEmpty else { return }
        let end = ContinuousClock.now + limit
        _ = try await connection.query("SET LOCAL ROLE assetlink_owner")
        for touch in touches {
            let left = max(.milliseconds(1), end - ContinuousClock.now)
            _ = try await connection.query(
                "SELECT set_config('lock_timeout', $1, true)", [.text("\(milliseconds(left))ms")])
            _ = try await connection.query(
                Statement("LOCK TABLE ONLY \(touch.relation) IN \(touch.lock.rawValue) MODE", prepared: false))
        }
        _ = try await connection.query(
            "SELECT set_config('lock_timeout', $1, true), set_config('role', 'none', true)",
            [.text("\(milliseconds(limit))ms")])
    }

    private func step(_ step: StepFailure.Step, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as PostgresError {
            throw StepFailure(step: step, error: error)
        }
    }

    private func explained(_ failure: StepFailure, _ file: MigrationFile, _ connection: PostgresConnection) async throws
        -> any Error
    {
        let error = failure.error
        if error.isConnectionFailure { return error }
        if failure.step == .lock {
            return MigrationError(
                .busy, "Another migration is running: \(try await lockHolder(connection) ?? "it has just ended").",
                hint: "Run assetlinkctl migrate again when it is done.", underlying: error)
        }
        let statement = failure.step == .file ? error.statementIndex.map { file.statements[$0] } : nil
        let place = statement.map { ", line \($0.line(at: error.position))" } ?? ""
        let number = error.statementIndex.map { " (statement \($0 + 1) of \(file.statements.count))" } ?? ""
        return MigrationError(
            .failed, "\(file.name)\(place)\(failure.step == .file ? number : ""): \(error.message)",
            hint: hint(for: error), underlying: error)
    }

    private func hint(for error: PostgresError) -> String {
        let tail = "This file was rolled back; those before it stay applied."
        switch error.sqlState {
        case "42501":
            return "Run it as a superuser, or as a role with CREATEROLE that may create schemas in this database. "
                + tail
        case "55P03":
            return "Somebody holds a lock on an object that it changes; find out with pg_locks and run it again. "
                + tail
        default:
            return (error.hint.map { $0 + " " } ?? "") + tail
        }
    }

    /// Who applies migrations at this moment, in words; nil when nobody does.
    private func lockHolder(_ connection: PostgresConnection) async throws -> String? {
        try await connection.query(
            """
            SELECT concat('process ', l.pid, ', role ', a.usename, ', ' || nullif(a.application_name, ''),
                ', from ' || host(a.client_addr), ', since ' || to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ'))
            FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
                AND (l.classid::bigint << 32 | l.objid::bigint) = \(Self.lock)
            """
        ).first?.text(0)
    }

    private func milliseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return max(1, seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }
}

/// What the server refused, and what we were about to do.
private struct StepFailure: Error {
    enum Step { case roles, begin, lock, file, ledger }

    let step: Step
    let error: PostgresError

    /// What migrations of several databases of one cluster may write at the same moment: roles, memberships, comments.
    private static let sharedByAll = [
        "pg_authid_rolname_index", "pg_auth_members_role_member_index", "pg_auth_members_member_role_index",
        "pg_auth_members_oid_index", "pg_shdescription_o_c_index",
    ]

    /// A lock that was not granted, a deadlock, or a role that another database's migration is making at this moment:
    /// the same again later may work.
    var isWorthRetrying: Bool {
        switch error.sqlState {
        case "55P03", "40P01": true
        case "42710": step == .roles
        case "23505": error.constraint.map { Self.sharedByAll.contains($0) } ?? false
        case "XX000": error.message.hasPrefix("tuple concurrently")
        default: false
        }
    }
}
