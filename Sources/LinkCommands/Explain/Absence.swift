import Postgres

/// A record that is asked for and not there: deleted, rejected, held, or not yet read.
struct Absence {
    private let history: RecordHistory
    private let json: Bool

    /// Looks for traces of a record that has no state; nothing when there are none.
    static func find(_ text: String, _ side: RecordReference.Side, _ session: Session) async throws -> Absence? {
        var references: [RecordReference] = []
        for source in try await session.query(
            "SELECT f.source FROM assetlink.feed_status f WHERE f.side = $1 ORDER BY f.source", [.text(side.prefix)])
        {
            let name = try source.text(0)
            if text.hasPrefix(name + "/") {
                references.insert(RecordReference(source: name, id: String(text.dropFirst(name.count + 1))), at: 0)
            }
            references.append(RecordReference(source: name, id: text))
        }
        for reference in references {
            let answers = try await session.connection.pipeline(
                RecordHistory.statements(side, reference, json: session.json))
            let history = RecordHistory(side, reference, answers[...])
            // What waits for a whole source is a trace of nobody.
            let isKnown = try history.waits.contains { ["change", "rejected", "deleted"].contains(try $0.text(1)) }
            if isKnown || !history.audit.isEmpty || !history.decisions.isEmpty {
                return Absence(history: history, json: session.json)
            }
        }
        return nil
    }

    /// Tells it.
    func show(_ session: Session) throws {
        let name = "\(history.side.noun) \(history.reference.words)"
        let whats = try history.waits.map { try $0.text(1) }
        let summary =
            if whats.contains("deleted") {
                "\(name) was deleted, so nothing is linked to it."
            } else if whats.contains("rejected") {
                "\(name) could not be read, so nothing was decided about it."
            } else if whats.contains("held") {
                "\(name) is held back, so nothing was decided about it."
            } else if whats.contains("change") || whats.contains("source") {
                "\(name) has not been read yet, so nothing was decided about it."
            } else {
                "\(name) is not there: no source shows it."
            }
        if json {
            session.answer(
                "explain-absent",
                [
                    ("side", .string(history.side.prefix)), ("source", .string(history.reference.source)),
                    ("id", .string(history.reference.id)), ("summary", .string(summary)),
                ] + (try history.fields))
            return
        }
        session.tell(summary)
        try history.showWaits(session)
        try history.show(session)
    }
}
