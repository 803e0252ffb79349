import LinkCore
import LinkStore
package import Postgres

/// The present, worked out from the audit alone: every row from the first one on, in order, and nothing else.
package struct AuditReplay {
    private struct Link: Hashable {
        var ci: RecordKey
        var asset: RecordKey
        var status: String
        var reason: String?
        var linkedAt: Timestamp
        var closedAt: Timestamp?
    }

    private struct State: Hashable {
        var state: String
        var reason: String?
        var asset: RecordKey?
    }

    private var links: [Int64: Link] = [:]
    private var states: [RecordKey: State] = [:]
    private var conflicts: [Int64: String] = [:]
    /// What is in force, with the decision that made it so.
    private var pins: [RecordKey: (asset: RecordKey, act: Int64?)] = [:]
    private var blocks: [WorldPair: Int64?] = [:]
    private var problems: [String] = []

    /// Where the replayed audit and the tables differ, or the audit contradicts itself; empty = nowhere.
    package static func problems(_ connection: PostgresConnection) async throws -> [String] {
        var replay = AuditReplay()
        for entry in try await AuditEntry.read(after: 0, connection) { replay.apply(entry) }
        replay.compare(try await Picture.take(connection))
        try await replay.countActs(connection)
        return replay.problems
    }

    private mutating func apply(_ entry: AuditEntry) {
        switch entry.action {
        case "link": applyToLink(entry)
        case "ci_state":
            guard let ci = entry.ci else { return problems.append("a state of no CI") }
            if states[ci]?.state != entry.from { problems.append("\(ci) goes on from what it was not") }
            states[ci] = entry.to.map { State(state: $0, reason: entry.reason, asset: entry.asset) }
        case "conflict":
            guard let id = entry.conflict else { return problems.append("a transition of no conflict") }
            if conflicts[id] != entry.from { problems.append("conflict \(id) goes on from what it was not") }
            conflicts[id] = entry.to
        case "pin", "block", "unpin", "unblock": applyToPair(entry)
        default: break
        }
    }

    private mutating func applyToLink(_ entry: AuditEntry) {
        guard let id = entry.link, let ci = entry.ci, let asset = entry.asset, let to = entry.to else {
            return problems.append("a transition of no link")
        }
        if links[id]?.status != entry.from { problems.append("link \(id) goes on from what it was not") }
        links[id] = Link(
            ci: ci, asset: asset, status: to, reason: to == "active" ? nil : entry.reason,
            linkedAt: links[id]?.linkedAt ?? entry.at, closedAt: to == "closed" ? entry.at : nil)
    }

    /// The end of a decision may be told behind the newer one that ended it, and an older one behind a newer one: their
    /// numbers say which is which.
    private mutating func applyToPair(_ entry: AuditEntry) {
        guard let ci = entry.ci else { return problems.append("a decision about no CI") }
        switch (entry.action, entry.to) {
        case ("pin", nil): if isNewer(entry, than: pins[ci]?.act) { pins[ci] = entry.asset.map { ($0, entry.act) } }
        case ("pin", _): if pins[ci]?.act == entry.act { pins[ci] = nil }
        case ("unpin", _):
            if isNewer(entry, than: pins[ci]?.act), entry.asset == nil || pins[ci]?.asset == entry.asset {
                pins[ci] = nil
            }
        default:
            guard let asset = entry.asset else { return problems.append("a block of no asset") }
            let pair = WorldPair(ci: ci, asset: asset)
            switch (entry.action, entry.to) {
            case ("block", nil): if isNewer(entry, than: blocks[pair] ?? nil) { blocks[pair] = .some(entry.act) }
            case ("block", _): if blocks[pair] == .some(entry.act) { blocks[pair] = nil }
            default: if isNewer(entry, than: blocks[pair] ?? nil) { blocks[pair] = nil }
            }
        }
    }

    /// Whether a row is of a decision with a higher number than what is in force.
    private func isNewer(_ entry: AuditEntry, than inForce: Int64?) -> Bool {
        guard let inForce, let act = entry.act else { return true }
        return act > inForce
    }

    private mutating func compare(_ now: Picture) {
        let linksNow = now.links.mapValues {
            Link(
                ci: $0.ci, asset: $0.asset, status: $0.status.rawValue,
                reason: $0.status == .active ? nil : $0.reason, linkedAt: $0.linkedAt, closedAt: $0.closedAt)
        }
        for id in Set(links.keys).union(linksNow.keys).sorted() where links[id] != linksNow[id] {
            problems.append("link \(id): the audit gives \(links[id] as Any), the table has \(linksNow[id] as Any)")
        }
        let statesNow = now.states.mapValues {
            State(state: $0.state.rawValue, reason: $0.reason?.rawValue, asset: $0.asset)
        }
        for ci in Set(states.keys).union(statesNow.keys).sorted() where states[ci] != statesNow[ci] {
            problems.append("\(ci): the audit gives \(states[ci] as Any), the table has \(statesNow[ci] as Any)")
        }
        let conflictsNow = now.conflicts.mapValues { $0.isOpen ? "open" : "closed" }
        for id in Set(conflicts.keys).union(conflictsNow.keys).sorted() where conflicts[id] != conflictsNow[id] {
            problems.append("conflict \(id): the audit and the table differ")
        }
        let pinned = pins.mapValues(\.asset)
        if pinned != now.pins { problems.append("pins: the audit gives \(pinned), the table has \(now.pins)") }
        let blocked = Set(blocks.keys)
        if blocked != now.blocks { problems.append("blocks: the audit gives \(blocked), the table has \(now.blocks)") }
    }

    /// Each operator's decision has one row, and so has each end of one that another decision or time brought about.
    private mutating func countActs(_ connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            """
            SELECT 'act ' || t.act_id || ', ' || t.kind || ': ' || count(a.*) || ' rows'
            FROM assetlink_internal.act AS t
            LEFT JOIN assetlink.audit AS a
                ON (a.evidence ->> 'act')::bigint = t.act_id AND a.action = t.kind AND a.to_state IS NULL
            GROUP BY t.act_id, t.kind HAVING count(a.*) <> 1
            UNION ALL
            SELECT 'the end of act ' || e.act_id || ': ' || count(a.*) || ' rows'
            FROM assetlink_internal.act_end AS e
            LEFT JOIN assetlink.audit AS a
                ON (a.evidence ->> 'act')::bigint = e.act_id AND a.to_state = 'ended' AND a.reason = e.reason
            WHERE e.reason <> 'removed'
            GROUP BY e.act_id HAVING count(a.*) <> 1
            """)
        problems += try rows.map { try $0.text(0) }
    }
}
