/// Takes members out of a JSON array of objects as the server prints it: quicker here than row by row in SQL.
package enum JSONObjects {
    /// The texts of the named members, for each object of the array.
    ///
    /// As `->>` gives them; one that is missing or null is empty. What is no object is left out; anything but an array has
    /// none.
    package static func members(_ names: [String], of text: String?) -> [[String]] {
        guard var text, text.utf8.count > 2 else { return [] }
        return text.withUTF8 { bytes in
            var scanner = Scanner(bytes: bytes)
            return scanner.objects(names.map { Array($0.utf8) })
        }
    }

    /// Goes through valid JSON; of anything else it takes what it can and never reads beyond the end.
    private struct Scanner {
        let bytes: UnsafeBufferPointer<UInt8>
        var at = 0

        var next: UInt8 { at < bytes.count ? bytes[at] : 0 }

        mutating func skipSpace() {
            while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
        }

        /// Whether this byte comes next; it is taken then.
        mutating func take(_ byte: UInt8) -> Bool {
            skipSpace()
            guard next == byte, at < bytes.count else { return false }
            at += 1
            return true
        }

        mutating func objects(_ names: [[UInt8]]) -> [[String]] {
            var result: [[String]] = []
            guard take(UInt8(ascii: "[")) else { return [] }
            repeat {
                skipSpace()
                if next == UInt8(ascii: "{") { result.append(object(names)) } else { skipValue() }
            } while take(UInt8(ascii: ","))
            return result
        }

        private mutating func object(_ names: [[UInt8]]) -> [String] {
            var result = Array(repeating: "", count: names.count)
            at += 1
            repeat {
                skipSpace()
                guard next == UInt8(ascii: "\"") else { break }
                let name = string()
                guard take(UInt8(ascii: ":")) else { break }
                skipSpace()
                if let index = names.firstIndex(where: { name.utf8.elementsEqual($0) }) {
                    result[index] = value()
                } else {
                    skipValue()
                }
            } while take(UInt8(ascii: ","))
            _ = take(UInt8(ascii: "}"))
            return result
        }

        /// The text of a value: a string without its quotes, anything else as it stands, null as nothing.
        private mutating func value() -> String {
            if next == UInt8(ascii: "\"") { return string() }
            let start = at
            skipValue()
            let text = String(decoding: bytes[start..<at], as: UTF8.self)
            return text == "null" ? "" : text
        }

        /// Goes behind a value.
        private mutating func skipValue() {
            var depth = 0
            while at < bytes.count {
                switch bytes[at] {
                case UInt8(ascii: "\""):
                    skipString()
                    if depth == 0 { return }
                    continue
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"):
                    if depth == 0 { return }
                    depth -= 1
                    if depth == 0 {
                        at += 1
                        return
                    }
                case UInt8(ascii: ","): if depth == 0 { return }
                default: break
                }
                at += 1
            }
        }

        private mutating func skipString() {
            at += 1
            while at < bytes.count, bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
            at = min(at + 1, bytes.count)
        }

        private mutating func string() -> String {
            let start = at + 1
            skipString()
            let content = bytes[min(start, at)..<max(start, at - 1)]
            guard content.contains(UInt8(ascii: "\\")) else { return String(decoding: content, as: UTF8.self) }
            return Self.unescaped(Array(content))
        }

        private static func unescaped(_ content: [UInt8]) -> String {
            var units: [UInt16] = []
            var text = ""
            var at = 0
            while at < content.count {
                guard content[at] == UInt8(ascii: "\\"), at + 1 < content.count else {
                    let end = content[(at + 1)...].firstIndex(of: UInt8(ascii: "\\")) ?? content.count
                    text += String(decoding: content[at..<end], as: UTF8.self)
                    at = end
                    continue
                }
                let escaped = content[at + 1]
                at += 2
                switch escaped {
                case UInt8(ascii: "b"): text += "\u{08}"
                case UInt8(ascii: "f"): text += "\u{0C}"
                case UInt8(ascii: "n"): text += "\n"
                case UInt8(ascii: "r"): text += "\r"
                case UInt8(ascii: "t"): text += "\t"
                case UInt8(ascii: "u"):
                    let end = min(at + 4, content.count)
                    units.append(UInt16(String(decoding: content[at..<end], as: UTF8.self), radix: 16) ?? 0xFFFD)
                    at = end
                    // Two of them may make one character.
                    let goesOn =
                        at + 1 < content.count && content[at] == UInt8(ascii: "\\")
                        && content[at + 1] == UInt8(ascii: "u")
                    if goesOn { continue }
                    text += String(decoding: units, as: UTF16.self)
                    units = []
                default: text.unicodeScalars.append(Unicode.Scalar(escaped))
                }
            }
            return text
        }
    }
}
