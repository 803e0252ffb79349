/// Why a text is no JSON, or none that is read here.
package enum JSONProblem: Error, Hashable, Sendable {
    /// At this byte.
    case malformed(at: Int)
    /// Deeper than the limit: a stack is finite.
    case tooDeep(limit: Int)
}

extension JSONValue {
    /// Reads a text: one value, with nothing after it.
    package static func parse(_ text: String, depth: Int = 32) throws(JSONProblem) -> JSONValue {
        var parser = JSONParser(bytes: Array(text.utf8), limit: depth)
        return try parser.document()
    }
}

/// Reads RFC 8259, no more and no less.
private struct JSONParser {
    let bytes: [UInt8]
    let limit: Int
    var at = 0

    init(bytes: [UInt8], limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    mutating func document() throws(JSONProblem) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw .malformed(at: at) }
        return value
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        at += 1
        return true
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONProblem) -> JSONValue {
        for byte in String(describing: word).utf8 {
            guard take(byte) else { throw .malformed(at: at) }
        }
        return value
    }

    private mutating func value(depth: Int) throws(JSONProblem) -> JSONValue {
        skipSpace()
        switch next {
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "["):
            guard depth < limit else { throw .tooDeep(limit: limit) }
            return .array(try array(depth: depth + 1))
        case UInt8(ascii: "{"):
            guard depth < limit else { throw .tooDeep(limit: limit) }
            return .object(try object(depth: depth + 1))
        default: return .number(try number())
        }
    }

    private mutating func array(depth: Int) throws(JSONProblem) -> [JSONValue] {
        at += 1
        var items: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return items }
        while true {
            items.append(try value(depth: depth))
            skipSpace()
            if take(UInt8(ascii: "]")) { return items }
            guard take(UInt8(ascii: ",")) else { throw .malformed(at: at) }
        }
    }

    private mutating func object(depth: Int) throws(JSONProblem) -> [JSONMember] {
        at += 1
        var members: [JSONMember] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return members }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw .malformed(at: at) }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw .malformed(at: at) }
            members.append(JSONMember(name, try value(depth: depth)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return members }
            guard take(UInt8(ascii: ",")) else { throw .malformed(at: at) }
        }
    }

    private mutating func number() throws(JSONProblem) -> String {
        let start = at
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func digits() throws(JSONProblem) {
        let start = at
        while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
        guard at > start else { throw .malformed(at: at) }
    }

    private mutating func string() throws(JSONProblem) -> String {
        at += 1
        var out: [UInt8] = []
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: out, as: UTF8.self)
            case 0..<0x20: throw .malformed(at: at - 1)
            case UInt8(ascii: "\\"): try escape(&out)
            default: out.append(byte)
            }
        }
        throw .malformed(at: at)
    }

    private mutating func escape(_ out: inout [UInt8]) throws(JSONProblem) {
        guard let byte = next else { throw .malformed(at: at) }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hex()
            // The second half of a pair must follow its first.
            if (0xD800..<0xDC00).contains(code) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw .malformed(at: at) }
                let low = try hex()
                guard (0xDC00..<0xE000).contains(low) else { throw .malformed(at: at) }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard code != 0, let scalar = Unicode.Scalar(code) else { throw .malformed(at: at) }
            out += Array(String(Character(scalar)).utf8)
        default: throw .malformed(at: at - 1)
        }
    }

    private mutating func hex() throws(JSONProblem) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw .malformed(at: at)
            }
            at += 1
            code = code << 4 + UInt32(digit)
        }
        return code
    }
}
