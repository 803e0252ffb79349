/// The one link of a CI that is not closed, as far as section 7 looks at it.
package struct ModelLink: Hashable, Sendable {
    package enum Status: String, Hashable, Sendable, CaseIterable {
        case active, stale, closed
    }

    /// Why a link is stale, or was closed.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        case ciDeleted = "ci_deleted"
        case superseded
        case ciRetired = "ci_retired"
        case classExcluded = "class_excluded"
        case blockedByOperator = "blocked_by_operator"
        case assetDecommissioned = "asset_decommissioned"
        case assetDeleted = "asset_deleted"
        case inConflict = "in_conflict"
        case removedByOperator = "removed_by_operator"
        case pinExpired = "pin_expired"
        case sourceDetached = "source_detached"
        case ruleChanged = "rule_changed"
        case parentNotLinked = "parent_not_linked"
        case identifierChanged = "identifier_changed"
        case closedByOperator = "closed_by_operator"
        case retention
    }

    package var asset: RecordKey
    package var status: Status
    /// Of a stale link why it is, of a closed one why it was closed.
    package var reason: Reason?
    /// The decision that made it or last confirmed it: method, rule, entry, keys.
    package var evidence: CIOutcome

    package init(asset: RecordKey, status: Status = .active, reason: Reason? = nil, evidence: CIOutcome) {
        self.asset = asset
        self.status = status
        self.reason = reason
        self.evidence = evidence
    }
}

/// What becomes of a CI's open link in one batch.
package enum ModelTransition: Hashable, Sendable {
    /// No open link, and none opens.
    case none
    case opened
    /// It stays as it is, active or stale.
    case kept
    case evidenceUpdated
    case restored
    case staled(ModelLink.Reason)
    /// It was stale and still is: one audit row, `stale_at` stays.
    case staleReasonChanged(ModelLink.Reason)
    /// Closed `superseded`, and a new link opens that names it as predecessor.
    case superseded
    case closed(ModelLink.Reason)
}

/// What the table of section 7 looks at beside the link itself.
package struct ModelLinkFacts: Hashable, Sendable {
    /// What becomes of a link whose asset has ended.
    package enum Policy: String, Hashable, Sendable, CaseIterable {
        case flag, remove
    }

    /// The new decision, `nil` for a CI that is deleted.
    package var decision: CIOutcome?
    /// The pair of the CI and the link's asset is blocked.
    package var isBlocked = false
    /// The link's asset is ended (`asset_decommissioned`) or is no more (`asset_deleted`).
    package var assetEnd: ModelLink.Reason?
    /// A pin of the CI on the link's asset is in force.
    package var isPinned = false
    /// That pin ended because its time was up.
    package var hasPinExpired = false
    /// The asset's source is bound to the CI's.
    package var isBound = true
    /// The batch takes in a change of rules, classes, placeholders or trust.
    package var haveRulesChanged = false
    package var policy = Policy.flag

    package init(decision: CIOutcome?) { self.decision = decision }
}
