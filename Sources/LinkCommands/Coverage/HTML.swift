/// Just enough HTML for a page.
enum HTML {
    /// A text with nothing in it that could be read as markup.
    static func escape(_ text: String) -> String {
        var escaped = ""
        // By scalars: a quote before a combining mark is no character of its own, but ends an attribute all the same.
        for scalar in text.harmless.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A table; the columns in `numbers` are set to the right.
    static func table(_ head: [String], _ rows: [[String]], numbers: some Sequence<Int>) -> String {
        if rows.isEmpty { return "<p class=\"quiet\">None.</p>" }
        let right = Set(numbers)
        func cells(_ tag: String, _ cells: [String]) -> String {
            cells.enumerated().map { index, text in
                "<\(tag)\(right.contains(index) ? " class=\"n\"" : "")>\(escape(text))</\(tag)>"
            }.joined()
        }
        let body = rows.map { "<tr>\(cells("td", $0))</tr>" }.joined(separator: "\n")
        return """
            <div class="wide"><table><thead><tr>\(cells("th", head))</tr></thead><tbody>
            \(body)
            </tbody></table></div>
            """
    }
}
