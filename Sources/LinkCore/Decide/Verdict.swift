/// An asset as the store numbers it.
package typealias AssetRef = Int64
/// A CI as the store numbers it.
package typealias CIRef = Int64

/// What the assets holding one match key look like to one CI: at most two of them, however many there are.
package struct KeyView: Hashable, Sendable {
    /// Up to two eligible assets that are not blocked for the CI.
    package var eligible: [AssetRef]
    /// An eligible asset holds the key but is blocked for the CI.
    package var hasBlocked: Bool
    package var hasEnded: Bool
    package var hasDeleted: Bool

    package init(eligible: [AssetRef] = [], hasBlocked: Bool = false, hasEnded: Bool = false, hasDeleted: Bool = false)
    {
        self.eligible = eligible
        self.hasBlocked = hasBlocked
        self.hasEnded = hasEnded
        self.hasDeleted = hasDeleted
    }

    package static let nothing = KeyView()
}

/// The CI's direct parent, as far as dependent entries care.
package enum ParentLink: Hashable, Sendable {
    /// No parent, or none that has an active link.
    case notLinked
    /// The CI is on a ring of parents: dependent entries do not apply.
    case ring
    /// The asset that the parent is linked to, as `source/id`: the first value of a dependent key.
    case linked(String)
}

/// What one CI's best entry says, before claims on the same asset are settled (domain.md section 6).
package struct Verdict: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case excluded(StateReason)
        case orphaned(StateReason)
        /// Stopped by its own evidence: `duplicateAsset` or `contradictingEvidence`.
        case conflicted(StateReason)
        /// It points at this asset.
        case claim(AssetRef)
    }

    package var outcome: Outcome
    /// The claim is an operator's pin.
    package var isManual: Bool = false
    /// The entry that decided: of a claim or of a conflict.
    package var rule: String?
    package var entry: CompiledEntryRef?
    /// All keys of that entry that CI and asset share, sorted; for `duplicateAsset` the smallest shared key alone.
    package var matchedOn: [MatchKey] = []
    /// The claim, or the asset at which the guard stopped.
    package var candidate: AssetRef?
    /// The asset that the entries of a pinned CI point at, when it is another (section 8).
    package var pinDisagrees: AssetRef?

    package init(_ outcome: Outcome) { self.outcome = outcome }
}

/// Which entry decided.
package struct CompiledEntryRef: Hashable, Sendable {
    package var priority: Int
    package var space: Int
    package var signature: String

    package init(_ entry: CompiledEntry) {
        priority = entry.priority
        space = entry.space
        signature = entry.signature
    }
}

/// Everything that the decision for one CI reads.
package struct Case: Sendable {
    package var reading: CIReading
    /// The pin in force, when its asset is eligible.
    package var pin: AssetRef?
    package var parent: ParentLink

    package init(reading: CIReading, pin: AssetRef? = nil, parent: ParentLink = .notLinked) {
        self.reading = reading
        self.pin = pin
        self.parent = parent
    }

    /// The keys of an entry, as they are looked up: a dependent one's start with the parent's asset.
    package func keys(of entry: EntryReading) -> [MatchKey] {
        guard entry.entry.isDependent else { return entry.keys }
        guard case .linked(let asset) = parent else { return [] }
        return entry.keys.map { MatchKey(space: $0.space, values: [asset] + $0.values) }
    }

    /// Every key that it may be matched by now.
    package var allKeys: [MatchKey] { reading.entries.flatMap { keys(of: $0) } }
}
