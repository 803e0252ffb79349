import LinkCore
import Postgres

/// Numbers of records, beyond the first up to the last.
struct RefRange: Sendable {
    var after: Int64
    var through: Int64

    /// As two parameters of a statement.
    var parameters: [Parameter] { [.int8(after), .int8(through)] }
}

/// What is compared by itself, by any session.
enum VerifyPiece: Sendable {
    /// A source with what is stored of it.
    case source(Int32)
    /// What the rules make of stored assets.
    case assets(RefRange)
    /// What they make of stored CIs, and their decisions.
    case cis(RefRange)
    /// Figures that must follow from stored rows.
    case relations
}

/// The pieces of a comparison; whichever session is free takes the next one.
actor VerifyQueue {
    private var pieces: ArraySlice<VerifyPiece>

    /// All of it as one snapshot has it: first what takes longest by itself, then pages.
    ///
    /// - Parameter page: records of a page, which bounds what a session has in memory.
    init(_ connection: PostgresConnection, sources: [SourceInfo], page: Int) async throws {
        let whole = sources.filter { !$0.isDetached && $0.status == .ok }.map { VerifyPiece.source($0.id) }
        let cis = try await Self.pages(connection, "ci", of: page).map { VerifyPiece.cis($0) }
        let assets = try await Self.pages(connection, "asset", of: page).map { VerifyPiece.assets($0) }
        pieces = (whole + [.relations] + cis + assets)[...]
    }

    func next() -> VerifyPiece? { pieces.popFirst() }

    /// Every so many records; numbers have gaps.
    private static func pages(
        _ connection: PostgresConnection, _ table: String, of page: Int
    ) async throws -> [RefRange] {
        let rows = try await connection.query(
            Statement(
                """
                SELECT p.ref
                FROM (SELECT \(table)_ref AS ref, row_number() OVER (ORDER BY \(table)_ref) AS number
                      FROM assetlink_internal.\(table)) AS p
                WHERE p.number % $1 = 0
                ORDER BY p.ref
                """, [.int8(Int64(page))]))
        let ends = try rows.map { try $0.int8(0) } + [.max]
        return zip([0] + ends, ends).map { RefRange(after: $0, through: $1) }
    }
}
