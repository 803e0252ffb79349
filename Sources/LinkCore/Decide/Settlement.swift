/// A claim on an asset.
package struct Claim: Hashable, Sendable {
    package var ci: CIRef
    package var isManual: Bool
    /// The entry's priority; ignored for a manual claim.
    package var rank: Int

    package init(ci: CIRef, isManual: Bool, rank: Int) {
        self.ci = ci
        self.isManual = isManual
        self.rank = rank
    }

    /// Stronger first: manual, then the lower rank.
    package static func isStronger(_ a: Claim, _ b: Claim) -> Bool {
        if a.isManual != b.isManual { return a.isManual }
        return a.rank != b.rank ? a.rank < b.rank : a.ci < b.ci
    }
}

/// How all claims on one asset by CIs of one source are settled (domain.md section 6).
///
/// It needs no more than the two strongest claims to say what becomes of any claim.
package struct Settlement: Hashable, Sendable {
    /// What decides who is linked.
    package enum Mode: Hashable, Sendable {
        /// A stack, or a chassis registered as one: every claimant is linked.
        case composite
        /// Operators have pinned: all manual claimants are linked, no other.
        case manual
        /// The strongest rank wins, if one CI alone has it.
        case automatic
    }

    package let mode: Mode
    private let bestRank: Int?
    private let isBestAlone: Bool

    /// - Parameter strongest: at least the two strongest claims on the asset.
    package init(isComposite: Bool, strongest: [Claim]) {
        let ordered = strongest.sorted(by: Claim.isStronger)
        mode = isComposite ? .composite : ordered.first?.isManual == true ? .manual : .automatic
        bestRank = ordered.first?.rank
        isBestAlone = ordered.count < 2 || ordered[1].rank != ordered[0].rank
    }

    /// `nil`: linked; otherwise why it is conflicted.
    package func conflict(of claim: Claim) -> StateReason? {
        switch mode {
        case .composite: nil
        case .manual: claim.isManual ? nil : .assetAlreadyLinked
        case .automatic: claim.rank == bestRank && isBestAlone ? nil : .duplicateCI
        }
    }
}
