import FoundationEssentials

/// One node of a discovery history: what it showed of itself, and from when to when.
package struct HistoryNode: Hashable, Sendable {
    /// What the node showed in all months from one to another, both included.
    package struct Observation: Hashable, Sendable {
        package var from: Month
        package var to: Month
        package var serialNumber: String?
        package var macs: [String]
        package var manufacturer: String?
        package var model: String?
    }

    package var id: String
    package var name: String
    /// In the order of the file; they may leave gaps.
    package var observations: [Observation]
    /// Still there when the history was taken: its last observation has no end.
    package var isPresent: Bool

    /// Reads one line of a history file; nil for a blank line.
    ///
    /// `machine_id` and `observations` must be there; `uid`, `site` and `present_at_head` may be.
    package static func parse(_ bytes: [UInt8], line: Int) throws(MachineLineError) -> HistoryNode? {
        guard bytes.contains(where: { !$0.isJSONSpace }) else { return nil }
        let wire: Wire
        do {
            wire = try JSONDecoder().decode(Wire.self, from: Data(bytes))
        } catch {
            throw MachineLineError(line: line, reason: "no history of a machine: \(jsonReason(error))")
        }
        guard let id = wire.id else { throw MachineLineError(line: line, reason: "machine_id is missing") }
        guard let observations = wire.observations else {
            throw MachineLineError(line: line, reason: "an observation lacks its from or to, as 2011-07-01")
        }
        return HistoryNode(id: id, name: wire.name ?? id, observations: observations, isPresent: wire.isPresent)
    }
}

/// A month of a year.
package struct Month: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Months since year 0.
    package var index: Int

    package init(index: Int) { self.index = index }

    /// Reads `2011-07` or `2011-07-01`, of the years 1 to 9999.
    package init?(_ text: String) {
        let parts = text.split(separator: "-")
        guard parts.count >= 2, let year = Int(parts[0]), let month = Int(parts[1]),
            (1...9999).contains(year), (1...12).contains(month)
        else { return nil }
        index = year * 12 + month - 1
    }

    package var year: Int { index / 12 }
    package var next: Month { Month(index: index + 1) }
    package var description: String { "\(padded(year, 4))-\(padded(index % 12 + 1, 2))" }

    /// Its first moment, in microseconds since 1970.
    package var start: Int64 {
        // Days from civil, with March as the first month (H. Hinnant).
        let shifted = index - 2
        let year = shifted / 12, month = shifted % 12
        let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 - 719_468
        return Int64(days) * 86_400_000_000
    }

    package static func < (left: Month, right: Month) -> Bool { left.index < right.index }
}

/// The JSON object of a line.
private struct Wire: Decodable {
    enum Key: String, CodingKey {
        case uid, site, observations, from, to, macs, manufacturer, model
        case id = "machine_id"
        case isPresent = "present_at_head"
        case serialNumber = "serial_number"
    }

    let id: String?
    let name: String?
    let isPresent: Bool
    /// Nil when one of them has no time.
    let observations: [HistoryNode.Observation]?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        id = fields.text(.id)
        isPresent = fields.text(.isPresent) == "true"
        let parts = [fields.text(.uid), fields.text(.site)].compactMap { $0 }
        name = parts.isEmpty ? nil : parts.joined(separator: ".")
        var list = try fields.nestedUnkeyedContainer(forKey: .observations)
        var observations: [HistoryNode.Observation]? = []
        while !list.isAtEnd {
            let item = try list.nestedContainer(keyedBy: Key.self)
            guard let from = item.text(.from).flatMap(Month.init), let to = item.text(.to).flatMap(Month.init) else {
                observations = nil
                break
            }
            observations?.append(
                HistoryNode.Observation(
                    from: from, to: to, serialNumber: clean(item.text(.serialNumber)),
                    macs: item.texts(.macs).compactMap(clean), manufacturer: clean(item.text(.manufacturer)),
                    model: clean(item.text(.model))))
        }
        self.observations = observations
    }
}
