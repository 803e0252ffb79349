/// The configuration file: YAML of sections that hold scalars, and nothing else of YAML.
///
/// It is read here because a whole YAML parser brings all of Foundation, which would cost every daemon ten megabytes. What
/// this takes means the same to any YAML parser; what it does not take is refused with its line, and its text is not quoted.
package struct ConfigurationFile: Sendable {
    /// A value and the line where it stands.
    package struct Entry: Hashable, Sendable {
        package var text: String
        package var line: Int
    }

    /// By keys as ``Setting/key``; a key without a value is not there.
    package private(set) var entries: [String: Entry] = [:]

    /// What is wrong and where; never quotes what stands there.
    package struct Problem: Error, Hashable, CustomStringConvertible {
        package let line: Int
        package let what: String
        package var description: String { "line \(line): \(what)" }
    }

    /// - Throws: ``Problem`` for the first line that is not understood.
    package init(_ text: String) throws(Problem) {
        var section: String?
        var indentation: Int?
        var keys: Set<String> = []
        // A carriage return and a line feed are one character.
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, line) in lines.enumerated() {
            let number = index + 1
            let content = line.drop { $0 == " " }
            if content.isEmpty || content.first == "#" || number == 1 && line == "---" { continue }
            let (name, rest) = try Self.key(content, number)
            let depth =
                content.startIndex == line.startIndex ? 0 : line.distance(from: line.startIndex, to: content.startIndex)
            if depth == 0 {
                guard try Self.value(rest, number) == nil else {
                    throw Problem(line: number, what: "a section is expected here, with its settings indented below it")
                }
                section = name
                indentation = nil
                guard keys.insert(name).inserted else {
                    throw Problem(line: number, what: "the section is there twice")
                }
                continue
            }
            guard let section else { throw Problem(line: number, what: "a section must come first") }
            if let indentation, indentation != depth {
                throw Problem(line: number, what: "it is indented otherwise than the line before")
            }
            indentation = depth
            let key = "\(section).\(name)"
            guard keys.insert(key).inserted else { throw Problem(line: number, what: "\(key) is there twice") }
            if let value = try Self.value(rest, number) { entries[key] = Entry(text: value, line: number) }
        }
    }

    private static func key(_ content: Substring, _ line: Int) throws(Problem) -> (String, Substring) {
        let name = content.prefix { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") }
        let rest = content[name.endIndex...]
        guard !name.isEmpty, rest.first == ":", rest.count == 1 || rest.dropFirst().first == " " else {
            throw Problem(line: line, what: "\"name: value\" is expected, with lower case letters and spaces only")
        }
        return (String(name), rest.dropFirst().drop { $0 == " " })
    }

    /// `nil` where nothing is said.
    private static func value(_ text: Substring, _ line: Int) throws(Problem) -> String? {
        guard let first = text.first, first != "#" else { return nil }
        if first == "\"" || first == "'" { return try quoted(text, by: first, line) }
        guard !"[]{}&*!|>%@`,?-".contains(first) || Double(text) != nil else {
            throw Problem(line: line, what: "a value that begins so must be quoted")
        }
        // A comment begins after a space.
        let end = text.firstRange(of: " #")?.lowerBound ?? text.endIndex
        var plain = text[..<end]
        while plain.last == " " { plain.removeLast() }
        guard !plain.contains(": "), plain.last != ":", !plain.contains("\t") else {
            throw Problem(line: line, what: "a value with a colon or a tab must be quoted")
        }
        return ["null", "~"].contains(plain) ? nil : String(plain)
    }

    private static func quoted(_ text: Substring, by quote: Character, _ line: Int) throws(Problem) -> String {
        var value = ""
        var rest = text.dropFirst()
        while let character = rest.popFirst() {
            if character == quote {
                if quote == "'", rest.first == "'" {
                    value.append("'")
                    rest.removeFirst()
                    continue
                }
                let after = rest.drop { $0 == " " }
                guard after.isEmpty || rest.first == " " && after.first == "#" else { break }
                return value
            }
            guard quote == "\"", character == "\\" else {
                value.append(character)
                continue
            }
            guard let escaped = rest.popFirst(),
                let real = ["\"": "\"", "\\": "\\", "n": "\n", "t": "\t", "/": "/"][escaped]
            else {
                throw Problem(line: line, what: "an escape in quotes is not known; there are \\\" \\\\ \\/ \\n \\t")
            }
            value += real
        }
        throw Problem(line: line, what: "the quotes are not closed, or something follows them")
    }
}
