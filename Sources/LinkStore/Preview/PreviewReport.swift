/// What rules would do to the links if they came into force now.
package struct PreviewReport: Sendable {
    /// How a CI's link changes, by what it is linked to before and after.
    package enum Change: String, Sendable, CaseIterable {
        case lost, moved, gained
    }

    /// A class of CIs, before and after.
    package struct ClassCounts: Sendable, Equatable {
        /// The class as it is now.
        package var name: String
        package var cis = 0
        package var gained = 0
        package var lost = 0
        package var moved = 0
        /// CIs in a conflict.
        package var conflictedBefore = 0
        package var conflictedAfter = 0
    }

    /// CIs in a state, by reason where there is one.
    package struct StateCounts: Sendable, Equatable {
        package var state: String
        package var reason: String?
        package var before = 0
        package var after = 0
    }

    /// One CI whose link changes.
    package struct Example: Sendable, Equatable {
        package var change: Change
        /// `source/id`.
        package var ci: String
        package var className: String
        /// What it is linked to, as `source/id`.
        package var before: String?
        package var after: String?
        /// Its state and reason afterwards.
        package var state: String
        package var reason: String?
        /// The entry that links it afterwards.
        package var rule: String?
        package var priority: Int?
    }

    /// Conflicts that would open or close, by kind.
    package struct ConflictCounts: Sendable, Equatable {
        package var kind: String
        package var opened = 0
        package var closed = 0
    }

    /// Records that it looked at.
    package var assets = 0
    package var cis = 0
    package var classes: [ClassCounts] = []
    package var states: [StateCounts] = []
    package var conflicts: [ConflictCounts] = []
    /// The first of each change.
    package var examples: [Example] = []
    /// Identities of conflicts that would open or close, the first of each.
    package var openedConflicts: [String] = []
    package var closedConflicts: [String] = []
    /// A version is coming into force: what is now is not yet what it makes of all.
    package var isUnderWay = false

    package var gained: Int { classes.reduce(0) { $0 + $1.gained } }
    package var lost: Int { classes.reduce(0) { $0 + $1.lost } }
    package var moved: Int { classes.reduce(0) { $0 + $1.moved } }
    package var opened: Int { conflicts.reduce(0) { $0 + $1.opened } }
    package var closed: Int { conflicts.reduce(0) { $0 + $1.closed } }
}
