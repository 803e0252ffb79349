/// What became of one item.
package struct DiscoveryOutcome: Sendable {
    package enum State: String, Hashable, Sendable {
        case inserted, updated, parked, rejected, conflict
        case noChange = "no_change"
    }

    package var state: State
    package var code: DiscoveryCode?
    package var detail: String?
    /// The CI that it is; of a new one the name that ``CIWrite`` has for it.
    package var ciID: String?
    /// Older than the CI's last discovery: nothing of it counts, its relations neither.
    package var isOlder = false
    /// The rule by which it was identified, and the entry that matched.
    package var match: EntryMatch?
    package var rule: String?
    /// In conflict: the CIs that match.
    package var matches: [String] = []
    /// Parked or in conflict: when the holders of these change, it is tried again.
    package var watch: [MatchKey] = []
    package var write: CIWrite?

    package init(_ state: State) { self.state = state }

    /// Parked, rejected or in conflict, as the code has it.
    package init(_ problem: DiscoveryProblem) {
        state = problem.code.isConflict ? .conflict : problem.code.isParked ? .parked : .rejected
        code = problem.code
        detail = problem.detail
    }
}
