import LinkCore
import LinkTesting
import Testing

/// Dependent entries, rings of parents, inherited assets (sections 4 and 5).
@Suite struct ModelParentTests {
    /// A chassis "a" with a module at position 1, known on both sides; the module has no serial.
    private func decide(_ build: (inout World) -> Void = { _ in }) -> Outcome {
        var world = World.bare
        world.add(asset: "a", AssetRecord(serialNumber: "S"))
        world.add(asset: "m", AssetRecord(parentAssetID: "a", position: "1"))
        world.add(ci: "c", CIRecord(ciClass: "chassis", serialNumber: "S"))
        world.add(ci: "m", CIRecord(ciClass: "module", parentCIID: "c", position: " 1"))
        build(&world)
        return ReferenceModel.decide(world)
    }

    @Test func aPartIsFoundUnderTheAssetOfItsParent() {
        let outcome = decide { world in
            // The same position under another asset, in no asset, and in another source is another place.
            world.add(asset: "b", AssetRecord())
            world.add(asset: "n", AssetRecord(parentAssetID: "b", position: "1"))
            world.add(asset: "o", AssetRecord(position: "1"))
            world.add(asset: "m", in: "lab", AssetRecord(parentAssetID: "a", position: "1"))
        }
        #expect(outcome.ci("m")?.asset == .asset("m"))
        #expect(outcome.ci("m")?.entryPriority == 20)
        #expect(outcome.ci("m")?.matchedOn == [["itam/a", "1"]])
    }

    @Test func twoInOnePlaceAreAConflictThatNamesTheParent() {
        let outcome = decide { world in
            world.add(asset: "n", AssetRecord(parentAssetID: "a", position: "1"))
        }
        let identity = ConflictIdentity.duplicateAsset(
            signature: "dependent:regular(position)", key: ["itam/a", "1"])
        #expect(outcome.conflicts == [identity])
    }

    @Test func levelAfterLevel() {
        let outcome = decide { world in
            world.add(asset: "n", AssetRecord(parentAssetID: "m", position: "2"))
            world.add(ci: "n", CIRecord(ciClass: "module", parentCIID: "m", position: "2"))
            world.add(asset: "o", AssetRecord(parentAssetID: "n", position: "3"))
            world.add(ci: "o", CIRecord(ciClass: "module", parentCIID: "n", position: "3"))
        }
        #expect(outcome.ci("o")?.asset == .asset("o"))
    }

    @Test func aParentThatLosesItsLinkTakesItsPartsAlong() {
        let outcome = decide { $0.add(ci: "d", CIRecord(ciClass: "chassis", serialNumber: "S")) }
        #expect(outcome.ci("c")?.state == .conflicted)
        #expect(outcome.ci("m")?.reason == .parentNotLinked)
    }

    @Test func aPinnedParentServesAsWell() {
        let outcome = decide { world in
            world.cis[.ci("c")]?.record.serialNumber = nil
            world.pin("c", to: "a")
        }
        #expect(outcome.ci("m")?.asset == .asset("m"))
    }

    @Test(arguments: [
        (
            WorldAsset(AssetRecord(lifecycleRaw: "retired", parentAssetID: "a", position: "1")),
            StateReason.assetDecommissioned
        ),
        (WorldAsset(AssetRecord(parentAssetID: "a", position: "1"), isDeleted: true), .assetDeleted),
        (WorldAsset(AssetRecord(parentAssetID: "a", position: "2")), .noMatchingAsset),
    ]) func reasonsOfAPart(_ asset: WorldAsset, _ reason: StateReason) {
        #expect(decide { $0.assets[.asset("m")] = asset }.ci("m")?.reason == reason)
    }

    @Test func anAssetOnARingQualifiesForNone() {
        let outcome = decide { world in
            world.assets[.asset("a")]?.record.parentAssetID = "m"
            // Hanging off the ring is not being on it.
            world.add(asset: "n", AssetRecord(parentAssetID: "a", position: "2"))
            world.add(ci: "n", CIRecord(ciClass: "module", parentCIID: "c", position: "2"))
        }
        #expect(outcome.assetCycles == [.asset("a"), .asset("m")])
        #expect(outcome.ci("m")?.reason == .noMatchingAsset)
        #expect(outcome.ci("n")?.asset == .asset("n"))
    }

    @Test func anAssetInItselfIsARing() {
        #expect(decide { $0.assets[.asset("m")]?.record.parentAssetID = "m" }.assetCycles == [.asset("m")])
    }

    @Test func aCIOnARingHasNoDependentEntries() {
        let outcome = decide { $0.cis[.ci("c")]?.record.parentCIID = "m" }
        #expect(outcome.ciCycles == [.ci("c"), .ci("m")])
        #expect(outcome.ci("c")?.state == .linked)
        #expect(outcome.ci("m")?.reason == .parentCycle)
    }

    @Test func aCIBesideARingHasThem() {
        let outcome = decide { $0.cis[.ci("c")]?.record.parentCIID = "c" }
        #expect(outcome.ci("m")?.state == .linked)
    }

    @Test func theTombstoneOfAnAssetClosesNoRing() {
        let outcome = decide { world in
            world.add(asset: "t", isDeleted: true, AssetRecord(parentAssetID: "a"))
            world.assets[.asset("a")]?.record.parentAssetID = "t"
            world.assets[.asset("m")]?.record.parentAssetID = "a"
        }
        #expect(outcome.assetCycles.isEmpty)
    }

    @Test func aTombstoneClosesNoRing() {
        let outcome = decide { world in
            world.cis[.ci("c")]?.record.parentCIID = "m"
            world.cis[.ci("c")]?.isDeleted = true
        }
        #expect(outcome.ciCycles.isEmpty)
        #expect(outcome.ci("m")?.reason == .parentNotLinked)
    }

    // MARK: Inherited assets

    private func vm(_ parent: String?, _ lifecycle: String? = nil) -> CIRecord {
        CIRecord(ciClass: "virtual_machine", parentCIID: parent, lifecycleRaw: lifecycle)
    }

    @Test func anExcludedCIShowsTheAssetOfItsNearestLinkedAncestor() {
        let outcome = decide { world in
            world.add(ci: "v", vm("m"))
            world.add(ci: "w", vm("v"))
        }
        #expect(outcome.inherited == [.ci("v"): .asset("m"), .ci("w"): .asset("m")])
    }

    @Test func throughOrphansAndRetiredOnes() {
        let outcome = decide { world in
            world.add(ci: "o", CIRecord(ciClass: "server", parentCIID: "c"))
            world.add(ci: "r", CIRecord(ciClass: "server", parentCIID: "o", lifecycleRaw: "retired"))
            world.add(ci: "v", vm("r"))
        }
        #expect(outcome.inherited == [.ci("v"): .asset("a")])
    }

    @Test func notPastAConflictNorADeletedOneNorWhenRetired() {
        let outcome = decide { world in
            world.add(asset: "x", AssetRecord(assetTag: "T"))
            world.add(asset: "y", AssetRecord(assetTag: "T"))
            world.add(ci: "o", CIRecord(ciClass: "server", assetTag: "T", parentCIID: "c"))
            world.add(ci: "v", vm("o"))
            world.add(ci: "d", isDeleted: true, CIRecord(ciClass: "server", parentCIID: "c"))
            world.add(ci: "w", vm("d"))
            world.add(ci: "r", vm("c", "retired"))
            world.add(ci: "n", vm(nil))
        }
        #expect(outcome.inherited.isEmpty)
    }

    @Test func noneOnARing() {
        let outcome = decide { world in
            world.cis[.ci("c")]?.record.parentCIID = "v"
            world.add(ci: "v", vm("c"))
            world.add(ci: "x", vm("y"))
            world.add(ci: "y", CIRecord(ciClass: "server", parentCIID: "y"))
        }
        #expect(outcome.inherited.isEmpty)
    }
}
