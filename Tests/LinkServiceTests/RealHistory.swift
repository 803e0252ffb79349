import LinkCore
import LinkTesting
import SampleFleet

/// Seventeen years of two data centres as discovery and a register would have written them, month by month.
///
/// A node is a CI from its first month; through gaps it stays as it was last seen, and when it is gone for good it is
/// deleted, or retired first. A serial number that a node shows is registered as an asset of that node, decommissioned
/// some months after it was last seen there, and sometimes deleted a year later. Serial numbers stand as found.
struct RealHistory {
    private struct Node {
        let history: HistoryNode
        /// After its last month it is gone; `nil` = still there.
        let lastSeen: Month?
        var written: CIRecord?
        var retiredAt: Month?
    }

    private struct Asset {
        let id: Int64
        var record: AssetRecord
        /// `nil` = never.
        let endsAt: Month?
        let deletedAt: Month?
    }

    private var nodes: [Node]
    private var assets: [Asset] = []
    /// By node and serial number; what was never registered has no number.
    private var known: Set<[String]> = []
    private var dice: LinkTesting.SplitMix64
    let months: ClosedRange<Int>
    private(set) var changes = 0

    init(_ histories: [HistoryNode], seed: UInt64) {
        nodes = histories.map { history in
            Node(history: history, lastSeen: history.isPresent ? nil : history.observations.map(\.to).max())
        }
        dice = LinkTesting.SplitMix64(seed: seed)
        let all = histories.flatMap(\.observations)
        let first = all.map(\.from.index).min() ?? 0
        months = first...(all.map(\.to.index).max() ?? first)
    }

    /// Writes what a month brings.
    mutating func play(_ month: Month, to tables: inout RealTables) {
        var cis: [(id: Int64, record: CIRecord)] = []
        var gone: [Int64] = []
        for index in nodes.indices {
            if let seen = observation(of: nodes[index].history, in: month) {
                register(seen, of: nodes[index], month)
                let record = ciRecord(of: nodes[index].history, seen, month)
                if nodes[index].written.map({ !Self.isSame($0, record) }) ?? true {
                    nodes[index].written = record
                    cis.append((Int64(index + 1), record))
                }
            } else if let lastSeen = nodes[index].lastSeen, lastSeen < month, let written = nodes[index].written {
                if let retiredAt = nodes[index].retiredAt {
                    guard retiredAt.index + 12 <= month.index else { continue }
                    gone.append(Int64(index + 1))
                    nodes[index].written = nil
                } else if dice.below(2) == 0 {
                    gone.append(Int64(index + 1))
                    nodes[index].written = nil
                } else {
                    var record = written
                    record.lifecycleRaw = "retired"
                    nodes[index].retiredAt = month
                    cis.append((Int64(index + 1), record))
                }
            }
        }
        let (written, deleted) = assetChanges(month)
        tables.deleteCIs(gone)
        tables.deleteAssets(deleted)
        tables.write(written)
        tables.write(cis)
        changes += cis.count + gone.count + written.count + deleted.count
    }

    private func observation(of node: HistoryNode, in month: Month) -> HistoryNode.Observation? {
        if node.isPresent, let newest = node.observations.last, newest.from <= month { return newest }
        return node.observations.last { $0.from <= month && month <= $0.to }
    }

    /// An asset for a serial number that the node has not shown before; one in ten is never registered.
    private mutating func register(_ seen: HistoryNode.Observation, of node: Node, _ month: Month) {
        guard let serial = seen.serialNumber, known.insert([node.history.id, serial]).inserted else { return }
        guard dice.below(10) > 0 else { return }
        var record = AssetRecord(serialNumber: serial, manufacturer: seen.manufacturer, model: seen.model)
        record.lifecycleRaw = "In use"
        if dice.below(3) == 0 { record.macAddresses = seen.macs }
        let sightings = node.history.observations.filter { $0.serialNumber == serial }
        let isStillThere = node.lastSeen == nil && node.history.observations.last?.serialNumber == serial
        let last = isStillThere ? nil : sightings.map(\.to).max()
        let endsAt = last.map { Month(index: $0.index + 3 + dice.below(6)) }
        let isDeleted = dice.below(4) == 0
        assets.append(
            Asset(
                id: Int64(assets.count + 1), record: record, endsAt: endsAt,
                deletedAt: isDeleted ? endsAt.map { Month(index: $0.index + 12) } : nil))
    }

    /// Assets that are new, decommissioned, or deleted this month.
    private mutating func assetChanges(_ month: Month) -> (
        written: [(id: Int64, record: AssetRecord)], deleted: [Int64]
    ) {
        var written: [(id: Int64, record: AssetRecord)] = []
        for index in assets.indices where assets[index].endsAt == month {
            assets[index].record.lifecycleRaw = dice.below(2) == 0 ? "Retired" : "Disposed"
            written.append((assets[index].id, assets[index].record))
        }
        written += assets[registered...].map { ($0.id, $0.record) }
        registered = assets.count
        return (written, assets.filter { $0.deletedAt == month }.map(\.id))
    }
    /// How many assets are in the table.
    private var registered = 0

    private func ciRecord(of node: HistoryNode, _ seen: HistoryNode.Observation, _ month: Month) -> CIRecord {
        var record = CIRecord(
            ciClass: "linux_server", name: node.name, serialNumber: seen.serialNumber, macAddresses: seen.macs,
            manufacturer: seen.manufacturer, model: seen.model)
        record.lastDiscoveredAt = month.start
        return record
    }

    /// Whether a node shows what it showed before.
    private static func isSame(_ old: CIRecord, _ new: CIRecord) -> Bool {
        var new = new
        new.lastDiscoveredAt = old.lastDiscoveredAt
        return old == new
    }
}
