import Postgres

/// The CI or asset that a person means by `source/id`, an id, or another name of it.
struct RecordReference: Equatable {
    /// Which of the two records it is.
    enum Side {
        case ci, asset

        /// What people call it.
        var noun: String { self == .ci ? "CI" : "asset" }
        /// `ci` or `asset`, as columns begin.
        var prefix: String { self == .ci ? "ci" : "asset" }
        /// The relation with one row for each, and the column that helps to recognise one.
        var relation: String { "assetlink.\(prefix)_state" }
        var label: String { self == .ci ? "name" : "coalesce(asset_tag, serial_number)" }
        /// What `$1` may be, the surest first.
        var readings: [String] {
            self == .ci
                ? ["ci_id = $1", "lower(name) = lower($1)"]
                : ["asset_id = $1", "lower(asset_tag) = lower($1)", "lower(serial_number) = lower($1)"]
        }
        /// What `$1` may be the beginning of.
        var near: String {
            self == .ci
                ? "starts_with(lower(name), lower($1)) OR starts_with(ci_id, $1)"
                : "starts_with(lower(asset_tag), lower($1)) OR starts_with(asset_id, $1)"
        }
        /// The ways to name one.
        var ways: String {
            self == .ci
                ? "as source/id, by its id, or by its name" : "as source/id, by its id, asset tag or serial number"
        }
    }

    let source: String
    let id: String

    /// `source/id`.
    var words: String { "\(source)/\(id)" }

    /// Finds it; says which there are when it is not clear.
    static func find(_ text: String, _ side: Side, _ session: Session) async throws -> RecordReference {
        if let exact = try await exact(text, side, session) { return exact }
        for reading in side.readings {
            let found = try await candidates(reading, [.text(text)], side, session)
            if found.count == 1 { return found[0].reference }
            if found.count > 1 { throw ambiguous(text, found) }
        }
        throw try await unknown(text, side, session)
    }

    /// Finds it, or what is left of one that was deleted.
    static func findEver(_ text: String, _ side: Side, _ session: Session) async throws -> RecordReference {
        do {
            return try await find(text, side, session)
        } catch let failure as Failure {
            let traces = try await session.query(
                """
                SELECT DISTINCT a.\(side.prefix)_source, a.\(side.prefix)_id FROM assetlink.audit a
                WHERE a.\(side.prefix)_id = $1
                    OR (a.\(side.prefix)_source, a.\(side.prefix)_id)
                        = (split_part($1, '/', 1), substr($1, strpos($1, '/') + 1))
                LIMIT 2
                """, [.text(text)])
            guard traces.count == 1, let row = traces.first else { throw failure }
            return RecordReference(source: try row.text(0), id: try row.text(1))
        }
    }

    /// Finds the CI and the asset of a pair; says so when they come the wrong way round.
    static func findPair(
        _ ci: String, _ asset: String, command: String, _ session: Session
    ) async throws -> (ci: RecordReference, asset: RecordReference) {
        do {
            return (try await find(ci, .ci, session), try await find(asset, .asset, session))
        } catch let failure as Failure {
            guard (try? await find(ci, .asset, session)) != nil, (try? await find(asset, .ci, session)) != nil else {
                throw failure
            }
            throw Failure(
                .usage, "The CI comes first, then the asset: \(ci) is an asset, \(asset) a CI.",
                hint: "assetlinkctl \(command) '\(asset)' '\(ci)' …")
        }
    }

    /// An id may hold a slash itself, so a text with one is read both ways.
    private static func exact(_ text: String, _ side: Side, _ session: Session) async throws -> RecordReference? {
        guard let slash = text.firstIndex(of: "/") else { return nil }
        return try await candidates(
            "\(side.prefix)_source = $1 AND \(side.prefix)_id = $2",
            [.text(String(text[..<slash])), .text(String(text[slash...].dropFirst()))], side, session
        ).first?.reference
    }

    private struct Candidate {
        let reference: RecordReference
        let label: String?

        var words: String { reference.words + (label.map { " (\($0))" } ?? "") }
    }

    private static func candidates(
        _ condition: String, _ parameters: [Parameter], _ side: Side, _ session: Session
    ) async throws -> [Candidate] {
        try await session.query(
            """
            SELECT \(side.prefix)_source, \(side.prefix)_id, \(side.label) FROM \(side.relation)
            WHERE \(condition) ORDER BY 1, 2 LIMIT 11
            """,
            parameters
        ).map { row in
            Candidate(
                reference: RecordReference(source: try row.text(0), id: try row.text(1)), label: try row.textOrNil(2))
        }
    }

    private static func ambiguous(_ text: String, _ found: [Candidate]) -> Failure {
        let list = found.prefix(10).map(\.words).joined(separator: ", ")
        return Failure(
            .problems, "\(text) may be any of \(list)\(found.count > 10 ? " and more" : "").",
            hint: "Name one of them as source/id.")
    }

    private static func unknown(_ text: String, _ side: Side, _ session: Session) async throws -> Failure {
        let near = try await candidates(side.near, [.text(text)], side, session)
        if !near.isEmpty {
            let list = near.prefix(10).map(\.words).joined(separator: ", ")
            return Failure(.problems, "There is no \(side.noun) \(text).", hint: "Did you mean \(list)?")
        }
        let traces = try await session.query(
            "SELECT FROM assetlink.audit WHERE \(side.prefix)_id = $1 LIMIT 1", [.text(text)])
        return Failure(
            .problems, "There is no \(side.noun) \(text).",
            hint: traces.isEmpty
                ? "Name it \(side.ways)."
                : "It was deleted; its history: assetlinkctl audit --\(side.prefix) \(text)")
    }
}
