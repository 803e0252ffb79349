/// How far a daemon has come, as others see it.
package enum ServiceRole: Hashable, Sendable {
    /// It has no session with a database.
    case connecting
    /// The server is a standby or read-only: its promotion is waited for.
    case waitingForPrimary
    /// The database was checked; listening and asking for the lease.
    case entering
    /// Another daemon leads; this one takes over when it goes.
    case standingBy
    /// It leads; whether it has looked at the log since.
    case leading(hasLooked: Bool)
    /// It was asked to stop.
    case stopping
    case ended
}

extension ServiceMachine {
    /// How it learns of changes; `nil` before it knows.
    package var shownMode: WakeMode? {
        switch phase {
        case .leading(let leader): leader.mode
        case .acquiring, .standingBy, .releasing: mode
        case .new, .opening, .listening, .closing, .pausing, .ended: nil
        }
    }

    /// How far it has come.
    package var role: ServiceRole {
        if isOver { return .ended }
        if isStopping { return .stopping }
        return switch phase {
        case .new, .opening, .closing, .pausing: hasSaidWaiting ? .waitingForPrimary : .connecting
        case .listening: .entering
        // Who stands by asks for the lease every second.
        case .acquiring: hasSaidStandingBy ? .standingBy : .entering
        case .standingBy: .standingBy
        case .leading(let leader): .leading(hasLooked: leader.hasLooked)
        case .releasing: .stopping
        case .ended: .ended
        }
    }
}
