import Postgres

/// One public relation as a list: which rows, in which order, and how they look to people and to programs.
///
/// A page begins after a row, not after a number of rows: it costs the same wherever it is.
struct Listing {
    /// What a person sees: a column and the expression that fills it.
    struct Cell {
        let column: Table.Column
        let sql: String
    }

    /// A part of the order; all parts together tell any two rows apart.
    struct Key {
        let sql: String
        let type: String

        /// A text.
        static func text(_ sql: String) -> Key { Key(sql: sql, type: "text COLLATE \"C\"") }
        /// A number.
        static func number(_ sql: String) -> Key { Key(sql: sql, type: "bigint") }
        /// A time.
        static func time(_ sql: String) -> Key { Key(sql: sql, type: "timestamptz") }
    }

    /// The command, for the JSON's schema name.
    let command: String
    /// Where the rows come from, in `FROM`.
    private(set) var relation: String
    /// The values in it, the first of all.
    private(set) var relationParameters: [Parameter] = []
    /// What a person gets, of the relation's columns and those of `beside`.
    let cells: [Cell]
    /// The order.
    let keys: [Key]
    /// Whether the order goes down.
    let isDescending: Bool
    /// What to say when there is nothing.
    let nothing: String
    /// Where filters and order are looked up first: a relation that has nothing else, and the column, the same in both,
    /// by which the rows are found then.
    var index: (relation: String, key: String)?
    /// Below the table, once for each different pair: what it is about, and what to do.
    var advice: (about: String, text: String)?
    /// What is looked up for the rows of a page only: a join after `FROM (…) page`, and the columns it adds, each with a
    /// name that the relation has not.
    var beside: (join: String, columns: [String])?
    private(set) var conditions: [String] = []
    private(set) var isFiltered = false
    private(set) var parameters: [Parameter] = []

    init(
        _ command: String, from relation: String, cells: [(Table.Column, String)], order: [Key],
        descending: Bool = false, nothing: String
    ) {
        self.command = command
        self.relation = relation
        self.cells = cells.map { Cell(column: $0.0, sql: $0.1) }
        keys = order
        isDescending = descending
        self.nothing = nothing
    }

    /// Takes the rows from a function.
    mutating func call(_ function: String, _ arguments: [String?]) {
        relationParameters = arguments.map { $0.map { .text($0) } ?? .null }
        parameters = relationParameters
        relation = "\(function)(\(arguments.indices.map { "$\($0 + 1)::text" }.joined(separator: ", ")))"
    }

    /// Keeps only rows for which a condition holds; `?` in it stands for the value, and without a value all are kept.
    mutating func filter(_ condition: String, _ value: String?) {
        guard let value else { return }
        isFiltered = true
        conditions.append(condition.replacing("?", with: bind(.text(value))))
    }

    /// Keeps only rows for which a condition holds.
    mutating func filter(_ condition: String) { conditions.append(condition) }

    /// Adds a value; the placeholder that stands for it.
    mutating func bind(_ value: Parameter) -> String {
        parameters.append(value)
        return "$\(parameters.count)"
    }

    /// The statement that reads a page: the columns asked for, then the keys of each row as text.
    ///
    /// Planned with its values at hand: how rare a source or class is decides which index serves.
    func page(_ columns: [String], after cursor: PageCursor?, limit: Int) -> Statement {
        var page = self
        if let cursor {
            let names = keys.map { $0.type.hasPrefix("text") ? "(\($0.sql)) COLLATE \"C\"" : "(\($0.sql))" }
            let values = zip(keys, cursor.values).map { key, value in "\(page.bind(.text(value)))::text::\(key.type)" }
            page.filter(
                "(\(names.joined(separator: ", "))) \(isDescending ? "<" : ">") (\(values.joined(separator: ", ")))")
        }
        let place = page.conditions.isEmpty ? "" : " WHERE " + page.conditions.joined(separator: " AND ")
        let order = keys.map {
            $0.sql + ($0.type.hasPrefix("text") ? " COLLATE \"C\"" : "") + (isDescending ? " DESC" : "")
        }.joined(separator: ", ")
        // Named apart from the relation's columns: ORDER BY would take an output of that name, which is a text.
        let list = (columns + keys.map { "(\($0.sql))::text" }).enumerated()
            .map { "\($0.element) AS output_\($0.offset)" }.joined(separator: ", ")
        let rows =
            if let index {
                """
                SELECT * FROM \(relation) WHERE \(index.key) = ANY (ARRAY(
                    SELECT \(index.key) FROM \(index.relation)\(place) ORDER BY \(order) LIMIT \(limit)))
                """
            } else {
                "SELECT * FROM \(relation)\(place) ORDER BY \(order) LIMIT \(limit)"
            }
        return Statement(
            "SELECT \(list) FROM (\(rows)) page \(beside?.join ?? "") ORDER BY \(order)", page.parameters,
            prepared: false)
    }

    /// One column: the row as JSON, with what stands beside it.
    var jsonColumn: String {
        guard let beside else { return "to_json(page)::text" }
        return "(SELECT to_json(r)::text FROM (SELECT page.*, \(beside.columns.joined(separator: ", "))) r)"
    }
}
