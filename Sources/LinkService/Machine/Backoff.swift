/// How long to wait before the next attempt: twice as long each time, up to a limit, and never in step with others.
struct Backoff: Sendable {
    private static let first = Duration.milliseconds(100)
    /// With the jitter at most 4.5 s: a server that is back is found within five.
    private static let longest = Duration.seconds(3)
    private var next = Backoff.first

    /// - Parameter chance: from 0 to below 1.
    mutating func pause(_ chance: Double) -> Duration {
        defer { next = min(next * 2, Self.longest) }
        return next * (0.5 + chance)
    }

    /// What had worked for a while begins anew; what fails again and again does not.
    mutating func reset() { next = Self.first }
}
