/// A reader of SQL that knows just enough to find where statements end: quotes, dollar quotes, comments, parentheses
/// and the `BEGIN ATOMIC … END` of a function.
struct StatementSplitter {
    private let text: [Unicode.Scalar]
    private var at = 0
    private var line = 1

    init(_ sql: String) { text = Array(sql.unicodeScalars) }

    /// The next statement; nil at the end of the text.
    mutating func next() throws(UnfinishedSQL) -> MigrationStatement? {
        try skipBlanks()
        // A semicolon with nothing before it ends nothing.
        while at < text.count, text[at] == ";" {
            advance()
            try skipBlanks()
        }
        guard at < text.count else { return nil }
        let start = at
        let startLine = line
        var parentheses = 0
        var blocks = 0
        var words: [String] = []
        while at < text.count {
            let scalar = text[at]
            switch scalar {
            case ";" where parentheses == 0 && blocks == 0:
                let end = at
                advance()
                return statement(start, end, startLine)
            case "(": parentheses += 1; advance()
            case ")": parentheses = max(0, parentheses - 1); advance()
            case "'": try skipQuoted("'", escapes: start < at && isEscapePrefix())
            case "\"": try skipQuoted("\"", escapes: false)
            case "-" where peek(1) == "-": skipLine()
            case "/" where peek(1) == "*": try skipComment()
            case "$" where isDollarQuote(): try skipDollarQuote()
            default:
                guard isWord(scalar) else { advance(); continue }
                let word = readWord()
                if words.count < 4 { words.append(word) }
                blocks += step(word, inside: blocks, of: words)
            }
        }
        return statement(start, at, startLine)
    }

    /// Only a function or procedure can have a body of statements; psql has the same rule.
    private func step(_ word: String, inside blocks: Int, of words: [String]) -> Int {
        guard words.first == "CREATE", words.contains("FUNCTION") || words.contains("PROCEDURE") else { return 0 }
        switch word {
        case "BEGIN": return 1
        case "CASE" where blocks > 0: return 1
        case "END" where blocks > 0: return -1
        default: return 0
        }
    }

    private func statement(_ start: Int, _ end: Int, _ line: Int) -> MigrationStatement {
        var sql = String.UnicodeScalarView()
        sql.append(contentsOf: text[start..<end])
        return MigrationStatement(sql: String(sql), line: line)
    }

    private func peek(_ distance: Int) -> Unicode.Scalar? {
        at + distance < text.count ? text[at + distance] : nil
    }

    private mutating func advance() {
        if text[at] == "\n" { line += 1 }
        at += 1
    }

    private mutating func skipBlanks() throws(UnfinishedSQL) {
        while at < text.count {
            if text[at].properties.isWhitespace {
                advance()
            } else if text[at] == "-", peek(1) == "-" {
                skipLine()
            } else if text[at] == "/", peek(1) == "*" {
                try skipComment()
            } else {
                return
            }
        }
    }

    private mutating func skipLine() {
        while at < text.count, text[at] != "\n" { advance() }
    }

    /// Comments of this kind nest.
    private mutating func skipComment() throws(UnfinishedSQL) {
        let start = line
        var depth = 0
        repeat {
            if text[at] == "/", peek(1) == "*" {
                depth += 1
                advance()
            } else if text[at] == "*", peek(1) == "/" {
                depth -= 1
                advance()
            }
            advance()
        } while at < text.count && depth > 0
        if depth > 0 { throw UnfinishedSQL(line: start, message: "a comment that begins here does not end") }
    }

    private mutating func skipQuoted(_ quote: Unicode.Scalar, escapes: Bool) throws(UnfinishedSQL) {
        let start = line
        advance()
        while at < text.count {
            if escapes, text[at] == "\\", at + 1 < text.count {
                advance()
            } else if text[at] == quote {
                advance()
                // A doubled quote stands for itself.
                if at >= text.count || text[at] != quote { return }
            }
            advance()
        }
        throw UnfinishedSQL(line: start, message: "a quote that begins here does not end")
    }

    /// Whether the quote at hand is that of `E'…'`, in which a backslash escapes.
    private func isEscapePrefix() -> Bool {
        guard text[at - 1] == "E" || text[at - 1] == "e" else { return false }
        return at < 2 || !isWord(text[at - 2])
    }

    private func isDollarQuote() -> Bool { dollarTag() != nil }

    /// The tag at hand with both dollars: `$$` or `$body$`.
    private func dollarTag() -> ArraySlice<Unicode.Scalar>? {
        if at > 0, isWord(text[at - 1]) { return nil }
        var end = at + 1
        if end < text.count, ("0"..."9").contains(text[end]) { return nil }
        while end < text.count, isWord(text[end]), text[end] != "$" { end += 1 }
        return end < text.count && text[end] == "$" ? text[at...end] : nil
    }

    private mutating func skipDollarQuote() throws(UnfinishedSQL) {
        guard let tag = dollarTag() else { return }
        let start = line
        let body = at + tag.count
        while at < body { advance() }
        while at < text.count {
            if text[at] == "$", text[at...].starts(with: tag) {
                at += tag.count
                return
            }
            advance()
        }
        throw UnfinishedSQL(line: start, message: "a dollar quote that begins here does not end")
    }

    private func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
    }

    private mutating func readWord() -> String {
        var word = String.UnicodeScalarView()
        while at < text.count, isWord(text[at]) {
            word.append(text[at])
            advance()
        }
        return String(word).uppercased()
    }
}
