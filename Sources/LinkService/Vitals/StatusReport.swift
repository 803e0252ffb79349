package import Systemd
import Synchronization

/// Tells the service manager how the daemon gets on.
///
/// The loop itself calls it, so that a loop that stands still is silent.
package final class StatusReport: Sendable {
    private struct State {
        var isReady = false
        var isStopping = false
        /// Settings are being read again, or the loop begins anew by them.
        var isReloading = false
        /// The loop that tells is the one before.
        var isBeforeReload = false
        var saidAt: Duration?
        var fedAt: Duration?
        var role: ServiceRole?
        /// Changes taken in when a rate was last told, and when that was.
        var counted: (changes: UInt64, at: Duration) = (0, .zero)
    }

    /// At most this often the same is told in other figures.
    private static let statusInterval = Duration.seconds(5)
    /// While starting, the time that is asked for anew each time.
    private static let startAllowance = Duration.seconds(60)

    private let manager: ServiceManager
    private let state = Mutex(State())

    package init(_ manager: ServiceManager) { self.manager = manager }

    /// The longest time that the loop may be silent.
    var interval: Duration { min(manager.watchdog.map { $0 / 2 } ?? Self.statusInterval, Self.statusInterval) }

    /// Settings are read again; said once more when the loop is ready by them.
    package func reloading() {
        state.withLock { state in
            state.isReloading = true
            state.isBeforeReload = true
            state.isReady = false
            _ = manager.say([.reloading, .status("reading the configuration again")])
        }
    }

    /// They were not taken: everything is as it was.
    package func reloadRefused() {
        state.withLock { state in
            state.isReloading = false
            state.isBeforeReload = false
            state.isReady = true
            _ = manager.say([.ready, .status("the new configuration was not taken; the log has why")])
        }
    }

    /// From now on a loop tells that goes by them.
    func reloadTaken() { state.withLock { $0.isBeforeReload = false } }

    /// The end was asked for.
    func stopping() { state.withLock { $0.isReloading = false } }

    /// What the loop tells after each event.
    ///
    /// - Parameter isGettingOn: whether the call under way gets on; while it does not, the watchdog is not fed.
    func tell(_ picture: Vitals.Picture, isGettingOn: Bool, at now: Duration) {
        state.withLock { state in
            let isNews = state.role != picture.role
            guard isNews || state.saidAt.map({ now - $0 >= interval }) ?? true else { return }
            var words: [ServiceManager.Word] = [.status(status(picture, &state, now))]
            var becomesReady = false
            switch picture.role {
            case .standingBy, .leading(hasLooked: true):
                if !state.isReady, !state.isBeforeReload {
                    words.append(.ready)
                    becomesReady = true
                }
            case .stopping:
                if !state.isStopping, !state.isReloading { words.append(.stopping) }
            case .connecting, .waitingForPrimary, .entering, .leading, .ended:
                // A database that is away is waited for, however long.
                if !state.isReady { words.append(.extendTimeout(Self.startAllowance)) }
            }
            if manager.watchdog != nil, isGettingOn { words.append(.watchdog) }
            // What was not heard is said again at the next event.
            guard manager.say(words) else { return }
            state.role = picture.role
            state.saidAt = now
            if becomesReady {
                state.isReady = true
                state.isReloading = false
            }
            if case .stopping = picture.role, !state.isReloading { state.isStopping = true }
        }
    }

    /// One line for people: role, lag, what waits, rate; nothing secret.
    private func status(_ picture: Vitals.Picture, _ state: inout State, _ now: Duration) -> String {
        switch picture.role {
        case .connecting:
            switch picture.failure {
            case .connection: return "connecting: the server cannot be reached"
            case .server: return "connecting: the server refused"
            default: return "connecting"
            }
        case .waitingForPrimary: return "waiting: the server is a standby or read-only"
        case .entering: return "connected; asking for the lease"
        case .standingBy: return "standing by: another daemon leads"
        case .stopping: return state.isReloading ? "reading the configuration again" : "stopping"
        case .ended: return "ended"
        case .leading:
            let seconds = (now - state.counted.at) / .seconds(1)
            let rate = seconds > 0 ? Double(picture.changes - min(state.counted.changes, picture.changes)) / seconds : 0
            state.counted = (picture.changes, now)
            let lag = picture.lag.map { "lag \(Self.text($0)), " } ?? ""
            let backlog = "backlog \(picture.waiting)"
            return "leading (epoch \(picture.epoch ?? 0)); \(lag)\(backlog), \(Self.text(rate)) changes/s"
        }
    }

    private static func text(_ time: Duration) -> String {
        let milliseconds = time / .milliseconds(1)
        return milliseconds < 1_000 ? "\(Int(milliseconds.rounded())) ms" : "\(text(milliseconds / 1_000)) s"
    }

    private static func text(_ value: Double) -> String {
        value >= 10 ? "\(Int(value.rounded()))" : "\((value * 10).rounded() / 10)"
    }
}
