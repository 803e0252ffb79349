import LinkTesting
import Postgres

@testable import LinkCore
@testable import LinkStore

extension FuzzTargets {
    /// Snapshots: ours takes only what PostgreSQL would write itself, and all of that.
    static let snapshot = FuzzTarget(
        "snapshot", mutator: ByteMutator(tokens: [":", ",", "0", "+", "-", "1:1:", "9223372036854775807"]),
        needsDatabase: true
    ) { database in
        let connection = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
        return { bytes in
            let text = String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
            let ours = Snapshot(text)
            let theirs: String?
            do throws(PostgresError) {
                let rows = try await connection.query("SELECT $1::text::pg_snapshot::text", [.text(text)])
                theirs = try rows.first?.text(0)
            } catch {
                theirs = nil
            }
            // PostgreSQL reads a little more than it writes.
            try FuzzFinding.unless(
                (ours != nil) == (theirs == text), "ours: \(ours?.text ?? "none"), PostgreSQL's: \(theirs ?? "none")")
            if let theirs { try FuzzFinding.unless(Snapshot(theirs) != nil, "PostgreSQL's own \(theirs) is not taken") }
            return "\(ours == nil ? "none" : "\(min(ours?.inProgress.count ?? 0, 3)) in progress") \(theirs == nil)"
        }
    }

    /// Stored ranges of the cursor as somebody may have left them: read, or an error; written and read again the same.
    static let cursor = FuzzTarget(
        "cursor",
        mutator: JSONMutator(
            names: [
                "kind", "id", "source", "from", "to", "after", "phase", "space", "key", "value_kind", "cause", "done",
                "force", "approved",
            ], values: ["log", "read", "reevaluate", "holders", "value", "release", "3:3:", "5/7"]),
        needsDatabase: true
    ) { database in
        let connection = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
        return { bytes in
            do throws(PostgresError) {
                let text = String(decoding: bytes, as: UTF8.self)
                let rows = try await connection.query(rangesOf, [.text(text)])
                return try await check(rows, connection)
            } catch {
                try FuzzFinding.unless(error.code == .server || error.code == .decoding, "\(error)")
                return error.sqlState ?? "\(error.code)"
            }
        }
    }

    /// The same list as that of the cursor, of any JSON.
    private static let rangesOf = CursorStatements.ranges.sql.replacing(
        "(SELECT ranges FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1)",
        with: "(SELECT $1::text::jsonb AS ranges)")

    private static func check(_ rows: Rows, _ connection: PostgresConnection) async throws(PostgresError) -> String {
        var ranges: [BulkRange] = []
        for row in rows {
            do {
                let range = try CursorStatements.decodeRange(row)
                ranges.append(range)
                if range.kind == .log { _ = try? ChangeLog.page(of: range, limit: 1) }
            } catch let error as PostgresError {
                throw error
            } catch {
                return "corrupt"
            }
        }
        let again = try await connection.query(rangesOf, [.text(JSONText.array(ranges.map(\.json)))])
        let read = again.compactMap { try? CursorStatements.decodeRange($0) }
        guard read == ranges else { throw PostgresError(.misuse, "written and read again they are other ranges") }
        return "\(min(ranges.count, 3)) ranges"
    }

    /// Texts in the forms that we write for PostgreSQL, and in the forms that both of us know.
    static let postgresForms = FuzzTarget(
        "postgres-forms", mutator: ByteMutator(tokens: ["\\", "\"", "{", "}", ",", "NULL", "-"]), needsDatabase: true
    ) { database in
        let connection = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
        return { bytes in
            let text = String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
            let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            let rows = try await connection.query(
                """
                SELECT $1::text::jsonb #>> '{}', $2::text::text[], normalize($3, NFKC), $4::text::jsonb
                """,
                [
                    .text(JSONText.string(text)), .text(ArrayText.literal(parts)), .text(text),
                    .text(JSONText.array(parts.map { JSONText.string($0) })),
                ])
            guard let row = rows.first else { throw FuzzFinding("no row") }
            try FuzzFinding.unless(try row.text(0).utf8.elementsEqual(text.utf8), "JSON reads another text")
            try FuzzFinding.unless(
                try (row.textArrayOrNil(1) ?? []).elementsEqual(parts) { $0?.utf8.elementsEqual($1.utf8) == true },
                "an array reads other texts")
            let theirs = try row.text(2)
            // The server's tables may be older than ours: what it leaves as it is, is no disagreement.
            let agrees = NFKC.normalize(text).utf8.elementsEqual(theirs.utf8)
            try FuzzFinding.unless(
                agrees || text.unicodeScalars.contains { $0.properties.age.map { $0 >= (15, 0) } ?? true },
                "NFKC is another than PostgreSQL's")
            return try await "\(agrees) \(uuid(text, connection))"
        }
    }

    /// What both read as a uuid is the same up to the byte orders.
    private static func uuid(_ text: String, _ connection: PostgresConnection) async throws -> String {
        guard case .value(let ours) = Canonical.read(text, as: .uuid) else { return "no uuid" }
        do throws(PostgresError) {
            let theirs = try await connection.query("SELECT replace($1::text::uuid::text, '-', '')", [.text(text)])
            guard let digits = try theirs.first?.text(0) else { return "no row" }
            let octets = stride(from: 0, to: 32, by: 2).map { digits.dropFirst($0).prefix(2) }
            let first = [octets[0...3].joined(), octets[0...3].reversed().joined()]
            let others = [octets[4...7].joined(), [octets[5], octets[4], octets[7], octets[6]].joined()]
            let forms = first.flatMap { first in others.map { first + $0 + octets[8...].joined() } }
            guard forms.min() == ours else { throw PostgresError(.misuse, "the uuid is another than PostgreSQL's") }
            return "a uuid"
        } catch {
            try FuzzFinding.unless(error.code == .server, error.message)
            return "a uuid of ours"
        }
    }
}
