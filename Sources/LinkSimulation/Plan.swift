package import LinkService

/// What a simulation is made of: how many take part, what goes wrong and how often.
package struct Plan: Sendable {
    package var name: String
    package var daemons = 2
    package var writers = 4
    package var configuration = Plan.quickConfiguration
    /// Faults a virtual second, all kinds of ``faults`` alike.
    package var faultRate = 0.0
    package var faults: [Fault] = []
    /// Share of notifications that never arrive.
    package var lossRate = 0.0
    /// Share of transactions that are prepared instead of committed.
    package var preparedRate = 0.0
    /// Share of changes that a batch fails of for a while, and of those that end links.
    package var poisonRate = 0.0
    package var endingRate = 0.0
    /// Longest rest of a writer between two transactions, in microseconds.
    package var writerRest: Int64 = 2_000_000
    package var flaws: Set<Flaw> = []

    package init(_ name: String) { self.name = name }

    /// The daemon's defaults, but for housekeeping.
    package static var quickConfiguration: DaemonConfiguration {
        var configuration = DaemonConfiguration(database: "")
        configuration.snapshotInterval = .seconds(60)
        return configuration
    }
}

/// What goes wrong in the world, without anybody's fault.
package enum Fault: CaseIterable, Sendable {
    /// A daemon's connections are lost, one or both.
    case lostWork, lostListener, lostBoth
    /// Nothing arrives any more, and nobody says so.
    case halfOpenWork, halfOpenListener
    /// kill -9, and a new one.
    case crash
    /// SIGTERM, and a new one.
    case stop
    /// SIGSTOP for up to twice the lease.
    case stall
    /// The daemon's own clock jumps ahead by up to an hour.
    case clockJump
    /// The server goes away and comes back; perhaps as a standby that is promoted later.
    case restart
    /// A batch that takes up to three leases.
    case longBatch
    /// The server answers a batch with 40001 a few times.
    case serialization
    /// A session that listens and does not read fills the notification queue for a while.
    case fullQueue
}

/// A broken variant of the loop or of the world: the checker must find each.
package enum Flaw: String, CaseIterable, Sendable {
    /// The bell as a table row: a writer reads it as of its snapshot.
    case bellInTable
    /// The look at the log comes before the arming.
    case lookBeforeArming
    /// Who was writing when the bell was armed is not asked.
    case writersIgnored
    /// Neither epoch nor batch id keeps a second daemon from writing.
    case noFence
    /// The log is read by the highest number seen.
    case sequenceCursor
    /// The cursor moves in a transaction of its own, before the effects.
    case cursorBeforeEffects
    /// Waking, the daemon leaves the bell armed.
    case skippedDisarm
    /// Arming and disarming do not ask whose the lease is.
    case unfencedBell
    /// Whether the lease has run out is judged by the daemon's own clock.
    case leaseByLocalClock
    /// LISTEN takes effect a while after it was answered.
    case lateListen
    /// The heartbeat has no deadline.
    case patientHeartbeat
    /// A failed session is begun anew after the same time by everybody.
    case noJitter
    /// Stopping, the daemon does not give the lease up.
    case keptLease
    /// Prepared transactions are not looked for.
    case preparedUnseen
    /// A batch that fails of a record is tried again as a whole, for ever.
    case noBisection
    /// What is set aside is not kept.
    case lostDeadLetters
    /// What was held and approved stays held when it is taken in.
    case doubleRelease
}
