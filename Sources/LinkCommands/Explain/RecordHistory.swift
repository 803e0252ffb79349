import Postgres

/// What happened to a record: its links, the decisions about it, the audit, its open conflicts, and what waits.
struct RecordHistory {
    let side: RecordReference.Side
    let reference: RecordReference
    let links, decisions, audit, conflicts, waits: Rows

    /// How many rows of history people get; programs get ten times as many.
    static let shown = 10

    /// The statements, in the order that `init` takes their answers in.
    static func statements(_ side: RecordReference.Side, _ reference: RecordReference, json: Bool) -> [Statement] {
        let key: [Parameter] = [.text(reference.source), .text(reference.id)]
        let limit = json ? shown * 10 : shown + 1
        let other: RecordReference.Side = side == .ci ? .asset : .ci
        func name(_ alias: String) -> String {
            Expression.reference("\(alias).\(other.prefix)_source", "\(alias).\(other.prefix)_id")
        }
        func this(_ alias: String) -> String {
            "(\(alias).\(side.prefix)_source, \(alias).\(side.prefix)_id) = ($1, $2)"
        }
        return [
            Statement(
                """
                SELECT to_json(l)::text, l.link_id, \(name("l")), l.status, l.method, \(Expression.minute("l.linked_at")),
                    l.linked_by, \(Expression.minute("coalesce(l.closed_at, l.stale_at)")),
                    coalesce(l.close_reason, l.stale_reason)
                FROM assetlink.link l WHERE \(this("l")) ORDER BY l.link_id DESC LIMIT \(limit)
                """, key),
            Statement(
                """
                SELECT to_json(d)::text, d.decision_id, d.kind, \(name("d")),
                    CASE WHEN d.pending THEN 'not yet taken up' ELSE d.effect END, d.decided_by, d.reason,
                    \(Expression.minute("d.decided_at")), \(Expression.minute("d.expires_at"))
                FROM assetlink.operator_decision d WHERE \(this("d")) ORDER BY d.decision_id DESC LIMIT 50
                """, key),
            Statement(
                """
                SELECT to_json(a)::text, \(Expression.second("a.at")), a.action, \(name("a")), \(Expression.change),
                    a.reason, a.actor
                FROM assetlink.audit a WHERE \(this("a")) ORDER BY a.audit_id DESC LIMIT \(limit)
                """, key),
            Statement(
                """
                SELECT to_json(c)::text, c.conflict_id, c.kind, (
                    SELECT string_agg(o.side || ' ' || \(Expression.reference("o.source", "o.id")), ', '
                        ORDER BY o.side, o.source, o.id)
                    FROM (SELECT * FROM assetlink.conflict_member o
                        WHERE o.conflict_id = c.conflict_id AND (o.side, o.source, o.id) <> ('\(side.prefix)', $1, $2)
                        LIMIT 20) o)
                FROM assetlink.conflict_member m JOIN assetlink.conflict c USING (conflict_id)
                WHERE m.side = '\(side.prefix)' AND m.source = $1 AND m.id = $2 AND c.closed_at IS NULL
                ORDER BY c.conflict_id
                """, key),
            Statement(
                """
                SELECT to_json(w)::text, w.what, \(Expression.second("w.since")), w.detail, w.remedy
                FROM assetlink.record_waits($1, $2) w
                """, key),
        ]
    }

    /// Takes the answers.
    init(_ side: RecordReference.Side, _ reference: RecordReference, _ answers: ArraySlice<Rows>) {
        self.side = side
        self.reference = reference
        let answers = Array(answers)
        (links, decisions, audit, conflicts, waits) = (answers[0], answers[1], answers[2], answers[3], answers[4])
    }

    /// For programs.
    var fields: [(String, JSON)] {
        get throws {
            func rows(_ rows: Rows) throws -> JSON { .array(try rows.map { .raw(try $0.text(0)) }) }
            return [
                ("conflicts", try rows(conflicts)), ("links", try rows(links)), ("decisions", try rows(decisions)),
                ("audit", try rows(audit)), ("waits", try rows(waits)),
            ]
        }
    }

    /// What nobody has taken in yet, to a person.
    func showWaits(_ session: Session) throws {
        for row in waits {
            let since = try row.textOrNil(2).map { " since \($0)" } ?? ""
            session.tell("\(try row.textOrNil(3) ?? "")\(since). \(try row.textOrNil(4) ?? "")".capitalisedFirst)
        }
    }

    /// The conflicts that it is in, to a person.
    func showConflicts(_ session: Session) throws {
        for row in conflicts {
            session.tell(
                "Conflict \(try row.int8(1)), \(try row.text(2)), with \(try row.textOrNil(3) ?? "nobody else").")
        }
    }

    /// The rest, to a person.
    func show(_ session: Session) throws {
        for row in decisions {
            let end = try row.textOrNil(8).map { ", until \($0)" } ?? ""
            session.tell(
                """
                Decision \(try row.int8(1)): \(try row.text(2)) \(try row.textOrNil(3) ?? "?") \
                by \(try row.text(5)) on \(try row.text(7))\(end), \
                \(try row.text(4).replacing("_", with: " ")): \(try row.text(6))
                """)
        }
        let other = side == .ci ? "ASSET" : "CI"
        if !links.isEmpty {
            session.console.say("")
            session.show(
                Table(
                    [
                        .number("LINK"), .text(other, narrowest: 10), .fixed("STATUS"), .text("METHOD"),
                        .fixed("LINKED AT"), .text("BY"), .text("UNTIL", narrowest: 10),
                        .text("BECAUSE", narrowest: 10),
                    ],
                    try links.prefix(Self.shown).map { row in
                        [String(try row.int8(1))] + (try (2...8).map { try row.textOrNil($0) })
                    }))
        }
        if !audit.isEmpty {
            session.console.say("")
            session.show(
                Table(
                    [
                        .fixed("AT"), .text("ACTION", narrowest: 10), .text(other, narrowest: 10),
                        .text("CHANGE", narrowest: 8), .text("REASON", narrowest: 10), .text("WHO"),
                    ],
                    try audit.prefix(Self.shown).map { row in try (1...6).map { try row.textOrNil($0) } }))
        }
        if max(links.count, audit.count) > Self.shown {
            session.console.remark("… and more: assetlinkctl audit --\(side.prefix) \(reference.words)")
        }
    }
}

extension String {
    /// The text as a sentence begins.
    var capitalisedFirst: String { (first?.uppercased() ?? "") + dropFirst() }
}
