extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    /// One line that is safe to log: names, codes and messages, never row values.
    package var description: String {
        var text = "\(code)"
        if let sqlState { text += " \(sqlState)" }
        text += ": \(safeMessage)"
        if let statementIndex { text += " (statement \(statementIndex))" }
        if let constraint { text += " [constraint \(constraint)]" }
        if let hint { text += " HINT: \(hint)" }
        return text
    }

    /// Every field, row values included.
    package var debugDescription: String {
        var text = "PostgresError(\(code), message: \(message)"
        let fields: [(String, String?)] = [
            ("sqlState", sqlState), ("severity", severity), ("detail", detail), ("hint", hint),
            ("position", position.map(String.init)), ("constraint", constraint), ("schema", schema),
            ("table", table), ("column", column), ("context", context),
            ("statementIndex", statementIndex.map(String.init)),
        ]
        for (name, value) in fields {
            if let value { text += ", \(name): \(value)" }
        }
        return text + ")"
    }

    /// The message without what the server quotes from data.
    ///
    /// Class 22 is "data exception": its messages quote the offending value; elsewhere the quotes hold names.
    private var safeMessage: String {
        guard code == .server, sqlState?.hasPrefix("22") == true else { return message }
        let parts = message.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return message }
        return parts.count == 2 ? "\(first)…" : "\(first)\"…\"\(last)"
    }
}
