/// A pattern as it was read.
indirect enum PatternSyntax: Equatable, Sendable {
    /// One scalar out of a set.
    case one(ScalarSet)
    case sequence([PatternSyntax])
    case choice([PatternSyntax])
    /// At least so often, at most so often (`nil`: no limit).
    case repeated(PatternSyntax, Int, Int?)
    case start
    case end

    /// Whether it is nothing at all: reads nothing and asks for nothing.
    var isEmpty: Bool {
        switch self {
        case .sequence(let items): items.allSatisfy(\.isEmpty)
        case .repeated(let item, _, let high): high == 0 || item.isEmpty
        case .one, .choice, .start, .end: false
        }
    }

    /// Whether it may skip any beginning of the value, as `.*` does.
    var beginsAnywhere: Bool {
        switch self {
        case .repeated(.one(let set), _, nil): set == .any
        case .repeated(let item, _, _): item.beginsAnywhere
        case .sequence(let items): items.first?.beginsAnywhere ?? false
        case .choice(let branches): branches.contains(where: \.beginsAnywhere)
        case .one, .start, .end: false
        }
    }
}

/// Why a pattern is of no use, for the operator who wrote it.
package struct PatternError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
