/// What every command answers a program with, by the name of the schema.
enum Answers {
    private static func rows(_ row: Shape) -> [(String, Shape)] {
        [("rows", .list(row)), ("more", .bool), ("next", .maybe(.string))]
    }

    private static let act: [(String, Shape)] = [
        ("act", .integer), ("taken_up", .bool), ("notes", .list(.string)), ("effect", .list(.row("audit"))),
        ("cis", .list(.row("ci_state"))),
    ]

    private static let history: [(String, Shape)] = [
        ("conflicts", .list(.row("conflict"))), ("links", .list(.row("link"))),
        ("decisions", .list(.row("operator_decision"))), ("audit", .list(.row("audit"))),
        ("waits", .list(.row("record_waits"))),
    ]

    private static let activation: [(String, Shape)] = [("version", .integer), ("changed", .bool), ("taken_up", .bool)]

    static let all: [String: [(String, Shape)]] = lists.merging(reads) { first, _ in first }
        .merging(acts) { first, _ in first }

    private static let lists: [String: [(String, Shape)]] = [
        "orphans": rows(
            .row(
                "orphaned_ci",
                plus: [
                    ("cause_kind", .maybe(.string)), ("cause", .maybe(.string)), ("step", .maybe(.string)),
                    ("cause_cis", .maybe(.integer)), ("would_link", .maybe(.integer)), ("command", .maybe(.string)),
                    (
                        "near_matches",
                        .list(.row("suggest_assets", plus: [("n", .integer), ("command", .string)]))
                    ), ("unknown_because", .maybe(.string)),
                ])),
        "orphans-causes": rows(.row("orphan_causes")), "unlinked": rows(.row("unlinked_asset")),
        "stale": rows(.row("stale_link")), "conflicts": rows(.row("conflict_queue")), "links": rows(.row("link")),
        "suspects": rows(.row("suspect_identifier")), "audit": rows(.row("audit")),
        "decisions": rows(.row("operator_decision")), "dead-letters": rows(.row("dead_letter")),
        "held": rows(.row("held_change")), "sources": rows(.row("feed_status")),
        "write-back": rows(.row("write_back")), "write-back-failures": rows(.row("write_back_failure")),
        "coverage-by-class": rows(.row("coverage_by_class")), "coverage-by-source": rows(.row("coverage_by_source")),
        "rules-history": rows(.row("rule_set", without: ["document"])),
    ]

    private static let reads: [String: [(String, Shape)]] = [
        "status": [
            ("healthy", .bool), ("problems", .list(.string)), ("daemon", .row("daemon_status")),
            ("coverage", .row("coverage")), ("sources", .list(.row("feed_status"))), ("alarms", .list(.row("alarm"))),
        ],
        "coverage": [("coverage", .row("coverage"))],
        "coverage-history": [("rows", .list(.row("coverage_history"))), ("more", .bool)],
        "explain": [
            ("ci", .row("ci_state")), ("summary", .string),
            ("rule", .object([("class", .maybe(.string)), ("excludes", .bool)])),
            (
                "evidence",
                .list(
                    .row(
                        "ci_evidence",
                        plus: [("placeholder_value", .maybe(.string)), ("placeholder_note", .maybe(.string))]))
            ),
        ] + history + [
            ("suggestions", .list(.row("suggest_assets"))), ("advice", .maybe(.row("orphan_advice"))),
            ("remedy", .string),
        ],
        "explain-asset": [
            ("asset", .row("asset_state")), ("summary", .string), ("evidence", .list(.row("asset_evidence"))),
            ("candidates", .list(.row("asset_candidates"))),
        ] + history + [("remedy", .string)],
        "explain-absent": [
            ("side", .string), ("source", .string), ("id", .string), ("summary", .string),
        ] + history,
        "conflict": [
            ("conflict", .row("conflict")), ("members", .list(.row("conflict_detail"))), ("more", .bool),
            ("remedy", .maybe(.string)),
        ],
        "history": [
            ("side", .string), ("source", .string), ("id", .string),
            (
                "rows",
                .list(
                    .row(
                        "link",
                        plus: [
                            (
                                "periods",
                                .maybe(
                                    .list(
                                        .object([
                                            ("status", .string), ("reason", .maybe(.string)), ("from_batch", .integer),
                                            ("to_batch", .maybe(.integer)),
                                        ])))
                            )
                        ]))
            ), ("more", .bool),
        ],
        "changes": [
            ("since", .string), ("coverage_then", .maybe(.row("coverage_history"))),
            ("coverage_now", .row("coverage")), ("rows", .list(.row("changes_since"))),
        ],
        "impact": [
            ("asset", .row("asset_state")), ("verdict", .string), ("reasons", .list(.string)),
            ("conflicts", .list(.row("conflict"))), ("rows", .list(.row("decommission_impact"))),
        ],
        "verify": [
            ("ok", .bool), ("assets", .integer), ("cis", .integer), ("source_differences", .integer),
            ("derived_differences", .integer), ("decision_differences", .integer), ("contradictions", .integer),
            ("examples", .list(.string)),
        ],
        "discover": [("payload", .integer), ("finished", .bool), ("items", .list(.row("discovery_result")))],
        "discover-preview": [
            (
                "items",
                .list(
                    .object([
                        ("item", .integer), ("class_name", .maybe(.string)), ("state", .string),
                        ("reason_code", .maybe(.string)), ("detail", .maybe(.string)), ("ci_id", .maybe(.string)),
                        ("rule", .maybe(.string)), ("entry_priority", .maybe(.integer)), ("matches", .list(.string)),
                    ]))
            ),
            (
                "relations",
                .list(
                    .object([
                        ("kind", .string), ("relation", .integer), ("parent_item", .maybe(.integer)),
                        ("child_item", .maybe(.integer)), ("type", .string), ("state", .string),
                        ("reason_code", .maybe(.string)), ("detail", .maybe(.string)),
                    ]))
            ),
        ],
        "audit-verify": [
            ("ok", .bool), ("head", .maybe(.integer)), ("first_batch", .maybe(.integer)),
            ("last_batch", .maybe(.integer)), ("rows", .integer), ("heads", .integer), ("recorded", .bool),
            ("problem_count", .integer),
            (
                "problems",
                .list(
                    .object([("batch_id", .integer), ("audit_id", .maybe(.integer)), ("problem", .string)]))
            ),
        ],
        "audit-head": [
            ("head", .string), ("batch", .integer), ("digest", .string), ("root", .maybe(.string)),
        ],
        "audit-proof": [
            ("head", .string),
            (
                "row",
                .object([
                    ("audit_id", .integer), ("batch_id", .integer), ("at", .integer), ("actor", .string),
                    ("action", .string), ("ci_source", .maybe(.string)), ("ci_id", .maybe(.string)),
                    ("asset_source", .maybe(.string)), ("asset_id", .maybe(.string)), ("link_id", .maybe(.integer)),
                    ("from_state", .maybe(.string)), ("to_state", .maybe(.string)), ("reason", .maybe(.string)),
                    ("rule_set_version", .integer), ("evidence", .maybe(.string)), ("cause", .maybe(.string)),
                ])
            ),
            ("row_index", .integer), ("row_count", .integer), ("row_path", .list(.string)),
            ("previous_digest", .string), ("committed_at", .integer), ("batch_path", .list(.string)),
        ],
        "audit-export": [
            ("file", .string), ("first_batch", .integer), ("last_batch", .integer), ("rows", .integer),
        ],
        "sources-check": [("source", .string), ("ok", .bool), ("findings", .list(.row("check_source")))],
        "migrate": [
            ("from", .integer), ("to", .integer), ("dry_run", .bool),
            ("files", .list(.object([("number", .integer), ("name", .string), ("sha256", .string)]))),
        ],
        "retention-plan": [("rows", .list(.row("retention_plan")))],
        "support-bundle": [("file", .string), ("sections", .integer), ("unreadable", .list(.string))],
        "migrate-plan": [
            ("from", .integer), ("to", .integer), ("leader", .maybe(.string)), ("first_unusable", .maybe(.string)),
            (
                "files",
                .list(
                    .object([
                        ("number", .integer), ("name", .string), ("stops", .string), ("milliseconds", .integer),
                        ("runs_program", .bool), ("works_from", .maybe(.integer)),
                        (
                            "locks",
                            .list(
                                .object([
                                    ("relation", .string), ("lock", .string), ("work", .string), ("rows", .integer),
                                    ("bytes", .integer),
                                ]))
                        ),
                    ]))
            ),
        ],
        "rules-lint": [
            ("errors", .integer), ("warnings", .integer),
            (
                "problems",
                .list(
                    .object([
                        ("severity", .string), ("code", .string), ("line", .maybe(.integer)),
                        ("column", .maybe(.integer)), ("subject", .maybe(.string)), ("message", .string),
                        ("remedy", .maybe(.string)),
                    ]))
            ),
        ],
        "rules-show": [
            ("version", .integer),
            (
                "classes",
                .list(
                    .object([
                        ("class", .string), ("parent", .maybe(.string)), ("rule_from", .maybe(.string)),
                        ("excluded", .bool), ("aged_after_days", .integer),
                    ]))
            ),
        ],
        "rules-show-class": [
            ("version", .integer), ("class", .string), ("path", .list(.string)), ("rule_from", .maybe(.string)),
            ("rule", .anything), ("aged_after_days", .integer), ("aged_from", .maybe(.string)),
            (
                "suspect_limits",
                .list(.object([("kind", .string), ("holders", .integer), ("from", .maybe(.string))]))
            ),
        ],
        "rules-preview": [
            ("gained", .integer), ("lost", .integer), ("moved", .integer), ("conflicts_opened", .integer),
            ("conflicts_closed", .integer), ("assets", .integer), ("cis", .integer), ("under_way", .bool),
            (
                "classes",
                .list(
                    .object([
                        ("class", .string), ("cis", .integer), ("gained", .integer), ("lost", .integer),
                        ("moved", .integer), ("conflicted_before", .integer), ("conflicted_after", .integer),
                    ]))
            ),
            (
                "states",
                .list(
                    .object([
                        ("state", .string), ("reason", .maybe(.string)), ("before", .integer), ("after", .integer),
                    ]))
            ),
            (
                "conflicts",
                .list(.object([("kind", .string), ("opened", .integer), ("closed", .integer)]))
            ),
            (
                "examples",
                .list(
                    .object([
                        ("change", .string), ("ci", .string), ("class", .string), ("before", .maybe(.string)),
                        ("after", .maybe(.string)), ("state", .string), ("reason", .maybe(.string)),
                        ("rule", .maybe(.string)), ("entry_priority", .maybe(.integer)),
                    ]))
            ),
            ("opened", .list(.string)), ("closed", .list(.string)),
        ],
        "rules-diff": [
            (
                "changes",
                .list(
                    .object([
                        ("kind", .string), ("subject", .string), ("before", .maybe(.string)),
                        ("after", .maybe(.string)),
                    ]))
            )
        ],
    ]

    private static let acts: [String: [(String, Shape)]] = [
        "pin": act, "unpin": act, "block": act, "unblock": act, "requeue": act, "close-stale": act, "composite": act,
        "trust": act, "distrust": act, "resync": act, "held-approve": act, "held-drop": act,
        "dead-letters-replay": act, "write-back-set": act, "write-back-unset": act,
        "rules-activate": activation, "rules-rollback": activation, "held-drop-rules": activation,
        "conflicts-resolve": [
            ("act", .maybe(.integer)),
            (
                "parts",
                .list(.row("operator_act"))
            ), ("taken_up", .bool), ("effect", .list(.row("audit"))), ("cis", .list(.row("ci_state"))),
        ],
        "decisions-load": [
            (
                "lines",
                .list(
                    .object([
                        ("number", .integer), ("action", .string), ("ci", .string), ("asset", .maybe(.string)),
                        ("act", .maybe(.integer)), ("error", .maybe(.string)),
                    ]))
            ), ("recorded", .bool), ("taken_up", .bool),
        ],
        "rebase": [("batch", .integer)],
    ]
}
