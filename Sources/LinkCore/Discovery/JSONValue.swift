/// A JSON value, numbers as they are written.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    /// The member of an object; of two of one name the last, as PostgreSQL has it.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The word for what it is.
    package var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "text"
        case .array: "list"
        case .object: "object"
        }
    }

    /// As text, written as `jsonb` writes it.
    package var text: String {
        var out = ""
        append(to: &out)
        return out
    }

    /// As `->>` shows it: the content of a text, nothing for `null`, otherwise ``text``.
    package var plainText: String? {
        switch self {
        case .null: nil
        case .string(let text): text
        default: text
        }
    }

    /// Byte by byte, as PostgreSQL compares; `String` takes a composed and a decomposed letter as equal.
    package func isSame(as other: JSONValue) -> Bool { text.utf8.elementsEqual(other.text.utf8) }

    private func append(to out: inout String) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .number(let text): out += text
        case .string(let text): JSONString.append(text, to: &out)
        case .array(let items):
            out += "["
            for (index, item) in items.enumerated() {
                if index > 0 { out += ", " }
                item.append(to: &out)
            }
            out += "]"
        case .object(let members):
            out += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { out += ", " }
                JSONString.append(member.name, to: &out)
                out += ": "
                member.value.append(to: &out)
            }
            out += "}"
        }
    }
}

/// A member of a JSON object.
package struct JSONMember: Sendable {
    package var name: String
    package var value: JSONValue

    package init(_ name: String, _ value: JSONValue) {
        self.name = name
        self.value = value
    }
}
