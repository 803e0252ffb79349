/// How the daemon learns of changes.
package enum WakeMode: Hashable, Sendable {
    /// Writers ring while it sleeps.
    case doorbell
    /// It looks every 50 ms.
    case polling(Reason)

    /// Why it polls; the raw value is what `lease.details` says.
    package enum Reason: String, Sendable {
        /// `--no-doorbell`.
        case asked
        /// A LISTEN was accepted and nothing came.
        case noNotifications = "no-notifications"
        /// Prepared transactions write to attached tables: one that rang could not be prepared.
        case twoPhase = "two-phase"
        /// PostgreSQL's notification queue fills up, as somebody who listens does not read.
        case queue = "notify-queue"
    }
}

/// What the loop asks of the database on its working connection: one call at a time.
package enum ServiceCall: Hashable, Sendable {
    /// Connect, see whether the database fits, and make the session ours.
    case open
    /// Connect the one that listens, and prove that notifications arrive.
    case listen
    /// Ask for the lease.
    case acquire(WakeMode)
    /// Prolong it where the connection that listens does not get to it.
    case renew(epoch: Int64, WakeMode)
    /// Give it up and wake who waits for it.
    case release(epoch: Int64)
    /// Store raw events, take in what is new or a page of a range.
    case batch
    /// Whether anything is new, with a new snapshot.
    case probe
    /// Arm the bell, then see who is writing.
    case arm(epoch: Int64)
    /// Who is writing to the log.
    case writers
    /// From now on writers do not ring.
    case disarm(epoch: Int64)
    /// What time brings about; the log's rotation.
    case keepHouse
    /// Compare a page of a source with what is stored.
    case sweep
}

/// What came of a ``ServiceCall``.
package enum ServiceReply: Sendable {
    case opened
    /// Whether notifications arrive.
    case listening(Bool)
    /// The new epoch, `nil` while another daemon holds the lease; how long ago prepared transactions were last seen.
    case lease(Int64?, twoPhaseAgo: Duration?)
    /// Whether the lease is still ours.
    case renewed(Bool)
    case released
    /// Nothing is new.
    case idle
    /// A batch was written: how many changes it took in; whether ranges are open.
    case done(changes: Int, isBusy: Bool)
    case isNew(Bool)
    /// Who was writing when the bell had been armed, and how full PostgreSQL's notification queue is, 0 to 1.
    case armed(Set<LogWriter>, queueUsage: Double)
    case writers(Set<LogWriter>)
    case disarmed
    case houseKept(HouseFacts)
    /// Whether all of the page was compared; otherwise something is new.
    case swept(isWhole: Bool)
    case failed(ServiceFailure)
}

/// A transaction that has written to the log and is not over.
package struct LogWriter: Hashable, Sendable {
    /// PostgreSQL's virtual transaction id.
    package var id: String
    /// It is prepared: its session has left it to be committed by whoever knows its name.
    package var isPrepared: Bool

    package init(id: String, isPrepared: Bool) {
        self.id = id
        self.isPrepared = isPrepared
    }
}

/// What housekeeping saw that the doorbell should know.
package struct HouseFacts: Hashable, Sendable {
    /// Prepared transactions hold a log table.
    package var hasPrepared = false
    /// How full PostgreSQL's notification queue is, 0 to 1.
    package var queueUsage = 0.0

    package init(hasPrepared: Bool = false, queueUsage: Double = 0) {
        self.hasPrepared = hasPrepared
        self.queueUsage = queueUsage
    }
}

/// What is asked on the connection that listens, beside the calls: one statement, in no transaction block.
package struct WatchCall: Hashable, Sendable {
    /// The lease to prolong; `nil` while this daemon does not lead.
    package var epoch: Int64?
    package var mode: WakeMode
}

/// What came of a ``WatchCall``.
package struct WatchReply: Sendable {
    /// Whether the lease is still ours; `nil` when it was not asked for.
    package var isOurs: Bool?
    /// The command that the working connection waits for while the server waits for that connection; `nil` where the
    /// two agree on whose turn it is.
    package var stalledCommand: UInt64?

    package init(isOurs: Bool? = nil, stalledCommand: UInt64? = nil) {
        self.isOurs = isOurs
        self.stalledCommand = stalledCommand
    }
}

/// Why a call failed, as far as the loop must know.
package struct ServiceFailure: Error, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The connection could not be made, or was lost: whether the call took effect is unknown.
        case connection
        /// The server refused.
        case server
        /// Another daemon leads.
        case lostLease = "lost_lease"
        /// The server is a standby or read-only: it is waited for.
        case standby
        /// Waiting does not help.
        case fatal
    }
    package var kind: Kind
    package var cause: any Error

    package init(_ kind: Kind, _ cause: any Error) {
        self.kind = kind
        self.cause = cause
    }
}
