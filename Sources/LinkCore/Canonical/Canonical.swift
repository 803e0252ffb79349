/// Canonical values: what two records must agree on to be "the same" (the domain rules, section 3).
///
/// A total and pure function of the raw value and its kind; raw values are always kept beside it. Reading a canonical
/// value again gives that value, but for names that end in several dots or in a space before their dot, which lose a dot
/// or that space per reading.
package enum Canonical {
    /// The longest canonical value in UTF-8 bytes.
    ///
    /// A longer one is `.malformed`: an index entry could not hold it.
    package static let maximumLength = 1000

    /// Reads a raw value as its kind.
    ///
    /// - Parameters:
    ///   - raw: As its source shows it; `nil` is empty.
    ///   - kind: What it is read as.
    ///   - aliases: Manufacturer aliases (trimmed, lower case) and what they stand for; used by that kind only.
    package static func read(_ raw: String?, as kind: IdentifierKind, aliases: [String: String] = [:]) -> Reading {
        guard let raw else { return .empty }
        let canonical: String?
        switch kind {
        case .serial: canonical = serial(raw)
        case .assetTag: canonical = assetTag(raw)
        case .uuid: canonical = uuid(raw)
        case .mac: canonical = mac(raw)
        case .name: canonical = name(raw)
        case .manufacturer: canonical = manufacturer(raw, aliases: aliases)
        case .cloudResourceID: canonical = cloudResourceID(raw)
        case .attribute: canonical = attribute(raw)
        }
        guard let canonical else { return .malformed }
        if canonical.isEmpty { return .empty }
        return canonical.utf8.count > maximumLength ? .malformed : .value(canonical)
    }
}
