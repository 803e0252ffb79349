/// What the author of a pattern may not have meant.
package struct PatternTraits: Hashable, Sendable {
    /// It has nothing of a pattern: only itself matches it.
    package var isLiteral: Bool
    /// It may skip any beginning of the value, as `.*` does.
    package var beginsAnywhere: Bool
    /// It may skip any end of the value.
    package var endsAnywhere: Bool
    /// How many characters the shortest value has that matches it.
    package var shortest: Int
    /// It has an anchor at one end only.
    package var isAnchoredOnOneSide: Bool

    /// Reads a pattern.
    package init(_ pattern: String) throws(PatternError) {
        let syntax = try PatternParser.parse(pattern)
        let items: [PatternSyntax] = if case .sequence(let items) = syntax { items } else { [syntax] }
        isLiteral = items.allSatisfy { item in
            if case .one(let set) = item { return set.ranges.count == 1 && set.ranges[0].count == 1 }
            return false
        }
        shortest = syntax.shortest
        beginsAnywhere = syntax.beginsAnywhere
        endsAnywhere = PatternSyntax.sequence(items.reversed()).beginsAnywhere
        isAnchoredOnOneSide = (items.first == .start) != (items.last == .end)
    }
}

extension PatternSyntax {
    /// How many scalars the shortest match has.
    fileprivate var shortest: Int {
        switch self {
        case .one: 1
        case .sequence(let items): items.reduce(0) { $0 + $1.shortest }
        case .choice(let branches): branches.map(\.shortest).min() ?? 0
        case .repeated(let item, let least, _): item.shortest * least
        case .start, .end: 0
        }
    }
}
