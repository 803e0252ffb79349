import LinkCore

/// All claims on an asset settled, per CI source (domain.md section 6, below the steps).
struct Settlement {
    private(set) var states: [RecordKey: CIOutcome] = [:]
    private(set) var conflicts: [ConflictIdentity: ConflictMembers] = [:]

    /// The active links.
    var links: [RecordKey: RecordKey] { states.compactMapValues(\.asset) }

    private struct Table: Hashable {
        let asset: RecordKey
        let ciSource: String
    }

    init(_ survey: Survey, _ verdicts: [RecordKey: Verdict]) {
        var claims: [Table: [RecordKey: Claim]] = [:]
        for (ci, verdict) in verdicts {
            switch verdict {
            case .excluded(let reason): states[ci] = CIOutcome(state: .excluded, reason: reason)
            case .orphaned(let reason): states[ci] = CIOutcome(state: .orphaned, reason: reason)
            case .conflicted(let identity, let candidates):
                states[ci] = CIOutcome(state: .conflicted, reason: identity.kind)
                conflicts[identity, default: ConflictMembers()].cis.insert(ci)
                conflicts[identity, default: ConflictMembers()].assets.formUnion(candidates)
            case .claim(let claim):
                claims[Table(asset: claim.asset, ciSource: ci.source), default: [:]][ci] = claim
            }
        }
        for (table, claimants) in claims {
            settle(claimants, on: table, isComposite: survey.assets[table.asset]?.isComposite == true)
        }
    }

    private mutating func settle(_ claims: [RecordKey: Claim], on table: Table, isComposite: Bool) {
        let manual = claims.filter { $0.value.method == .manual }
        if isComposite {
            link(claims)
        } else if !manual.isEmpty {
            link(manual)
            let identity = ConflictIdentity.assetAlreadyLinked(asset: table.asset, ciSource: table.ciSource)
            conflict(claims.filter { $0.value.method == .automatic }, identity, all: claims)
        } else {
            let best = claims.values.compactMap(\.rank).min()
            let strongest = claims.filter { $0.value.rank == best }
            if strongest.count == 1 { link(strongest) }
            let losers = strongest.count == 1 ? claims.filter { $0.value.rank != best } : claims
            conflict(losers, .duplicateCI(asset: table.asset, ciSource: table.ciSource), all: claims)
        }
    }

    private mutating func link(_ winners: [RecordKey: Claim]) {
        for (ci, claim) in winners {
            states[ci] = CIOutcome(
                state: .linked, asset: claim.asset, method: claim.method, rule: claim.rule,
                entryPriority: claim.rank, matchedOn: claim.matchedOn)
        }
    }

    /// Open while at least one CI is in it; its members are all who claim the asset, the winner too.
    private mutating func conflict(
        _ losers: [RecordKey: Claim], _ identity: ConflictIdentity, all: [RecordKey: Claim]
    ) {
        guard !losers.isEmpty else { return }
        for ci in losers.keys { states[ci] = CIOutcome(state: .conflicted, reason: identity.kind) }
        conflicts[identity] = ConflictMembers(cis: Set(all.keys), assets: Set(all.values.map(\.asset)))
    }
}
