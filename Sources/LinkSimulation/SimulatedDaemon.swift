import LinkService

/// One daemon: the machine that the product runs, and what the world knows of its process and its connections.
final class SimDaemon {
    enum Line { case closed, open, halfOpen }

    let number: Int
    var machine: ServiceMachine
    /// Counts processes: a new one after every end.
    var process = 0
    var isUp = false
    /// SIGSTOP until then.
    var stalledUntil: Int64 = 0
    /// How far its own clock is ahead.
    var clockAhead: Int64 = 0
    var alarmAt: Int64?

    /// Counts sessions: what is under way for an older one is nobody's.
    var session = 0
    var work = Line.closed
    var listen = Line.closed
    /// LISTEN is in effect.
    var isListening = false
    /// Counts calls; the one under way, if any.
    var calls: UInt64 = 0
    var call: ServiceCall?
    /// Up to where its last look at the log saw.
    var position: SimBatch
    /// The batch under way.
    var batch: BatchUnderWay?

    /// What the checker knows of it.
    var halfOpenSince: Int64?
    var stopAskedAt: Int64?
    var standingBySince: Int64?
    var failedAt: Int64?
    var pauses: [Int64] = []
    var callsInSecond = 0
    var secondSince: Int64 = 0
    var pollsForTwoPhaseSince: Int64?

    init(number: Int, machine: ServiceMachine, position: SimBatch) {
        self.number = number
        self.machine = machine
        self.position = position
    }

    /// Names it in the lease; a new process is another holder.
    var holder: Int { process * 16 + number + 1 }
    func localTime(_ now: Int64) -> Duration { .microseconds(now + clockAhead) }
}

/// A batch between its snapshot and its commit.
struct BatchUnderWay {
    var process: Int
    var session: Int
    var next: SimBatch
    var rows: [LogRow]
    var xid: UInt64?
    var attempts = 0
    /// How often it failed of a record, and what was found to be at fault.
    var failures = 0
    var aside: [LogRow] = []
    /// What the breaker holds of it, and the page of what it held and a person approved.
    var held: [LogRow] = []
    var released: [LogRow] = []
}

/// A writer's transaction.
struct SimWriter {
    enum Step { case resting, begun, written, rung, prepared }

    var step = Step.resting
    var xid: UInt64?
    /// What its snapshot, taken before its first write, saw of the bell.
    var bellSeen = false
    var isRepeatableRead = false
    var rings = false
    var rowsLeft = 0
    var willPrepare = false
    var preparedAt: Int64 = 0
}
