extension Canonical {
    /// The canonical form of an asset tag: that of a serial number (the domain rules, section 3).
    package static func assetTag(_ raw: String) -> String { serial(raw) }
}
