/// Finds sleeps that should have been ended by a ring: time ended them, changes were waiting, and no ring came even
/// afterwards.
///
/// A ring may come later than the look that finds the change; so one is only counted when the next sleep is over.
struct MissedWakeups: Sendable {
    private enum State {
        case none
        /// Time ended a sleep.
        case overslept
        /// And there were changes.
        case suspected
    }

    private var state = State.none
    private var isMissed = false

    /// A sleep with the bell armed is over.
    mutating func woke(isRung: Bool) {
        if case .suspected = state, !isRung { isMissed = true }
        state = isRung ? .none : .overslept
    }

    /// The log was looked at.
    mutating func looked(found: Bool) {
        if case .overslept = state { state = found ? .suspected : .none }
    }

    /// Somebody rang: late, but they did.
    mutating func rang() { state = .none }

    /// Whether one was missed since this was asked before.
    mutating func take() -> Bool {
        defer { isMissed = false }
        return isMissed
    }
}
