import LinkTesting
import Postgres

/// What a part of an answer may be; from it the published schema is made.
indirect enum Shape: Sendable {
    case string, integer, number, bool, anything
    /// The same, or null.
    case maybe(Shape)
    case list(Shape)
    case object([(String, Shape)])
    /// A row of a relation or function of schema `assetlink`, with what the command adds; `without` names columns that
    /// it leaves out.
    case row(String, plus: [(String, Shape)] = [], without: [String] = [])
}

/// The columns of public relations and of functions that return rows, with their comments.
struct Catalog {
    struct Column {
        let name: String
        let type: String
        let comment: String?
    }

    private var columns: [String: [Column]] = [:]

    init(_ connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            """
            SELECT c.relname, a.attname, format_type(a.atttypid, NULL), col_description(c.oid, a.attnum), a.attnum::integer
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relnamespace = 'assetlink'::regnamespace AND c.relkind IN ('r', 'v')
            UNION ALL
            SELECT p.proname, n.name, format_type(n.type, NULL), NULL, n.ordinality::integer
            FROM pg_proc p CROSS JOIN LATERAL
                unnest(p.proargnames, p.proallargtypes, p.proargmodes) WITH ORDINALITY n (name, type, mode, ordinality)
            WHERE p.pronamespace = 'assetlink'::regnamespace AND n.mode = 't'
            ORDER BY 1, 5
            """)
        for row in rows {
            columns[try row.text(0), default: []].append(
                Column(name: try row.text(1), type: try row.text(2), comment: try row.textOrNil(3)))
        }
    }

    /// A schema as it is published.
    func schema(_ command: String, _ fields: [(String, Shape)]) throws -> String {
        let name = "assetlinkctl/\(command).v1"
        let all =
            [("schema", JSONTree.object([.init("const", .string(name))]))] + (try fields.map { ($0, try tree($1)) })
        let whole = JSONTree.object(
            [
                .init("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
                .init("title", .string(name)),
            ] + object(all))
        return whole.pretty() + "\n"
    }

    private func tree(_ shape: Shape) throws -> JSONTree {
        switch shape {
        case .string: type("string")
        case .integer: type("integer")
        case .number: type("number")
        case .bool: type("boolean")
        case .anything: .object([])
        case .maybe(let inner): try optional(try tree(inner))
        case .list(let inner): .object([.init("type", .string("array")), .init("items", try tree(inner))])
        case .object(let fields): .object(object(try fields.map { ($0, try tree($1)) }))
        case .row(let relation, let plus, let without):
            .object(object(try row(relation, without) + (try plus.map { ($0, try tree($1)) })))
        }
    }

    private func row(_ relation: String, _ without: [String]) throws -> [(String, JSONTree)] {
        guard let columns = columns[relation] else { throw Unknown(relation: relation) }
        return columns.filter { !without.contains($0.name) }.map { column in
            let value: JSONTree =
                switch column.type {
                case "bigint", "integer", "smallint": type("integer", "null")
                case "numeric", "double precision": type("number", "null")
                case "boolean": type("boolean", "null")
                case "jsonb", "json": .object([])
                case let array where array.hasSuffix("[]"): type("array", "null")
                default: type("string", "null")
                }
            guard let comment = column.comment, case .object(let members) = value else { return (column.name, value) }
            return (column.name, .object(members + [.init("description", .string(comment))]))
        }
    }

    /// A relation that is not there.
    struct Unknown: Error {
        let relation: String
    }

    private func type(_ names: String...) -> JSONTree {
        .object([.init("type", names.count == 1 ? .string(names[0]) : .array(names.map { .string($0) }))])
    }

    private func optional(_ inner: JSONTree) throws -> JSONTree {
        .object([.init("anyOf", .array([inner, type("null")]))])
    }

    private func object(_ fields: [(String, JSONTree)]) -> [JSONTree.Member] {
        [
            .init("type", .string("object")),
            .init("properties", .object(fields.map { .init($0, $1) })),
            .init("required", .array(fields.map { .string($0.0) })),
            .init("additionalProperties", .word("false")),
        ]
    }
}
