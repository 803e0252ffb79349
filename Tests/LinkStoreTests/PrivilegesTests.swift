import LinkStore
import LinkTesting
import Postgres
import Testing

/// Who may do what.
///
/// The exact sets are in `sql/tests/privileges_expected.sql`.
@Suite struct PrivilegesTests {
    private static let folder = MigrationFolder.find() + "/../tests"

    /// Exact privileges, owners, comments, search paths, and that the audit stays as it was written.
    @Test(arguments: ["privileges", "shape", "audit_rows"])
    func pgTAPHasNothingToSay(_ file: String) async throws {
        let database = try await migratedDatabase("pgtap_\(file)")
        let connection = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
        guard try await hasPgTAP(connection) else { return }
        let failures = try await PgTAP.failures(of: file, in: Self.folder, on: database)
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    private func hasPgTAP(_ connection: PostgresConnection) async throws -> Bool {
        let isThere = try await PgTAP.isThere(connection)
        if !isThere { print(PgTAP.absence) }
        return isThere
    }

    /// What each of those tests is there for: a broken variant, and the test that must find it.
    private static let controls: [(file: String, broken: String, finds: [String])] = [
        ("privileges", "GRANT UPDATE ON assetlink_internal.audit TO assetlink_daemon", ["may use each table"]),
        ("privileges", "REVOKE SELECT ON assetlink.ci_state FROM assetlink_reader", ["may use each view"]),
        ("privileges", "CREATE TABLE assetlink_internal.more (a integer)", ["may use each table"]),
        ("privileges", "DROP VIEW assetlink.daemon_status", ["may use each view"]),
        ("privileges", "GRANT SELECT (at) ON assetlink_internal.audit TO assetlink_reader", ["may use each column"]),
        (
            "privileges", "GRANT UPDATE ON SEQUENCE assetlink_internal.audit_audit_id_seq TO assetlink_daemon",
            ["may use each sequence"]
        ),
        (
            "privileges", "GRANT EXECUTE ON FUNCTION assetlink.rebase TO PUBLIC",
            ["may use each function", "PUBLIC has nothing"]
        ),
        (
            "privileges", "GRANT EXECUTE ON FUNCTION assetlink.rebase TO assetlink_reader WITH GRANT OPTION",
            ["may use each function"]
        ),
        ("privileges", "CREATE DOMAIN assetlink.word AS text", ["may use each type"]),
        ("privileges", "GRANT CREATE ON SCHEMA assetlink TO assetlink_daemon", ["may use each schema"]),
        ("privileges", "GRANT assetlink_owner TO assetlink_daemon", ["may use each role"]),
        ("privileges", "ALTER ROLE assetlink_reader CREATEDB", ["may use each role"]),
        ("privileges", "ALTER ROLE assetlink_daemon SET row_security = on", ["may use each role"]),
        ("privileges", "REVOKE DELETE ON assetlink_internal.audit FROM assetlink_owner", ["may use each table"]),
        (
            "privileges", "ALTER DEFAULT PRIVILEGES FOR ROLE assetlink_owner GRANT SELECT ON TABLES TO PUBLIC",
            ["may use each default"]
        ),
        ("privileges", "GRANT CREATE ON DATABASE pg_temp_database TO assetlink_daemon", ["of another kind"]),
        (
            "privileges", "GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO assetlink_daemon",
            ["may use each function"]
        ),
        (
            "shape", "ALTER FUNCTION assetlink.pin SET search_path = assetlink, pg_catalog",
            ["SECURITY DEFINER function has pg_catalog first", "fixes its search path"]
        ),
        ("shape", "ALTER FUNCTION assetlink_internal.attach RESET search_path", ["fixes its search path"]),
        ("shape", "ALTER TABLE assetlink.setting OWNER TO postgres", ["everything belongs"]),
        ("shape", "ALTER ROLE assetlink_operator LOGIN", ["nobody logs in"]),
        ("shape", "GRANT CREATE ON SCHEMA public TO PUBLIC", ["may create objects anywhere"]),
        ("shape", "COMMENT ON TABLE assetlink.setting IS NULL", ["every table, view, index"]),
        ("shape", "CREATE INDEX more ON assetlink_internal.audit (actor)", ["every table, view, index"]),
        ("shape", "ALTER TABLE assetlink_internal.audit ADD COLUMN more text", ["every column"]),
        ("shape", "COMMENT ON FUNCTION assetlink.pin IS ' '", ["every function has a comment"]),
        ("shape", "COMMENT ON TRIGGER never_rewritten ON assetlink_internal.audit IS NULL", ["every trigger"]),
        ("shape", "CREATE DOMAIN assetlink.word AS text", ["every schema, type and domain"]),
        ("shape", "COMMENT ON ROLE assetlink_emitter IS NULL", ["every role has a comment"]),
        (
            "audit_rows", "GRANT DELETE ON assetlink_internal.audit TO assetlink_daemon",
            ["the daemon is refused: DELETE FROM assetlink_internal.audit"]
        ),
        (
            "audit_rows", "ALTER TABLE assetlink_internal.audit ENABLE TRIGGER never_rewritten",
            ["triggers hold for replication: UPDATE", "switched on always"]
        ),
        (
            "audit_rows", "ALTER TABLE assetlink_internal.batch DISABLE TRIGGER never_rewritten",
            ["the owner too is refused: DELETE FROM assetlink_internal.batch"]
        ),
        (
            "audit_rows", "GRANT SET ON PARAMETER session_replication_role TO assetlink_daemon",
            ["the daemon is refused: SET session_replication_role"]
        ),
        (
            "audit_rows", "GRANT assetlink_owner TO assetlink_daemon",
            ["no role of ours is a member of the owner", "the daemon is refused: ALTER TABLE"]
        ),
    ]

    @Test func pgTAPFindsWhatIsBroken() async throws {
        let database = try await migratedDatabase()
        let connection = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
        guard try await hasPgTAP(connection) else { return }
        let name = try await connection.query("SELECT current_database()::text").first?.text(0) ?? ""
        for control in Self.controls {
            let failures = try await PgTAP.failures(
                of: control.file, in: Self.folder, on: database,
                broken: control.broken.replacing("pg_temp_database", with: name))
            for words in control.finds {
                #expect(
                    failures.contains { $0.contains(words) },
                    "\(control.file), \(control.broken): \(failures.joined(separator: "\n"))")
            }
        }
    }

    @Test(arguments: ["assetlink_reader", "assetlink_operator", "assetlink_daemon"])
    func everyPublicRelationCanBeRead(_ role: String) async throws {
        let connection = try await migratedConnection()
        try await connection.script("SET ROLE \(role)")
        let relations = try await connection.query(
            """
            SELECT c.relname::text FROM pg_class AS c
            WHERE c.relnamespace = 'assetlink'::regnamespace AND c.relkind IN ('r', 'v') ORDER BY c.relname
            """
        ).map { try $0.text(0) }
        #expect(relations.count > 40)
        for relation in relations + ["links_as_of(now())"] {
            #expect(try await connection.query("SELECT * FROM assetlink.\(relation) LIMIT 1").count <= 1)
        }
    }

    @Test func everyRelationOfTheContractHasItsColumnsInOrder() async throws {
        let connection = try await migratedConnection()
        let figures = [
            "eligible_cis", "paired_cis", "orphaned_cis", "conflicted_cis", "excluded_cis", "unlinked_assets",
            "open_conflicts",
            "stale_links", "automatic_links", "manual_links", "coverage_percent", "target_percent", "target_met",
            "orphans_by_reason",
        ]
        for (relation, columns) in [
            (
                "ci_state",
                [
                    "ci_source", "ci_id", "ci_class", "name", "state", "reason", "since", "asset_source", "asset_id",
                    "link_id",
                    "method", "rule", "entry_priority", "matched_on", "inherited_asset_id", "last_discovered_at",
                ]
            ),
            (
                "asset_state",
                [
                    "asset_source", "asset_id", "asset_tag", "serial_number", "lifecycle_phase", "lifecycle_raw",
                    "state",
                    "since", "ci_count",
                ]
            ),
            (
                "link",
                [
                    "link_id", "ci_source", "ci_id", "asset_source", "asset_id", "status", "method", "rule",
                    "entry_priority",
                    "matched_on", "linked_at", "linked_by", "stale_at", "stale_reason", "closed_at", "closed_by",
                    "close_reason", "predecessor_link_id",
                ]
            ),
            (
                "conflict",
                ["conflict_id", "kind", "matched_on", "opened_at", "closed_at", "close_reason", "closed_by"]
            ),
            ("conflict_member", ["conflict_id", "side", "source", "id", "since"]),
            (
                "operator_decision",
                [
                    "decision_id", "kind", "ci_source", "ci_id", "asset_source", "asset_id", "decided_by", "reason",
                    "decided_at", "expires_at", "ended_at", "ended_by", "effect",
                ]
            ),
            (
                "audit",
                [
                    "audit_id", "at", "actor", "action", "ci_source", "ci_id", "asset_source", "asset_id", "link_id",
                    "from_state", "to_state", "reason", "rule_set_version", "evidence", "cause", "batch_id",
                ]
            ),
            (
                "ci_evidence",
                [
                    "ci_source", "ci_id", "rule", "entry_priority", "entry_type", "kind", "raw_value",
                    "canonical_value",
                    "suppressed_by", "eligible_assets", "ended_assets", "deleted_assets", "cis_sharing", "outcome",
                ]
            ),
            ("coverage", figures), ("coverage_by_class", ["class"] + figures),
            ("coverage_history", ["taken_at", "class"] + figures),
            ("alarm", ["alarm", "severity", "subject", "detail", "remedy", "since"]),
            ("dead_letter", ["id", "at", "feed", "raw", "error_code", "error_text", "replayed_at"]),
        ] {
            let found = try await connection.query("SELECT * FROM assetlink.\(relation) LIMIT 0").columns
            #expect(Array(found.prefix(columns.count)) == columns, "\(relation)")
        }
    }

    @Test func historyIsNeverRewritten() async throws {
        let connection = try await migratedConnection()
        for table in ["audit", "batch"] {
            for statement in ["UPDATE % SET batch_id = 1", "DELETE FROM %", "TRUNCATE %"] {
                let statement = statement.replacing("%", with: "assetlink_internal.\(table)")
                try await connection.script("SET ROLE assetlink_daemon")
                #expect(try await sqlState(of: statement, on: connection) == "42501", "\(statement)")
                // Not by the owner, nor where triggers are off for replication.
                try await connection.script("SET ROLE assetlink_owner")
                #expect(try await sqlState(of: statement, on: connection) == "23001", "\(statement)")
                try await connection.script("RESET ROLE; SET session_replication_role = replica")
                #expect(try await sqlState(of: statement, on: connection) == "23001", "\(statement)")
                try await connection.script("RESET session_replication_role")
            }
        }
    }

    @Test func operatorsEditRulesAndReadersDoNot() async throws {
        let connection = try await migratedConnection()
        let edit = "UPDATE assetlink.setting SET value = '95' WHERE name = 'coverage_target_percent'"
        try await connection.script("SET ROLE assetlink_reader")
        #expect(try await sqlState(of: edit, on: connection) == "42501")
        #expect(try await sqlState(of: "SELECT assetlink.requeue('cmdb', '1', 'r')", on: connection) == "42501")
        try await connection.script("SET ROLE assetlink_operator")
        #expect(try await sqlState(of: edit, on: connection) == nil)
        #expect(
            try await sqlState(
                of: "INSERT INTO assetlink.placeholder (kind, value) VALUES ('serial', 'x')", on: connection) == nil)
        #expect(try await sqlState(of: "SELECT FROM assetlink_internal.act", on: connection) == "42501")
    }

    private func sqlState(of statement: String, on connection: PostgresConnection) async throws -> String? {
        do {
            _ = try await connection.query(statement)
            return nil
        } catch {
            return error.sqlState
        }
    }
}
