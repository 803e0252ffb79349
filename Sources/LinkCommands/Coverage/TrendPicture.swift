/// A line of percentages in time against a target.
struct TrendPicture {
    let points: [(at: Double, percent: Double, day: String)]
    let target: Double

    private static let (width, height) = (960.0, 280.0)
    private static let (left, right, top, bottom) = (48.0, 12.0, 12.0, 28.0)

    /// The picture; at most two points for each unit of its width.
    var svg: String {
        guard let first = points.first, let last = points.last else { return "" }
        let values = points.map(\.percent) + [target]
        let low = max(0, ((values.min() ?? 0) - 2).rounded(.down))
        let high = min(100, max(low + 1, ((values.max() ?? 100) + 2).rounded(.up)))
        func x(_ at: Double) -> Double {
            let share = last.at > first.at ? (at - first.at) / (last.at - first.at) : 0
            return Self.left + share * (Self.width - Self.left - Self.right)
        }
        func y(_ percent: Double) -> Double {
            Self.top + (high - percent) / (high - low) * (Self.height - Self.top - Self.bottom)
        }
        let line = thinned.map { "\(Self.short(x($0.at))),\(Self.short(y($0.percent)))" }.joined(separator: " ")
        let grid = (0...4).map { step in
            let percent = low + (high - low) * Double(step) / 4
            let level = Self.short(y(percent))
            return """
                <line class="grid" x1="\(Self.left)" x2="\(Self.width - Self.right)" y1="\(level)" y2="\(level)"/>\
                <text x="\(Self.left - 6)" y="\(level)" text-anchor="end" dominant-baseline="middle">\
                \(Self.short(percent)) %</text>
                """
        }
        let goal = Self.short(y(target))
        return """
            <svg viewBox="0 0 \(Self.width) \(Self.height)" role="img" aria-label="Coverage from \(first.day) to \
            \(last.day): from \(Self.short(first.percent)) to \(Self.short(last.percent)) percent">
            \(grid.joined(separator: "\n"))
            <line class="goal" x1="\(Self.left)" x2="\(Self.width - Self.right)" y1="\(goal)" y2="\(goal)"/>
            <polyline class="mark" points="\(line)"/>
            <text x="\(Self.left)" y="\(Self.height - 8)">\(first.day)</text>
            <text x="\(Self.width - Self.right)" y="\(Self.height - 8)" text-anchor="end">\(last.day)</text>
            </svg>
            """
    }

    /// The last point of each part of the time, so that years of hours stay a small page.
    private var thinned: [(at: Double, percent: Double, day: String)] {
        let most = 960
        guard points.count > most, let first = points.first, let last = points.last, last.at > first.at else {
            return points
        }
        var kept: [Int: (at: Double, percent: Double, day: String)] = [:]
        for point in points { kept[Int((point.at - first.at) / (last.at - first.at) * Double(most))] = point }
        return kept.sorted { $0.key < $1.key }.map(\.value)
    }

    /// One decimal, without locale.
    private static func short(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(abs(tenths % 10))"
    }
}
