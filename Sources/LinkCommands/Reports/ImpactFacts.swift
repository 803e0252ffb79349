import Postgres

/// What stands on an asset, and what follows from it.
struct ImpactFacts {
    let verdict: String
    /// Why the verdict is what it is, in sentences.
    let reasons: [String]
    private let reference: RecordReference
    private let records: [Row]
    private let conflicts: Rows
    private let asset: String

    init(_ reference: RecordReference, _ session: Session) async throws {
        self.reference = reference
        let key: [Parameter] = [.text(reference.source), .text(reference.id)]
        let results = try await session.connection.pipeline([
            Statement(
                """
                SELECT to_json(x)::text, x.depth, x.role, \(Expression.reference("x.ci_source", "x.ci_id")), x.name,
                    x.ci_class, x.state, x.depends_on, \(Expression.minute("x.last_discovered_at")), x.verdict
                FROM assetlink.decommission_impact($1, $2) x
                """, key),
            Statement(
                """
                SELECT DISTINCT ON (c.conflict_id) to_json(c)::text, c.conflict_id, c.kind
                FROM assetlink.conflict c JOIN assetlink.conflict_member m USING (conflict_id)
                WHERE c.closed_at IS NULL AND (
                    (m.side, m.source, m.id) = ('asset', $1, $2)
                    OR m.side = 'ci' AND (m.source, m.id) IN (
                        SELECT x.ci_source, x.ci_id FROM assetlink.decommission_impact($1, $2) x
                        WHERE x.role = 'linked'))
                ORDER BY c.conflict_id LIMIT 100
                """, key),
            Statement(
                "SELECT to_json(a)::text FROM assetlink.asset_state a WHERE (a.asset_source, a.asset_id) = ($1, $2)",
                key),
        ])
        records = Array(results[0].dropFirst())
        conflicts = results[1]
        asset = try results[2].first?.text(0) ?? "null"
        verdict = try results[0].first?.text(9) ?? "unknown"
        reasons = try Self.reasons(records, conflicts)
    }

    private static func reasons(_ records: [Row], _ conflicts: Rows) throws -> [String] {
        var reasons: [String] = []
        func count(_ role: String, _ verdict: String) throws -> Int64 {
            Int64(try records.count { try $0.text(2) == role && $0.text(9) == verdict })
        }
        for (role, words) in [("linked", "linked to it"), ("dependant", "depending on those")] {
            let live = try count(role, "in_service")
            if live > 0 { reasons.append("\(counted(live, "CI")) \(words) \(verb(live)) discovered lately.") }
            let silent = try count(role, "unknown")
            if silent > 0 { reasons.append("\(counted(silent, "CI")) \(words) \(verb(silent)) never discovered.") }
            let gone = try count(role, "safe")
            if gone > 0 {
                reasons.append(
                    "\(counted(gone, "CI")) \(words) \(gone == 1 ? "is" : "are") retired or not seen for long.")
            }
        }
        if records.isEmpty { reasons.append("No CI is linked to it: what runs on it is not known.") }
        if !conflicts.isEmpty {
            reasons.append("\(counted(Int64(conflicts.count), "open conflict")) may hide more CIs that are this asset.")
        }
        return reasons
    }

    private static func verb(_ count: Int64) -> String { count == 1 ? "was" : "were" }

    /// For programs.
    var fields: [(String, JSON)] {
        func raw(_ rows: some Sequence<Row>) -> JSON { .array(rows.map { .raw((try? $0.text(0)) ?? "null") }) }
        return [
            ("asset", .raw(asset)), ("verdict", .string(verdict)), ("reasons", .array(reasons.map { .string($0) })),
            ("conflicts", raw(conflicts)), ("rows", raw(records)),
        ]
    }

    /// For a person.
    func show(_ session: Session, limit: Int) throws {
        let style = session.console.style
        let word =
            switch verdict {
            case "safe": style.good(verdict)
            case "in_service": style.bad("in service")
            default: style.doubtful(verdict)
            }
        session.console.say("Asset \(reference.words.harmless): \(word)")
        for reason in reasons { session.tell(reason) }
        if !records.isEmpty {
            session.console.say("")
            session.show(
                Table(
                    [
                        .number("DEPTH"), .text("CI", narrowest: 10), .text("NAME", narrowest: 6), .text("CLASS"),
                        .text("STATE"), .text("THROUGH", narrowest: 6), .fixed("LAST DISCOVERED"), .text("VERDICT"),
                    ],
                    try records.prefix(limit).map { row in
                        [String(try row.int4(1))] + (try (3...9).map { try row.textOrNil($0) })
                    }))
            if records.count > limit { session.console.remark("… and more: --limit shows them (now \(limit)).") }
        }
        for row in conflicts {
            session.tell(
                "Open conflict \(try row.int8(1)) (\(try row.text(2))): assetlinkctl conflicts show \(try row.int8(1))")
        }
    }
}
