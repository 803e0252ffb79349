import LinkCore
import LinkStore
package import Postgres

/// Looks at the tables after every batch: what it changed must be lawful, audited, and found again when asked for later.
package struct Watch {
    /// What does not hold, and which check says so.
    package struct Finding: Sendable {
        package let check: String
        package let text: String
    }

    /// A link as `links_as_of` must show it.
    private struct Seen: Hashable {
        var status: String
        var reason: String?
    }

    private let connection: PostgresConnection
    private var last = Picture()
    private var past: [(at: Timestamp, links: [Int64: Seen])] = []

    package init(_ connection: PostgresConnection) { self.connection = connection }

    /// To be called after each batch, before the next.
    package mutating func observe() async throws -> [Finding] {
        let now = try await Picture.take(connection)
        if now.batch == last.batch { return [] }
        let entries = try await AuditEntry.read(after: last.batch, connection)
        var found = LinkLaw.problems(from: last, to: now).map { Finding(check: "law", text: $0) }
        if now.batch != last.batch + 1 {
            found.append(Finding(check: "ledger", text: "from batch \(last.batch) to \(now.batch) in one go"))
        }
        found += AuditLedger.problems(from: last, to: now, entries).map { Finding(check: "ledger", text: $0) }
        let links = now.links.filter { $0.value.status != .closed }
            .mapValues { Seen(status: $0.status.rawValue, reason: $0.status == .active ? nil : $0.reason) }
        past.append((now.committedAt, links))
        last = now
        return found
    }

    /// Whether `links_as_of` gives for every batch what was seen behind it, and just before it what was seen before.
    package func problemsOfThePast() async throws -> [String] {
        var problems: [String] = []
        for (index, moment) in past.enumerated() {
            let earlier = index == 0 ? [:] : past[index - 1].links
            for (at, links) in [(moment.at, moment.links), (moment.at - 1, earlier)] {
                var told: [Int64: Seen] = [:]
                for row in try await connection.query(
                    "SELECT link_id, status, reason FROM assetlink.links_as_of($1)", [.timestamptz(at)])
                {
                    told[try row.int8(0)] = Seen(status: try row.text(1), reason: try row.textOrNil(2))
                }
                guard told != links else { continue }
                for id in Set(told.keys).union(links.keys).sorted() where told[id] != links[id] {
                    problems.append(
                        "link \(id) at batch \(index + 1): was \(links[id] as Any), links_as_of says \(told[id] as Any)"
                    )
                }
            }
        }
        return problems
    }
}
