/// A text with placeholders and what is bound to them.
package struct Statement: Sendable, Equatable {
    /// The text, with `$1` and so on.
    package var sql: String
    /// The values of the placeholders.
    package var parameters: [Parameter]
    /// Whether the connection keeps it prepared, by its text.
    package var prepared: Bool

    /// Binds values to a text.
    package init(_ sql: String, _ parameters: [Parameter] = [], prepared: Bool = true) {
        self.sql = sql
        self.parameters = parameters
        self.prepared = prepared
    }
}

/// A statement ready to send; encoded by the caller so that the loop does not have to.
struct EncodedStatement: Sendable {
    /// What a prepared statement depends on.
    struct Key: Hashable, Sendable {
        let sql: String
        let types: [OID]
    }

    /// The text.
    let sql: String
    /// The types of the parameters.
    let types: [OID]
    /// The values of the parameters.
    let cells: EncodedCells
    /// Whether the connection keeps it prepared.
    let prepared: Bool

    /// What the prepared statement is found by.
    var key: Key { Key(sql: sql, types: types) }
    /// Roughly what it takes of libpq's buffer.
    var size: Int { sql.utf8.count + cells.size }

    /// Encodes the parameters; refuses what the protocol cannot carry.
    init(_ statement: Statement) throws(PostgresError) {
        guard !statement.sql.utf8.contains(0) else {
            throw PostgresError(.misuse, "the statement contains a zero character")
        }
        guard statement.parameters.count <= 65_535 else {
            throw PostgresError(.misuse, "a statement takes at most 65,535 parameters")
        }
        sql = statement.sql
        types = statement.parameters.map(\.type)
        cells = EncodedCells(statement.parameters)
        prepared = statement.prepared
        guard cells.size < 1 << 30 else { throw PostgresError(.misuse, "the parameters exceed 1 GiB") }
    }
}

/// The values of all parameters in one buffer.
struct EncodedCells: Sendable {
    private var bytes: [UInt8] = []
    /// Where each value starts; nil for NULL.
    private var offsets: [Int?] = []
    private var lengths: [CInt] = []

    /// The bytes of all values.
    var size: Int { bytes.count }

    /// Encodes the values.
    init(_ parameters: [Parameter]) {
        for parameter in parameters {
            let start = bytes.count
            let hasValue = bytes.append(parameter)
            offsets.append(hasValue ? start : nil)
            lengths.append(CInt(clamping: bytes.count - start))
        }
        // An empty value still needs an address: nil would mean NULL.
        bytes.append(0)
    }

    /// Lends values, lengths and formats as libpq wants them.
    func withPointers(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<CInt>?, UnsafePointer<CInt>?) -> CInt
    ) -> CInt {
        let formats = [CInt](repeating: 1, count: offsets.count)
        return unsafe bytes.withUnsafeBytes { buffer in
            // Safe: every offset lies inside the buffer, and libpq copies the values before it returns.
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = unsafe offsets.map { offset in
                unsafe offset.flatMap { offset in unsafe start.map { unsafe $0 + offset } }
            }
            return unsafe values.withUnsafeBufferPointer { values in
                unsafe lengths.withUnsafeBufferPointer { lengths in
                    unsafe formats.withUnsafeBufferPointer { formats in
                        unsafe body(values.baseAddress, lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }
}
