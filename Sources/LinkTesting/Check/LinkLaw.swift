import LinkCore

/// Whether what became of the links between two pictures is what domain.md section 7 says, by its text alone.
///
/// The decisions are the database's own; whether those are right is for the model to say.
package struct LinkLaw {
    private let before: Picture
    private let after: Picture
    private let open: [RecordKey: [Int64]]
    private let wasOpen: [RecordKey: [Int64]]
    private var problems: [String] = []

    /// - Parameters:
    ///   - before, after: one batch lies between them.
    package static func problems(from before: Picture, to after: Picture) -> [String] {
        var law = LinkLaw(before, after)
        law.judge()
        return law.problems
    }

    private init(_ before: Picture, _ after: Picture) {
        self.before = before
        self.after = after
        open = after.open
        wasOpen = before.open
    }

    private mutating func judge() {
        for (ci, links) in open where links.count > 1 { problems.append("\(ci) has \(links.count) open links") }
        for id in before.links.keys where after.links[id] == nil { problems.append("link \(id) is no more") }
        for (id, link) in before.links where link.status == .closed && after.links[id] != link {
            problems.append("link \(id) was closed and changed")
        }
        for (id, link) in after.links { judgeRow(id, link) }
        for ci in Set(wasOpen.keys).union(open.keys).union(after.states.keys).sorted() { judge(ci) }
    }

    /// What holds of every row, whatever happened.
    private mutating func judgeRow(_ id: Int64, _ link: Picture.Link) {
        if (link.status == .closed) != (link.closedAt != nil && link.closeReason != nil) {
            problems.append("link \(id) is \(link.status.rawValue), closed at \(link.closedAt as Any)")
        }
        if link.status == .stale && (link.staleAt == nil || link.staleReason == nil) {
            problems.append("link \(id) is stale since never or for nothing")
        }
        if link.status == .active && (link.staleAt != nil || link.staleReason != nil) {
            problems.append("link \(id) is active and stale")
        }
        if let reason = link.reason, link.status != .active, ModelLink.Reason(rawValue: reason) == nil {
            problems.append("link \(id): there is no reason \(reason)")
        }
        guard let old = before.links[id] else {
            if link.linkedAt != after.committedAt { problems.append("link \(id) is new, but of another time") }
            if link.status != .active { problems.append("link \(id) is new and \(link.status.rawValue)") }
            return
        }
        if (old.ci, old.asset, old.linkedAt, old.predecessor) != (link.ci, link.asset, link.linkedAt, link.predecessor)
        {
            problems.append("link \(id) is another one's now")
        }
        if old.status == .stale, link.status != .active, old.staleAt != link.staleAt {
            problems.append("link \(id): stale_at moved")
        }
        if old.status != .stale, link.status == .stale, link.staleAt != after.committedAt {
            problems.append("link \(id) became stale at another time")
        }
        if old.status != .closed, link.status == .closed, link.closedAt != after.committedAt {
            problems.append("link \(id) was closed at another time")
        }
    }

    private mutating func judge(_ ci: RecordKey) {
        let decision = after.states[ci]
        let now = open[ci]?.first
        if decision != nil && after.linkOf[ci] != now {
            problems.append("\(ci): its state does not show its open link")
        }
        if let decision, (decision.state == .linked) != (now.flatMap { after.links[$0]?.status } == .active) {
            problems.append("\(ci) is \(decision.state.rawValue), its link is not")
        }
        guard let id = wasOpen[ci]?.first, let old = before.links[id], let new = after.links[id] else {
            if let now, after.links[now]?.predecessor != nil {
                problems.append("\(ci): link \(now) names a predecessor, but there was none")
            }
            return
        }
        let seen = observed(old, new)
        if case .closed(let reason) = seen, [.closedByOperator, .retention].contains(reason) {
            if old.status != .stale { problems.append("\(ci): link \(id) was closed as stale, and was not") }
            return
        }
        // While ranges are open, a CI that waits for its turn is as it was.
        if seen == .kept, after.hasOpenRanges, before.states[ci] == after.states[ci] { return }
        let allowed = lawful(ci, old)
        if !allowed.contains(seen) {
            problems.append(
                "\(ci): link \(id) to \(old.asset), \(old.status.rawValue) \(old.reason ?? ""): \(seen), but the law says "
                    + allowed.map { "\($0)" }.sorted().joined(separator: " or "))
        }
        if seen == .superseded, now.flatMap({ after.links[$0]?.predecessor }) != id {
            problems.append("\(ci): what came after link \(id) does not name it")
        }
        if case .closed = seen, now != nil { problems.append("\(ci): link \(id) is closed, and another one opened") }
    }

    private func observed(_ old: Picture.Link, _ new: Picture.Link) -> ModelTransition {
        switch new.status {
        case .closed:
            guard let reason = new.closeReason.flatMap(ModelLink.Reason.init(rawValue:)) else { return .none }
            return reason == .superseded ? .superseded : .closed(reason)
        case .stale:
            guard let reason = new.staleReason.flatMap(ModelLink.Reason.init(rawValue:)) else { return .none }
            if old.status == .active { return .staled(reason) }
            return old.staleReason == new.staleReason ? .kept : .staleReasonChanged(reason)
        case .active:
            if old.status == .stale { return .restored }
            let isSame =
                (old.method, old.rule, old.priority, old.matchedOn) == (
                    new.method, new.rule, new.priority, new.matchedOn
                )
            return isSame ? .kept : .evidenceUpdated
        }
    }

    /// What the table allows; several where only the batch knows whether it took in a change of rules.
    private func lawful(_ ci: RecordKey, _ old: Picture.Link) -> Set<ModelTransition> {
        var facts = ModelLinkFacts(decision: after.states[ci])
        let pair = WorldPair(ci: ci, asset: old.asset)
        facts.isBlocked = after.blocks.contains(pair)
        let isDropped = after.dropped.contains(old.asset.source)
        switch after.assets[old.asset] {
        case nil: facts.assetEnd = isDropped ? nil : .assetDeleted
        case .ended: facts.assetEnd = .assetDecommissioned
        default: break
        }
        facts.isPinned = after.pins[ci] == old.asset
        facts.hasPinExpired = after.expiredPins.contains(pair)
        facts.isBound = !isDropped && (after.bindings[ci.source] ?? nil)?.contains(old.asset.source) ?? true
        facts.policy = after.removing.contains(ci.source) ? .remove : .flag
        let link = ModelLink(
            asset: old.asset, status: old.status, reason: old.staleReason.flatMap(ModelLink.Reason.init(rawValue:)),
            evidence: CIOutcome(
                state: .linked, asset: old.asset, method: LinkMethod(rawValue: old.method), rule: old.rule,
                entryPriority: old.priority, matchedOn: old.matchedOn.map { [[$0]] }))
        var allowed: Set<ModelTransition> = []
        let versions = before.ruleSetVersion == after.ruleSetVersion ? [false, true] : [true]
        for haveRulesChanged in versions {
            facts.haveRulesChanged = haveRulesChanged
            allowed.insert(ReferenceModel.nextLink(previous: link, facts))
        }
        return allowed
    }
}
