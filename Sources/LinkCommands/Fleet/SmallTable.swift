/// A few rows for the eye.
struct SmallTable {
    let columns: [String]
    let rows: [[String?]]
    /// Cells longer than this are cut.
    var width = 44

    /// The table, indented; nothing when there are no rows.
    var text: String {
        guard !rows.isEmpty else { return "" }
        let cells = [columns] + rows.map { row in row.map { cut($0 ?? "") } }
        let widths = columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        let lines = cells.map { row in
            let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return trimmed("    " + padded.joined(separator: "  "))
        }
        let rule = "    " + widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
        return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
    }

    /// One line of printable characters, not too long.
    private func cut(_ cell: String) -> String {
        let printable = String(cell.map { $0.isNewline || $0 == "\t" || $0 == "\0" ? "␤" : $0 })
        return printable.count <= width ? printable : printable.prefix(width - 1) + "…"
    }

    private func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}

/// Seconds or milliseconds, as a person says them.
func spoken(_ duration: Duration) -> String {
    let milliseconds = Double(duration.components.seconds) * 1_000 + Double(duration.components.attoseconds) / 1e15
    if milliseconds >= 10_000 { return "\(Int(milliseconds / 100) / 10).\(Int(milliseconds / 100) % 10) s" }
    if milliseconds >= 100 { return "\(Int(milliseconds)) ms" }
    return "\(Int(milliseconds)).\(Int(milliseconds * 10) % 10) ms"
}
