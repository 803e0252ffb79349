/// The result of one statement.
package struct Rows: Sendable, Sequence {
    private let result: ResultHandle
    /// The number of rows.
    package let count: Int

    /// Takes over a result.
    init(_ result: ResultHandle) {
        self.result = result
        count = result.rowCount
    }

    /// The names of the columns.
    package var columns: [String] { (0..<result.columnCount).map(result.name) }
    /// The number of rows inserted, changed, deleted, merged or selected.
    package var affected: Int { result.affected }
    /// Whether there is no row.
    package var isEmpty: Bool { count == 0 }
    /// The first row, if there is one.
    package var first: Row? { isEmpty ? nil : self[0] }

    /// One row; traps when there is no such row, as an array does.
    package subscript(_ row: Int) -> Row {
        precondition((0..<count).contains(row), "row \(row) of \(count)")
        return Row(result: result, index: row)
    }

    /// Walks over the rows.
    package struct Iterator: IteratorProtocol {
        private let rows: Rows
        private var position = 0

        /// Starts at the first row.
        init(_ rows: Rows) { self.rows = rows }

        /// The next row.
        package mutating func next() -> Row? {
            guard position < rows.count else { return nil }
            defer { position += 1 }
            return rows[position]
        }
    }

    /// Walks over the rows.
    package func makeIterator() -> Iterator { Iterator(self) }
    /// The number of rows, so that `map` reserves once.
    package var underestimatedCount: Int { count }
}
