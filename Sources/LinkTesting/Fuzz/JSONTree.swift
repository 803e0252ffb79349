/// JSON as it is written, for inputs that are to be nearly right: order and repeated members stay.
package indirect enum JSONTree: Hashable, Sendable {
    /// A number, `true`, `false`, `null`, or anything that stands for itself.
    case word(String)
    case string(String)
    case array([JSONTree])
    case object([Member])

    /// A member of an object.
    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: JSONTree

        package init(_ name: String, _ value: JSONTree) {
            self.name = name
            self.value = value
        }
    }

    /// As text.
    package var text: String {
        switch self {
        case .word(let word): word
        case .string(let text): Self.quoted(text)
        case .array(let items): "[" + items.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { "\(Self.quoted($0.name)):\($0.value.text)" }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Reads JSON; nil where it is none, or too deep.
    package init?(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var reader = Reader(text: Array(text.unicodeScalars))
        guard let tree = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = tree
    }

    private struct Reader {
        let text: [Unicode.Scalar]
        var position = 0

        var isAtEnd: Bool {
            mutating get {
                skipSpace()
                return position == text.count
            }
        }

        mutating func skipSpace() {
            while position < text.count, [" ", "\t", "\r", "\n"].contains(text[position]) { position += 1 }
        }

        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            skipSpace()
            guard position < text.count, text[position] == scalar else { return false }
            position += 1
            return true
        }

        mutating func value(depth: Int) -> JSONTree? {
            guard depth < 100 else { return nil }
            if take("[") { return list("]") { $0.value(depth: depth + 1) }.map(JSONTree.array) }
            if take("{") {
                return list("}") { reader in
                    guard let name = reader.string(), reader.take(":") else { return nil }
                    return reader.value(depth: depth + 1).map { Member(name, $0) }
                }.map(JSONTree.object)
            }
            if let text = string() { return .string(text) }
            let start = position
            while position < text.count, text[position].isASCII, !",]} \t\r\n".unicodeScalars.contains(text[position]) {
                position += 1
            }
            guard start < position else { return nil }
            return .word(String(String.UnicodeScalarView(text[start..<position])))
        }

        mutating func list<Item>(_ end: Unicode.Scalar, _ item: (inout Reader) -> Item?) -> [Item]? {
            var items: [Item] = []
            if take(end) { return items }
            repeat {
                guard let next = item(&self) else { return nil }
                items.append(next)
            } while take(",")
            return take(end) ? items : nil
        }

        mutating func string() -> String? {
            guard take("\"") else { return nil }
            var result = String.UnicodeScalarView()
            while position < text.count, text[position] != "\"" {
                // An escape stays what it is where it is none of the simple ones.
                if text[position] == "\\", position + 1 < text.count {
                    position += 1
                    switch text[position] {
                    case "n": result.append("\n")
                    case "t": result.append("\t")
                    case "u":
                        let digits = text[(position + 1)...].prefix(4)
                        let code = UInt32(String(String.UnicodeScalarView(digits)), radix: 16)
                        result.append(code.flatMap(Unicode.Scalar.init) ?? "\u{FFFD}")
                        position = min(position + 4, text.count - 1)
                    default: result.append(text[position])
                    }
                } else {
                    result.append(text[position])
                }
                position += 1
            }
            guard position < text.count else { return nil }
            position += 1
            return String(result)
        }
    }
}
