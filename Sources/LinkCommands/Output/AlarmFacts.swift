import Postgres

/// A row of `assetlink.alarm`.
struct AlarmFacts {
    /// Changes are missed or writers refused; otherwise something waits.
    let isError: Bool
    let problem: DaemonFacts.Problem
    let json: String

    static let sql = """
        SELECT to_json(a)::text, a.severity = 'error', a.alarm || ', ' || a.subject || ': ' || a.detail, a.remedy
        FROM assetlink.alarm a
        """

    init(_ row: Row) throws {
        json = try row.text(0)
        isError = try row.bool(1)
        problem = DaemonFacts.Problem(text: try row.text(2), remedy: try row.text(3))
    }
}
