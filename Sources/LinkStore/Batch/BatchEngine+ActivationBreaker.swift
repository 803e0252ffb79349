import LinkCore
import Logging
import Postgres

/// The breaker of a change of rules (engine point 14): what it ends counts by the version that ends it.
extension BatchEngine {
    /// The rules in force ended too many links in the attempt before: their range waits for a person.
    func holdActivation(_ batch: inout Batch) {
        guard let trip = activationTrip,
            let index = batch.ranges.firstIndex(where: { $0.kind == .reevaluate && $0.held == nil })
        else { return }
        let passed = batch.ranges[index].ended.values.reduce(0, +)
        let whose = trip.source.flatMap { batch.sources[$0]?.name }.map { " of source \($0)" } ?? ""
        let detail =
            "The rules in force would end \(trip.ended) active links\(whose), of which \(passed) are ended; the "
            + "limit is \(trip.limit). Look at what they end, then approve_activation or drop_activation."
        batch.ranges[index].held = detail
        var row = AuditRow("activation_held", cause: .rules)
        row.reason = detail
        row.evidence = JSONText.object([
            "version": String(batch.start.ruleSetVersion), "replaces": batch.ranges[index].replaces.map { String($0) },
        ])
        batch.plan.audit.append(row)
    }

    /// A person lets the rules in force end what they end.
    func approveActivation(_ batch: inout Batch) {
        for index in batch.ranges.indices where batch.ranges[index].held != nil {
            batch.ranges[index].held = nil
            batch.ranges[index].approved = true
        }
    }

    /// Adds up what the version has ended, and stops where that is too much: of the links of all sources together, or
    /// of those of one.
    func countActivationEndings(_ batch: inout Batch) throws {
        guard !batch.plan.ruleEndings.isEmpty,
            let before = batch.start.cursor.ranges.first(where: { $0.kind == .reevaluate })
        else { return }
        let ended = before.ended.merging(batch.plan.ruleEndings, uniquingKeysWith: +)
        if !before.approved {
            // As many as there were before the version ended some.
            func limit(_ active: Int, _ ended: Int) -> Int {
                max(limits.breakerMinimum, (active + ended) * limits.breakerPercent / 100)
            }
            let links = batch.start.cursor.links
            let all = ended.values.reduce(0, +)
            let most = limit(links.values.reduce(0, +), before.ended.values.reduce(0, +))
            if all > most { throw StoreError.activationBreaker(source: nil, ended: all, limit: most) }
            for (source, count) in ended.sorted(by: { $0.key < $1.key }) {
                let most = limit(links[source] ?? 0, before.ended[source] ?? 0)
                if count > most { throw StoreError.activationBreaker(source: source, ended: count, limit: most) }
            }
        }
        for index in batch.ranges.indices where batch.ranges[index].kind == .reevaluate {
            batch.ranges[index].ended = ended
        }
    }
}
