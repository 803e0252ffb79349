import LinkCore

extension ReferenceModel {
    /// The table of section 7: the first row that holds decides.
    package static func nextLink(previous: ModelLink?, _ facts: ModelLinkFacts) -> ModelTransition {
        guard let link = previous, link.status != .closed else {
            return facts.decision?.state == .linked ? .opened : .none
        }
        guard let decision = facts.decision else { return .closed(.ciDeleted) }
        if let asset = decision.asset {
            guard asset == link.asset else { return .superseded }
            if link.status == .stale { return .restored }
            return decision == link.evidence ? .kept : .evidenceUpdated
        }
        if decision.state == .excluded {
            return .closed(decision.reason == .ciRetired ? .ciRetired : .classExcluded)
        }
        if facts.isBlocked { return .closed(.blockedByOperator) }
        if let end = facts.assetEnd { return facts.policy == .remove ? .closed(end) : stale(link, end) }
        if decision.state == .conflicted { return stale(link, .inConflict) }
        if link.evidence.method == .manual && !facts.isPinned {
            return .closed(facts.hasPinExpired ? .pinExpired : .removedByOperator)
        }
        if !facts.isBound { return .closed(.sourceDetached) }
        if facts.haveRulesChanged { return .closed(.ruleChanged) }
        if decision.reason == .parentNotLinked { return .closed(.parentNotLinked) }
        return .closed(.identifierChanged)
    }

    private static func stale(_ link: ModelLink, _ reason: ModelLink.Reason) -> ModelTransition {
        if link.status == .active { return .staled(reason) }
        return link.reason == reason ? .kept : .staleReasonChanged(reason)
    }
}

/// The open links of a world, carried from batch to batch.
package struct ModelHistory: Sendable {
    /// What a batch brings beside the new world.
    package struct Batch: Hashable, Sendable {
        package var haveRulesChanged = false
        /// CIs whose pin ended because its time was up.
        package var expiredPins: Set<RecordKey> = []
        package var policy = ModelLinkFacts.Policy.flag
        /// CI sources whose links are removed when their asset ends, whatever ``policy`` says.
        package var removing: Set<String> = []
        /// CIs whose stale link an operator closes, and those whose stale link's retention is over.
        package var closedByOperators: Set<RecordKey> = []
        package var retired: Set<RecordKey> = []

        package init() {}
    }

    /// The link that is not closed, by CI.
    package private(set) var open: [RecordKey: ModelLink] = [:]

    package init() {}

    /// Takes a new outcome in; returns what became of every CI that has or had a link.
    package mutating func take(
        _ outcome: Outcome, of world: World, batch: Batch = Batch()
    ) -> [RecordKey: ModelTransition] {
        var transitions: [RecordKey: ModelTransition] = [:]
        for ci in Set(open.keys).union(outcome.ciStates.keys) {
            let facts = facts(ci, outcome, world, batch)
            let end = endOfStaleLink(ci, facts, batch)
            if end != nil { open[ci] = nil }
            let transition = ReferenceModel.nextLink(previous: open[ci], facts)
            apply(transition, to: ci, facts.decision)
            if let transition = end ?? (transition == .none ? nil : transition) { transitions[ci] = transition }
        }
        return transitions
    }

    /// Section 7, below the table: what a stale link ends by beside the new decision.
    private func endOfStaleLink(_ ci: RecordKey, _ facts: ModelLinkFacts, _ batch: Batch) -> ModelTransition? {
        guard let link = open[ci], link.status == .stale, facts.decision?.asset != link.asset else { return nil }
        if batch.closedByOperators.contains(ci) { return .closed(.closedByOperator) }
        return batch.retired.contains(ci) ? .closed(.retention) : nil
    }

    private func facts(_ ci: RecordKey, _ outcome: Outcome, _ world: World, _ batch: Batch) -> ModelLinkFacts {
        var facts = ModelLinkFacts(decision: outcome.ciStates[ci])
        facts.haveRulesChanged = batch.haveRulesChanged
        facts.policy = batch.removing.contains(ci.source) ? .remove : batch.policy
        guard let asset = open[ci]?.asset else { return facts }
        facts.isBlocked = world.blocks.contains(WorldPair(ci: ci, asset: asset))
        switch outcome.assetStates[asset]?.state {
        // Of a dropped source nothing is deleted: it is no longer bound.
        case nil: facts.assetEnd = world.dropped.contains(asset.source) ? nil : .assetDeleted
        case .ended: facts.assetEnd = .assetDecommissioned
        default: break
        }
        facts.isPinned = world.pins[ci] == asset
        facts.hasPinExpired = batch.expiredPins.contains(ci)
        facts.isBound = world.isBound(ciSource: ci.source, assetSource: asset.source)
        return facts
    }

    private mutating func apply(_ transition: ModelTransition, to ci: RecordKey, _ decision: CIOutcome?) {
        switch transition {
        case .none, .kept: break
        case .opened, .evidenceUpdated, .restored, .superseded:
            guard let decision, let asset = decision.asset else { return }
            open[ci] = ModelLink(asset: asset, evidence: decision)
        case .staled(let reason), .staleReasonChanged(let reason):
            open[ci]?.status = .stale
            open[ci]?.reason = reason
        case .closed: open[ci] = nil
        }
    }
}
