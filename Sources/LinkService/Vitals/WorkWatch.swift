/// Tells work from standing still: a call under way gets on while the server is at work for it, or it sends commands.
struct WorkWatch: Sendable {
    /// What is seen of the working connection at one moment.
    struct Sample: Hashable, Sendable {
        /// Whether a call is under way.
        var isCalling = false
        /// Whether a command waits for the server, which the machine's own deadlines are about.
        var isWaiting = false
        /// How many commands the connection has sent.
        var commands: UInt64 = 0
    }

    private var last = Sample()
    private var since = Duration.zero

    /// Whether a call was under way when it was looked at last.
    var isCalling: Bool { last.isCalling }

    /// Takes in what is seen now.
    mutating func note(_ sample: Sample, at now: Duration) {
        if !sample.isCalling || sample.isWaiting || sample != last { since = now }
        last = sample
    }

    /// How long the call under way has computed without asking the database; zero where it does not.
    func quiet(at now: Duration) -> Duration { last.isCalling && !last.isWaiting ? now - since : .zero }
}
