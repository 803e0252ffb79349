import Postgres

/// The CI that a person means by `source/id`, an id or a name.
struct CIReference: Equatable {
    let source: String
    let id: String

    /// Finds it; says which there are when it is not clear.
    static func find(_ text: String, _ session: Session) async throws -> CIReference {
        // An id may hold a slash itself, so a text with one is read both ways.
        if let slash = text.firstIndex(of: "/") {
            let found = try await candidates(
                "ci_source = $1 AND ci_id = $2",
                [.text(String(text[..<slash])), .text(String(text[slash...].dropFirst()))],
                session)
            if let only = found.first { return only.reference }
        }
        for condition in ["ci_id = $1", "lower(name) = lower($1)"] {
            let found = try await candidates(condition, [.text(text)], session)
            if found.count == 1 { return found[0].reference }
            if found.count > 1 { throw ambiguous(text, found) }
        }
        throw try await unknown(text, session)
    }

    private struct Candidate {
        let reference: CIReference
        let name: String?

        var words: String { "\(reference.source)/\(reference.id)" + (name.map { " (\($0))" } ?? "") }
    }

    private static func candidates(
        _ condition: String, _ parameters: [Parameter], _ session: Session
    ) async throws -> [Candidate] {
        try await session.query(
            "SELECT ci_source, ci_id, name FROM assetlink.ci_state WHERE \(condition) ORDER BY 1, 2 LIMIT 11",
            parameters
        ).map { row in
            Candidate(reference: CIReference(source: try row.text(0), id: try row.text(1)), name: try row.textOrNil(2))
        }
    }

    private static func ambiguous(_ text: String, _ found: [Candidate]) -> Failure {
        let list = found.prefix(10).map(\.words).joined(separator: ", ")
        return Failure(
            .problems, "\(text) may be any of \(list)\(found.count > 10 ? " and more" : "").",
            hint: "Name one of them as source/id.")
    }

    private static func unknown(_ text: String, _ session: Session) async throws -> Failure {
        let near = try await candidates(
            "starts_with(lower(name), lower($1)) OR starts_with(ci_id, $1)", [.text(text)], session)
        if !near.isEmpty {
            let list = near.prefix(10).map(\.words).joined(separator: ", ")
            return Failure(.problems, "There is no CI \(text).", hint: "Did you mean \(list)?")
        }
        let traces = try await session.query("SELECT FROM assetlink.audit WHERE ci_id = $1 LIMIT 1", [.text(text)])
        return Failure(
            .problems, "There is no CI \(text).",
            hint: traces.isEmpty
                ? "Name it as source/id, by its id, or by its name."
                : "It was deleted; its history: assetlinkctl audit --ci \(text)")
    }
}
