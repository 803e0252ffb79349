import LinkCore
import LinkTesting
import Testing

/// All claims on one asset (section 6, below the steps).
@Suite struct CoreSettlementTests {
    private static func manual(_ ci: CIRef) -> Claim { Claim(ci: ci, isManual: true, rank: 0) }
    private static func ranked(_ ci: CIRef, _ rank: Int) -> Claim { Claim(ci: ci, isManual: false, rank: rank) }

    /// The claims, and why each is conflicted, on an ordinary asset.
    private static let rows: [(claims: [Claim], conflicts: [StateReason?], mode: Settlement.Mode)] = [
        ([ranked(1, 10)], [nil], .automatic),
        ([ranked(1, 10), ranked(2, 20)], [nil, .duplicateCI], .automatic),
        ([ranked(1, 30), ranked(2, 20)], [.duplicateCI, nil], .automatic),
        ([ranked(1, 10), ranked(2, 10)], [.duplicateCI, .duplicateCI], .automatic),
        ([ranked(1, 10), ranked(2, 10), ranked(3, 20)], [.duplicateCI, .duplicateCI, .duplicateCI], .automatic),
        ([ranked(1, 20), ranked(2, 10), ranked(3, 20)], [.duplicateCI, nil, .duplicateCI], .automatic),
        ([manual(1)], [nil], .manual),
        ([manual(1), manual(2)], [nil, nil], .manual),
        ([ranked(1, 1), manual(2)], [.assetAlreadyLinked, nil], .manual),
        ([manual(1), ranked(2, 0), ranked(3, 0)], [nil, .assetAlreadyLinked, .assetAlreadyLinked], .manual),
        ([manual(1), manual(2), ranked(3, -1)], [nil, nil, .assetAlreadyLinked], .manual),
    ]

    @Test(arguments: rows) func settled(_ row: (claims: [Claim], conflicts: [StateReason?], mode: Settlement.Mode)) {
        let settlement = Settlement(isComposite: false, strongest: row.claims)
        #expect(settlement.mode == row.mode)
        #expect(row.claims.map(settlement.conflict) == row.conflicts)
    }

    @Test(arguments: rows) func aCompositeTakesAll(
        _ row: (claims: [Claim], conflicts: [StateReason?], mode: Settlement.Mode)
    ) {
        let settlement = Settlement(isComposite: true, strongest: row.claims)
        #expect(settlement.mode == .composite)
        #expect(row.claims.allSatisfy { settlement.conflict(of: $0) == nil })
    }

    @Test func strongerFirst() {
        let ordered = [Self.manual(4), Self.manual(5), Self.ranked(3, 1), Self.ranked(1, 2), Self.ranked(2, 2)]
        for turn in 0..<ordered.count {
            let turned = Array(ordered[turn...] + ordered[..<turn])
            #expect(turned.sorted(by: Claim.isStronger) == ordered)
        }
    }

    /// Claims of random strength on one asset, in the core and as a world of the model.
    @Test func randomClaimsAsTheModel() {
        for seed in UInt64(0)..<400 {
            var random = SplitMix64(seed: seed)
            let isComposite = random.percent(15)
            let claims = (0..<random.below(6)).map { number in
                let isManual = random.percent(20)
                return Claim(ci: CIRef(number), isManual: isManual, rank: isManual ? 0 : 1 + random.below(3))
            }
            let strongest = claims.shuffled(using: &random).sorted(by: Claim.isStronger).prefix(2)
            let byTwo = Settlement(isComposite: isComposite, strongest: Array(strongest))
            let byAll = Settlement(isComposite: isComposite, strongest: claims.shuffled(using: &random))
            let states = ReferenceModel.decide(Self.world(claims, isComposite: isComposite)).ciStates
            for claim in claims {
                let model = states[.ci("c\(claim.ci)")]
                #expect(model != nil && byTwo.conflict(of: claim) == model?.reason, "seed \(seed), \(claim)")
                #expect(byAll.conflict(of: claim) == byTwo.conflict(of: claim), "seed \(seed), \(claim)")
            }
        }
    }

    private static func world(_ claims: [Claim], isComposite: Bool) -> World {
        var world = World()
        world.ruleSet.suspectLimits = [:]
        world.ruleSet.classes = (0...3).map { rank in
            CIClass(
                name: "rank\(rank)", parent: nil,
                rule: .own(IdentificationRule(name: "rank\(rank)", entries: [.regular(rank, .serialNumber)])))
        }
        world.add(asset: "a", AssetRecord(serialNumber: "S", isComposite: isComposite))
        for claim in claims {
            world.add(ci: "c\(claim.ci)", CIRecord(ciClass: "rank\(claim.rank)", serialNumber: "S"))
            if claim.isManual { world.pin("c\(claim.ci)", to: "a") }
        }
        return world
    }
}
