import LinkCore
import LinkTesting
import Testing

/// Section 5: the keys of every entry type.
@Suite struct ModelEntryTests {
    private func decide(_ entry: IdentifierEntry, _ asset: AssetRecord, _ ci: CIRecord) -> CIOutcome? {
        var world = World.bare
        let rule = IdentificationRule(name: "thing", entries: [entry])
        world.ruleSet.classes = [CIClass(name: "ci", parent: nil, rule: .own(rule))]
        world.add(asset: "a", asset)
        world.add(ci: "c", ci)
        return ReferenceModel.decide(world).ci("c")
    }

    private func keys(_ entry: IdentifierEntry, _ asset: AssetRecord, _ ci: CIRecord) -> [[String]]? {
        decide(entry, asset, ci)?.matchedOn
    }

    private func serials(_ pairs: (String, String)...) -> [TypedSerial] {
        pairs.map { TypedSerial(type: $0.0, value: $0.1) }
    }

    @Test func aLinkNamesMethodRuleEntryAndKeys() {
        let entry = IdentifierEntry(priority: 7, .regular([AttributePair(.uuid)], allowNull: false))
        let outcome = decide(entry, AssetRecord(uuid: Sample.uuid), CIRecord(uuid: Sample.uuid))
        #expect(outcome?.state == .linked)
        #expect(outcome?.method == .automatic)
        #expect(outcome?.rule == "thing")
        #expect(outcome?.entryPriority == 7)
        #expect(outcome?.matchedOn?.count == 1)
    }

    @Test func regularNeedsAllAndOrdersThemByName() {
        let pairs = [AttributePair(.serialNumber), AttributePair(.name)]
        let entry = IdentifierEntry(priority: 1, .regular(pairs, allowNull: false))
        let asset = AssetRecord(serialNumber: "S", name: "N")
        #expect(keys(entry, asset, CIRecord(name: "n", serialNumber: "S")) == [["n", "S"]])
        #expect(decide(entry, asset, CIRecord(serialNumber: "S"))?.reason == .noIdentifier)
        #expect(decide(entry, asset, CIRecord(name: "m", serialNumber: "S"))?.reason == .noMatchingAsset)
    }

    @Test func bothSidesAreReadAsTheAssetAttributesKind() {
        let entry = IdentifierEntry(
            priority: 1, .regular([AttributePair(ci: .name, asset: .serialNumber)], allowNull: false))
        #expect(keys(entry, AssetRecord(serialNumber: "S 1"), CIRecord(name: "s  1")) == [["S 1"]])
    }

    @Test func membersOfAttributesAreCompared() {
        let entry = IdentifierEntry(priority: 1, .regular([AttributePair(.member("rack"))], allowNull: false))
        let asset = AssetRecord(attributes: ["rack": "R1 "])
        #expect(keys(entry, asset, CIRecord(attributes: ["rack": "R1"])) == [["R1"]])
    }

    @Test func aNullEqualsOnlyANull() {
        let pairs = [AttributePair(.name), AttributePair(.assetTag)]
        let entry = IdentifierEntry(priority: 1, .regular(pairs, allowNull: true))
        let noName = AssetRecord(assetTag: "T")
        #expect(keys(entry, noName, CIRecord(assetTag: "T")) == [["T", ""]])
        #expect(decide(entry, noName, CIRecord(name: "n", assetTag: "T"))?.reason == .noMatchingAsset)
        // What is suppressed is as good as null.
        #expect(keys(entry, noName, CIRecord(name: "localhost", assetTag: "T")) == [["T", ""]])
    }

    @Test func oneOfAnIdentifyingKindMustBeThere() {
        let pairs = [AttributePair(.name), AttributePair(.assetTag)]
        let entry = IdentifierEntry(priority: 1, .regular(pairs, allowNull: true))
        #expect(decide(entry, AssetRecord(name: "n"), CIRecord(name: "n"))?.reason == .noIdentifier)
    }

    @Test func lookupEqualsOnAnyMember() {
        let entry = IdentifierEntry(priority: 1, .lookup(Lookup(.serials)))
        let asset = AssetRecord(serialNumber: "A", otherSerials: ["B", "C"])
        let ci = CIRecord(serialNumber: "C", serials: serials(("bios", "B"), ("", "X")))
        #expect(keys(entry, asset, ci) == [["B"], ["C"]])
    }

    @Test func lookupOfSomeTypes() {
        let entry = IdentifierEntry(priority: 1, .lookup(Lookup(.serials, types: ["system", "standard"])))
        let asset = AssetRecord(otherSerials: ["A", "B", "C"])
        let ci = CIRecord(serialNumber: "A", serials: serials((" SYSTEM ", "B"), ("chassis", "C")))
        #expect(keys(entry, asset, ci) == [["A"], ["B"]])
    }

    @Test(arguments: ["standard", "system", "chassis"]) func ownSerialNumberIsOfTypeStandard(_ type: String) {
        let entry = IdentifierEntry(priority: 1, .lookup(Lookup(.serials, types: [type])))
        let outcome = decide(entry, AssetRecord(serialNumber: "A"), CIRecord(serialNumber: "A"))
        #expect(outcome?.reason == (type == "standard" ? nil : .noIdentifier))
    }

    @Test func exactCountComparesWholeSets() {
        let entry = IdentifierEntry(priority: 1, .lookup(Lookup(.macAddresses, exactCount: true)))
        let both = AssetRecord(macAddresses: ["02:00:00:00:00:02", "02-00-00-00-00-01", "02:00:00:00:00:01"])
        let ordered = CIRecord(macAddresses: ["02:00:00:00:00:01", "02:00:00:00:00:02", "00:00:00:00:00:00"])
        #expect(keys(entry, both, ordered) == [["02:00:00:00:00:01", "02:00:00:00:00:02"]])
        let one = CIRecord(macAddresses: ["02:00:00:00:00:01"])
        #expect(decide(entry, both, one)?.reason == .noMatchingAsset)
        let none = CIRecord(macAddresses: ["00:00:00:00:00:00"])
        #expect(decide(entry, AssetRecord(), none)?.reason == .placeholderIdentifier)
    }

    @Test func aMACOfTwentyOctetsIsMalformed() {
        let entry = IdentifierEntry(priority: 1, .lookup(Lookup(.macAddresses)))
        let long = Array(repeating: "02", count: 20).joined(separator: ":")
        let outcome = decide(entry, AssetRecord(macAddresses: [long]), CIRecord(macAddresses: [long]))
        #expect(outcome?.reason == .placeholderIdentifier)
    }

    @Test func hybridIsAMemberTogetherWithAttributes() {
        let entry = IdentifierEntry(priority: 1, .hybrid([AttributePair(.name)], Lookup(.serials)))
        let asset = AssetRecord(serialNumber: "A", otherSerials: ["B"], name: "n")
        let ci = CIRecord(name: "N", serialNumber: "B", serials: serials(("bios", "A")))
        #expect(keys(entry, asset, ci) == [["n", "A"], ["n", "B"]])
        #expect(decide(entry, asset, CIRecord(name: "m", serialNumber: "B"))?.reason == .noMatchingAsset)
        #expect(decide(entry, asset, CIRecord(serialNumber: "B"))?.reason == .noIdentifier)
    }

    @Test func bladesLeaveTheChassisSerialAside() {
        var world = World.bare
        world.add(asset: "a", AssetRecord(serialNumber: "S"))
        world.add(ci: "c", CIRecord(ciClass: "blade_server", serials: serials(("chassis", "S"))))
        world.add(ci: "d", CIRecord(ciClass: "linux_server", serials: serials(("chassis", "S"))))
        let outcome = ReferenceModel.decide(world)
        #expect(outcome.ci("c")?.reason == .noIdentifier)
        #expect(outcome.ci("d")?.rule == "hardware")
        #expect(outcome.ci("d")?.entryPriority == 20)
    }

    @Test func aRequiredPlaceholderIsNotEmpty() {
        var world = World.bare
        let record = CIRecord(
            ciClass: "strict_server", name: "localhost", serialNumber: "S", uuid: Sample.uuid, manufacturer: "Dell")
        world.add(asset: "a", AssetRecord(serialNumber: "S", uuid: Sample.uuid))
        world.add(ci: "c", record)
        #expect(ReferenceModel.decide(world).ci("c")?.state == .linked)
    }
}
