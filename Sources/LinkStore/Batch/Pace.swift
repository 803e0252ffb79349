/// How many records of bulk ranges the next batch takes: as many as fit into its time.
///
/// While live changes come, batches are short, so that those wait little; otherwise they are as long as lets a lease be
/// renewed in time and pays for the commit.
struct Pace {
    /// Records of the next page.
    private(set) var page: Int
    private let most: Int
    private let quiet: Duration
    private let busy: Duration
    /// A page is never smaller: a batch costs something by itself, more so on a slow disk.
    private let least: Int
    /// When live changes came last: whoever writes one will soon write another.
    private var lastLive: ContinuousClock.Instant?
    /// Time per record, learned from batches that had some.
    private var perRecord: Duration?

    init(_ limits: BatchLimits) {
        most = limits.bulk
        least = min(limits.bulk, 50)
        // Nobody knows yet how long a record takes, and somebody may come and wait.
        page = min(limits.bulk, 500)
        quiet = limits.bulkTime
        busy = limits.bulkTimeBesideLive
    }

    /// Learns from a batch that took `time` for `records` of ranges and live changes, `live` of them live, and ended `now`.
    mutating func note(_ time: Duration, records: Int, live: Int, now: ContinuousClock.Instant = .now) {
        if live > 0 { lastLive = now }
        if records >= least {
            let last = time / records
            // Up at once, down slowly: one fast page does not make the next one long.
            perRecord = perRecord.map { last > $0 ? last : ($0 * 3 + last) / 4 } ?? last
        }
        guard let perRecord, perRecord > .zero else { return }
        let isBusy = lastLive.map { now - $0 < .seconds(1) } ?? false
        let room = Int((isBusy ? busy : quiet) / perRecord)
        page = max(least, min(most, room))
    }
}
