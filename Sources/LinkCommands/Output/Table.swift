/// Rows for people: a header, columns that are as wide as they need and together no wider than the terminal.
package struct Table: Sendable {
    /// A column's heading and behaviour.
    package struct Column: Sendable {
        let title: String
        let isNumber: Bool
        let narrowest: Int

        /// A column of texts; it is cut to no less than `narrowest` while another can still give.
        package static func text(_ title: String, narrowest: Int = 6) -> Column {
            Column(title: title, isNumber: false, narrowest: narrowest)
        }

        /// A column of numbers: aligned right, never cut.
        package static func number(_ title: String) -> Column {
            Column(title: title, isNumber: true, narrowest: .max)
        }

        /// A column that is never cut, as a time or a state.
        package static func fixed(_ title: String) -> Column {
            Column(title: title, isNumber: false, narrowest: .max)
        }
    }

    let columns: [Column]
    let rows: [[String]]
    private static let gap = "  "

    /// Takes the cells as they are; nothing is shown as nothing.
    package init(_ columns: [Column], _ rows: [[String?]]) {
        self.columns = columns
        self.rows = rows.map { row in row.map { ($0 ?? "").harmless } }
    }

    /// The lines, none of them wider than `width`.
    package func lines(width: Int, style: Style = .plain) -> [String] {
        lines(width: width, style: style, widths: widths(within: width), header: true)
    }

    /// The lines of one page of a longer table, in columns that its first page settled.
    func lines(width: Int, style: Style, widths: [Int], header: Bool) -> [String] {
        let title = header ? [style.bold(line(columns.map(\.title), widths).cut(to: width))] : []
        return title + rows.map { line($0, widths).cut(to: width) }
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            if index > 0 { text += Self.gap }
            text += cell.padded(to: widths[index], right: columns[index].isNumber)
        }
        while text.last == " " { text.removeLast() }
        return text
    }

    /// What each column needs, taken back from the widest of those that may be cut until all fit.
    func widths(within total: Int) -> [Int] {
        var widths = columns.indices.map { index in
            rows.reduce(columns[index].title.displayWidth) { max($0, $1[index].displayWidth) }
        }
        var excess = widths.reduce(Self.gap.count * (columns.count - 1), +) - total
        while excess > 0 {
            let candidates = columns.indices.filter { widths[$0] > columns[$0].narrowest }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }
}
