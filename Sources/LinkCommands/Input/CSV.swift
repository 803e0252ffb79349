/// Comma-separated values as RFC 4180 has them: quoted fields may hold commas, quotes and line breaks.
enum CSV {
    /// A line of a file, with its number as editors count.
    struct Line: Equatable {
        let number: Int
        let fields: [String]
    }

    /// Reads a whole file; empty lines are left out.
    ///
    /// - Throws: ``Failure`` naming the line, for a quote that is never closed or that has text behind it.
    static func read(_ text: String) throws -> [Line] {
        var lines: [Line] = []
        var fields: [String] = []
        var field = ""
        var (isQuoted, wasQuoted) = (false, false)
        var (number, start) = (1, 1)
        func endField() {
            fields.append(field)
            (field, wasQuoted) = ("", false)
        }
        func endLine() {
            endField()
            if fields != [""] { lines.append(Line(number: start, fields: fields)) }
            fields = []
            start = number
        }
        var scalars = text.unicodeScalars.makeIterator()
        var next = scalars.next()
        if next == "\u{FEFF}" { next = scalars.next() }
        while let scalar = next {
            next = scalars.next()
            if scalar == "\n" { number += 1 }
            switch (scalar, isQuoted) {
            case ("\"", true) where next == "\"":
                field.append("\"")
                next = scalars.next()
            case ("\"", true): (isQuoted, wasQuoted) = (false, true)
            case (_, true): field.unicodeScalars.append(scalar)
            case ("\"", false) where field.isEmpty && !wasQuoted: isQuoted = true
            case (",", false): endField()
            case ("\n", false): endLine()
            case ("\r", false) where next == "\n" || next == nil: break
            case (_, false) where wasQuoted || scalar == "\"":
                throw Failure(
                    .usage, "Line \(number): a quoted field ends in the middle.",
                    hint: "Quote the whole field, and double the quotes in it.")
            default: field.unicodeScalars.append(scalar)
            }
        }
        if isQuoted {
            throw Failure(.usage, "Line \(start): a quote is never closed.", hint: "Close it, or double it.")
        }
        if !field.isEmpty || wasQuoted || !fields.isEmpty { endLine() }
        return lines
    }

    /// One line to write, without its end.
    static func line(_ fields: [String?]) -> String {
        fields.map { field in
            guard let field else { return "" }
            // By scalars, as it is read: a comma before a combining mark is no character of its own.
            let scalars = field.unicodeScalars
            guard field.isEmpty || scalars.contains(where: { ",\"\r\n\u{FEFF}".unicodeScalars.contains($0) }) else {
                return field
            }
            let parts = scalars.split(separator: "\"", omittingEmptySubsequences: false)
            return "\"" + parts.map { String($0) }.joined(separator: "\"\"") + "\""
        }.joined(separator: ",")
    }
}
