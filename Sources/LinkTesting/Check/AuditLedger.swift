import LinkCore

/// Whether the audit of a batch says exactly what the batch changed: one row for each transition, none without one.
package struct AuditLedger {
    /// What a row must say of a transition.
    private struct Line: Hashable, CustomStringConvertible {
        var subject: String
        var from: String?
        var to: String?
        var reason: String?
        var asset: RecordKey?

        var description: String {
            "\(subject): \(from ?? "nothing") > \(to ?? "nothing")" + (reason.map { ", \($0)" } ?? "")
                + (asset.map { ", asset \($0)" } ?? "")
        }
    }

    /// Actions that are no transition of a link, a state or a conflict: operators' decisions and what befalls sources.
    private static let others: Set<String> = [
        "pin", "unpin", "block", "unblock", "requeue", "close_stale_link", "set_composite", "unset_composite",
        "trust_identifier", "distrust_identifier", "resolve_conflict", "approve_held", "drop_held",
        "replay_dead_letter", "resync", "detach_source", "edit_rules", "activate_rule_set", "rollback_rule_set",
        "source_held", "source_broken", "source_dropped", "activation_held",
        "identifier_suspect", "repair",
        "identifier_cleared",
    ]

    /// - Parameter entries: the audit rows between the two pictures, of one batch.
    static func problems(from before: Picture, to after: Picture, _ entries: [AuditEntry]) -> [String] {
        var problems: [String] = []
        for entry in entries where entry.batch != after.batch {
            problems.append("a row of batch \(entry.batch) appeared with batch \(after.batch)")
        }
        for entry in entries where entry.at != after.committedAt {
            problems.append("a row of batch \(entry.batch) is of another time")
        }
        var said: [Line: Int] = [:]
        for entry in entries {
            if let line = line(entry) {
                said[line, default: 0] += 1
            } else if !others.contains(entry.action) {
                problems.append("there is no action \(entry.action)")
            }
        }
        let happened = lines(from: before, to: after)
        for line in Set(said.keys).union(happened) {
            let (rows, times) = (said[line] ?? 0, happened.contains(line) ? 1 : 0)
            if rows != times { problems.append("\(rows) rows say what happened \(times) times: \(line)") }
        }
        return problems.sorted()
    }

    private static func line(_ entry: AuditEntry) -> Line? {
        switch entry.action {
        case "link":
            // How a link became or stayed active is told in words of the row's own.
            let reason = entry.to == "active" ? nil : entry.reason
            return Line(
                subject: "link \(entry.link ?? 0) of \(entry.ci?.description ?? "?")", from: entry.from, to: entry.to,
                reason: reason, asset: entry.asset)
        case "ci_state":
            return Line(
                subject: "state of \(entry.ci?.description ?? "?")", from: entry.from, to: entry.to,
                reason: entry.to == nil ? nil : entry.reason, asset: entry.asset)
        case "conflict":
            return Line(
                subject: "conflict \(entry.conflict ?? 0)", from: entry.from, to: entry.to, reason: entry.reason)
        default: return nil
        }
    }

    private static func lines(from before: Picture, to after: Picture) -> Set<Line> {
        var lines: Set<Line> = []
        for (id, link) in after.links {
            let old = before.links[id]
            guard old != link else { continue }
            lines.insert(
                Line(
                    subject: "link \(id) of \(link.ci)", from: old?.status.rawValue, to: link.status.rawValue,
                    reason: link.status == .active ? nil : link.reason, asset: link.asset))
        }
        for ci in Set(before.states.keys).union(after.states.keys) {
            let (old, new) = (before.states[ci], after.states[ci])
            guard (old?.state, old?.reason, old?.asset) != (new?.state, new?.reason, new?.asset) else { continue }
            lines.insert(
                Line(
                    subject: "state of \(ci)", from: old?.state.rawValue, to: new?.state.rawValue,
                    reason: new?.reason?.rawValue, asset: new?.asset))
        }
        for (id, conflict) in after.conflicts {
            switch (before.conflicts[id]?.isOpen, conflict.isOpen) {
            case (nil, true): lines.insert(Line(subject: "conflict \(id)", to: "open", reason: conflict.kind))
            case (true, false):
                lines.insert(
                    Line(subject: "conflict \(id)", from: "open", to: "closed", reason: conflict.closeReason))
            default: break
            }
        }
        return lines
    }
}
