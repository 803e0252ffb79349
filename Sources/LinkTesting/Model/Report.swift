import LinkCore

/// What follows from the settled claims: assets, coverage, inherited assets, discrepancies.
struct Report {
    private let survey: Survey
    private(set) var outcome = Outcome()

    init(_ survey: Survey, _ settlement: Settlement) {
        self.survey = survey
        outcome.ciStates = settlement.states
        outcome.conflictMembers = settlement.conflicts
        reportAssets()
        reportCoverage()
        for ci in survey.cis.values {
            if outcome.ciStates[ci.key]?.reason == .classExcluded { outcome.inherited[ci.key] = inherited(by: ci) }
            if ci.isOnRing { outcome.ciCycles.insert(ci.key) }
            if disagreesWithPin(ci, links: settlement.links) { outcome.pinDisagrees.insert(ci.key) }
        }
    }

    private mutating func reportAssets() {
        var linked: [RecordKey: Int] = [:]
        for asset in outcome.activeLinks.values { linked[asset, default: 0] += 1 }
        let inConflict = outcome.conflictMembers.values.reduce(into: Set<RecordKey>()) { $0.formUnion($1.assets) }
        for asset in survey.assets.values where !asset.isDeleted {
            let count = linked[asset.key] ?? 0
            let state: AssetState =
                if !asset.isEligible {
                    .ended
                } else if count > 0 {
                    .linked
                } else if inConflict.contains(asset.key) {
                    .conflicted
                } else {
                    .unlinked
                }
            outcome.assetStates[asset.key] = AssetOutcome(state: state, ciCount: count, phase: asset.phase)
            if asset.isOnRing { outcome.assetCycles.insert(asset.key) }
        }
    }

    private mutating func reportCoverage() {
        for (key, state) in outcome.ciStates {
            let ciClass = survey.cis[key]?.record.ciClass ?? ""
            outcome.coverage.all.count(state)
            outcome.coverage.byClass[ciClass, default: CoverageFigures.CIs()].count(state)
        }
        outcome.coverage.unlinkedAssets = outcome.assetStates.values.filter { $0.state == .unlinked }.count
        outcome.coverage.openConflicts = outcome.conflictMembers.count
    }

    /// The asset of the nearest ancestor that is linked (domain.md section 4).
    private func inherited(by ci: SurveyedCI) -> RecordKey? {
        if ci.isOnRing { return nil }
        var visited: Set<RecordKey> = []
        var current = ci.parent
        while let next = current, let ancestor = survey.cis[next], visited.insert(next).inserted {
            guard let state = outcome.ciStates[next] else { return nil }
            switch state.state {
            case .linked: return state.asset
            case .conflicted: return nil
            case .excluded, .orphaned: current = ancestor.parent
            }
        }
        return nil
    }

    /// Whether a pin in force links a CI to another asset than its entries would have claimed (section 8).
    private func disagreesWithPin(_ ci: SurveyedCI, links: [RecordKey: RecordKey]) -> Bool {
        guard ci.isInScope, let rule = ci.rule, let pinned = survey.pinnedAsset(of: ci) else { return false }
        let evaluation = Evaluation(survey, ci, rule, parentLink: ci.parent.flatMap { links[$0] })
        return evaluation.firstCandidate.map { $0 != pinned } ?? false
    }
}

extension CoverageFigures.CIs {
    /// Takes one CI in.
    fileprivate mutating func count(_ outcome: CIOutcome) {
        switch outcome.state {
        case .linked: paired += 1
        case .orphaned: orphaned += 1
        case .conflicted: conflicted += 1
        case .excluded: excluded += 1
        }
        if outcome.state == .orphaned, let reason = outcome.reason { orphansByReason[reason, default: 0] += 1 }
        switch outcome.method {
        case .automatic: automatic += 1
        case .manual: manual += 1
        case nil: break
        }
    }
}
