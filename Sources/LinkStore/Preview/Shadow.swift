import Postgres

/// Temporary tables under the names of our own, and the statements of a batch turned to them.
///
/// So a preview is made by the very steps that a batch takes, in a transaction that may write nothing but these tables.
final class Shadow {
    /// What a batch writes when keys are made and CIs are decided.
    private static let tables = [
        "asset_key", "ci_key", "asset_value", "ci_value", "suspect_value", "ci_decision", "conflict",
    ]
    /// What it reads of records, too: copied whole, with the indexes that its statements use.
    private static let copies = [
        "asset": ["(asset_ref)", "(source_id, key)"],
        "trusted_value": ["(kind, value)"],
        "ci": ["(ci_ref)", "(source_id, key)", "(source_id, parent_ci_id) WHERE parent_ci_id IS NOT NULL"],
    ]
    private static let names = Set(tables + copies.keys + ["link_link_id_seq"])
    private static let schema = Array("assetlink_internal.".utf8)

    /// Statements turned before: there are few, and each is sent many times.
    private var turned: [String: String] = [:]

    /// What makes the tables: before the transaction, which must not.
    static let creation: String =
        (tables.map {
            """
            CREATE TEMPORARY TABLE \($0)
            (LIKE assetlink_internal.\($0) INCLUDING DEFAULTS INCLUDING INDEXES INCLUDING IDENTITY);
            """
        } + ["CREATE TEMPORARY SEQUENCE link_link_id_seq;"]
        + copies.keys.sorted().map {
            "CREATE TEMPORARY TABLE \($0) (LIKE assetlink_internal.\($0) INCLUDING DEFAULTS);"
        }).joined(separator: "\n")

    /// What makes the indexes of the copies, before there is anything in them.
    static let indexes: String = copies.sorted { $0.key < $1.key }.flatMap { table, columns in
        columns.enumerated().map { number, list in
            "CREATE \(number < 2 ? "UNIQUE " : "")INDEX ON pg_temp.\(table) \(list);"
        }
    }.joined(separator: "\n")

    /// What fills the copies, in the transaction.
    static let copying: [Statement] = copies.keys.sorted().map {
        Statement("INSERT INTO pg_temp.\($0) SELECT * FROM assetlink_internal.\($0)", prepared: false)
    }

    /// The same statement over the temporary tables.
    func turn(_ statement: Statement) -> Statement {
        if let known = turned[statement.sql] {
            return Statement(known, statement.parameters, prepared: statement.prepared)
        }
        let sql = Self.turn(statement.sql)
        turned[statement.sql] = sql
        return Statement(sql, statement.parameters, prepared: statement.prepared)
    }

    /// Names of our schema that stand for a table of ours, by whole words.
    static func turn(_ sql: String) -> String {
        let bytes = Array(sql.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var at = 0
        while at < bytes.count {
            guard bytes[at] == schema[0], bytes[at...].starts(with: schema) else {
                out.append(bytes[at])
                at += 1
                continue
            }
            var end = at + schema.count
            while end < bytes.count, isOfName(bytes[end]) { end += 1 }
            let name = String(decoding: bytes[(at + schema.count)..<end], as: UTF8.self)
            out += names.contains(name) ? Array("pg_temp.\(name)".utf8) : Array(bytes[at..<end])
            at = end
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
    }
}
