import Postgres

/// All that is known of one CI, fetched in two round trips.
struct Explanation {
    let ci: CIFacts
    let entries: [EntryFacts]
    let history: RecordHistory
    let remedies, suggestions, advice: Rows
    private let ciJSON: String
    private let evidenceJSON: [String]

    init(_ reference: RecordReference, _ session: Session) async throws {
        let key: [Parameter] = [.text(reference.source), .text(reference.id)]
        guard let row = try await session.query(CIFacts.sql, key).first else {
            throw Failure(.problems, "CI \(reference.source)/\(reference.id) was just deleted.")
        }
        ci = try CIFacts(row)
        ciJSON = try row.text(17)
        let own = [
            Statement(EntryFacts.sql, key + [ci.ruleClass.map { .text($0) } ?? .null]),
            Statement(Self.remedySQL, key), Statement(Self.suggestionSQL, key), Statement(Self.adviceSQL, key),
        ]
        let results = try await session.connection.pipeline(
            own + RecordHistory.statements(.ci, reference, json: session.json))
        entries = try results[0].map(EntryFacts.init)
        evidenceJSON = try results[0].compactMap { try $0.textOrNil(13) }
        remedies = results[1]
        suggestions = results[2]
        advice = results[3]
        history = RecordHistory(.ci, reference, results[own.count...])
    }

    /// The sentences for people and programs.
    var summary: [String] {
        get throws {
            let pin = try history.decisions.first { try $0.text(2) == "pin" && $0.text(4) == "in_force" }
            return Sentences.summary(ci, entries, pinnedBy: try pin.map { "\(try $0.text(5)) (\(try $0.text(6)))" })
        }
    }

    /// What to do, each once.
    var remedy: [String] {
        get throws {
            // Its own cause says more than its reason.
            let own = try advice.compactMap { try $0.textOrNil(1) }
            let found = own + (try remedies.compactMap { try own.isEmpty || $0.bool(1) ? $0.textOrNil(0) : nil })
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
                ("evidence", .array(evidenceJSON.map { .raw($0) })),
            ] + (try history.fields) + [
                ("suggestions", try rows(suggestions)),
                ("advice", try advice.first.map { .raw(try $0.text(0)) } ?? .null),
                ("remedy", .string(try remedy.joined(separator: " "))),
            ]
        }
    }
}

extension Explanation {
    /// Only for an orphan: others have an asset, or too many.
    private static let suggestionSQL = """
        SELECT to_json(a)::text, \(Expression.reference("a.asset_source", "a.asset_id")), a.reason,
            format('assetlinkctl pin %s %s --reason %s', \(Expression.shell("$1 || '/' || $2")),
                \(Expression.shell("a.asset_source || '/' || a.asset_id")), \(Expression.shell("a.reason")))
        FROM assetlink.ci_state s CROSS JOIN LATERAL assetlink.suggest_assets(s.ci_source, s.ci_id) a
        WHERE s.ci_source = $1 AND s.ci_id = $2 AND s.state = 'orphaned' LIMIT 5
        """
    private static let adviceSQL = """
        SELECT to_json(a)::text, a.remedy, a.cis::text, a.would_link::text, a.command
        FROM assetlink.orphan_advice($1, $2) a
        """
    private static let remedySQL = """
        SELECT remedy, false FROM assetlink.orphaned_ci WHERE ci_source = $1 AND ci_id = $2
        UNION
        SELECT remedy, true FROM assetlink.stale_link WHERE ci_source = $1 AND ci_id = $2 AND reason = 'not_discovered'
        UNION
        SELECT 'Conflict ' || q.conflict_id || ': ' || q.remedy, true
        FROM assetlink.conflict_member m JOIN assetlink.conflict_queue q USING (conflict_id)
        WHERE m.side = 'ci' AND m.source = $1 AND m.id = $2
        """
}
