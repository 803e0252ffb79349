import LinkCore
import LinkTesting
import Testing

/// Section 7: the table, row by row, for an active and for a stale link.
@Suite struct ModelLinkTests {
    private static let automatic = CIOutcome(
        state: .linked, asset: .asset("a"), method: .automatic, rule: "hardware", entryPriority: 10, matchedOn: [["S"]])
    private static let manual = CIOutcome(state: .linked, asset: .asset("a"), method: .manual)
    private static let orphan = CIOutcome(state: .orphaned, reason: .noMatchingAsset)

    private func link(_ status: ModelLink.Status, _ evidence: CIOutcome = automatic) -> ModelLink {
        ModelLink(
            asset: .asset("a"), status: status, reason: status == .stale ? .inConflict : nil, evidence: evidence)
    }

    private func next(
        _ status: ModelLink.Status, _ decision: CIOutcome?, made evidence: CIOutcome = automatic,
        _ edit: (inout ModelLinkFacts) -> Void = { _ in }
    ) -> ModelTransition {
        var facts = ModelLinkFacts(decision: decision)
        edit(&facts)
        return ReferenceModel.nextLink(previous: link(status, evidence), facts)
    }

    @Test func withoutAnOpenLink() {
        #expect(ReferenceModel.nextLink(previous: nil, ModelLinkFacts(decision: Self.automatic)) == .opened)
        #expect(ReferenceModel.nextLink(previous: nil, ModelLinkFacts(decision: Self.orphan)) == .none)
        #expect(ReferenceModel.nextLink(previous: nil, ModelLinkFacts(decision: nil)) == .none)
        #expect(next(.closed, Self.automatic) == .opened)
    }

    @Test func linkedToItsAsset() {
        #expect(next(.active, Self.automatic) == .kept)
        #expect(next(.active, Self.manual) == .evidenceUpdated)
        #expect(next(.stale, Self.automatic) == .restored)
    }

    private static let ends: [(CIOutcome?, ModelTransition)] = [
        (nil, .closed(.ciDeleted)),
        (CIOutcome(state: .linked, asset: .asset("b"), method: .automatic), .superseded),
        (CIOutcome(state: .excluded, reason: .ciRetired), .closed(.ciRetired)),
        (CIOutcome(state: .excluded, reason: .classExcluded), .closed(.classExcluded)),
        (CIOutcome(state: .orphaned, reason: .parentNotLinked), .closed(.parentNotLinked)),
        (orphan, .closed(.identifierChanged)),
    ]

    @Test(arguments: [ModelLink.Status.active, .stale], ends)
    func closing(_ status: ModelLink.Status, _ row: (CIOutcome?, ModelTransition)) {
        #expect(next(status, row.0) == row.1)
    }

    @Test func conflictsMakeStale() {
        let conflicted = CIOutcome(state: .conflicted, reason: .duplicateAsset)
        #expect(next(.active, conflicted) == .staled(.inConflict))
        #expect(next(.stale, conflicted) == .kept)
        #expect(next(.active, conflicted) { $0.assetEnd = .assetDeleted } == .staled(.assetDeleted))
        #expect(next(.stale, conflicted) { $0.assetEnd = .assetDeleted } == .staleReasonChanged(.assetDeleted))
    }

    @Test func anEndedAssetByPolicy() {
        let orphan = CIOutcome(state: .orphaned, reason: .assetDecommissioned)
        #expect(next(.active, orphan) { $0.assetEnd = .assetDecommissioned } == .staled(.assetDecommissioned))
        let removed = next(.stale, orphan) { facts in
            facts.assetEnd = .assetDecommissioned
            facts.policy = .remove
        }
        #expect(removed == .closed(.assetDecommissioned))
    }

    @Test func aBlockComesBeforeTheAssetsEnd() {
        let blocked = next(.active, Self.orphan) { facts in
            facts.isBlocked = true
            facts.assetEnd = .assetDeleted
        }
        #expect(blocked == .closed(.blockedByOperator))
    }

    @Test func aPinThatIsNoMore() {
        #expect(next(.active, Self.orphan, made: Self.manual) == .closed(.removedByOperator))
        #expect(next(.active, Self.orphan, made: Self.manual) { $0.hasPinExpired = true } == .closed(.pinExpired))
        #expect(next(.active, Self.orphan) { $0.hasPinExpired = true } == .closed(.identifierChanged))
    }

    @Test func otherwiseTheFirstThatHolds() {
        let parentless = CIOutcome(state: .orphaned, reason: .parentNotLinked)
        let detached = next(.active, parentless) { facts in
            facts.isBound = false
            facts.haveRulesChanged = true
        }
        #expect(detached == .closed(.sourceDetached))
        #expect(next(.active, parentless) { $0.haveRulesChanged = true } == .closed(.ruleChanged))
    }

    // MARK: History

    @Test func aLinkFromItsBirthToItsEnd() {
        var world = World.bare
        var history = ModelHistory()
        world.add(asset: "a", AssetRecord(serialNumber: "S"))
        world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
        func step(_ changes: WorldChange...) -> ModelTransition? {
            changes.forEach { world.apply($0) }
            return history.take(ReferenceModel.decide(world), of: world)[.ci("c")]
        }
        #expect(step() == .opened)
        #expect(step() == .kept)
        #expect(step(.upsertCI(.ci("d"), CIRecord(ciClass: "server", serialNumber: "S"))) == .staled(.inConflict))
        #expect(step(.deleteCI(.ci("d"))) == .restored)
        #expect(step(.deleteAsset(.asset("a"))) == .staled(.assetDeleted))
        #expect(step(.forgetAsset(.asset("a"))) == .kept)
        #expect(step(.upsertAsset(.asset("a"), AssetRecord(assetTag: "T"))) == .closed(.identifierChanged))
        #expect(step(.pin(WorldPair(ci: .ci("c"), asset: .asset("a")))) == .opened)
        #expect(step(.unpin(WorldPair(ci: .ci("c"), asset: .asset("a")))) == .closed(.removedByOperator))
        #expect(step() == nil)
        #expect(history.open.isEmpty)
    }

    @Test func anExpiredPinAndAChangedRule() {
        var world = World.bare
        var history = ModelHistory()
        world.add(asset: "a", AssetRecord(serialNumber: "S"))
        world.add(asset: "b", AssetRecord())
        world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
        world.add(ci: "d", CIRecord(ciClass: "server"))
        world.pin("d", to: "b")
        _ = history.take(ReferenceModel.decide(world), of: world)
        world.pins = [:]
        world.ruleSet.placeholders.append(Placeholder(id: 99, kind: .serial, value: "s"))
        var batch = ModelHistory.Batch()
        batch.expiredPins = [.ci("d")]
        batch.haveRulesChanged = true
        let transitions = history.take(ReferenceModel.decide(world), of: world, batch: batch)
        #expect(transitions == [.ci("c"): .closed(.ruleChanged), .ci("d"): .closed(.pinExpired)])
    }
}
