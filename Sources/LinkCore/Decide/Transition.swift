/// Where an asset stands for a link.
package enum Standing: Int, Hashable, Sendable {
    case eligible = 0
    case ended = 1
    case deleted = 2
}

/// What becomes of the link of an ended or deleted asset: a policy of the CI's source.
package enum RemovalPolicy: String, Hashable, Sendable {
    case flag, remove
}

/// Why a link is stale.
package enum StaleReason: String, Hashable, Sendable, CaseIterable {
    case assetDecommissioned = "asset_decommissioned"
    case assetDeleted = "asset_deleted"
    case inConflict = "in_conflict"
}

/// Why a link was closed.
package enum CloseReason: String, Hashable, Sendable, CaseIterable {
    case ciDeleted = "ci_deleted"
    case superseded
    case ciRetired = "ci_retired"
    case classExcluded = "class_excluded"
    case blockedByOperator = "blocked_by_operator"
    case assetDecommissioned = "asset_decommissioned"
    case assetDeleted = "asset_deleted"
    case removedByOperator = "removed_by_operator"
    case pinExpired = "pin_expired"
    case sourceDetached = "source_detached"
    case ruleChanged = "rule_changed"
    case parentNotLinked = "parent_not_linked"
    case identifierChanged = "identifier_changed"
    case closedByOperator = "closed_by_operator"
    case retention
}

/// The final decision for a CI, after settlement, as far as its link cares.
package enum FinalState: Hashable, Sendable {
    case deleted
    case linked(AssetRef)
    case excluded(StateReason)
    case conflicted
    case orphaned(StateReason)
}

/// The link of a CI that is not closed.
package struct OpenLink: Hashable, Sendable {
    package var asset: AssetRef
    /// `nil`: active.
    package var stale: StaleReason?
    package var isManual: Bool

    package init(asset: AssetRef, stale: StaleReason? = nil, isManual: Bool = false) {
        self.asset = asset
        self.stale = stale
        self.isManual = isManual
    }
}

/// What else the link table reads about the open link's pair.
package struct LinkContext: Hashable, Sendable {
    package var standing: Standing
    package var isBlocked = false
    package var policy = RemovalPolicy.flag
    /// How the pin that made the link ended, if it did.
    package var endedPin: CloseReason?
    package var isSourceBound = true
    /// The batch takes in a change of rules, classes, placeholders or trust.
    package var rulesChanged = false

    package init(
        standing: Standing, isBlocked: Bool = false, policy: RemovalPolicy = .flag, endedPin: CloseReason? = nil,
        isSourceBound: Bool = true, rulesChanged: Bool = false
    ) {
        self.standing = standing
        self.isBlocked = isBlocked
        self.policy = policy
        self.endedPin = endedPin
        self.isSourceBound = isSourceBound
        self.rulesChanged = rulesChanged
    }
}

/// What happens to a CI's open link.
package enum LinkTransition: Hashable, Sendable {
    case none
    /// Linked as before: evidence may need an update.
    case keep
    case restore
    case open(AssetRef)
    case supersede(AssetRef)
    case markStale(StaleReason)
    case changeStaleReason(StaleReason)
    case close(CloseReason)

    /// Domain.md section 7: the first row that holds decides; no incumbent, no clock.
    package static func of(_ state: FinalState, link: OpenLink?, context: LinkContext?) -> LinkTransition {
        guard let link, let context else {
            if case .linked(let asset) = state { return .open(asset) }
            return .none
        }
        switch state {
        case .deleted: return .close(.ciDeleted)
        case .linked(let asset) where asset == link.asset: return link.stale == nil ? .keep : .restore
        case .linked(let asset): return .supersede(asset)
        case .excluded(let reason): return .close(reason == .ciRetired ? .ciRetired : .classExcluded)
        case .conflicted, .orphaned: break
        }
        if context.isBlocked { return .close(.blockedByOperator) }
        switch (context.standing, context.policy) {
        case (.ended, .flag): return stale(.assetDecommissioned, was: link.stale)
        case (.deleted, .flag): return stale(.assetDeleted, was: link.stale)
        case (.ended, .remove): return .close(.assetDecommissioned)
        case (.deleted, .remove): return .close(.assetDeleted)
        case (.eligible, _): break
        }
        if state == .conflicted { return stale(.inConflict, was: link.stale) }
        if let ended = context.endedPin { return .close(ended) }
        if !context.isSourceBound { return .close(.sourceDetached) }
        if context.rulesChanged { return .close(.ruleChanged) }
        if state == .orphaned(.parentNotLinked) { return .close(.parentNotLinked) }
        return .close(.identifierChanged)
    }

    private static func stale(_ reason: StaleReason, was: StaleReason?) -> LinkTransition {
        guard let was else { return .markStale(reason) }
        return was == reason ? .none : .changeStaleReason(reason)
    }
}
