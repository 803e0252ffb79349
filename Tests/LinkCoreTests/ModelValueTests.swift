import LinkCore
import LinkTesting
import Testing

/// Section 3: which values give no key, and count for nothing else.
@Suite struct ModelValueTests {
    private func linked(_ asset: AssetRecord, _ ci: CIRecord) -> CIOutcome? {
        var world = World.bare
        world.add(asset: "a", asset)
        world.add(ci: "c", ci)
        return ReferenceModel.decide(world).ci("c")
    }

    @Test(arguments: [" sn-9", "SN-9\t", "sn-9"])
    func rawValuesMeetInTheirCanonicalForm(_ serial: String) {
        let outcome = linked(AssetRecord(serialNumber: "SN-9"), CIRecord(ciClass: "server", serialNumber: serial))
        #expect(outcome?.matchedOn == [["SN-9"]])
    }

    @Test func attributesAreExact() {
        let outcome = linked(
            AssetRecord(cloudResourceID: "i-1"), CIRecord(ciClass: "cloud_instance", cloudResourceID: "I-1"))
        #expect(outcome?.reason == .noMatchingAsset)
    }

    @Test func composedAndDecomposedLettersDiffer() {
        let outcome = linked(
            AssetRecord(cloudResourceID: "caf\u{E9}"),
            CIRecord(ciClass: "cloud_instance", cloudResourceID: "cafe\u{301}"))
        #expect(outcome?.reason == .noMatchingAsset)
    }

    @Test(arguments: ["0000", "0"]) func aPatternMatchesTheWholeValue(_ serial: String) {
        let outcome = linked(AssetRecord(serialNumber: serial), CIRecord(ciClass: "server", serialNumber: serial))
        #expect(outcome?.reason == .placeholderIdentifier)
    }

    @Test func aPatternMatchesNoPart() {
        let outcome = linked(AssetRecord(serialNumber: "X00"), CIRecord(ciClass: "server", serialNumber: "X00"))
        #expect(outcome?.state == .linked)
    }

    @Test func aPlaceholderOfOneManufacturer() {
        let asset = AssetRecord(serialNumber: "SN-1", manufacturer: "HP")
        let others = linked(asset, CIRecord(ciClass: "server", serialNumber: "SN-1", manufacturer: "hpe"))
        #expect(others?.state == .linked)
        let theirs = linked(asset, CIRecord(ciClass: "server", serialNumber: "SN-1", manufacturer: " DELL"))
        #expect(theirs?.reason == .placeholderIdentifier)
    }

    @Test func aPlaceholderIsNoEvidenceForTheGuard() {
        let outcome = linked(
            AssetRecord(serialNumber: "Default string", uuid: Sample.uuid),
            CIRecord(ciClass: "server", serialNumber: "S", uuid: Sample.uuid))
        #expect(outcome?.entryPriority == 30)
    }

    // MARK: Suspect values; K is 3.

    private func world(assets: Int, cis: Int, edit: (inout World) -> Void = { _ in }) -> World {
        var world = World.bare
        for id in 0..<assets { world.add(asset: "a\(id)", AssetRecord(assetTag: "T\(id)", serialNumber: "S")) }
        for id in 0..<cis { world.add(ci: "c\(id)", CIRecord(ciClass: "server", serialNumber: "S")) }
        edit(&world)
        return world
    }

    private func isSuspect(_ world: World) -> Bool {
        ReferenceModel.decide(world).ci("c0")?.reason == .suspectIdentifier
    }

    @Test func moreThanKAssets() {
        #expect(!isSuspect(world(assets: 3, cis: 1)))
        #expect(isSuspect(world(assets: 4, cis: 1)))
    }

    @Test func moreThanKCIs() {
        #expect(!isSuspect(world(assets: 1, cis: 3)))
        #expect(isSuspect(world(assets: 1, cis: 4)))
    }

    @Test func assetsCountAllSourcesTogether() {
        #expect(
            isSuspect(
                world(assets: 2, cis: 1) { world in
                    world.bindings["cmdb"] = ["itam"]
                    for id in 0..<2 { world.add(asset: "b\(id)", in: "lab", AssetRecord(otherSerials: ["s"])) }
                }))
    }

    @Test func cisCountSourceBySource() {
        let extra = { (world: inout World) in
            for id in 0..<3 { world.add(ci: "d\(id)", in: "edge", CIRecord(ciClass: "server", serialNumber: "S")) }
        }
        #expect(!isSuspect(world(assets: 1, cis: 3, edit: extra)))
    }

    @Test func aValueSuspectInOneSourceIsSuspectInAll() {
        let world = world(assets: 1, cis: 1) { world in
            for id in 0..<4 { world.add(ci: "d\(id)", in: "edge", CIRecord(ciClass: "server", serialNumber: "S")) }
        }
        #expect(isSuspect(world))
    }

    @Test(arguments: [
        CIRecord(ciClass: "virtual_machine", serialNumber: "S"),
        CIRecord(ciClass: "server", serialNumber: "S", lifecycleRaw: "retired"),
        CIRecord(ciClass: "cloud_instance", serialNumber: "S"),
        CIRecord(ciClass: "blade_server", serials: [TypedSerial(type: "chassis", value: "S")]),
    ]) func aCIThatDoesNotReadItDoesNotCount(_ ci: CIRecord) {
        #expect(!isSuspect(world(assets: 1, cis: 3) { $0.add(ci: "d", ci) }))
    }

    @Test(arguments: [
        AssetRecord(serialNumber: "S", lifecycleRaw: "disposed"), AssetRecord(serialNumber: "S", isComposite: true),
    ]) func anEndedOrCompositeAssetDoesNotCount(_ asset: AssetRecord) {
        #expect(!isSuspect(world(assets: 3, cis: 1) { $0.add(asset: "b", asset) }))
    }

    @Test func aMarkedCompositeAndATombstoneDoNotCount() {
        #expect(!isSuspect(world(assets: 4, cis: 1) { $0.apply(.setComposite(.asset("a0"), true)) }))
        #expect(!isSuspect(world(assets: 4, cis: 1) { $0.apply(.deleteAsset(.asset("a0"))) }))
    }

    @Test func aTrustedValueIsNotSuspect() {
        #expect(!isSuspect(world(assets: 4, cis: 1) { $0.apply(.trust(WorldValue(.serial, "S"), true)) }))
        #expect(isSuspect(world(assets: 4, cis: 1) { $0.apply(.trust(WorldValue(.assetTag, "S"), true)) }))
    }

    @Test func zeroSwitchesOff() {
        #expect(!isSuspect(world(assets: 9, cis: 9) { $0.ruleSet.suspectLimits[.serial] = 0 }))
    }

    @Test func aPlaceholderOfTheRecordDoesNotCount() {
        var world = World.bare
        world.add(ci: "c0", CIRecord(ciClass: "server", serialNumber: "SN-1"))
        for id in 1..<5 {
            world.add(ci: "c\(id)", CIRecord(ciClass: "server", serialNumber: "SN-1", manufacturer: "dell"))
        }
        #expect(ReferenceModel.decide(world).ci("c0")?.reason == .noMatchingAsset)
    }

    @Test func aSuspectValueIsNoEvidenceForTheGuard() {
        let world = world(assets: 0, cis: 0) { world in
            for id in 0..<4 { world.add(asset: "a\(id)", AssetRecord(serialNumber: "S")) }
            world.add(asset: "b", AssetRecord(serialNumber: "OTHER", uuid: Sample.uuid))
            world.add(ci: "c0", CIRecord(ciClass: "server", serialNumber: "S", uuid: Sample.uuid))
        }
        #expect(ReferenceModel.decide(world).ci("c0")?.asset == .asset("b"))
    }
}
