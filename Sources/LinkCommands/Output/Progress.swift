import Synchronization

/// How far long work is, on standard error, and only where a terminal shows it.
final class Progress: Sendable {
    private struct State {
        var done: Int64 = 0
        var drawn = ContinuousClock.now
        var isDrawn = false
    }

    private let noun: String
    private let total: Int64?
    private let draw: (@Sendable (String) -> Void)?
    private let state = Mutex(State())
    /// Work that is done before this long shows nothing.
    private static let pause = Duration.milliseconds(250)

    /// - Parameters:
    ///   - noun: what is counted, in the plural.
    ///   - total: how many there will be, for a bar; without it only the count is shown.
    init(_ noun: String, of total: Int64? = nil, _ console: Console) {
        self.noun = noun
        self.total = total
        draw = console.draw
    }

    /// So many more are done.
    func advance(by count: Int64 = 1) {
        guard let draw else { return }
        let line: String? = state.withLock { state in
            state.done += count
            guard ContinuousClock.now - state.drawn >= Self.pause else { return nil }
            state.drawn = .now
            state.isDrawn = true
            return Self.line(state.done, total, noun)
        }
        if let line { draw("\r\u{1B}[K" + line) }
    }

    /// It goes on, and nothing can be counted.
    func beat() { advance(by: 0) }

    /// Wipes it, so that the answer stands alone.
    func end() {
        let wasDrawn = state.withLock { state in
            defer { state.isDrawn = false }
            return state.isDrawn
        }
        guard let draw, wasDrawn else { return }
        draw("\r\u{1B}[K")
    }

    /// A bar where the end is known, a count where it is not.
    static func line(_ done: Int64, _ total: Int64?, _ noun: String) -> String {
        guard let total, total > 0 else { return done > 0 ? "\(grouped(done)) \(noun) …" : "\(noun) …" }
        let share = min(max(Double(done) / Double(total), 0), 1)
        let full = Int(share * 30)
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: 30 - full)
        return "\(bar) \(Int(share * 100)) %, \(grouped(done)) of \(grouped(total)) \(noun)"
    }
}
