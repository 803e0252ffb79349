/// Where something stands in a file; both count from 1.
package struct Place: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (a: Place, b: Place) -> Bool { (a.line, a.column) < (b.line, b.column) }

    /// As compilers write it.
    package var description: String { "\(line):\(column)" }
}

/// Something that is wrong with rules, or looks wrong, and what to do about it.
package struct RuleProblem: Hashable, Sendable {
    /// How bad it is.
    package enum Severity: String, Hashable, Sendable, CaseIterable {
        /// The rules cannot be activated.
        case error
        /// They can, but hardly do what their author wants.
        case warning
    }

    /// What sort of problem: stable, for programs.
    package var code: Code
    package var severity: Severity
    /// Where it stands; `nil` when the rules came from no file.
    package var place: Place?
    /// What it is about, as `class server, entry 20`.
    package var subject: String?
    package var message: String
    /// What to do.
    package var remedy: String?

    package init(
        _ severity: Severity, _ code: Code, at place: Place?, about subject: String? = nil, _ message: String,
        remedy: String? = nil
    ) {
        self.code = code
        self.severity = severity
        self.place = place
        self.subject = subject
        self.message = message
        self.remedy = remedy
    }
}

extension RuleProblem {
    /// Every sort of problem; the names never change.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        // Of the file.
        case notYAML = "not-yaml"
        case wrongShape = "wrong-shape"
        case unknownKey = "unknown-key"
        case missing = "missing"
        case duplicate = "duplicate"
        case unknownWord = "unknown-word"
        case unknownAttribute = "unknown-attribute"
        case unknownClass = "unknown-class"
        case unreadableValue = "unreadable-value"
        case badPattern = "bad-pattern"
        // Of the rules.
        case noRoot = "no-root"
        case classRing = "class-ring"
        case equalPriorities = "equal-priorities"
        case priorityOrder = "priority-order"
        case dependentNotLast = "dependent-not-last"
        case unreachableEntry = "unreachable-entry"
        case weakBeforeStrong = "weak-before-strong"
        case lookupAgainstRegular = "lookup-against-regular"
        case typesWithoutEffect = "types-without-effect"
        case openPattern = "open-pattern"
        case aliasOfAlias = "alias-of-alias"
        case impossibleCondition = "impossible-condition"
        case limitWithoutEffect = "limit-without-effect"
        // Of the rules on the live data.
        case emptyList = "empty-list"
        case emptyAttribute = "empty-attribute"
        case neverMatched = "never-matched"
        case unusedRule = "unused-rule"

        /// What hinders activation, and what is only doubtful.
        package var severity: Severity {
            switch self {
            case .unreachableEntry, .weakBeforeStrong, .lookupAgainstRegular, .typesWithoutEffect, .openPattern,
                .aliasOfAlias, .impossibleCondition, .limitWithoutEffect, .unreadableValue, .emptyList, .emptyAttribute,
                .neverMatched, .unusedRule:
                .warning
            default: .error
            }
        }
    }
}
