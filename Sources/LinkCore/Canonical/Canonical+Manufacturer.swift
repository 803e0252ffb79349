extension Canonical {
    /// The canonical form of a manufacturer.
    ///
    /// Trimmed, lower case without locale, then what an alias stands for (the domain rules, section 3). An alias is
    /// followed once, so no alias may stand for another alias.
    package static func manufacturer(_ raw: String, aliases: [String: String]) -> String {
        let manufacturer = WhiteSpace.trimmed(raw).lowercased()
        return aliases[manufacturer] ?? manufacturer
    }
}
