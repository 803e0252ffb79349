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
    /// Time per record, learned from batches that had some.
    private var perRecord: Duration?

    init(_ limits: BatchLimits) {
        most = limits.bulk
        least = min(limits.bulk, 100)
        // Nobody knows yet how long a record takes, and somebody may come and wait.
        page = min(limits.bulk, 500)
        quiet = limits.bulkTime
        busy = limits.bulkTimeBesideLive
    }

    /// Learns from a batch that took `time` for `records` of ranges and live changes, `live` of them live.
    mutating func note(_ time: Duration, records: Int, live: Int) {
        if records >= least {
            let now = time / records
            // Up at once, down slowly: one fast page does not make the next one long.
            perRecord = perRecord.map { now > $0 ? now : ($0 * 3 + now) / 4 } ?? now
        }
        guard let perRecord, perRecord > .zero else { return }
        let room = Int((live > 0 ? busy : quiet) / perRecord)
        page = max(least, min(most, room))
    }
}
