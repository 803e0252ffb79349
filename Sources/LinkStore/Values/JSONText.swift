import LinkCore

/// Builds JSON text for columns that the daemon only writes: no tree, no dependency.
package enum JSONText {
    /// A JSON string.
    package static func string(_ value: String) -> String {
        var out = ""
        JSONString.append(value, to: &out)
        return out
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
            JSONString.append(name, to: &out)
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
