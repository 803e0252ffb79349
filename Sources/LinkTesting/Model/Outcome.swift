package import LinkCore

/// What is decided for one CI (the compared columns of `ci_state`).
package struct CIOutcome: Hashable, Sendable {
    package var state: CIState
    package var reason: StateReason?
    /// The rest is `nil` unless it is linked; rule, entry and `matchedOn` also where it is linked by a pin.
    package var asset: RecordKey?
    package var method: LinkMethod?
    package var rule: String?
    package var entryPriority: Int?
    /// All keys of the entry that CI and asset share, in byte order.
    ///
    /// A key is a list of canonical values: of a dependent entry first the parent asset as "source/id", then the
    /// attributes in the order of the signature (a null is the empty string), then the member of the list, or all
    /// members in byte order where the lookup is of exact count.
    package var matchedOn: [[String]]?

    package init(
        state: CIState, reason: StateReason? = nil, asset: RecordKey? = nil, method: LinkMethod? = nil,
        rule: String? = nil, entryPriority: Int? = nil, matchedOn: [[String]]? = nil
    ) {
        self.state = state
        self.reason = reason
        self.asset = asset
        self.method = method
        self.rule = rule
        self.entryPriority = entryPriority
        self.matchedOn = matchedOn
    }
}

/// Where an asset is; a deleted one is nowhere.
package enum AssetState: String, Hashable, Sendable, CaseIterable {
    case linked, conflicted, unlinked, ended
}

/// What follows for one asset.
package struct AssetOutcome: Hashable, Sendable {
    package var state: AssetState
    /// The CIs that are linked to it.
    package var ciCount: Int
    package var phase: LifecyclePhase

    package init(state: AssetState, ciCount: Int, phase: LifecyclePhase) {
        self.state = state
        self.ciCount = ciCount
        self.phase = phase
    }
}

/// What makes two conflicts the same one (domain.md section 6).
package enum ConflictIdentity: Hashable, Sendable {
    /// By the entry's signature and the smallest key that an unblocked candidate shares with the CI.
    case duplicateAsset(signature: String, key: [String])
    case contradictingEvidence(ci: RecordKey)
    case duplicateCI(asset: RecordKey, ciSource: String)
    case assetAlreadyLinked(asset: RecordKey, ciSource: String)

    package var kind: StateReason {
        switch self {
        case .duplicateAsset: .duplicateAsset
        case .contradictingEvidence: .contradictingEvidence
        case .duplicateCI: .duplicateCI
        case .assetAlreadyLinked: .assetAlreadyLinked
        }
    }
}

/// Who is in a conflict: derived, never stored.
package struct ConflictMembers: Hashable, Sendable {
    package var cis: Set<RecordKey> = []
    package var assets: Set<RecordKey> = []

    package init(cis: Set<RecordKey> = [], assets: Set<RecordKey> = []) {
        self.cis = cis
        self.assets = assets
    }
}

/// The standard figures (domain.md section 10).
package struct CoverageFigures: Hashable, Sendable {
    /// The counts of CIs, in all or of one class.
    package struct CIs: Hashable, Sendable {
        package var paired = 0
        package var orphaned = 0
        package var conflicted = 0
        package var excluded = 0
        package var automatic = 0
        package var manual = 0
        package var orphansByReason: [StateReason: Int] = [:]

        package var eligible: Int { paired + orphaned + conflicted }

        package init() {}
    }

    package var all = CIs()
    /// By the record's own class as it stands there; `""` where it has none.
    package var byClass: [String: CIs] = [:]
    package var unlinkedAssets = 0
    package var openConflicts = 0

    package init() {}
}

/// All that is decided: a pure function of the world.
package struct Outcome: Hashable, Sendable {
    /// Every CI that is not deleted.
    package var ciStates: [RecordKey: CIOutcome] = [:]
    /// Every asset that is not deleted.
    package var assetStates: [RecordKey: AssetOutcome] = [:]
    /// The open conflicts with their members.
    package var conflictMembers: [ConflictIdentity: ConflictMembers] = [:]
    package var coverage = CoverageFigures()
    /// Of a CI whose class is excluded, the asset of its nearest linked ancestor.
    package var inherited: [RecordKey: RecordKey] = [:]
    /// Discrepancies that the decision itself comes upon.
    package var assetCycles: Set<RecordKey> = []
    package var ciCycles: Set<RecordKey> = []
    /// CIs that a pin links to another asset than their entries would have claimed.
    package var pinDisagrees: Set<RecordKey> = []

    package init() {}

    /// The open conflicts.
    package var conflicts: Set<ConflictIdentity> { Set(conflictMembers.keys) }

    /// The active links: asset by CI.
    package var activeLinks: [RecordKey: RecordKey] { ciStates.compactMapValues(\.asset) }
}
