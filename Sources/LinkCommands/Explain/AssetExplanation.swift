import Postgres

/// All that is known of one asset.
struct AssetExplanation {
    private let state: Row
    private let evidence: Rows
    private let candidates: Rows
    private let history: RecordHistory
    private let remedies: Rows

    init(_ reference: RecordReference, _ session: Session) async throws {
        let key: [Parameter] = [.text(reference.source), .text(reference.id)]
        let own = [
            Statement(
                """
                SELECT to_json(a)::text, a.asset_tag, a.lifecycle_phase, a.lifecycle_raw, a.state,
                    \(Expression.minute("a.since")), a.ci_count
                FROM assetlink.asset_state a WHERE (a.asset_source, a.asset_id) = ($1, $2)
                """, key),
            Statement(
                """
                SELECT to_json(e)::text, e.attribute, e.kind, e.raw_value, e.canonical_value, e.suppressed_by
                FROM assetlink.asset_evidence e WHERE (e.asset_source, e.asset_id) = ($1, $2) LIMIT 1000
                """, key),
            Statement(
                """
                SELECT to_json(c)::text, \(Expression.reference("c.ci_source", "c.ci_id")), c.name, c.standing,
                    concat_ws(', ', c.state, c.reason), (
                        SELECT string_agg(v, ', ' ORDER BY v) FROM jsonb_array_elements_text(c.shared) v),
                    \(Expression.reference("c.linked_asset_source", "c.linked_asset_id"))
                FROM assetlink.asset_candidates($1, $2) c
                """, key),
            Statement(
                """
                SELECT u.remedy FROM assetlink.unlinked_asset u WHERE (u.asset_source, u.asset_id) = ($1, $2)
                UNION ALL
                SELECT 'Conflict ' || q.conflict_id || ': ' || q.remedy
                FROM assetlink.conflict_member m JOIN assetlink.conflict_queue q USING (conflict_id)
                WHERE m.side = 'asset' AND m.source = $1 AND m.id = $2
                UNION ALL
                SELECT l.remedy FROM assetlink.stale_link l
                WHERE (l.asset_source, l.asset_id) = ($1, $2) AND l.status = 'stale'
                """, key),
        ]
        let answers = try await session.connection.pipeline(
            own + RecordHistory.statements(.asset, reference, json: session.json))
        guard let row = answers[0].first else {
            throw Failure(.problems, "Asset \(reference.words) was just deleted.")
        }
        state = row
        evidence = answers[1]
        candidates = answers[2]
        remedies = answers[3]
        history = RecordHistory(.asset, reference, answers[own.count...])
    }

    /// For programs.
    var fields: [(String, JSON)] {
        get throws {
            func rows(_ rows: Rows) throws -> JSON { .array(try rows.map { .raw(try $0.text(0)) }) }
            return [
                ("asset", .raw(try state.text(0))), ("summary", .string(try summary.joined(separator: " "))),
                ("evidence", try rows(evidence)), ("candidates", try rows(candidates)),
            ] + (try history.fields) + [("remedy", .string(try remedy.joined(separator: " ")))]
        }
    }

    /// What it is and why, in sentences.
    private var summary: [String] {
        get throws {
            let tag = try state.textOrNil(1).map { " (\($0))" } ?? ""
            let phase = try state.text(2).replacing("_", with: " ")
            let raw = try state.textOrNil(3).flatMap { $0.isEmpty ? nil : " by its state \"\($0)\"" } ?? ""
            let word = try state.text(4)
            let first =
                "Asset \(history.reference.words)\(tag) is \(word) since \(try state.text(5)); its phase is \(phase)\(raw)."
            return [first] + (try why(word))
        }
    }

    private func why(_ word: String) throws -> [String] {
        switch word {
        case "linked":
            let count = Int64(try state.int4(6))
            return ["\(counted(count, "CI")) \(count == 1 ? "is" : "are") linked to it."]
        case "ended":
            let stale = try candidates.count { try $0.text(3) == "link stale" }
            return [
                "An ended asset is linked to nothing"
                    + (stale > 0 ? "; \(counted(Int64(stale), "link")) to it went stale." : ".")
            ]
        case "conflicted": return ["CIs match it, but an open conflict stands in the way."]
        default: break
        }
        let usable = try evidence.contains { try $0.isNull(5) }
        if !usable {
            return [
                evidence.isEmpty
                    ? "It shows no identifier that a CI could match."
                    : "None of its identifiers can be used, so no CI can match it."
            ]
        }
        return [
            candidates.isEmpty
                ? "No CI has any of its identifiers."
                : "CIs share identifiers with it, but none claims it; see below why."
        ]
    }

    private var remedy: [String] {
        get throws {
            let found = try remedies.map { try $0.text(0) }
            return found.isEmpty ? ["Nothing: this is as it should be."] : found
        }
    }

    /// Tells it to a person.
    func show(_ session: Session) throws {
        for sentence in try summary { session.tell(sentence) }
        try history.showWaits(session)
        if !evidence.isEmpty {
            session.console.say("")
            session.show(
                Table(
                    [
                        .text("SHOWS", narrowest: 10), .text("VALUE", narrowest: 10), .text("READ AS", narrowest: 10),
                        .text("USED", narrowest: 10),
                    ],
                    try evidence.map { row in
                        let raw = try row.textOrNil(3)
                        let canonical = try row.textOrNil(4)
                        return [
                            try row.textOrNil(1), raw, raw != nil && raw == canonical ? "the same" : canonical,
                            try row.textOrNil(5).map { "not used: \($0)" } ?? "yes",
                        ]
                    }))
        }
        if !candidates.isEmpty {
            session.console.say("")
            session.show(
                Table(
                    [
                        .text("CI", narrowest: 10), .text("NAME", narrowest: 6), .text("STANDS TO IT", narrowest: 12),
                        .text("IS", narrowest: 10), .text("SHARES", narrowest: 8), .text("LINKED TO", narrowest: 8),
                    ],
                    try candidates.map { row in
                        [
                            try row.textOrNil(1), try row.textOrNil(2), try row.textOrNil(3), try row.textOrNil(4),
                            try row.textOrNil(5), try row.textOrNil(6),
                        ]
                    }))
        }
        try history.showConflicts(session)
        try history.show(session)
        session.console.say("")
        for (index, remedy) in try remedy.enumerated() {
            session.tell(index == 0 ? "What to do: \(remedy)" : "Also: \(remedy)")
        }
    }
}
