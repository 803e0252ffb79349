extension Canonical {
    /// The canonical form of a cloud resource id: trimmed, exact (the domain rules, section 3).
    package static func cloudResourceID(_ raw: String) -> String { WhiteSpace.trimmed(raw) }

    /// The canonical form of any other attribute: trimmed, exact (the domain rules, section 3).
    package static func attribute(_ raw: String) -> String { WhiteSpace.trimmed(raw) }
}
