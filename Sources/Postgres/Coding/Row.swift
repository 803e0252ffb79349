/// One row of a result; cells are decoded by column, counted from 0.
package struct Row: Sendable {
    /// The result the row belongs to.
    let result: ResultHandle
    /// The number of the row.
    let index: Int

    /// The number of columns.
    package var count: Int { result.columnCount }

    /// Whether the cell is NULL; true for a `void`.
    package func isNull(_ column: Int) throws(PostgresError) -> Bool {
        try cell(column, expecting: "any type", when: { _ in true }) { _, _ throws(PostgresError) in true } == nil
    }

    /// Decodes one cell; nil for NULL.
    func cell<Value>(
        _ column: Int, expecting expected: String, when accepts: (OID) -> Bool,
        _ decode: (borrowing Span<UInt8>, OID) throws(PostgresError) -> Value?
    ) throws(PostgresError) -> Value? {
        guard (0..<result.columnCount).contains(column) else {
            throw PostgresError(.decoding, "there is no column \(column), only \(result.columnCount)")
        }
        let type = result.type(column)
        if type == .void { return nil }
        guard accepts(type) else { throw failure(column, "has type \(type.rawValue), which is not \(expected)") }
        return try result.withCell(index, column) { (bytes: borrowing Span<UInt8>?) throws(PostgresError) -> Value? in
            switch copy bytes {
            case .none: return nil
            case .some(let bytes):
                guard let value = try decode(bytes, type) else { throw failure(column, "is not a valid \(expected)") }
                return value
            }
        }
    }

    /// Refuses NULL.
    func required<Value>(_ column: Int, _ value: Value?) throws(PostgresError) -> Value {
        guard let value else { throw failure(column, "is NULL") }
        return value
    }

    private func failure(_ column: Int, _ reason: String) -> PostgresError {
        let name = result.name(column)
        var error = PostgresError(.decoding, "column \(column) (\(name)) \(reason)")
        error.column = name
        return error
    }
}
