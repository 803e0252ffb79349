/// The placeholders of a rule set, ready to be asked about values (the domain rules, section 3).
///
/// Exact placeholders are compared after canonicalisation as their kind, so a uuid is recognised in each of its byte
/// orders; one that cannot be read as its kind never matters, because such a value is malformed already. Patterns must
/// match the whole canonical value or the whole trimmed raw value, case-insensitively; see `PatternParser` for what
/// they may hold. A value is read once per group of patterns, whatever the patterns are.
package struct PlaceholderIndex: Sendable {
    /// A pattern that is not in force, and why.
    package struct Invalid: Hashable, Sendable {
        package var id: Int
        package var message: String
    }

    /// The patterns that are not in force, by id.
    package private(set) var invalid: [Invalid] = []

    private struct Entry {
        var id: Int
        var manufacturer: String?

        /// Whether it is for machines of this manufacturer.
        func isFor(_ other: String?) -> Bool { manufacturer == nil || manufacturer == other }
    }

    private struct Key: Hashable {
        var kind: IdentifierKind
        var value: ExactText
    }

    private struct Group {
        var matcher: PatternMatcher
        var entries: [Entry]
    }

    private var exact: [Key: [Entry]] = [:]
    private var groups: [IdentifierKind: [Group]] = [:]

    /// Prepares the placeholders; their manufacturers and manufacturer values are read with the aliases.
    package init(_ placeholders: [Placeholder], aliases: [String: String]) {
        var patterns: [IdentifierKind: [(entry: Entry, syntax: PatternSyntax)]] = [:]
        for placeholder in placeholders.sorted(by: { $0.id < $1.id }) {
            var entry = Entry(id: placeholder.id)
            if case .value(let name) = Canonical.read(placeholder.manufacturer, as: .manufacturer, aliases: aliases) {
                entry.manufacturer = name
            }
            if placeholder.isPattern {
                do {
                    patterns[placeholder.kind, default: []].append((entry, try PatternParser.parse(placeholder.value)))
                } catch {
                    invalid.append(Invalid(id: entry.id, message: error.description))
                }
            } else if case .value(let value) = Canonical.read(placeholder.value, as: placeholder.kind, aliases: aliases)
            {
                exact[Key(kind: placeholder.kind, value: ExactText(value)), default: []].append(entry)
            }
        }
        for (kind, list) in patterns {
            // Patterns that begin anywhere multiply each other's states: few of them fit together.
            let anywhere = list.filter(\.syntax.beginsAnywhere)
            for start in stride(from: 0, to: anywhere.count, by: 4) {
                group(anywhere[start..<min(start + 4, anywhere.count)], of: kind)
            }
            let anchored = list.filter { !$0.syntax.beginsAnywhere }
            if !anchored.isEmpty { group(anchored[...], of: kind) }
        }
        invalid.sort { $0.id < $1.id }
    }

    /// Puts the patterns into as few automata as they fit into.
    private mutating func group(_ list: ArraySlice<(entry: Entry, syntax: PatternSyntax)>, of kind: IdentifierKind) {
        do {
            let matcher = try PatternMatcher(list.map(\.syntax))
            groups[kind, default: []].append(Group(matcher: matcher, entries: list.map(\.entry)))
        } catch {
            if let only = list.first, list.count == 1 {
                invalid.append(Invalid(id: only.entry.id, message: error.description))
                return
            }
            let middle = list.startIndex + list.count / 2
            group(list[..<middle], of: kind)
            group(list[middle...], of: kind)
        }
    }

    /// The placeholder that a value is, or `nil`; of several, the one with the lowest id.
    ///
    /// - Parameters:
    ///   - kind: What the value was read as.
    ///   - raw: The value as its source shows it.
    ///   - canonical: The value after canonicalisation; `nil` when it could not be read.
    ///   - manufacturer: The canonical manufacturer of the record.
    package func match(
        kind: IdentifierKind, raw: String?, canonical: String?, manufacturer: String?
    ) -> Int? {
        var best: Int?
        if let canonical {
            let entries = exact[Key(kind: kind, value: ExactText(canonical))]
            best = entries?.first { $0.isFor(manufacturer) }?.id
        }
        guard let groups = groups[kind] else { return best }
        func consider(_ value: String) {
            for group in groups {
                let matches = group.matcher.matches(value)
                guard let index = matches.first(where: { group.entries[$0].isFor(manufacturer) }) else { continue }
                best = min(best ?? .max, group.entries[index].id)
            }
        }
        if let canonical, !canonical.isEmpty { consider(canonical) }
        if let trimmed = raw.map(WhiteSpace.trimmed), !trimmed.isEmpty, trimmed != canonical { consider(trimmed) }
        return best
    }
}

/// A text that equals only the same bytes, where `String` takes canonically equivalent ones as equal.
private struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (first: ExactText, second: ExactText) -> Bool { first.text.utf8.elementsEqual(second.text.utf8) }

    /// Equal bytes are equal strings, so the string's own hash will do.
    func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
