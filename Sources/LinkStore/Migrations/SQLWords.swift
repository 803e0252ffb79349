/// A statement as words: names with their dots, numbers, signs; texts as `'`, without comments.
enum SQLWords {
    /// Cuts a statement into words.
    static func of(_ sql: String) -> [String] {
        var words: [String] = []
        var rest = Substring(sql)
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if rest.hasPrefix("--") {
                rest = rest.drop { !$0.isNewline }
            } else if rest.hasPrefix("/*") {
                rest = after("*/", in: rest.dropFirst(2))
            } else if first == "'" {
                rest = after("'", in: rest.dropFirst())
                if words.last != "'" { words.append("'") }
            } else if first == "$", let tag = dollarTag(rest) {
                rest = after(tag, in: rest.dropFirst(tag.count))
                words.append("'")
            } else if isWord(first) || first == "\"" {
                let word = rest.prefix { isWord($0) || $0 == "." || $0 == "\"" }
                words.append(word.filter { $0 != "\"" })
                rest = rest.dropFirst(word.count)
            } else {
                words.append(String(first))
                rest.removeFirst()
            }
        }
        return words
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }

    private static func after(_ end: String, in text: Substring) -> Substring {
        guard let range = text.firstRange(of: end) else { return "" }
        return text[range.upperBound...]
    }

    /// `$$` or `$body$` where one begins.
    private static func dollarTag(_ text: Substring) -> String? {
        let name = text.dropFirst().prefix { isWord($0) }
        guard name.first?.isNumber != true, text.dropFirst(1 + name.count).first == "$" else { return nil }
        return "$\(name)$"
    }
}
