import Postgres

/// All that is known of one CI, fetched in two round trips.
struct Explanation {
    let ci: CIFacts
    let entries: [EntryFacts]
    let links, decisions, audit, conflicts, remedies, suggestions: Rows
    private let ciJSON: String
    private let evidenceJSON: [String]

    /// How many rows of history people get; programs get ten times as many.
    static let shown = 10

    init(_ reference: RecordReference, _ session: Session) async throws {
        let key: [Parameter] = [.text(reference.source), .text(reference.id)]
        guard let row = try await session.query(CIFacts.sql, key).first else {
            throw Failure(.problems, "CI \(reference.source)/\(reference.id) was just deleted.")
        }
        ci = try CIFacts(row)
        ciJSON = try row.text(17)
        let limit = session.json ? Self.shown * 10 : Self.shown + 1
        let results = try await session.connection.pipeline([
            Statement(EntryFacts.sql, key + [ci.ruleClass.map { .text($0) } ?? .null]),
            Statement(Self.linkSQL + " LIMIT \(limit)", key), Statement(Self.decisionSQL, key),
            Statement(Self.auditSQL + " LIMIT \(limit)", key), Statement(Self.conflictSQL, key),
            Statement(Self.remedySQL, key), Statement(Self.suggestionSQL, key),
        ])
        entries = try results[0].map(EntryFacts.init)
        evidenceJSON = try results[0].compactMap { try $0.textOrNil(13) }
        links = results[1]
        decisions = results[2]
        audit = results[3]
        conflicts = results[4]
        remedies = results[5]
        suggestions = results[6]
    }

    /// The sentences for people and programs.
    var summary: [String] {
        get throws {
            let pin = try decisions.first { try $0.text(2) == "pin" && $0.text(4) == "in_force" }
            return Sentences.summary(ci, entries, pinnedBy: try pin.map { "\(try $0.text(5)) (\(try $0.text(6)))" })
        }
    }

    /// What to do, each once.
    var remedy: [String] {
        get throws {
            let found = try remedies.compactMap { try $0.textOrNil(0) }
            if !ci.isKnownClass {
                return found + ["Add its class to assetlink.ci_class, or have the source fill it in."]
            }
            if !found.isEmpty { return found }
            return ["Nothing: this is as it should be."]
        }
    }

    /// The answer for programs.
    var fields: [(String, JSON)] {
        get throws {
            func rows(_ rows: Rows) throws -> JSON { .array(try rows.map { .raw(try $0.text(0)) }) }
            return [
                ("ci", .raw(ciJSON)), ("summary", .string(try summary.joined(separator: " "))),
                ("rule", .object([("class", .text(ci.ruleClass)), ("excludes", .bool(ci.isExcludedClass))])),
                ("evidence", .array(evidenceJSON.map { .raw($0) })), ("conflicts", try rows(conflicts)),
                ("links", try rows(links)), ("decisions", try rows(decisions)), ("audit", try rows(audit)),
                ("suggestions", try rows(suggestions)),
                ("remedy", .string(try remedy.joined(separator: " "))),
            ]
        }
    }
}

extension Explanation {
    private static let linkSQL = """
        SELECT to_json(l)::text, l.link_id, \(Expression.reference("l.asset_source", "l.asset_id")), l.status, l.method,
            \(Expression.minute("l.linked_at")), l.linked_by, \(Expression.minute("coalesce(l.closed_at, l.stale_at)")),
            coalesce(l.close_reason, l.stale_reason)
        FROM assetlink.link l WHERE l.ci_source = $1 AND l.ci_id = $2 ORDER BY l.link_id DESC
        """
    private static let decisionSQL = """
        SELECT to_json(d)::text, d.decision_id, d.kind, \(Expression.reference("d.asset_source", "d.asset_id")),
            CASE WHEN d.pending THEN 'not yet taken up' ELSE d.effect END, d.decided_by, d.reason,
            \(Expression.minute("d.decided_at")), \(Expression.minute("d.expires_at"))
        FROM assetlink.operator_decision d WHERE d.ci_source = $1 AND d.ci_id = $2 ORDER BY d.decision_id DESC LIMIT 50
        """
    private static let auditSQL = """
        SELECT to_json(a)::text, \(Expression.second("a.at")), a.action,
            \(Expression.reference("a.asset_source", "a.asset_id")), \(Expression.change), a.reason, a.actor
        FROM assetlink.audit a WHERE a.ci_source = $1 AND a.ci_id = $2 ORDER BY a.audit_id DESC
        """
    private static let conflictSQL = """
        SELECT to_json(c)::text, c.conflict_id, c.kind, (
            SELECT string_agg(o.side || ' ' || \(Expression.reference("o.source", "o.id")), ', '
                ORDER BY o.side, o.source, o.id)
            FROM (SELECT * FROM assetlink.conflict_member o
                WHERE o.conflict_id = c.conflict_id AND (o.side, o.source, o.id) <> ('ci', $1, $2) LIMIT 20) o)
        FROM assetlink.conflict_member m JOIN assetlink.conflict c USING (conflict_id)
        WHERE m.side = 'ci' AND m.source = $1 AND m.id = $2 AND c.closed_at IS NULL ORDER BY c.conflict_id
        """
    /// Only for an orphan: others have an asset, or too many.
    private static let suggestionSQL = """
        SELECT to_json(a)::text, \(Expression.reference("a.asset_source", "a.asset_id")), a.reason
        FROM assetlink.ci_state s CROSS JOIN LATERAL assetlink.suggest_assets(s.ci_source, s.ci_id) a
        WHERE s.ci_source = $1 AND s.ci_id = $2 AND s.state = 'orphaned' LIMIT 5
        """
    private static let remedySQL = """
        SELECT remedy FROM assetlink.orphaned_ci WHERE ci_source = $1 AND ci_id = $2
        UNION
        SELECT remedy FROM assetlink.stale_link WHERE ci_source = $1 AND ci_id = $2 AND reason = 'not_discovered'
        UNION
        SELECT 'Conflict ' || q.conflict_id || ': ' || q.remedy
        FROM assetlink.conflict_member m JOIN assetlink.conflict_queue q USING (conflict_id)
        WHERE m.side = 'ci' AND m.source = $1 AND m.id = $2
        """
}
