/// What became of a raw value when it was read as its kind (domain.md section 3).
package enum Reading: Hashable, Sendable {
    /// Empty or absent.
    case empty
    /// It cannot be read as its kind.
    case malformed
    /// Its canonical form.
    case value(String)
}
