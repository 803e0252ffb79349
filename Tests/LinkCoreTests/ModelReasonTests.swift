import LinkCore
import LinkTesting
import Testing

/// A hand-made world in which CI "c" is where a reason code says.
struct ReasonCase: Sendable, CustomTestStringConvertible {
    let reason: StateReason
    let note: String
    let world: World

    var testDescription: String { "\(reason.rawValue): \(note)" }

    init(_ reason: StateReason, _ note: String, _ build: (inout World) -> Void) {
        self.reason = reason
        self.note = note
        var world = World.bare
        build(&world)
        self.world = world
    }

    static let excludedAndConflicted: [ReasonCase] = [
        ReasonCase(.ciRetired, "by the life-cycle map") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S", lifecycleRaw: " retired"))
        },
        ReasonCase(.ciRetired, "comes before the class") { world in
            world.add(ci: "c", CIRecord(ciClass: "container", lifecycleRaw: "Retired"))
        },
        ReasonCase(.classExcluded, "a virtual machine never claims by its host's serial") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S"))
            world.add(ci: "c", CIRecord(ciClass: "virtual_machine", serialNumber: "S"))
            world.pin("c", to: "a")
        },
        ReasonCase(.classExcluded, "an unknown class is ci") { $0.add(ci: "c", CIRecord(ciClass: "toaster")) },
        ReasonCase(.classExcluded, "an empty class is ci") { $0.add(ci: "c", CIRecord(serialNumber: "S")) },
        ReasonCase(.duplicateAsset, "two assets share its serial") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S"))
            world.add(asset: "b", AssetRecord(serialNumber: "s"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
        },
        ReasonCase(.duplicateAsset, "stops: the uuid would have told") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S", uuid: Sample.uuid))
            world.add(asset: "b", AssetRecord(serialNumber: "S"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S", uuid: Sample.uuid))
        },
        ReasonCase(.contradictingEvidence, "same uuid, other serial") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S", uuid: Sample.uuid))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "T", uuid: Sample.uuid))
        },
        ReasonCase(.duplicateCI, "two CIs with one serial: no incumbent") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
            world.add(ci: "d", CIRecord(ciClass: "switch", serialNumber: "S"))
        },
        ReasonCase(.duplicateCI, "a weaker claim; it does not fall through to its next entry") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S", uuid: Sample.uuid))
            world.add(asset: "b", AssetRecord(assetTag: "T"))
            world.add(ci: "c", CIRecord(ciClass: "server", uuid: Sample.uuid, assetTag: "T"))
            world.add(ci: "d", CIRecord(ciClass: "server", serialNumber: "S"))
        },
        ReasonCase(.assetAlreadyLinked, "another CI is pinned to it") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
            world.add(ci: "d", CIRecord(ciClass: "server"))
            world.pin("d", to: "a")
        },
    ]

    static let orphaned: [ReasonCase] = [
        ReasonCase(.incomplete, "a required attribute is blank") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S", uuid: Sample.uuid))
            let record = CIRecord(
                ciClass: "strict_server", name: "  ", serialNumber: "S", uuid: Sample.uuid, manufacturer: "Dell")
            world.add(ci: "c", record)
        },
        ReasonCase(.blockedByOperator, "all that share a key are blocked") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
            world.block("c", from: "a")
        },
        ReasonCase(.blockedByOperator, "before an ended asset of another key") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S"))
            world.add(asset: "b", AssetRecord(assetTag: "T", lifecycleRaw: "disposed"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S", assetTag: "T"))
            world.block("c", from: "a")
        },
        ReasonCase(.assetDecommissioned, "a key matches an ended asset") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S", lifecycleRaw: "RETIRED"))
            world.add(asset: "b", isDeleted: true, AssetRecord(serialNumber: "S"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
        },
        ReasonCase(.assetDecommissioned, "blocked or not") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "S", lifecycleRaw: "retired"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
            world.block("c", from: "a")
        },
        ReasonCase(.assetDeleted, "a key matches a tombstone") { world in
            world.add(asset: "a", isDeleted: true, AssetRecord(serialNumber: "S", lifecycleRaw: "retired"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
        },
        ReasonCase(.noMatchingAsset, "it had a key") { world in
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S", position: "1"))
        },
        ReasonCase(.noMatchingAsset, "the asset is of a source that is not bound") { world in
            world.bindings["cmdb"] = ["lab"]
            world.add(asset: "a", AssetRecord(serialNumber: "S"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
        },
        ReasonCase(.parentCycle, "on a ring of CI parents") { world in
            world.add(ci: "c", CIRecord(ciClass: "module", parentCIID: "d", position: "1"))
            world.add(ci: "d", CIRecord(ciClass: "virtual_machine", parentCIID: "c"))
        },
        ReasonCase(.parentNotLinked, "its parent is an orphan") { world in
            world.add(ci: "c", CIRecord(ciClass: "module", parentCIID: "d", position: "1"))
            world.add(ci: "d", CIRecord(ciClass: "chassis", serialNumber: "S"))
        },
        ReasonCase(.parentNotLinked, "it names no parent") { world in
            world.add(ci: "c", CIRecord(ciClass: "module", parentCIID: "", position: "1"))
        },
        ReasonCase(.suspectIdentifier, "too many assets hold its serial, and its uuid is malformed") { world in
            for id in 1...4 { world.add(asset: "a\(id)", AssetRecord(serialNumber: "S")) }
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S", uuid: "12"))
        },
        ReasonCase(.placeholderIdentifier, "a placeholder") { world in
            world.add(asset: "a", AssetRecord(serialNumber: "Default string"))
            world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: " default STRING"))
        },
        ReasonCase(.placeholderIdentifier, "malformed") { world in
            world.add(ci: "c", CIRecord(ciClass: "server", uuid: "123e4567"))
        },
        ReasonCase(.noIdentifier, "nothing that its rule reads") { world in
            world.add(ci: "c", CIRecord(ciClass: "server", name: "localhost", serialNumber: " ", position: "1"))
        },
    ]
}

enum Sample {
    static let uuid = "11223344-5566-4788-99aa-bbccddeeff00"
    static let otherUUID = "00112233-5566-4788-99aa-bbccddeeff01"
}

@Suite struct ModelReasonTests {
    @Test(arguments: ReasonCase.excludedAndConflicted + ReasonCase.orphaned)
    func reached(_ sample: ReasonCase) throws {
        let outcome = ReferenceModel.decide(sample.world)
        let ci = try #require(outcome.ci("c"))
        #expect(ci.reason == sample.reason)
        #expect(ci == CIOutcome(state: ci.state, reason: sample.reason))
    }

    @Test func everyReasonIsReached() {
        let reached = Set((ReasonCase.excludedAndConflicted + ReasonCase.orphaned).map(\.reason))
        #expect(reached == Set(StateReason.allCases))
    }

    @Test func reasonsBelongToTheirStates() {
        for sample in ReasonCase.orphaned {
            #expect(ReferenceModel.decide(sample.world).ci("c")?.state == .orphaned)
        }
        for sample in ReasonCase.excludedAndConflicted {
            let excludes = sample.reason == .ciRetired || sample.reason == .classExcluded
            #expect(ReferenceModel.decide(sample.world).ci("c")?.state == (excludes ? .excluded : .conflicted))
        }
    }

    @Test func aDeletedCIIsNowhere() {
        var world = World.bare
        world.add(asset: "a", AssetRecord(serialNumber: "S"))
        world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
        world.add(ci: "d", isDeleted: true, CIRecord(ciClass: "server", serialNumber: "S"))
        let outcome = ReferenceModel.decide(world)
        #expect(outcome.ci("d") == nil)
        #expect(outcome.ci("c")?.asset == .asset("a"))
    }

    @Test func aForgottenTombstoneGoesOverToNoMatchingAsset() {
        var world = World.bare
        world.add(asset: "a", AssetRecord(serialNumber: "S"))
        world.add(ci: "c", CIRecord(ciClass: "server", serialNumber: "S"))
        world.apply(.deleteAsset(.asset("a")))
        #expect(ReferenceModel.decide(world).ci("c")?.reason == .assetDeleted)
        world.apply(.forgetAsset(.asset("a")))
        #expect(ReferenceModel.decide(world).ci("c")?.reason == .noMatchingAsset)
        world.apply(.upsertAsset(.asset("a"), AssetRecord(serialNumber: "S")))
        #expect(ReferenceModel.decide(world).ci("c")?.state == .linked)
    }
}
