extension Canonical {
    /// The canonical form of a name.
    ///
    /// Trimmed, lower case without locale, one trailing dot dropped, in this order (the domain rules, section 3). The
    /// domain stays: `db1` is not `db1.example.com`.
    package static func name(_ raw: String) -> String {
        let name = WhiteSpace.trimmed(raw).lowercased()
        return name.utf8.last == 0x2E ? String(name.unicodeScalars.dropLast()) : name
    }
}
