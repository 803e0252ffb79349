import LinkCore
import LinkTesting
import Testing

/// Section 6, steps 2 to 4: pins, blocks, the order of entries, the guard.
@Suite struct ModelDecisionTests {
    private func decide(_ build: (inout World) -> Void) -> Outcome {
        var world = World.bare
        build(&world)
        return ReferenceModel.decide(world)
    }

    // MARK: Pins and blocks

    @Test func aPinIsStrongerThanAnyEntry() {
        let outcome = decide { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S"))
            world.add(asset: "b", AssetRecord())
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
            world.pin("c", to: "b")
        }
        #expect(outcome.ci("c") == CIOutcome(state: .linked, asset: .asset("b"), method: .manual))
        #expect(outcome.pinDisagrees == [.ci("c")])
        #expect(outcome.asset("a") == .unlinked)
    }

    @Test func aPinComesBeforeRequiredAttributes() {
        let outcome = decide { world in
            world.add(asset: "a", AssetRecord())
            world.add(ci: "c", CIRecord(ciClass: "strict_server"))
            world.pin("c", to: "a")
        }
        #expect(outcome.ci("c")?.method == .manual)
        #expect(outcome.pinDisagrees.isEmpty)
    }

    @Test func aPinMayNameAnAssetOfASourceThatIsNotBound() {
        let outcome = decide { world in
            world.bindings["cmdb"] = ["lab"]
            world.add(asset: "a", AssetRecord())
            world.add(ci: "c", CIRecord(ciClass: "server"))
            world.pin("c", to: "a")
        }
        #expect(outcome.ci("c")?.asset == .asset("a"))
    }

    @Test(arguments: [
        WorldAsset(AssetRecord(lifecycleRaw: "retired")), WorldAsset(AssetRecord(), isDeleted: true), nil,
    ]) func aVoidPinLetsTheEntriesDecideAndComesBackWithItsAsset(_ void: WorldAsset?) {
        var world = World.bare
        world.add(asset: "a", AssetRecord(serialNumber: "S"))
        world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
        world.pin("c", to: "b")
        world.assets[.asset("b")] = void
        #expect(ReferenceModel.decide(world).ci("c")?.asset == .asset("a"))
        #expect(ReferenceModel.decide(world).pinDisagrees.isEmpty)
        world.add(asset: "b", AssetRecord())
        #expect(ReferenceModel.decide(world).ci("c")?.asset == .asset("b"))
    }

    @Test func pinsAndBlocksOfOnePairEndEachOther() {
        var world = World.bare
        world.pin("c", to: "a")
        world.pin("c", to: "b")
        #expect(world.pins == [.ci("c"): .asset("b")])
        world.block("c", from: "b")
        #expect(world.pins.isEmpty)
        world.pin("c", to: "b")
        #expect(world.blocks.isEmpty)
    }

    @Test func aBlockedCandidateIsNone() {
        let outcome = decide { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S"))
            world.add(asset: "b", AssetRecord(serialNumber: "S"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
            world.block("c", from: "a")
        }
        #expect(outcome.ci("c")?.asset == .asset("b"))
    }

    @Test func theNextEntryIsTriedWhenAllAreBlocked() {
        let outcome = decide { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S"))
            world.add(asset: "b", AssetRecord(assetTag: "T"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S", assetTag: "T"))
            world.block("c", from: "a")
        }
        #expect(outcome.ci("c")?.entryPriority == 40)
    }

    // MARK: Entries

    @Test func theStrongestEntryThatMatchesDecides() {
        let outcome = decide { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S", uuid: Sample.uuid))
            world.add(asset: "b", AssetRecord(assetTag: "T"))
            let record = CIRecord(ciClass: "server", serialNumber: "S", uuid: Sample.uuid, assetTag: "T")
            world.add(ci: "c", record)
        }
        #expect(outcome.ci("c")?.asset == .asset("a"))
        #expect(outcome.ci("c")?.entryPriority == 10)
    }

    @Test func anEndedAssetIsNoCandidate() {
        let outcome = decide { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S", lifecycleRaw: "disposed"))
            world.add(asset: "b", AssetRecord(serialNumber: "S", lifecycleRaw: "never heard of"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
        }
        #expect(outcome.ci("c")?.asset == .asset("b"))
        #expect(outcome.asset("a") == .ended)
        #expect(outcome.assetStates[.asset("b")] == AssetOutcome(state: .linked, ciCount: 1, phase: .inUse))
    }

    @Test func aRowForTheSourceBeatsARowForAny() {
        let outcome = decide { world in
            world.add(asset: "a", AssetRecord(lifecycleRaw: "Archived"))
            world.add(asset: "a", in: "lab", AssetRecord(lifecycleRaw: "Archived"))
        }
        #expect(outcome.assetStates[RecordKey("lab", "a")]?.phase == .inStock)
        #expect(outcome.assetStates[RecordKey("itam", "a")]?.phase == .retired)
    }

    // MARK: The guard

    private func guarded(_ asset: AssetRecord, _ ci: CIRecord) -> CIOutcome? {
        decide { world in
            world.add(asset: "a", asset)
            world.add(ci: "c", ci)
        }.ci("c")
    }

    @Test func oneSideWithoutAValueContradictsNothing() {
        let noSerial = AssetRecord(uuid: Sample.uuid)
        let ci = CIRecord(ciClass: "server", serialNumber: "S", uuid: Sample.uuid)
        #expect(guarded(noSerial, ci)?.entryPriority == 30)
    }

    @Test func allSerialsThatTheEntriesReadAreOneSet() {
        // The serial numbers differ, but a typed serial is among the asset's other serials.
        let asset = AssetRecord(serialNumber: "S", otherSerials: ["X"], uuid: Sample.uuid)
        let typed = [TypedSerial(type: "bios", value: "x")]
        let ci = CIRecord(ciClass: "server", serialNumber: "T", serials: typed, uuid: Sample.uuid)
        #expect(guarded(asset, ci)?.entryPriority == 20)
    }

    @Test func aSerialOfATypeThatNoEntryReadsIsNoEvidence() {
        let asset = AssetRecord(serialNumber: "S", uuid: Sample.uuid)
        let board = [TypedSerial(type: "board", value: "S")]
        let ci = CIRecord(ciClass: "server", serialNumber: "T", serials: board, uuid: Sample.uuid)
        #expect(guarded(asset, ci)?.reason == .contradictingEvidence)
    }

    @Test func onlyKindsOfStrongerEntriesCount() {
        // MACs are read by a weaker entry than the uuid that matches.
        let asset = AssetRecord(uuid: Sample.uuid, macAddresses: ["02:00:00:00:00:01"])
        let ci = CIRecord(ciClass: "server", uuid: Sample.uuid, macAddresses: ["02:00:00:00:00:02"])
        #expect(guarded(asset, ci)?.state == .linked)
    }

    @Test func whatOnlyAWeakerEntryReadsIsNoEvidence() {
        let outcome = decide { world in
            let entries = [
                IdentifierEntry(priority: 1, .regular([AttributePair(.serialNumber)], allowNull: false)),
                IdentifierEntry(priority: 2, .regular([AttributePair(.uuid)], allowNull: false)),
                IdentifierEntry(priority: 3, .lookup(Lookup(.serials))),
            ]
            let rule = IdentificationRule(name: "ci", entries: entries)
            world.ruleSet.classes = [CIClass(name: "ci", parent: nil, rule: .own(rule))]
            world.add(asset: "a", AssetRecord(serialNumber: "S", otherSerials: ["T"], uuid: Sample.uuid))
            world.add(ci: "c", CIRecord(serialNumber: "T", uuid: Sample.uuid))
        }
        #expect(outcome.ci("c")?.reason == .contradictingEvidence)
    }

    @Test func theGuardStopsTheDecision() {
        let outcome = decide { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S", uuid: Sample.uuid))
            world.add(asset: "b", AssetRecord(assetTag: "T"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "X", uuid: Sample.uuid, assetTag: "T"))
        }
        #expect(outcome.conflicts == [.contradictingEvidence(ci: .ci("c"))])
        #expect(outcome.asset("a") == .conflicted)
        #expect(outcome.asset("b") == .unlinked)
    }
}
