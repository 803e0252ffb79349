/// Rows in the text format of COPY, as bytes.
struct CopyText {
    private(set) var bytes: [UInt8] = []
    private var isRowBegun = false

    /// Adds a column; nil is NULL.
    mutating func column(_ text: String?) {
        if isRowBegun { bytes.append(UInt8(ascii: "\t")) }
        isRowBegun = true
        guard let text else {
            bytes += [UInt8(ascii: "\\"), UInt8(ascii: "N")]
            return
        }
        for byte in text.utf8 { append(byte) }
    }

    /// Adds a number.
    mutating func column(_ number: Int64?) { column(number.map { String($0) }) }

    /// Adds an array of texts.
    mutating func column(_ list: [String]) {
        let items = list.map { item in
            "\"" + item.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        column("{" + items.joined(separator: ",") + "}")
    }

    /// Ends the row.
    mutating func endRow() {
        bytes.append(UInt8(ascii: "\n"))
        isRowBegun = false
    }

    /// Hands the rows over and begins anew.
    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    private mutating func append(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\\"): bytes += [byte, byte]
        case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
        case UInt8(ascii: "\r"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
        case UInt8(ascii: "\t"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
        default: bytes.append(byte)
        }
    }
}
