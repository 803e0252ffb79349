import LinkCore
import Testing

/// The contradiction guard (section 6, step 4): a weaker entry may not link where stronger evidence disagrees.
@Suite struct CoreGuardTests {
    /// The verdict when everything that the entry of this priority makes is held by asset 1 alone.
    private func verdict(
        _ entries: [IdentifierEntry], at priority: Int, _ ci: CIRecord, _ asset: AssetRecord,
        suspects: Set<KindValue> = [], placeholders: [Placeholder] = []
    ) -> Verdict {
        let rules = CoreSample.rules(entries, placeholders: placeholders)
        let identity = rules.read(asset, suspects: suspects).identity
        let reading = rules.read(ci, suspects: suspects)
        let matching = reading.entries.first { $0.entry.priority == priority }?.entry.space
        return Case(reading: reading).decide { key in
            key.space == matching ? KeyView(eligible: [1]) : .nothing
        } identity: { _ in
            identity
        }
    }

    struct Kind: CustomStringConvertible, Sendable {
        let entry: IdentifierEntry
        let ci: @Sendable (String?) -> CIRecord
        let asset: @Sendable (String?) -> AssetRecord
        let values: [String]

        var description: String { entry.signature }

        static let all: [Kind] = [
            Kind(
                entry: .regular(10, .serialNumber), ci: { CIRecord(name: "n", serialNumber: $0) },
                asset: { AssetRecord(serialNumber: $0) }, values: ["s-1", "s-2"]),
            Kind(
                entry: .regular(10, .assetTag), ci: { CIRecord(name: "n", assetTag: $0) },
                asset: { AssetRecord(assetTag: $0) }, values: ["t-1", "t-2"]),
            Kind(
                entry: .regular(10, .uuid), ci: { CIRecord(name: "n", uuid: $0) }, asset: { AssetRecord(uuid: $0) },
                values: [CoreSample.uuid, CoreSample.otherUUID]),
            Kind(
                entry: .regular(10, .cloudResourceID), ci: { CIRecord(name: "n", cloudResourceID: $0) },
                asset: { AssetRecord(cloudResourceID: $0) }, values: ["i-1", "i-2"]),
            Kind(
                entry: .lookup(10, .serials), ci: { CIRecord(name: "n", serialNumber: $0) },
                asset: { AssetRecord(otherSerials: $0.map { [$0] } ?? []) }, values: ["s-1", "s-2"]),
            Kind(
                entry: .lookup(10, .macAddresses, exactCount: true),
                ci: { CIRecord(name: "n", macAddresses: $0.map { [$0, "02:00:00:00:00:0a"] } ?? []) },
                asset: { AssetRecord(macAddresses: $0.map { [$0, "02:00:00:00:00:0b"] } ?? []) },
                values: [CoreSample.mac, CoreSample.otherMAC]),
        ]
    }

    @Test(arguments: Kind.all) func disjointValuesContradict(_ kind: Kind) {
        let entries = [kind.entry, .regular(20, .name)]
        let verdict = verdict(entries, at: 20, kind.ci(kind.values[0]), kind.asset(kind.values[1]))
        #expect(verdict.outcome == .conflicted(.contradictingEvidence))
        #expect(verdict.candidate == 1)
        #expect(verdict.entry?.priority == 20)
        #expect(verdict.matchedOn.map(\.values) == [["n"]])
    }

    @Test(arguments: Kind.all) func aCommonValueDoesNot(_ kind: Kind) {
        let entries = [kind.entry, .regular(20, .name)]
        let verdict = verdict(entries, at: 20, kind.ci(kind.values[0]), kind.asset(kind.values[0].uppercased()))
        // A cloud resource id is exact: other letters are another value.
        let isExact = kind.entry.attributes.first?.kind == .cloudResourceID
        #expect(verdict.outcome == (isExact ? .conflicted(.contradictingEvidence) : .claim(1)))
    }

    @Test(arguments: Kind.all) func aSideWithoutAValueDoesNot(_ kind: Kind) {
        let entries = [kind.entry, .regular(20, .name)]
        for (ours, theirs) in [(nil, kind.values[1]), (kind.values[0], nil), (nil, nil)] {
            #expect(verdict(entries, at: 20, kind.ci(ours), kind.asset(theirs)).outcome == .claim(1))
        }
    }

    @Test(arguments: Kind.all) func aWeakerEntryIsNotAsked(_ kind: Kind) {
        let entries = [.regular(5, .name), kind.entry]
        #expect(verdict(entries, at: 5, kind.ci(kind.values[0]), kind.asset(kind.values[1])).outcome == .claim(1))
    }

    @Test(arguments: Kind.all) func aKindThatNoStrongerEntryUsesIsNotAsked(_ kind: Kind) {
        let entries: [IdentifierEntry] = [.regular(5, .model), .regular(20, .name)]
        #expect(verdict(entries, at: 20, kind.ci(kind.values[0]), kind.asset(kind.values[1])).outcome == .claim(1))
    }

    @Test(arguments: [Attribute.name, .manufacturer, .model, .position, .member("rack")])
    func kindsThatDoNotIdentifyAreNotAsked(_ attribute: Attribute) {
        let ci = CIRecord(
            name: "n", serialNumber: "S", manufacturer: "a", model: "a", position: "a", attributes: ["rack": "a"])
        let asset = AssetRecord(
            serialNumber: "S", name: "m", manufacturer: "b", model: "b", position: "b", attributes: ["rack": "b"])
        let entries: [IdentifierEntry] = [.regular(10, attribute), .regular(20, .serialNumber)]
        #expect(verdict(entries, at: 20, ci, asset).outcome == .claim(1))
    }

    // MARK: Serials of types

    private static let byTypes: [IdentifierEntry] = [
        .regular(10, .serialNumber), .lookup(20, .serials, types: ["bios"]), .regular(30, .name),
    ]

    private func typed(_ type: String, _ value: String) -> CIRecord {
        CIRecord(name: "n", serialNumber: "T", serials: [TypedSerial(type: type, value: value)])
    }

    @Test func theSerialsOfAllEntriesAreOneSet() {
        let asset = AssetRecord(serialNumber: "S", otherSerials: ["X"])
        #expect(verdict(Self.byTypes, at: 30, typed(" BIOS ", "x"), asset).outcome == .claim(1))
        #expect(verdict(Self.byTypes, at: 30, typed("bios", "s"), asset).outcome == .claim(1))
        #expect(verdict(Self.byTypes, at: 30, typed("bios", "y"), asset).outcome == .conflicted(.contradictingEvidence))
    }

    @Test func aTypeThatNoEntryReadsIsNoEvidence() {
        let asset = AssetRecord(serialNumber: "S", otherSerials: ["X"])
        let board = verdict(Self.byTypes, at: 30, typed("board", "X"), asset)
        #expect(board.outcome == .conflicted(.contradictingEvidence))
    }

    @Test func theEntryItselfCounts() {
        // Only the lookup that matches reads the asset's other serials, and the CI's typed ones.
        let asset = AssetRecord(serialNumber: "S", otherSerials: ["X"])
        #expect(verdict(Self.byTypes, at: 20, typed("bios", "X"), asset).outcome == .claim(1))
    }

    @Test func whatOnlyAWeakerEntryReadsIsNoEvidence() {
        let asset = AssetRecord(serialNumber: "S", otherSerials: ["T"])
        let entries: [IdentifierEntry] = [.regular(10, .serialNumber), .regular(20, .name), .lookup(30, .serials)]
        let ci = CIRecord(name: "n", serialNumber: "T")
        #expect(verdict(entries, at: 20, ci, asset).outcome == .conflicted(.contradictingEvidence))
    }

    // MARK: What is usable

    @Test func suspectsAndPlaceholdersAreNoEvidence() {
        let entries: [IdentifierEntry] = [.regular(10, .serialNumber), .regular(20, .name)]
        let ci = CIRecord(name: "n", serialNumber: "S")
        let asset = AssetRecord(serialNumber: "T")
        for value in ["S", "T"] {
            let suspects: Set<KindValue> = [KindValue(.serial, value)]
            #expect(verdict(entries, at: 20, ci, asset, suspects: suspects).outcome == .claim(1))
            let placeholder = Placeholder(id: 1, kind: .serial, value: value)
            #expect(verdict(entries, at: 20, ci, asset, placeholders: [placeholder]).outcome == .claim(1))
        }
    }

    @Test func aPairIsReadAsTheAssetAttribute() {
        // The CI's name is compared with the asset's tag: both are asset tags here.
        let pair = AttributePair(ci: .name, asset: .assetTag)
        let entries = [IdentifierEntry(priority: 10, .regular([pair], allowNull: false)), .regular(20, .serialNumber)]
        let ci = CIRecord(name: "at-1", serialNumber: "S")
        let same = AssetRecord(assetTag: "AT-1", serialNumber: "S", name: "other")
        #expect(verdict(entries, at: 20, ci, same).outcome == .claim(1))
        let other = AssetRecord(assetTag: "AT-2", serialNumber: "S", name: "at-1")
        #expect(verdict(entries, at: 20, ci, other).outcome == .conflicted(.contradictingEvidence))
    }

    @Test func oneKindThatContradictsIsEnough() {
        let entries: [IdentifierEntry] = [.regular(10, .serialNumber), .regular(20, .uuid), .regular(30, .name)]
        let ci = CIRecord(name: "n", serialNumber: "S", uuid: CoreSample.uuid)
        let asset = AssetRecord(serialNumber: "S", uuid: CoreSample.otherUUID)
        #expect(verdict(entries, at: 30, ci, asset).outcome == .conflicted(.contradictingEvidence))
    }

    @Test func idsThatOnlyLookAlikeDiffer() {
        // One letter composed, the other with a combining accent: other bytes, so another resource.
        let entries: [IdentifierEntry] = [.regular(10, .cloudResourceID), .regular(20, .name)]
        let ci = CIRecord(name: "n", cloudResourceID: "caf\u{E9}")
        let asset = AssetRecord(cloudResourceID: "cafe\u{301}")
        #expect(verdict(entries, at: 20, ci, asset).outcome == .conflicted(.contradictingEvidence))
    }
}
