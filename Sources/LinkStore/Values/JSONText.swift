/// Builds JSON text for columns that the daemon only writes: no tree, no dependency.
package enum JSONText {
    /// A JSON string.
    package static func string(_ value: String) -> String {
        var out = ""
        append(value, to: &out)
        return out
    }

    /// Appends a JSON string; nearly every value needs no escape and is copied whole.
    package static func append(_ value: String, to out: inout String) {
        out += "\""
        if value.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
            appendEscaped(value, to: &out)
        } else {
            out += value
        }
        out += "\""
    }

    private static func appendEscaped(_ value: String, to out: inout String) {
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{08}": out += "\\b"
            case "\u{0C}": out += "\\f"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
    }

    /// A JSON object of counts by number, in the order of the numbers.
    package static func counts(_ values: [Int32: Int]) -> String {
        "{" + values.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}"
    }

    /// A JSON string or `null`.
    package static func string(_ value: String?) -> String { value.map { string($0) } ?? "null" }

    /// A JSON array of ready-made members, spaced as `jsonb` prints it, so that stored and new text compare.
    package static func array(_ members: some Sequence<String>) -> String {
        "[" + members.joined(separator: ", ") + "]"
    }

    /// A JSON object of ready-made values; pairs whose value is `nil` are left out.
    package static func object(_ members: KeyValuePairs<String, String?>) -> String {
        var out = "{"
        for (name, value) in members {
            guard let value else { continue }
            if out.utf8.count > 1 { out += "," }
            append(name, to: &out)
            out += ":"
            out += value
        }
        out += "}"
        return out
    }
}

/// The text form of a PostgreSQL array, for arrays of arrays that have no binary form of their own.
package enum ArrayText {
    /// The literal, as in `{"a","b"}`.
    package static func literal(_ values: [String]) -> String {
        var out = "{"
        for (index, value) in values.enumerated() {
            if index > 0 { out += "," }
            out += "\""
            if value.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
                for character in value.unicodeScalars {
                    if character == "\"" || character == "\\" { out += "\\" }
                    out.unicodeScalars.append(character)
                }
            } else {
                out += value
            }
            out += "\""
        }
        return out + "}"
    }
}
