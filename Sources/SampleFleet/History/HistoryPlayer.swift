import LinkCore

/// Plays a discovery history month by month, as discovery and a register would have written it.
///
/// A node is a CI while it is observed and deleted when it is not. A serial number is an asset from the month that it
/// is first seen in; it is retired when nobody has shown it for some months, and in use again when it comes back. The last
/// month is the last that anything was observed in.
package struct HistoryPlayer: Sequence, IteratorProtocol, Sendable {
    /// What one month changes.
    package struct Changes: Hashable, Sendable {
        package var month: Month
        package var changedCIs: [CIRow] = []
        package var deletedCIs: [String] = []
        package var changedAssets: [AssetRow] = []

        /// How many records change.
        package var count: Int { changedCIs.count + deletedCIs.count + changedAssets.count }
    }

    /// Months without a sighting after which an asset is retired.
    package let retireAfter: Int
    private let nodes: [HistoryNode]
    private let last: Month
    private var month: Month
    private var shown: [String: HistoryNode.Observation] = [:]
    private var assets: [String: (row: AssetRow, lastSeen: Month)] = [:]

    package init(_ nodes: [HistoryNode], retireAfter: Int = 3) {
        self.nodes = nodes
        self.retireAfter = retireAfter
        let observations = nodes.flatMap(\.observations)
        month = observations.map(\.from).min() ?? Month(index: 0)
        last = observations.map(\.to).max() ?? Month(index: -1)
    }

    /// The next month that changes anything.
    package mutating func next() -> Changes? {
        while month <= last {
            let changes = play()
            month = month.next
            if changes.count > 0 { return changes }
        }
        return nil
    }

    private mutating func play() -> Changes {
        var changes = Changes(month: month)
        for node in nodes {
            let current = node.observation(in: month)
            if let current {
                see(current, &changes)
                if shown[node.id].map({ !$0.showsTheSame(as: current) }) ?? true {
                    changes.changedCIs.append(ci(of: node, current))
                }
            } else if shown[node.id] != nil {
                changes.deletedCIs.append(node.id)
            }
            shown[node.id] = current
        }
        retire(&changes)
        return changes
    }

    /// Registers the serial of a sighting, or takes its asset back into use.
    private mutating func see(_ observation: HistoryNode.Observation, _ changes: inout Changes) {
        guard let serial = observation.serialNumber, !serial.allSatisfy(\.isWhitespace) else { return }
        let key = "serial-" + serial.uppercased()
        if var known = assets[key] {
            known.lastSeen = month
            if known.row.record.lifecycleRaw == "Retired" {
                known.row.record.lifecycleRaw = "In use"
                changes.changedAssets.append(known.row)
            }
            assets[key] = known
        } else {
            var record = AssetRecord(serialNumber: serial, manufacturer: observation.manufacturer)
            record.model = observation.model
            record.lifecycleRaw = "In use"
            let row = AssetRow(key: key, record: record)
            assets[key] = (row, month)
            changes.changedAssets.append(row)
        }
    }

    private mutating func retire(_ changes: inout Changes) {
        for (key, known) in assets where known.lastSeen.index + retireAfter < month.index {
            guard known.row.record.lifecycleRaw != "Retired" else { continue }
            assets[key]?.row.record.lifecycleRaw = "Retired"
            if let row = assets[key]?.row { changes.changedAssets.append(row) }
        }
        changes.changedAssets.sort { $0.key < $1.key }
    }

    private func ci(of node: HistoryNode, _ observation: HistoryNode.Observation) -> CIRow {
        var record = CIRecord(ciClass: "linux_server", name: clean(node.name))
        record.serialNumber = observation.serialNumber
        record.macAddresses = observation.macs
        record.manufacturer = observation.manufacturer
        record.model = observation.model
        record.lastDiscoveredAt = month.start
        record.discoverySource = "history"
        return CIRow(key: node.id, record: record)
    }
}

extension HistoryNode {
    /// What it showed in a month; the later one where two overlap.
    func observation(in month: Month) -> Observation? {
        if isPresent, let newest = observations.last, newest.from <= month { return newest }
        return observations.last { $0.from <= month && month <= $0.to }
    }
}

extension HistoryNode.Observation {
    /// Whether another shows the same identity, whenever that was.
    func showsTheSame(as other: Self) -> Bool {
        serialNumber == other.serialNumber && macs == other.macs && manufacturer == other.manufacturer
            && model == other.model
    }
}
