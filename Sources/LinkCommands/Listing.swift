import Postgres

/// One public relation as a list: which rows, in which order, and how they look to people and to programs.
struct Listing {
    /// What a person sees: a column and the expression that fills it.
    struct Cell {
        let column: Table.Column
        let sql: String
    }

    /// The command, for the JSON's schema name.
    let command: String
    /// Where the rows come from, in `FROM`.
    let relation: String
    /// What a person gets.
    let cells: [Cell]
    /// The order, after `ORDER BY`.
    let order: String
    /// What to say when there is nothing.
    let nothing: String
    /// Below the table, once for each different pair: what it is about, and what to do.
    var advice: (about: String, text: String)?
    private var conditions: [String] = []
    private var isFiltered = false
    private var parameters: [Parameter] = []

    init(
        _ command: String, from relation: String, cells: [(Table.Column, String)], order: String,
        nothing: String
    ) {
        self.command = command
        self.relation = relation
        self.cells = cells.map { Cell(column: $0.0, sql: $0.1) }
        self.order = order
        self.nothing = nothing
    }

    /// Keeps only rows for which a condition holds; `?` in it stands for the value, and without a value all are kept.
    mutating func filter(_ condition: String, _ value: String?) {
        guard let value else { return }
        isFiltered = true
        parameters.append(.text(value))
        conditions.append(condition.replacing("?", with: "$\(parameters.count)"))
    }

    /// Keeps only rows for which a condition holds.
    mutating func filter(_ condition: String) { conditions.append(condition) }

    /// Answers with the rows; programs get every column of the relation.
    ///
    /// One row more than the limit is asked for, to know whether there are more.
    func run(_ session: Session, limit: Int) async throws -> CommandExit {
        let place = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let tail = "FROM \(relation)\(place) ORDER BY \(order) LIMIT \(limit + 1)"
        if session.json {
            let rows = try await session.query("SELECT to_json(q)::text FROM (SELECT * \(tail)) q", parameters)
            let shown = try rows.prefix(limit).map { JSON.raw(try $0.text(0)) }
            session.answer(command, [("rows", .array(shown)), ("more", .bool(rows.count > limit))])
        } else {
            try show(try await session.query("SELECT \(expressions) \(tail)", parameters), session, limit)
        }
        return .success
    }

    /// The cells of the table, then the advice, all as text.
    private var expressions: String {
        (cells.map(\.sql) + (advice.map { [$0.about, $0.text] } ?? [])).map { "(\($0))::text" }.joined(separator: ", ")
    }

    private func show(_ rows: Rows, _ session: Session, _ limit: Int) throws {
        if rows.isEmpty {
            session.console.remark(isFiltered ? "\(nothing.dropLast()) with these filters." : nothing)
            return
        }
        session.show(
            Table(
                cells.map(\.column),
                try rows.prefix(limit).map { row in try cells.indices.map { try row.textOrNil($0) } }))
        if advice != nil {
            var told: Set<String> = []
            for row in rows.prefix(limit) {
                guard let about = try row.textOrNil(cells.count), let text = try row.textOrNil(cells.count + 1),
                    told.insert(about).inserted
                else { continue }
                if told.count == 1 { session.console.say("") }
                session.tell("\(about): \(text)")
            }
        }
        if rows.count > limit {
            session.console.remark("… and more: --limit shows them (now \(limit)).")
        }
    }
}

/// Expressions that several lists share.
enum Expression {
    /// A time to the minute, in the session's time zone.
    static func minute(_ column: String) -> String { "to_char(\(column), 'YYYY-MM-DD HH24:MI')" }
    /// A time to the second.
    static func second(_ column: String) -> String { "to_char(\(column), 'YYYY-MM-DD HH24:MI:SS')" }
    /// `source/id`; nothing when there is no id.
    static func reference(_ source: String, _ id: String) -> String { "\(source) || '/' || \(id)" }
    /// `active → stale`, and `→ active` for a beginning.
    static let change =
        "concat_ws(' ', from_state, CASE WHEN from_state IS DISTINCT FROM to_state THEN '→' END, to_state)"
    /// Match keys, a list of lists of values, as people would write them: `A + B, C`.
    static func keys(_ column: String) -> String {
        """
        (SELECT string_agg(k.words, ', ' ORDER BY k.n) FROM (
            SELECT key.n, (SELECT string_agg(coalesce(v.word, '(none)'), ' + ' ORDER BY v.m)
                FROM jsonb_array_elements_text(CASE jsonb_typeof(key.value) WHEN 'array' THEN key.value
                    ELSE jsonb_build_array(key.value) END) WITH ORDINALITY v (word, m)) AS words
            FROM jsonb_array_elements(\(column)) WITH ORDINALITY key (value, n)) k)
        """
    }
}
