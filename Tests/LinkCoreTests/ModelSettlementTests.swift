import LinkCore
import LinkTesting
import Testing

/// Section 6, below the steps: claims settled, conflicts, assets; section 10, coverage.
@Suite struct ModelSettlementTests {
    private func decide(_ build: (inout World) -> Void) -> Outcome {
        var world = World.bare
        world.add(asset: "a", AssetRecord(assetTag: "T", serialNumber: "S", uuid: Sample.uuid))
        build(&world)
        return ReferenceModel.decide(world)
    }

    private let bySerial = CIRecord(ciClass: "server", serialNumber: "S")
    private let byUUID = CIRecord(ciClass: "server", uuid: Sample.uuid)
    private let byTag = CIRecord(ciClass: "server", assetTag: "T")

    @Test(arguments: [true, false]) func aCompositeAssetTakesEveryClaimant(_ isMarked: Bool) {
        let outcome = decide { world in
            if isMarked {
                world.apply(.setComposite(.asset("a"), true))
            } else {
                world.assets[.asset("a")]?.record.isComposite = true
            }
            world.add(ci: "c", bySerial)
            world.add(ci: "d", bySerial)
            world.add(ci: "e", CIRecord(ciClass: "server"))
            world.pin("e", to: "a")
        }
        #expect(outcome.coverage.all.paired == 3)
        #expect(outcome.assetStates[.asset("a")]?.ciCount == 3)
        #expect(outcome.conflicts.isEmpty)
    }

    @Test func allManualClaimantsAreLinkedAndEveryAutomaticOneIsNot() {
        let outcome = decide { world in
            for id in ["d", "e"] {
                world.add(ci: id, CIRecord(ciClass: "server"))
                world.pin(id, to: "a")
            }
            world.add(ci: "c", bySerial)
            world.add(ci: "f", byUUID)
        }
        #expect(outcome.activeLinks == [.ci("d"): .asset("a"), .ci("e"): .asset("a")])
        let identity = ConflictIdentity.assetAlreadyLinked(asset: .asset("a"), ciSource: "cmdb")
        let members = ConflictMembers(cis: Set(["c", "d", "e", "f"].map(RecordKey.ci)), assets: [.asset("a")])
        #expect(outcome.conflictMembers == [identity: members])
        #expect(outcome.asset("a") == .linked)
    }

    @Test func theStrongestRankWins() {
        let outcome = decide { world in
            world.add(ci: "c", byTag)
            world.add(ci: "d", byUUID)
            world.add(ci: "e", byTag)
        }
        #expect(outcome.activeLinks == [.ci("d"): .asset("a")])
        #expect(outcome.ci("c")?.reason == .duplicateCI)
        #expect(outcome.conflicts == [.duplicateCI(asset: .asset("a"), ciSource: "cmdb")])
    }

    @Test func twoOfTheStrongestRankLoseAllOfThem() {
        let outcome = decide { world in
            world.add(ci: "c", byTag)
            world.add(ci: "d", byUUID)
            world.add(ci: "e", byUUID)
        }
        #expect(outcome.activeLinks.isEmpty)
        #expect(outcome.coverage.all.conflicted == 3)
        #expect(outcome.asset("a") == .conflicted)
    }

    @Test func ranksOfDifferentRulesCompareByNumber() {
        let outcome = decide { world in
            world.assets[.asset("a")]?.record.name = "T"
            world.add(ci: "c", bySerial)
            world.add(ci: "d", CIRecord(ciClass: "appliance", name: "t", assetTag: "T"))  // entry 15
        }
        #expect(outcome.activeLinks == [.ci("c"): .asset("a")])
    }

    @Test func claimsAreSettledPerCISource() {
        let outcome = decide { world in
            world.add(ci: "c", bySerial)
            world.add(ci: "c", in: "edge", bySerial)
            world.add(ci: "d", in: "lan", bySerial)
            world.add(ci: "e", in: "lan", bySerial)
        }
        #expect(outcome.activeLinks.count == 2)
        #expect(outcome.assetStates[.asset("a")] == AssetOutcome(state: .linked, ciCount: 2, phase: .inUse))
        #expect(outcome.conflicts == [.duplicateCI(asset: .asset("a"), ciSource: "lan")])
    }

    @Test func duplicateAssetIsSharedByAllCIsOnTheKey() {
        let outcome = decide { world in
            world.add(asset: "b", AssetRecord(serialNumber: "s"))
            world.add(ci: "c", bySerial)
            // Another rule, the same entry; another source.
            world.add(ci: "d", in: "edge", CIRecord(ciClass: "module", serialNumber: "S"))
        }
        let identity = ConflictIdentity.duplicateAsset(signature: "regular(serial_number)", key: ["S"])
        let members = ConflictMembers(cis: [.ci("c"), RecordKey("edge", "d")], assets: [.asset("a"), .asset("b")])
        #expect(outcome.conflictMembers == [identity: members])
        #expect(outcome.asset("b") == .conflicted)
    }

    @Test func duplicateAssetIsNamedByTheSmallestKeyThatAnUnblockedCandidateShares() {
        let outcome = decide { world in
            world.add(asset: "b", AssetRecord(otherSerials: ["A1"]))
            world.add(asset: "d", AssetRecord(otherSerials: ["B1"]))
            world.add(asset: "e", AssetRecord(otherSerials: ["B1", "C1"]))
            let serials = ["C1", "B1", "A1"].map { TypedSerial(type: "bios", value: $0) }
            world.add(ci: "c", CIRecord(ciClass: "server", serials: serials))
            world.block("c", from: "b")
        }
        let signature = "lookup(serials;types=bios,chassis,standard,system)"
        #expect(outcome.conflicts == [.duplicateAsset(signature: signature, key: ["B1"])])
        #expect(outcome.asset("b") == .unlinked)
    }

    @Test func everyAssetIsInOneState() {
        let outcome = decide { world in
            world.add(asset: "e", AssetRecord(lifecycleRaw: "disposed"))
            world.add(asset: "u", AssetRecord(lifecycleRaw: "in_stock"))
            world.add(asset: "gone", isDeleted: true, AssetRecord())
            world.add(ci: "c", bySerial)
        }
        #expect(
            outcome.assetStates.mapValues(\.state) == [
                .asset("a"): .linked, .asset("e"): .ended, .asset("u"): .unlinked,
            ])
        #expect(outcome.coverage.unlinkedAssets == 1)
    }

    @Test func coverageCounts() {
        let outcome = decide { world in
            world.add(ci: "c", byUUID)
            world.add(ci: "d", byTag)
            world.add(ci: "e", CIRecord(ciClass: "switch"))
            world.add(ci: "f", CIRecord(ciClass: "toaster"))
            world.add(ci: "g", CIRecord())
        }
        let all = outcome.coverage.all
        #expect((all.eligible, all.paired, all.orphaned, all.conflicted) == (3, 1, 1, 1))
        #expect((all.excluded, all.automatic, all.manual) == (2, 1, 0))
        #expect(all.orphansByReason == [.noIdentifier: 1])
        #expect(outcome.coverage.openConflicts == 1)
        #expect(Set(outcome.coverage.byClass.keys) == ["server", "switch", "toaster", ""])
        #expect(outcome.coverage.byClass["server"]?.eligible == 2)
    }
}
