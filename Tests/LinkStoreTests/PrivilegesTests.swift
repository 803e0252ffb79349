import LinkTesting
import Postgres
import Testing

/// Who may do what: the exact set, so that a privilege too many fails as one too few does.
@Suite struct PrivilegesTests {
    /// Relations by role: `schema.relation: privileges`.
    private static let relations: [String: [String]] = [
        "assetlink_reader": publicRelations.map { "assetlink.\($0): SELECT" },
        "assetlink_operator": publicRelations.map {
            "assetlink.\($0): " + (configuration.contains($0) ? "DELETE INSERT SELECT UPDATE" : "SELECT")
        } + ["capture", "discovery_target", "source", "source_status"].map { "assetlink_internal.\($0): SELECT" },
        "assetlink_emitter": [],
        "assetlink_integrator": ["capture", "discovery_target", "source", "source_status"].map {
            "assetlink_internal.\($0): SELECT"
        },
        "assetlink_delegate": [],
        "assetlink_write_back": [],
        "assetlink_daemon": publicRelations.map { "assetlink.\($0): SELECT" }
            + internalRelations.map { "assetlink_internal.\($0.key): \($0.value)" },
    ]

    private static let configuration: Set = [
        "ci_class", "placeholder", "lifecycle_state", "manufacturer_alias", "suspect_limit", "setting",
    ]

    private static let publicRelations =
        configuration + [
            "alarm", "asset_evidence", "asset_state", "audit", "ci_evidence", "ci_state", "ci_with_asset", "conflict",
            "conflict_member", "conflict_queue", "conflict_queue_index", "conflict_source", "coverage",
            "coverage_by_class", "coverage_by_source", "coverage_history", "coverage_metric", "daemon_status",
            "dead_letter",
            "discovery_payload", "discovery_relation_result", "discovery_result",
            "discrepancy", "feed_status",
            "held_change",
            "link", "link_index", "link_period", "operator_act", "operator_decision", "orphan_cause", "orphaned_ci",
            "orphaned_ci_index", "rule_set",
            "schema_version",
            "stale_link", "stale_link_index",
            "suspect_identifier",
            "unlinked_asset", "unlinked_asset_index", "unmapped", "write_back", "write_back_failure",
        ]

    /// What the daemon may do with each internal relation; it reads all of them.
    private static let internalRelations: [String: String] = {
        var all: [String: String] = [:]
        for name in [
            "act", "aged_link", "asset_ring", "asset_serial", "capture", "ci_ring", "class_age", "conflict_asset",
            "conflict_ci",
            "pending_change", "pinned_entry_claim", "source_facts", "rule_edit", "rule_head", "rule_set", "source",
        ] { all[name] = "SELECT" }
        for name in [
            "act_end", "audit", "batch", "change_log_0", "change_log_1", "change_log_2", "key_space",
        ] {
            all[name] = "INSERT SELECT"
        }
        all["write_back"] = "SELECT UPDATE"
        for name in ["discovery_item", "discovery_payload", "discovery_relation", "discovery_target"] {
            all[name] = "SELECT UPDATE"
        }
        for name in ["conflict", "dead_letter", "link", "link_period"] { all[name] = "INSERT SELECT UPDATE" }
        for name in [
            "asset", "asset_key", "asset_value", "ci", "ci_decision", "ci_key", "ci_value", "composite_mark",
            "coverage_snapshot", "held_change", "lease", "lineage", "pair_in_force", "published_record",
            "source_status",
            "suspect_value", "trusted_value", "write_back_retry", "write_back_todo",
        ] { all[name] = "DELETE INSERT SELECT UPDATE" }
        for name in [
            "asset_asset_ref_seq", "audit_audit_id_seq", "change_seq", "ci_ci_ref_seq", "conflict_conflict_id_seq",
            "dead_letter_id_seq", "key_space_space_id_seq", "link_link_id_seq",
        ] { all[name] = "USAGE" }
        all["bell"] = "SELECT UPDATE"
        all["log_current"] = "SELECT"
        return all
    }()

    @Test(arguments: relations.keys.sorted())
    func relationsOfEachRole(_ role: String) async throws {
        let found = try await migratedConnection().query(
            """
            SELECT format('%s.%s: %s', n.nspname, c.relname, string_agg(x.privilege_type, ' '
                ORDER BY x.privilege_type))
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace CROSS JOIN aclexplode(c.relacl) AS x
            WHERE n.nspname IN ('assetlink', 'assetlink_internal') AND x.grantee = $1::text::regrole
            GROUP BY n.nspname, c.relname
            """, [.text(role)])
        #expect(try difference(found, Self.relations[role] ?? []) == [])
    }

    /// Functions by role, by name: no function of ours is overloaded.
    private static let functions: [String: [String]] = [
        "assetlink_reader": readers + orphans + [
            "assetlink.audit_verify", "assetlink.conflict_detail", "assetlink.decommission_impact",
            "assetlink.suggest_assets",
        ],
        "assetlink_operator": readers + orphans + attachHelpers + [
            "assetlink.activate_rule_set", "assetlink.approve_activation", "assetlink.approve_held",
            "assetlink.audit_verify", "assetlink.block",
            "assetlink.check_source",
            "assetlink.close_stale_link", "assetlink.conflict_detail", "assetlink.decommission_impact",
            "assetlink.distrust_identifier", "assetlink.drop_activation", "assetlink.drop_held", "assetlink.pin",
            "assetlink.rebase",
            "assetlink.replay_dead_letter", "assetlink.requeue",
            "assetlink.resolve_conflict", "assetlink.resync", "assetlink.rollback_rule_set",
            "assetlink.set_composite", "assetlink.suggest_assets",
            "assetlink.trust_identifier", "assetlink.unblock", "assetlink.unpin",
        ],
        "assetlink_emitter": [
            "assetlink.decommission_asset", "assetlink.delete_asset", "assetlink.delete_ci", "assetlink.discover",
            "assetlink.discovery_results", "assetlink.publish_asset", "assetlink.publish_ci",
        ],
        "assetlink_integrator": attachHelpers + [
            "assetlink.attach_asset_source", "assetlink.attach_ci_source", "assetlink.check_rule",
            "assetlink.check_source",
            "assetlink.create_published_source", "assetlink.set_asset_facts", "assetlink.detach_source",
            "assetlink.disable_discovery",
            "assetlink.enable_discovery", "assetlink.resync", "assetlink.set_write_back",
            "assetlink.unset_write_back", "assetlink_internal.check_write_back",
            "assetlink_internal.grant_write_back", "assetlink_internal.record_write_back",
            "assetlink_internal.written_source",
            "assetlink_internal.attach",
            "assetlink_internal.drop_captures", "assetlink_internal.make_capture", "assetlink_internal.record_detach",
            "assetlink_internal.register_source",
        ],
        "assetlink_delegate": [],
        // Its own functions, as their owner.
        "assetlink_write_back": ["assetlink_internal.write_back_rows", "assetlink_internal.write_back_set"],
        "assetlink_daemon": readers + [
            "assetlink_internal.append_log", "assetlink_internal.asset_facts", "assetlink_internal.audit_bytes",
            "assetlink_internal.batch_digest",
            "assetlink_internal.capture_refusals", "assetlink_internal.drifted", "assetlink_internal.mend",
            "assetlink_internal.open_transactions", "assetlink_internal.qualified_name",
            "assetlink_internal.relation_tree", "assetlink_internal.trigger_findings",
            "assetlink_internal.check_discovery", "assetlink_internal.did_you_mean",
            "assetlink_internal.discovery_items", "assetlink_internal.discovery_relations",
            "assetlink_internal.holders_digest", "assetlink_internal.nearest", "assetlink_internal.retry_discovery",
            "assetlink_internal.digest_field", "assetlink_internal.empty_log", "assetlink_internal.log_change",
            "assetlink_internal.log_is_unused", "assetlink_internal.plan_source", "assetlink_internal.switch_log",
            "assetlink_internal.refresh_statistics", "assetlink_internal.take_coverage_snapshot",
            "assetlink_internal.take_event", "assetlink_internal.unusable_value",
            "assetlink_internal.take_notification", "assetlink_internal.write_back_rows",
            "assetlink_internal.write_back_set",
        ],
    ]

    private static let readers = [
        "assetlink.changes_since", "assetlink.check_rule", "assetlink.links_as_of", "assetlink.source_number",
        "assetlink_internal.aged_before",
        "assetlink_internal.alarms", "assetlink_internal.batch_at",
        "assetlink_internal.serial_form",
    ]

    private static let orphans = [
        "assetlink.asset_candidates", "assetlink.orphan_advice", "assetlink.orphan_causes", "assetlink.record_waits",
        "assetlink.source_has_records", "assetlink_internal.asset_facts", "assetlink_internal.unknown_links",
        "assetlink_internal.orphan_step",
    ]

    private static let attachHelpers = [
        "base_type", "binding_columns", "check_binding_type", "check_source", "column_origin", "create_triggers",
        "did_you_mean", "discovery_findings", "discovery_rights", "drop_triggers", "nearest", "plan_source",
        "qualified_name", "read_by", "relation_tree", "source_named",
        "trigger_findings", "unmapped_counts", "watched_column", "whole_scans", "write_back_findings",
    ].map { "assetlink_internal.\($0)" }

    @Test(arguments: functions.keys.sorted())
    func functionsOfEachRole(_ role: String) async throws {
        // Capture functions are generated for each attached table.
        let found = try await migratedConnection().query(
            """
            SELECT DISTINCT format('%s.%s', n.nspname, p.proname)
            FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace CROSS JOIN aclexplode(p.proacl) AS x
            WHERE n.nspname IN ('assetlink', 'assetlink_internal') AND x.grantee = $1::text::regrole
                AND p.proname !~ '^capture_[0-9]'
            """, [.text(role)])
        #expect(try difference(found, Self.functions[role] ?? []) == [])
    }

    /// What is there and should not be, or the other way round.
    private func difference(_ found: Rows, _ expected: [String]) throws -> [String] {
        let found = Set(try found.map { try $0.text(0) })
        return found.subtracting(expected).map { "too much: \($0)" }.sorted()
            + Set(expected).subtracting(found).map { "missing: \($0)" }.sorted()
    }

    @Test(arguments: [
        (
            "PUBLIC has a privilege",
            """
            SELECT c.oid::regclass::text FROM ours AS n JOIN pg_class AS c ON c.relnamespace = n.oid,
                aclexplode(c.relacl) AS x
            WHERE x.grantee = 0
            UNION ALL
            SELECT p.oid::regprocedure::text FROM ours AS n JOIN pg_proc AS p ON p.pronamespace = n.oid,
                aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x
            WHERE x.grantee = 0
            UNION ALL
            SELECT n.nspname FROM ours AS n, aclexplode(n.nspacl) AS x WHERE x.grantee = 0
            """
        ),
        (
            "a role may create objects",
            """
            SELECT n.nspname || ' by ' || r.rolname FROM ours AS n, pg_roles AS r
            WHERE r.rolname IN ('assetlink_daemon', 'assetlink_operator', 'assetlink_reader', 'assetlink_emitter',
                'assetlink_integrator', 'assetlink_delegate', 'assetlink_write_back')
                AND has_schema_privilege(r.oid, n.oid, 'CREATE')
            """
        ),
        (
            "a role may log in or is a member of another",
            """
            SELECT r.rolname FROM pg_roles AS r WHERE r.rolname IN ('assetlink_owner', 'assetlink_daemon',
                'assetlink_operator',
                'assetlink_reader', 'assetlink_emitter', 'assetlink_integrator', 'assetlink_delegate',
                'assetlink_write_back')
                AND (r.rolcanlogin OR r.rolsuper OR r.rolcreaterole OR r.rolbypassrls
                    OR EXISTS (SELECT FROM pg_auth_members AS m WHERE m.member = r.oid))
            """
        ),
        (
            "the emitter or the delegate sees internals",
            """
            SELECT r.rolname FROM ours AS n, pg_roles AS r WHERE n.nspname = 'assetlink_internal'
                AND r.rolname IN ('assetlink_reader', 'assetlink_emitter', 'assetlink_delegate',
                        'assetlink_write_back')
                    AND has_schema_privilege(r.oid, n.oid, 'USAGE')
            """
        ),
        (
            "a SECURITY DEFINER function does not pin search_path, pg_temp last",
            """
            SELECT p.oid::regprocedure::text FROM ours AS n JOIN pg_proc AS p ON p.pronamespace = n.oid
            WHERE p.prosecdef AND NOT EXISTS (
                SELECT FROM unnest(p.proconfig) AS c (setting) WHERE c.setting ~ '^search_path=.*pg_temp"?$')
            """
        ),
        (
            "an object belongs to a login role",
            """
            SELECT c.oid::regclass::text FROM ours AS n JOIN pg_class AS c ON c.relnamespace = n.oid
            WHERE c.relowner <> 'assetlink_owner'::regrole
            """
        ),
        (
            "an object has no comment",
            """
            SELECT c.oid::regclass::text FROM ours AS n JOIN pg_class AS c ON c.relnamespace = n.oid
            WHERE c.relkind IN ('r', 'v', 'i', 'S') AND obj_description(c.oid, 'pg_class') IS NULL
                -- What belongs to a constraint or to an identity column has a name that says it.
                AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid)
                AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'i')
            UNION ALL
            SELECT p.oid::regprocedure::text FROM ours AS n JOIN pg_proc AS p ON p.pronamespace = n.oid
            WHERE obj_description(p.oid, 'pg_proc') IS NULL
            UNION ALL
            SELECT t.tgname || ' on ' || c.relname FROM ours AS n JOIN pg_class AS c ON c.relnamespace = n.oid
            JOIN pg_trigger AS t ON t.tgrelid = c.oid
            WHERE NOT t.tgisinternal AND obj_description(t.oid, 'pg_trigger') IS NULL
            UNION ALL
            SELECT n.nspname FROM ours AS n WHERE obj_description(n.oid, 'pg_namespace') IS NULL
            """
        ),
        (
            "a column has no comment",
            """
            SELECT format('%s.%s', c.oid::regclass, a.attname) FROM ours AS n
                JOIN pg_class AS c ON c.relnamespace = n.oid
            JOIN pg_attribute AS a ON a.attrelid = c.oid
            WHERE c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid,
                a.attnum) IS NULL
            """
        ),
    ])
    func nothingIsAmiss(_ problem: String, _ query: String) async throws {
        let found = try await migratedConnection().query(
            """
            WITH ours AS (SELECT * FROM pg_namespace WHERE nspname IN ('assetlink', 'assetlink_internal')),
                found (what) AS (\(query))
            SELECT what FROM found ORDER BY what
            """)
        #expect(try found.map { try $0.text(0) } == [], "\(problem)")
    }

    @Test(arguments: ["assetlink_reader", "assetlink_operator", "assetlink_daemon"])
    func everyPublicRelationCanBeRead(_ role: String) async throws {
        let connection = try await migratedConnection()
        try await connection.script("SET ROLE \(role)")
        for relation in Self.publicRelations.sorted() + ["links_as_of(now())"] {
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
