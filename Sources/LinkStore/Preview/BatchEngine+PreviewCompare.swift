import LinkCore
import Postgres

extension BatchEngine {
    /// Compares the decisions in the temporary tables with those in force, in the server.
    func compare(_ report: inout PreviewReport, _ examples: Int) async throws {
        let results = try await connection.pipeline(
            [
                Statement("SET LOCAL work_mem = '32MB'", prepared: false),
                Statement("SELECT count(*) FROM assetlink_internal.asset", prepared: false),
                Self.counts, Self.byConflict,
            ] + PreviewReport.Change.allCases.map { Self.examples($0, examples) }
                + [Self.conflicts(isOpened: true, examples), Self.conflicts(isOpened: false, examples)])
        if let row = results[1].first { report.assets = Int(try row.int8(0)) }
        try count(results[2], &report)
        report.conflicts = try results[3].map { row in
            PreviewReport.ConflictCounts(
                kind: try row.text(0), opened: Int(try row.int8(1)), closed: Int(try row.int8(2)))
        }
        for (index, change) in PreviewReport.Change.allCases.enumerated() {
            for row in results[4 + index] {
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

    /// Sums up ``counts`` by class, and by state and reason.
    private func count(_ rows: Rows, _ report: inout PreviewReport) throws {
        var classes: [String: PreviewReport.ClassCounts] = [:]
        var states: [[String]: PreviewReport.StateCounts] = [:]
        for row in rows {
            var columns = Columns(row)
            let (name, state, reason) = (try columns.text(), try columns.text(), try columns.textOrNil())
            let (before, after) = (try columns.int(), try columns.int())
            classes[name, default: PreviewReport.ClassCounts(name: name)].cis += after
            classes[name]?.gained += try columns.int()
            classes[name]?.lost += try columns.int()
            classes[name]?.moved += try columns.int()
            if state == CIState.conflicted.rawValue {
                classes[name]?.conflictedBefore += before
                classes[name]?.conflictedAfter += after
            }
            let key = [state] + (reason.map { [$0] } ?? [])
            states[key, default: PreviewReport.StateCounts(state: state, reason: reason)].before += before
            states[key]?.after += after
        }
        report.classes = classes.sorted { $0.key < $1.key }.map(\.value)
        report.cis = report.classes.reduce(0) { $0 + $1.cis }
        report.states = states.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
            .filter { $0.before + $0.after > 0 }
    }

    /// Each CI whose decision differs, with what it is linked to before and after; CIs that no batch has decided yet count
    /// from nothing.
    private static let pairs = """
        SELECT c.ci_ref, c.source_id, c.key, c.class, o.state AS old_state, o.reason AS old_reason, n.state, n.reason,
               n.rule, n.entry_priority,
               CASE WHEN o.state = 'linked' THEN o.claim_asset END AS before,
               CASE WHEN n.state = 'linked' THEN n.claim_asset END AS after
        FROM pg_temp.ci_decision_taken_in AS n
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

    /// By class, state and reason: CIs before and after, and what becomes of links of those who are in it afterwards.
    private static let counts = Statement(
        """
        WITH pair AS MATERIALIZED (\(pairs)), t (class, state, reason, before, after, gained, lost, moved) AS (
            SELECT c.class, o.state, o.reason, count(*), count(*), 0, 0, 0
            FROM assetlink_internal.ci_decision AS o
            JOIN assetlink_internal.ci AS c USING (ci_ref)
            GROUP BY c.class, o.state, o.reason
            UNION ALL
            SELECT p.class, p.old_state, p.old_reason, 0, -count(*), 0, 0, 0
            FROM pair AS p WHERE p.old_state IS NOT NULL GROUP BY p.class, p.old_state, p.old_reason
            UNION ALL
            SELECT p.class, p.state, p.reason, 0, count(*), count(*) FILTER (WHERE \(condition(.gained))),
                   count(*) FILTER (WHERE \(condition(.lost))), count(*) FILTER (WHERE \(condition(.moved)))
            FROM pair AS p GROUP BY p.class, p.state, p.reason
        )
        SELECT class, state, reason, sum(before)::bigint, sum(after)::bigint, sum(gained)::bigint, sum(lost)::bigint,
               sum(moved)::bigint
        FROM t GROUP BY class, state, reason
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
