/// What sort of value an identifier is; decides its canonical form (domain.md section 3).
package enum IdentifierKind: String, Hashable, Sendable, CaseIterable {
    case serial
    case assetTag = "asset_tag"
    case uuid
    case mac
    case name
    case manufacturer
    case cloudResourceID = "cloud_resource_id"
    /// Any other column or member of `attributes`: trimmed, exact.
    case attribute

    /// Whether a value of this kind can tell one machine from another by itself (sections 5 and 6, the guard).
    package var isIdentifying: Bool {
        switch self {
        case .serial, .assetTag, .uuid, .mac, .cloudResourceID: true
        case .name, .manufacturer, .attribute: false
        }
    }
}

/// Where an asset stands in its life (domain.md section 2).
package enum LifecyclePhase: String, Hashable, Sendable, CaseIterable {
    case planned
    case inStock = "in_stock"
    case inUse = "in_use"
    case inMaintenance = "in_maintenance"
    case missing
    case retired
    case disposed

    /// Whether a link to such an asset has ended: decommission is a move into an ended phase.
    package var isEnded: Bool { self == .retired || self == .disposed }
}

/// Where a CI is; every CI is in exactly one (domain.md section 6).
package enum CIState: String, Hashable, Sendable, CaseIterable {
    case linked, orphaned, conflicted, excluded
}

/// Why a CI is where it is; `nil` for a linked one.
package enum StateReason: String, Hashable, Sendable, CaseIterable {
    // excluded
    case ciRetired = "ci_retired"
    case classExcluded = "class_excluded"
    // conflicted
    case duplicateAsset = "duplicate_asset"
    case contradictingEvidence = "contradicting_evidence"
    case duplicateCI = "duplicate_ci"
    case assetAlreadyLinked = "asset_already_linked"
    // orphaned, in the order in which they are tried
    case incomplete
    case blockedByOperator = "blocked_by_operator"
    case assetDecommissioned = "asset_decommissioned"
    case assetDeleted = "asset_deleted"
    case noMatchingAsset = "no_matching_asset"
    case parentCycle = "parent_cycle"
    case parentNotLinked = "parent_not_linked"
    case suspectIdentifier = "suspect_identifier"
    case placeholderIdentifier = "placeholder_identifier"
    case noIdentifier = "no_identifier"
}

/// How a claim came about.
package enum LinkMethod: String, Hashable, Sendable, CaseIterable {
    case manual, automatic
}
