import LinkCore
import Postgres

/// Temporary tables that lie over our own, and the statements of a batch turned to them.
///
/// So a preview is made by the very steps that a batch takes, in a transaction that may write nothing but these tables. A
/// record is read where it is stored until a step would change it; from then on its copy is what is read. What an edit
/// does not touch is never copied.
final class Shadow {
    /// What is copied together, once a step changes any of it.
    enum Part: String, CaseIterable {
        /// Records with their keys and values.
        case asset, ci
        /// Decisions: written whole, so nothing is copied.
        case decision

        /// The tables by the column that names the record.
        fileprivate var tables: [String] {
            switch self {
            case .asset: ["asset", "asset_key", "asset_value"]
            // Keys of CIs only say who is to be decided again (``BatchEngine/ciKeyStatements(gone:here:)``).
            case .ci: ["ci", "ci_value"]
            case .decision: ["ci_decision"]
            }
        }

        fileprivate var ref: String { self == .asset ? "asset_ref" : "ci_ref" }
    }

    /// Tables that are small: copied whole.
    private static let copies = [
        "suspect_value": "true", "trusted_value": "true", "conflict": "closed_at IS NULL",
    ]
    /// Indexes that the statements of a batch use, where not those of the table itself.
    private static let indexes = [
        "asset": ["(source_id, key)"],
        "ci": ["(source_id, key)", "(source_id, parent_ci_id) WHERE parent_ci_id IS NOT NULL"],
        "ci_decision": [
            "(claim_asset, source_id, claim_manual DESC, claim_rank, ci_ref) WHERE claim_asset IS NOT NULL",
            "(conflict_id) WHERE conflict_id IS NOT NULL", "(candidate_asset) WHERE candidate_asset IS NOT NULL",
        ],
    ]
    private static let overlaid = Set(Part.allCases.flatMap(\.tables))
    private static let names = overlaid.union(copies.keys).union(["link_link_id_seq"])
    private static let schema = Array("assetlink_internal.".utf8)
    /// Our schema in a statement that means what is stored, whatever lies over it.
    static let stored = "\"assetlink_internal\""
    /// What stands before the name of a table that is written.
    private static let writing = ["INSERT INTO ", "UPDATE ", "DELETE FROM "].map { Array($0.utf8) }

    /// The rules that everything stored was read by; `nil`: not everything is by the same.
    var inForce: CompiledRuleSet?
    /// Statements turned before: there are few, and each is sent many times.
    private var turned: [String: String] = [:]

    /// What makes the tables: before the transaction, which must not.
    static let creation: String =
        (Part.allCases.flatMap { part in
            ["CREATE TEMPORARY TABLE \(part.rawValue)_taken (ref bigint PRIMARY KEY);"]
                + part.tables.flatMap { overlay($0, part) }
        }
        + copies.keys.sorted().map {
            """
            CREATE TEMPORARY TABLE \($0)
            (LIKE assetlink_internal.\($0) INCLUDING DEFAULTS INCLUDING INDEXES INCLUDING IDENTITY);
            """
        } + [
            // Beyond all that are stored.
            "ALTER TABLE pg_temp.conflict ALTER COLUMN conflict_id RESTART WITH 4611686018427387904;",
            "CREATE TEMPORARY SEQUENCE link_link_id_seq START WITH 4611686018427387904;",
        ]).joined(separator: "\n")

    /// A table for copies, and the view of both by the table's own name.
    private static func overlay(_ table: String, _ part: Part) -> [String] {
        let own = indexes[table]
        return [
            """
            CREATE TEMPORARY TABLE \(table)_taken_in
            (LIKE assetlink_internal.\(table) INCLUDING DEFAULTS\(own == nil ? " INCLUDING INDEXES" : ""));
            """
        ] + (own ?? []).map { "CREATE INDEX ON pg_temp.\(table)_taken_in \($0);" }
            + (own == nil ? [] : ["CREATE UNIQUE INDEX ON pg_temp.\(table)_taken_in (\(part.ref));"]) + [
                """
                CREATE TEMPORARY VIEW \(table) AS
                SELECT * FROM assetlink_internal.\(table) AS s
                WHERE NOT EXISTS (SELECT FROM pg_temp.\(part.rawValue)_taken AS t WHERE t.ref = s.\(part.ref))
                UNION ALL
                SELECT * FROM pg_temp.\(table)_taken_in;
                """
            ]
    }

    /// What fills the copies of small tables, in the transaction.
    static let copying: [Statement] = copies.sorted { $0.key < $1.key }.map { table, rows in
        Statement(
            "INSERT INTO pg_temp.\(table) SELECT * FROM assetlink_internal.\(table) WHERE \(rows)", prepared: false)
    }

    /// Records of which a step changes something: from now on their copies are read.
    func take(_ part: Part, _ refs: [Int64]) -> Statement {
        let copied = part == .decision ? [] : part.tables
        let copies = copied.map { table in
            """
            , \(table) AS (
                INSERT INTO pg_temp.\(table)_taken_in
                SELECT s.*
                FROM fresh AS f
                CROSS JOIN LATERAL (
                    SELECT * FROM \(Self.stored).\(table) WHERE \(part.ref) = f.ref OFFSET 0) AS s
            )
            """
        }
        return Statement(
            """
            WITH fresh AS (
                INSERT INTO pg_temp.\(part.rawValue)_taken (ref)
                SELECT k.ref FROM unnest($1::bigint[]) AS k (ref) ON CONFLICT DO NOTHING
                RETURNING ref
            )\(copies.joined())
            SELECT
            """, [.refs(refs)])
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

    /// Names of our schema that stand for a table of ours, by whole words; what is written is the table of copies.
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
            let isWritten = overlaid.contains(name) && writing.contains { out.ends(with: $0) }
            out +=
                names.contains(name)
                ? Array("pg_temp.\(name)\(isWritten ? "_taken_in" : "")".utf8) : Array(bytes[at..<end])
            at = end
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
    }
}

extension [UInt8] {
    fileprivate func ends(with other: [UInt8]) -> Bool { suffix(other.count).elementsEqual(other) }
}
