import Postgres

/// Coverage in time, drawn with characters.
struct CoverageChart {
    let since: String
    let ciClass: String?

    private static let height = 8

    /// Asks for the snapshots and draws them.
    func run(_ session: Session) async throws -> CommandExit {
        let time = Since(text: since).sql("$1")
        let rows = try await session.query(
            """
            SELECT to_json(h)::text, extract(epoch FROM h.taken_at)::float8, h.coverage_percent::float8,
                h.target_percent::float8, \(Expression.minute("h.taken_at")), h.coverage_percent::text
            FROM assetlink.coverage_history h
            WHERE h.taken_at >= \(time) AND (lower(h.class) = lower($2) OR $2 IS NULL AND h.class IS NULL)
            ORDER BY h.taken_at LIMIT 100000
            """, [.text(since), ciClass.map { .text($0) } ?? .null])
        if session.json {
            session.answer(
                "coverage-history", [("rows", .array(try rows.map { .raw(try $0.text(0)) })), ("more", .bool(false))])
            return .success
        }
        let points = try rows.compactMap { row in
            try row.float8OrNil(2).map { (at: try row.float8(1), percent: $0) }
        }
        guard let first = rows.first, let last = Array(rows).last, !points.isEmpty else {
            session.console.remark(
                "There is no snapshot since then: the daemon takes one an hour (setting snapshotInterval).")
            return .success
        }
        for line in Self.draw(points, target: try last.float8OrNil(3), width: session.console.width) {
            session.console.say(line)
        }
        session.tell(
            """
            \(try first.text(4)) to \(try last.text(4)): \(try first.textOrNil(5) ?? "–") % → \
            \(try last.textOrNil(5) ?? "–") %, in \(counted(Int64(rows.count), "snapshot")).
            """)
        return .success
    }

    /// A column for each equal part of the time, as high as its last snapshot; the target is a line through the gaps.
    static func draw(_ points: [(at: Double, percent: Double)], target: Double?, width: Int) -> [String] {
        guard let start = points.first?.at, let end = points.last?.at else { return [] }
        let columns = max(1, min(width - 8, points.count))
        var values = [Double?](repeating: nil, count: columns)
        for point in points {
            let share = end > start ? (point.at - start) / (end - start) : 0
            values[min(columns - 1, Int(share * Double(columns)))] = point.percent
        }
        let known = values.compactMap(\.self) + (target.map { [$0] } ?? [])
        let low = max(0, ((known.min() ?? 0) - 1).rounded(.down))
        let high = max(low + 1, min(100, (known.max() ?? 100).rounded(.up)))
        let blocks = Array(" ▁▂▃▄▅▆▇█")
        return (0..<height).map { line in
            let bottom = low + (high - low) * Double(height - 1 - line) / Double(height)
            let step = (high - low) / Double(height)
            let holdsTarget = target.map { $0 >= bottom && $0 < bottom + step || line == 0 && $0 >= bottom } ?? false
            let label =
                line == 0 ? "\(Int(high)) %" : line == height - 1 ? "\(Int(low)) %" : holdsTarget ? "target" : ""
            let body = values.map { value -> Character in
                guard let value, value > bottom else { return holdsTarget ? "┄" : " " }
                return blocks[max(1, min(8, Int(((value - bottom) / step * 8).rounded())))]
            }
            return label.padded(to: 7, right: true) + " " + String(body)
        }
    }
}
