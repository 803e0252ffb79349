package import ArgumentParser
import Glibc
import LinkConfiguration
import LinkStore
import Postgres

/// What somebody who helps from afar needs to know, as a file.
package struct SupportBundle: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "support-bundle",
        abstract: "Write what somebody who helps needs to know to a file, without records and without secrets.",
        discussion: """
            One JSON object a line, each with the name of its section: versions, state of the daemon and of each source, \
            alarms, counts, settings, sizes, use of indexes, sessions. Names of tables, roles and sources are in it; no \
            record, no identifier, no text of a query or of an error, no password. A section that this role may not read \
            says so. The file is readable by its owner only, and is never overwritten.

            Example: assetlinkctl support-bundle --config /etc/assetlinkd/assetlinkd.yaml assetlinkd.ndjson

            JSON: schema assetlinkctl/support-bundle.v1, fields file, sections and unreadable (sections that this role \
            may not read).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Option(
        help: ArgumentHelp(
            "The daemon's configuration file: its settings are added, without secrets.", valueName: "file"))
    var config: String?
    @Argument(help: "The file, which is not there yet.") var file: String

    /// What the parser makes.
    package init() {}

    /// Writes it.
    package func execute(_ session: Session) async throws -> CommandExit {
        guard access(file, F_OK) != 0 else { throw Failure(.usage, "\(file) is there already.") }
        var lines = [
            JSON.object([
                ("section", .string("program")), ("version", .string(Schema.programVersion)),
                ("schema", .integer(Int64(Schema.expectedVersion))),
            ])
        ]
        var unreadable: [String] = []
        for (name, sql) in SupportFacts.sections {
            var fields: [(String, JSON)] = [("section", .string(name))]
            do {
                let rows = try await session.query("SELECT to_json(x)::text FROM (\(sql)) AS x")
                fields.append(("rows", .array(try rows.map { .raw(try $0.text(0)) })))
            } catch let error as PostgresError where error.sqlState == "42501" {
                unreadable.append(name)
                fields.append(("unreadable", .bool(true)))
            }
            lines.append(.object(fields))
        }
        if let config { lines.append(settings(config)) }
        do {
            // Before the file has its name nobody else may look into it.
            let mask = umask(0o077)
            defer { umask(mask) }
            var writer = try LineWriter(path: file)
            for line in lines { try writer.write(line.text) }
            try writer.finish()
        } catch {
            throw Failure(.failed, "\(error).")
        }
        if session.json {
            session.answer(
                "support-bundle",
                [
                    ("file", .string(file)), ("sections", .integer(Int64(lines.count))),
                    ("unreadable", .array(unreadable.map { .string($0) })),
                ])
        } else {
            session.tell("\(file): \(lines.count) sections. Read it before you send it.")
            if !unreadable.isEmpty {
                session.tell("This role may not read: \(unreadable.joined(separator: ", ")).")
            }
        }
        return .success
    }

    /// The settings as `assetlinkd --print-config` shows them, or what is wrong with them; neither quotes a secret.
    private func settings(_ config: String) -> JSON {
        do throws(Configured.Problems) {
            let printed = PrintedConfiguration.inForce(try ConfigurationSource(file: config, flags: [:]).read())
            return .object([("section", .string("configuration")), ("in_force", .string(printed))])
        } catch {
            return .object([
                ("section", .string("configuration")), ("problems", .array(error.list.map { .string($0.harmless) })),
            ])
        }
    }
}

/// The sections that are read from the database: columns by name, so that no text of a record or an error comes along.
private enum SupportFacts {
    static let sections: [(name: String, sql: String)] = [
        (
            "server",
            """
            SELECT version() AS version, now() AS at, pg_postmaster_start_time() AS started_at,
                pg_is_in_recovery() AS is_standby, pg_database_size(current_database()) AS bytes,
                pg_encoding_to_char(d.encoding) AS encoding, d.datcollate, age(d.datfrozenxid) AS frozen_age,
                pg_notification_queue_usage() AS notification_queue
            FROM pg_database AS d WHERE d.datname = current_database()
            """
        ),
        ("migrations", "SELECT number, name, sha256, applied_at FROM assetlink.schema_version ORDER BY number"),
        ("daemon", "SELECT * FROM assetlink.daemon_status"),
        (
            "sources",
            """
            SELECT source, side, kind, status, records, backlog, oldest_unprocessed_age, last_applied_at,
                last_applied_lag, held_changes, attached_at, detached_at
            FROM assetlink.feed_status ORDER BY source
            """
        ),
        ("alarms", "SELECT severity, alarm, count(*) AS count FROM assetlink.alarm GROUP BY 1, 2 ORDER BY 1, 2"),
        ("coverage", "SELECT * FROM assetlink.coverage"),
        (
            "dead_letters",
            """
            SELECT source, feed, error_code, replayed_at IS NULL AS is_open, count(*) AS count, min(at) AS first,
                max(at) AS last
            FROM assetlink.dead_letter GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
            """
        ),
        ("settings", "SELECT * FROM assetlink.setting ORDER BY 1"),
        (
            "server_settings",
            """
            SELECT name, setting, unit, source FROM pg_settings
            WHERE name IN ('server_version', 'shared_buffers', 'work_mem', 'max_connections', 'fsync', 'wal_level',
                'synchronous_commit', 'synchronous_standby_names', 'full_page_writes', 'max_prepared_transactions',
                'track_commit_timestamp', 'default_transaction_isolation', 'default_transaction_read_only',
                'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'autovacuum',
                'random_page_cost', 'effective_cache_size', 'jit', 'session_replication_role', 'TimeZone')
            ORDER BY name
            """
        ),
        (
            "tables",
            """
            SELECT schemaname, relname, n_live_tup, n_dead_tup, n_tup_hot_upd, n_tup_upd, seq_scan, seq_tup_read,
                pg_total_relation_size(relid) AS bytes, last_vacuum, last_autovacuum, last_analyze, last_autoanalyze
            FROM pg_stat_user_tables WHERE schemaname LIKE 'assetlink%' ORDER BY schemaname, relname
            """
        ),
        (
            "indexes",
            """
            SELECT schemaname, relname, indexrelname, idx_scan, idx_tup_read, idx_tup_fetch,
                pg_relation_size(indexrelid) AS bytes
            FROM pg_stat_user_indexes WHERE schemaname LIKE 'assetlink%' ORDER BY schemaname, relname, indexrelname
            """
        ),
        (
            "sessions",
            """
            SELECT pid, usename, application_name, backend_type, state, wait_event_type, wait_event, backend_start,
                xact_start, state_change, backend_xmin, cardinality(pg_blocking_pids(pid)) AS blocked_by
            FROM pg_stat_activity WHERE datname = current_database() ORDER BY pid
            """
        ),
        (
            "roles",
            """
            SELECT g.rolname AS role, m.rolname AS member
            FROM pg_auth_members AS a
            JOIN pg_roles AS g ON g.oid = a.roleid
            JOIN pg_roles AS m ON m.oid = a.member
            WHERE g.rolname LIKE 'assetlink%' ORDER BY 1, 2
            """
        ),
    ]
}
