/// What a rule file says, as a tree of plain values: written as YAML for people and as JSON for the database.
package indirect enum DocumentValue: Sendable {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([DocumentValue])
    /// Names and values, in the order in which they are written.
    case map([(name: String, value: DocumentValue)])

    /// A map of what there is; `nil` is left out.
    static func map(of members: KeyValuePairs<String, DocumentValue?>) -> DocumentValue {
        .map(members.compactMap { name, value in value.map { (name, $0) } })
    }

    /// Texts as a list.
    static func texts(_ texts: some Sequence<String>) -> DocumentValue { .list(texts.map { .text($0) }) }

    /// JSON on one line.
    package var json: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .number(let number): String(number)
        case .flag(let flag): flag ? "true" : "false"
        case .list(let items): "[" + items.map(\.json).joined(separator: ", ") + "]"
        case .map(let members):
            "{" + members.map { "\(Self.quoted($0.name)): \($0.value.json)" }.joined(separator: ", ") + "}"
        }
    }

    /// A text in double quotes, with the escapes that JSON and YAML share.
    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case _ where mustBeEscaped(scalar):
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// JSON that PostgreSQL wrote, fit to be read as YAML, which allows fewer characters to stand as they are.
    static func readable(json: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in json.unicodeScalars {
            if scalar.value >= 0x20, mustBeEscaped(scalar) {
                out.append(contentsOf: quoted(String(scalar)).unicodeScalars.dropFirst().dropLast())
            } else {
                out.append(scalar)
            }
        }
        return String(out)
    }

    /// Controls, line ends of other alphabets, and what no text may hold; none of them beyond four digits.
    private static func mustBeEscaped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
        default: false
        }
    }
}
