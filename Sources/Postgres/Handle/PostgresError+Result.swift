import CLibPQ

extension PostgresError {
    /// Reads the fields of an error or a notice; the result stays its owner's.
    init(reading result: OpaquePointer) {
        func field(_ code: UnicodeScalar) -> String? {
            // Safe: libpq keeps the field as long as the result, and it is copied here.
            unsafe PQresultErrorField(result, CInt(code.value)).map { unsafe String(cString: $0) }
        }
        // An error that libpq wrote itself has no fields.
        let text = unsafe PQresultErrorMessage(result).map { unsafe String(cString: $0) } ?? ""
        self.init(.server, field("M") ?? text.trimmingNewlines())
        sqlState = field("C")
        severity = field("V") ?? field("S")
        detail = field("D")
        hint = field("H")
        position = field("P").flatMap { Int($0) }
        context = field("W")
        schema = field("s")
        table = field("t")
        column = field("c")
        constraint = field("n")
    }
}

extension String {
    /// libpq ends its messages with a newline.
    func trimmingNewlines() -> String {
        var text = self
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}
