import CLibPQ

/// Owns one `PGresult`.
@safe final class ResultHandle: @unchecked Sendable {
    // Unchecked: a PGresult never changes after libpq has handed it out, all functions used here only read it, and
    // it is freed once, when nothing refers to it any more. The pointer never leaves this class.
    private let pointer: OpaquePointer

    /// Takes over the duty to free it.
    init(taking pointer: OpaquePointer) { unsafe self.pointer = pointer }
    deinit { unsafe PQclear(pointer) }

    /// What kind of result this is.
    var status: ExecStatusType { unsafe PQresultStatus(pointer) }
    /// The number of rows.
    var rowCount: Int { Int(unsafe PQntuples(pointer)) }
    /// The number of columns.
    var columnCount: Int { Int(unsafe PQnfields(pointer)) }
    /// The number of rows the command changed, or 0.
    var affected: Int { Int(unsafe String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// The name of a column.
    func name(_ column: Int) -> String {
        unsafe PQfname(pointer, CInt(column)).map { unsafe String(cString: $0) } ?? "?"
    }

    /// The type of a column.
    func type(_ column: Int) -> OID { OID(rawValue: unsafe PQftype(pointer, CInt(column))) }

    /// Lends the bytes of a cell, nil for NULL; row and column must exist.
    func withCell<Value>(
        _ row: Int, _ column: Int, _ body: (borrowing Span<UInt8>?) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        guard unsafe PQgetisnull(pointer, CInt(row), CInt(column)) == 0,
            let start = unsafe PQgetvalue(pointer, CInt(row), CInt(column))
        else { return try body(nil) }
        let count = Int(unsafe PQgetlength(pointer, CInt(row), CInt(column)))
        // Safe: libpq keeps `count` bytes at `start` until PQclear, and `self` outlives the call.
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
        return try body(unsafe Span(_unsafeBytes: bytes))
    }

    /// The server's error in this result.
    var error: PostgresError { unsafe PostgresError(reading: pointer) }
}
