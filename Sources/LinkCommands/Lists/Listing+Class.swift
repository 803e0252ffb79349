import LinkRules
import Postgres

extension Listing {
    /// Keeps only CIs of a class of the tree, or of one that a source writes and the tree has not; all without a name.
    ///
    /// - Throws: ``Failure`` with the nearest name, for a class that nobody knows.
    mutating func filter(class name: String?, _ session: Session) async throws {
        guard let name else { return }
        let rows = try await session.query(
            """
            SELECT (SELECT k.class FROM assetlink.ci_class k WHERE k.class = lower(btrim($1))),
                ARRAY(SELECT k.class FROM assetlink.ci_class k ORDER BY k.class)
            """, [.text(name)])
        guard let row = rows.first else { return }
        if let known = try row.textOrNil(0) { return filter("class = ?", known) }
        let written = try await session.query(
            "SELECT FROM assetlink.unmapped u WHERE u.what = 'class' AND lower(u.raw_value) = lower($1)", [.text(name)])
        guard !written.isEmpty else {
            let classes = try row.textArray(1).compactMap(\.self)
            throw Failure(
                .usage, "There is no class \(name).", hint: Nearest.hint(to: name, among: classes, "Classes"))
        }
        // It counts as the root, by which it is found.
        filter("class = 'ci' AND lower(ci_class) = lower(?)", name)
    }

    /// Keeps only rows of a source; all without a name.
    ///
    /// - Throws: ``Failure`` with the nearest name, for a source that there is not.
    mutating func filter(source name: String?, _ condition: String, _ session: Session) async throws {
        guard let name else { return }
        let sources = try await session.query("SELECT f.source FROM assetlink.feed_status f ORDER BY f.source")
            .map { try $0.text(0) }
        guard sources.contains(name) else {
            throw Failure(
                .usage, "There is no source \(name).", hint: Nearest.hint(to: name, among: sources, "Sources"))
        }
        filter(condition, name)
    }
}
