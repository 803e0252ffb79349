import LinkCore
import Postgres

extension BatchEngine {
    /// Compares the decisions in the temporary tables with those in force, in the server.
    func compare(_ report: inout PreviewReport, _ examples: Int) async throws {
        let results = try await connection.pipeline(
            [
                Statement("SET LOCAL work_mem = '32MB'", prepared: false),
                Statement(
                    "SELECT (SELECT count(*) FROM pg_temp.asset), (SELECT count(*) FROM pg_temp.ci_decision)",
                    prepared: false),
                Self.byClass, Self.byState, Self.byConflict,
            ] + PreviewReport.Change.allCases.map { Self.examples($0, examples) }
                + [Self.conflicts(isOpened: true, examples), Self.conflicts(isOpened: false, examples)])
        if let row = results[1].first {
            report.assets = Int(try row.int8(0))
            report.cis = Int(try row.int8(1))
        }
        report.classes = try results[2].map { row in
            var columns = Columns(row)
            return PreviewReport.ClassCounts(
                name: try columns.text(), cis: try columns.int(), gained: try columns.int(), lost: try columns.int(),
                moved: try columns.int(), conflictedBefore: try columns.int(), conflictedAfter: try columns.int())
        }
        report.states = try results[3].map { row in
            var columns = Columns(row)
            return PreviewReport.StateCounts(
                state: try columns.text(), reason: try columns.textOrNil(), before: try columns.int(),
                after: try columns.int())
        }
        report.conflicts = try results[4].map { row in
            PreviewReport.ConflictCounts(
                kind: try row.text(0), opened: Int(try row.int8(1)), closed: Int(try row.int8(2)))
        }
        for (index, change) in PreviewReport.Change.allCases.enumerated() {
            for row in results[5 + index] {
                var columns = Columns(row)
                report.examples.append(
                    PreviewReport.Example(
                        change: change, ci: try columns.text(), className: try columns.text(),
                        before: try columns.textOrNil(), after: try columns.textOrNil(), state: try columns.text(),
                        reason: try columns.textOrNil(), rule: try columns.textOrNil(),
                        priority: try columns.intOrNil()))
            }
        }
        report.openedConflicts = try results[results.count - 2].map { try $0.text(0) }
        report.closedConflicts = try results[results.count - 1].map { try $0.text(0) }
    }

    /// Each CI with what it is linked to before and after; CIs that no batch has decided yet count from nothing.
    private static let pairs = """
        SELECT c.ci_ref, c.source_id, c.key, c.class, o.state AS old_state, o.reason AS old_reason, n.state, n.reason,
               n.rule, n.entry_priority,
               CASE WHEN o.state = 'linked' THEN o.claim_asset END AS before,
               CASE WHEN n.state = 'linked' THEN n.claim_asset END AS after
        FROM pg_temp.ci_decision AS n
        JOIN assetlink_internal.ci AS c USING (ci_ref)
        LEFT JOIN assetlink_internal.ci_decision AS o USING (ci_ref)
        """

    private static func condition(_ change: PreviewReport.Change) -> String {
        switch change {
        case .gained: "p.before IS NULL AND p.after IS NOT NULL"
        case .lost: "p.before IS NOT NULL AND p.after IS NULL"
        case .moved: "p.before <> p.after"
        }
    }

    private static let byClass = Statement(
        """
        SELECT p.class, count(*)::bigint, count(*) FILTER (WHERE \(condition(.gained)))::bigint,
               count(*) FILTER (WHERE \(condition(.lost)))::bigint,
               count(*) FILTER (WHERE \(condition(.moved)))::bigint,
               count(*) FILTER (WHERE p.old_state = 'conflicted')::bigint,
               count(*) FILTER (WHERE p.state = 'conflicted')::bigint
        FROM (\(pairs)) AS p
        GROUP BY p.class ORDER BY p.class COLLATE "C"
        """, prepared: false)

    private static let byState = Statement(
        """
        SELECT s.state, s.reason, sum(s.before)::bigint, sum(s.after)::bigint
        FROM (\(pairs)) AS p
        CROSS JOIN LATERAL (VALUES (p.old_state, p.old_reason, 1, 0), (p.state, p.reason, 0, 1))
            AS s (state, reason, before, after)
        WHERE s.state IS NOT NULL
        GROUP BY s.state, s.reason ORDER BY s.state COLLATE "C", s.reason COLLATE "C"
        """, prepared: false)

    private static let changedConflicts = """
        SELECT coalesce(n.kind, o.kind) AS kind, coalesce(n.identity, o.identity) AS identity,
               o.kind IS NULL AS is_opened
        FROM (SELECT kind, identity FROM pg_temp.conflict WHERE closed_at IS NULL) AS n
        FULL JOIN (SELECT kind, identity FROM assetlink_internal.conflict WHERE closed_at IS NULL) AS o
            ON o.kind = n.kind AND o.identity = n.identity
        WHERE o.kind IS NULL OR n.kind IS NULL
        """

    private static let byConflict = Statement(
        """
        SELECT c.kind, count(*) FILTER (WHERE c.is_opened)::bigint, count(*) FILTER (WHERE NOT c.is_opened)::bigint
        FROM (\(changedConflicts)) AS c GROUP BY c.kind ORDER BY c.kind COLLATE "C"
        """, prepared: false)

    private static func conflicts(isOpened: Bool, _ most: Int) -> Statement {
        Statement(
            """
            SELECT c.kind || ' ' || c.identity FROM (\(changedConflicts)) AS c
            WHERE c.is_opened = \(isOpened) ORDER BY c.kind COLLATE "C", c.identity COLLATE "C" LIMIT \(most)
            """, prepared: false)
    }

    private static func examples(_ change: PreviewReport.Change, _ most: Int) -> Statement {
        func name(_ ref: String) -> String {
            """
            (SELECT s.name || '/' || a.key FROM assetlink_internal.asset AS a
             JOIN assetlink_internal.source AS s USING (source_id) WHERE a.asset_ref = \(ref))
            """
        }
        return Statement(
            """
            SELECT (SELECT s.name FROM assetlink_internal.source AS s WHERE s.source_id = p.source_id) || '/' || p.key,
                   p.class, \(name("p.before")), \(name("p.after")), p.state, p.reason, p.rule,
                   p.entry_priority::bigint
            FROM (\(pairs)) AS p
            WHERE \(condition(change)) ORDER BY p.source_id, p.key LIMIT \(most)
            """, prepared: false)
    }
}
