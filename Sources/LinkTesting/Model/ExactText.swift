/// A text that equals another only byte by byte, as it does in PostgreSQL; Swift's `String` compares composed and
/// decomposed letters as equal.
package struct ExactText: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral value: String) { text = value }

    package var description: String { text }

    package static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    package static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    // The hash is that of the string: equal bytes make equal strings.
}

extension [ExactText] {
    /// Value by value, each by its UTF-8 bytes: the order that makes "the smallest key" of a conflict.
    package func isBefore(_ other: Self) -> Bool { lexicographicallyPrecedes(other) }

    package var texts: [String] { map(\.text) }
}

/// A record of a source: an asset `(asset_source, asset_id)` or a CI `(ci_source, ci_id)`.
package struct RecordKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var source: String
    package var id: String

    package init(_ source: String, _ id: String) {
        self.source = source
        self.id = id
    }

    package var description: String { "\(source)/\(id)" }

    package static func == (left: Self, right: Self) -> Bool {
        ExactText(left.id) == ExactText(right.id) && ExactText(left.source) == ExactText(right.source)
    }

    package static func < (left: Self, right: Self) -> Bool {
        let isOneSource = ExactText(left.source) == ExactText(right.source)
        return isOneSource
            ? ExactText(left.id) < ExactText(right.id) : ExactText(left.source) < ExactText(right.source)
    }
}
