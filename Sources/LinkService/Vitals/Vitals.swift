import Glibc
package import LinkStore
import Synchronization

/// What others may ask of a running daemon, from any thread and without SQL: whether it lives, whether it is ready, how
/// far it is.
///
/// All of it is what the loop itself has noted: a loop that stands still shows as one, whoever else still runs.
package final class Vitals: Sendable {
    /// How the daemon stands at one moment.
    package struct Picture: Sendable {
        package var role = ServiceRole.connecting
        /// How it learns of changes; `nil` before it has a session.
        package var mode: WakeMode?
        /// Under which it leads.
        package var epoch: Int64?
        /// What stood in the way last, by kind; `nil` once a session has begun.
        package var failure: ServiceFailure.Kind?
        /// Of the newest batch: the oldest change's time from the log to the commit.
        package var lag: Duration?
        /// When the newest batch was committed, in seconds of the Unix epoch by the database's clock.
        package var batchTime: Double?
        /// Changes in the log and in open bulk ranges that are not taken in, as last counted: at every round of
        /// housekeeping, and nothing once the log was seen to be empty.
        package var waiting = Backlog()
        /// Bulk ranges that are open.
        package var openRanges = 0
        /// Whether the settings were taken when they were last read, and when they last were, in seconds of the Unix epoch.
        package var isConfigurationTaken = true
        package var configuredAt = Vitals.wallClock
        /// How program and database do not fit, as last seen; `nil`: they do.
        package var schemaMismatch: SchemaMismatch?
        /// Changes taken in since the start.
        package var changes: UInt64 = 0
        var work = WorkWatch()
    }

    private let mailbox: Mailbox
    private let patience: Patience
    private let picture = Mutex(Picture())
    /// Looks at the working connection; `nil` before there can be one.
    private let look = Mutex<(@Sendable (_ isCalling: Bool) -> WorkWatch.Sample)?>(nil)

    /// How long what may stand still before it counts as stuck.
    package struct Patience: Sendable {
        /// The loop: an event that it has not taken, an alarm that it has not kept.
        package var loop: Duration
        /// A call that computes without asking the database anything.
        package var call: Duration
    }

    init(_ mailbox: Mailbox, _ patience: Patience) {
        self.mailbox = mailbox
        self.patience = patience
    }

    /// How the daemon stands.
    package var now: Picture { picture.withLock { $0 } }

    /// How long the loop has left something waiting.
    package var loopDelay: Duration { mailbox.delay }

    /// What stands still, in words; `nil`: it lives.
    package var stillness: String? {
        let delay = mailbox.delay
        if delay > patience.loop { return "the loop has stood still for \(delay.components.seconds) s" }
        return workStillness
    }

    /// The same without the loop, for the loop.
    var workStillness: String? {
        let look = look.withLock { $0 }
        let now = mailbox.now
        let quiet = picture.withLock { picture in
            // As it is now: the loop may have looked just before a command was sent.
            if let look { picture.work.note(look(picture.work.isCalling), at: now) }
            return picture.work.quiet(at: now)
        }
        guard quiet > patience.call else { return nil }
        return "a call has computed for \(quiet.components.seconds) s without asking the database"
    }

    // MARK: What the loop notes

    /// How the working connection is looked at from beside.
    func watch(_ look: @escaping @Sendable (_ isCalling: Bool) -> WorkWatch.Sample) {
        self.look.withLock { $0 = look }
    }

    /// After each event.
    func note(_ machine: borrowing ServiceMachine, _ sample: WorkWatch.Sample) {
        let now = mailbox.now
        let (role, epoch, mode) = (machine.role, machine.epoch, machine.shownMode)
        picture.withLock { picture in
            picture.role = role
            picture.epoch = epoch
            picture.mode = mode
            picture.work.note(sample, at: now)
        }
    }

    /// What stood in the way; `nil`: nothing does.
    func note(_ failure: ServiceFailure.Kind?) { picture.withLock { $0.failure = failure } }

    /// A batch was committed, or nothing was new.
    func note(_ report: BatchReport?) {
        picture.withLock { picture in
            guard let report else {
                picture.openRanges = 0
                picture.waiting = Backlog()
                return
            }
            picture.lag = report.oldestLoggedAt.map { report.lag(of: $0) }
            picture.batchTime = Double(report.time) / 1_000_000
            picture.openRanges = report.ranges.count
            picture.changes += UInt64(report.changes)
        }
    }

    /// What waits was counted.
    func note(_ waiting: Backlog) { picture.withLock { $0.waiting = waiting } }

    /// Whether program and database fit was looked at.
    func note(_ mismatch: SchemaMismatch?) { picture.withLock { $0.schemaMismatch = mismatch } }

    /// Settings were read again: all of them were taken, or none.
    package func noteConfiguration(isTaken: Bool) {
        picture.withLock { picture in
            picture.isConfigurationTaken = isTaken
            if isTaken { picture.configuredAt = Self.wallClock }
        }
    }

    /// Seconds of the Unix epoch.
    static var wallClock: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }
}
