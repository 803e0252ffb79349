#if DEBUG
    import Glibc
    import Synchronization

    /// The named places in which a debug build can be told to end or to stop, to see what is left behind.
    ///
    /// `ASSETLINK_FAILPOINT=name` or `name:hit` (1 = the first time) kills the process there with SIGKILL;
    /// `ASSETLINK_FAILPOINT_EFFECT=stop` stops it with SIGSTOP instead, until somebody sends SIGCONT. A release build has
    /// none of this: every use stands in `#if DEBUG`.
    package enum Failpoint: String, CaseIterable, Sendable {
        /// A batch is about to lock its tables and take its snapshot.
        case beforeSnapshot = "before-snapshot"
        /// The batch has read what is new in the log and written nothing.
        case afterReading = "after-reading"
        /// The batch has written records and keys, and nothing of what was decided.
        case afterRecords = "after-records"
        /// Links, states, audit and cursor are written in a round trip of their own, the COMMIT is not sent.
        case beforeCommit = "before-commit"
        /// The COMMIT is answered, and nothing of it is known to the loop.
        case afterCommit = "after-commit"
        /// A page of a bulk range was read.
        case inBulkRange = "in-bulk-range"
        /// A page of a discovery payload is written with its results, the COMMIT is not sent.
        case inDiscovery = "in-discovery"
        /// The lease is taken, and nothing was done under it.
        case afterLease = "after-lease"
        /// The bell is armed, and nobody has looked at the log since.
        case betweenArmingAndSleeping = "between-arming-and-sleeping"
        /// Raw notifications are about to be stored.
        case beforeStoringEvents = "before-storing-events"
        /// Between two pieces of housekeeping.
        case inHousekeeping = "in-housekeeping"
        /// Writers were moved on to the next log table, and the others are not emptied.
        case inLogRotation = "in-log-rotation"
        /// A page of write-back has locked its rows and written none.
        case beforeWriteBack = "before-write-back"
        /// The loop is over and the lease is still held.
        case beforeRelease = "before-release"

        private static let hits = Mutex(0)

        private static let chosen: (place: Failpoint, hit: Int, isKill: Bool)? = {
            guard let setting = getenv("ASSETLINK_FAILPOINT").map({ String(cString: $0) }), !setting.isEmpty else {
                return nil
            }
            let parts = setting.split(separator: ":", maxSplits: 1)
            let effect = getenv("ASSETLINK_FAILPOINT_EFFECT").map { String(cString: $0) } ?? "kill"
            guard let place = parts.first.flatMap({ Failpoint(rawValue: String($0)) }),
                let hit = parts.count == 2 ? Int(parts[1]) : 1, ["kill", "stop"].contains(effect)
            else {
                // A misspelt name must not look like a fault that was survived.
                fatalError("ASSETLINK_FAILPOINT=\(setting) names no failpoint, or its effect is neither kill nor stop")
            }
            return (place, hit, effect == "kill")
        }()

        /// Whether this place was chosen: then the way to it may be made longer.
        package var isChosen: Bool { Self.chosen?.place == self }

        /// Ends or stops the process when this is the chosen place and hit.
        package func reach() {
            guard let chosen = Self.chosen, chosen.place == self else { return }
            let hit = Self.hits.withLock { hits in
                hits += 1
                return hits
            }
            guard hit == chosen.hit else { return }
            kill(getpid(), chosen.isKill ? SIGKILL : SIGSTOP)
        }
    }
#endif
