import LinkCore
import Testing

/// What becomes of single values on both sides (section 3), and what a reading says beside its keys.
@Suite struct CoreReadingTests {
    private static let placeholders = [
        Placeholder(id: 1, kind: .serial, value: "Default string"),
        Placeholder(id: 2, kind: .serial, value: "sn-1", manufacturer: "Dell Inc."),
        Placeholder(id: 3, kind: .uuid, value: CoreSample.otherUUID),
        Placeholder(id: 4, kind: .mac, value: "n/?a", isPattern: true),
        Placeholder(id: 5, kind: .serial, value: "0+", isPattern: true),
    ]

    private static let rules = CoreSample.rules(
        [
            .regular(10, .serialNumber), .lookup(20, .serials, types: ["bios"]), .regular(30, .uuid),
            .lookup(40, .macAddresses), .regular(50, .name),
        ], placeholders: placeholders, aliases: ["dell inc.": "dell", "dell computer": "dell"],
        limits: [.serial: 2, .uuid: 0, .mac: 3])

    struct Sample: Sendable {
        let kind: IdentifierKind
        let raw: String
        var manufacturer: String?
        let canonical: String?
        let suppression: Suppression?
    }

    private static let samples = [
        Sample(kind: .serial, raw: " s-9\t", canonical: "S-9", suppression: nil),
        Sample(kind: .serial, raw: "DEFAULT  STRING", canonical: "DEFAULT STRING", suppression: .placeholder(1)),
        Sample(kind: .serial, raw: "000", canonical: "000", suppression: .placeholder(5)),
        Sample(kind: .serial, raw: "SN-1", canonical: "SN-1", suppression: nil),
        Sample(kind: .serial, raw: "SN-1", manufacturer: "HP", canonical: "SN-1", suppression: nil),
        Sample(kind: .serial, raw: "SN-1", manufacturer: "DELL", canonical: "SN-1", suppression: .placeholder(2)),
        Sample(
            kind: .serial, raw: "sn-1", manufacturer: " Dell Computer", canonical: "SN-1",
            suppression: .placeholder(2)),
        Sample(kind: .serial, raw: "hot", canonical: "HOT", suppression: .suspect),
        Sample(kind: .serial, raw: " \u{200B}", canonical: nil, suppression: .empty),
        Sample(
            kind: .uuid, raw: "33221100-6655-8847-99aa-bbccddeeff01",
            canonical: CoreSample.canonical(CoreSample.otherUUID, .uuid), suppression: .placeholder(3)),
        Sample(kind: .uuid, raw: "11223344-5566", canonical: nil, suppression: .malformed),
        Sample(kind: .mac, raw: "02:00:00:00:00:01:02", canonical: nil, suppression: .malformed),
        // A placeholder is the better explanation of what cannot be read either.
        Sample(kind: .mac, raw: "N/A", canonical: nil, suppression: .placeholder(4)),
        Sample(kind: .name, raw: "HOT.", canonical: "hot", suppression: nil),
    ]

    private static let suspects: Set<KindValue> = [KindValue(.serial, "HOT"), KindValue(.serial, "000")]

    @Test(arguments: samples) func values(_ sample: Sample) throws {
        var ci = CIRecord(manufacturer: sample.manufacturer)
        var asset = AssetRecord(manufacturer: sample.manufacturer)
        switch sample.kind {
        case .serial: (ci.serialNumber, asset.serialNumber) = (sample.raw, sample.raw)
        case .uuid: (ci.uuid, asset.uuid) = (sample.raw, sample.raw)
        case .mac: (ci.macAddresses, asset.macAddresses) = ([sample.raw], [sample.raw])
        default: (ci.name, asset.name) = (sample.raw, sample.raw)
        }
        let ours = Self.rules.read(ci, suspects: Self.suspects)
        let value = try #require(ours.entries.flatMap(\.values).first { $0.raw == sample.raw })
        #expect(value.kind == sample.kind)
        #expect(value.canonical == sample.canonical)
        #expect(value.suppression == sample.suppression)
        #expect(value.usable == (sample.suppression == nil ? sample.canonical : nil))
        let theirs = Self.rules.read(asset, suspects: Self.suspects)
        // The evidence names everything but what is not there.
        let evidence = theirs.evidence.filter { $0.kind == sample.kind }
        #expect(evidence.map(\.suppression) == (sample.suppression == .empty ? [] : [sample.suppression]))
        #expect(evidence.allSatisfy { $0.canonical == sample.canonical && $0.raw == sample.raw })
        #expect(ours.entries.flatMap(\.keys).isEmpty == (value.usable == nil))
        #expect(theirs.keys.isEmpty == (value.usable == nil))
    }

    // MARK: Counting for the suspect limit

    @Test func aCIReadsWhatItsRuleReads() {
        let record = CIRecord(
            name: "n", serialNumber: "hot",
            serials: [
                TypedSerial(type: "bios", value: "b"), TypedSerial(type: "board", value: "x"),
                TypedSerial(type: "bios", value: "0"), TypedSerial(type: "bios", value: "B "),
            ], uuid: CoreSample.uuid, macAddresses: [CoreSample.mac, "02"])
        let reads = Self.rules.read(record, suspects: Self.suspects).reads
        // Suspect or not; no placeholders, no kinds whose limit is off, no types that no entry reads.
        #expect(reads == [KindValue(.serial, "HOT"), KindValue(.serial, "B"), KindValue(.mac, CoreSample.mac)])
    }

    @Test func anAssetHoldsWhateverRulesRead() {
        let record = AssetRecord(
            serialNumber: "hot", otherSerials: ["o", "000", " O"], uuid: CoreSample.uuid,
            macAddresses: [CoreSample.mac, "02"], name: "n")
        let rules = CoreSample.rules(
            [.regular(10, .name)], placeholders: Self.placeholders, limits: [.serial: 2, .mac: 3])
        let holds = rules.read(record, suspects: Self.suspects).holds
        #expect(holds == [KindValue(.serial, "HOT"), KindValue(.serial, "O"), KindValue(.mac, CoreSample.mac)])
    }

    @Test func whoIsCounted() {
        #expect(Self.rules.read(CIRecord()).isCounted)
        #expect(!Self.rules.read(CIRecord(lifecycleRaw: " Retired ")).isCounted)
        let excluded = CompiledRuleSet(
            RuleSet(version: 1, classes: [CIClass(name: "ci", parent: nil, rule: .none)]))
        #expect(!excluded.read(CIRecord(serialNumber: "S")).isCounted)
    }

    @Test func anExcludedCISharesItsSerials() {
        let excluded = CompiledRuleSet(
            RuleSet(
                version: 1, classes: [CIClass(name: "ci", parent: nil, rule: .none)], placeholders: Self.placeholders))
        let board = TypedSerial(type: "board", value: "b")
        let zeros = TypedSerial(type: "bios", value: "000")
        let reading = excluded.read(CIRecord(serialNumber: "s", serials: [board, zeros]))
        #expect(reading.sharedSerials == ["S", "B"])
        let hot = excluded.read(CIRecord(serialNumber: "hot"), suspects: Self.suspects)
        #expect(hot.sharedSerials == ["HOT"], "what is suspect is held, too")
        #expect(reading.entries.isEmpty && reading.reads.isEmpty && reading.rule == nil)
        #expect(Self.rules.read(CIRecord(serialNumber: "s")).sharedSerials.isEmpty)
    }

    // MARK: The rest of a reading

    @Test(arguments: [
        (CIRecord(), true), (CIRecord(name: " ", serialNumber: "s"), true), (CIRecord(name: "n"), true),
        (CIRecord(name: "n", serialNumber: "0000"), false), (CIRecord(name: "n", serialNumber: "hot"), false),
    ]) func requiredAttributes(_ record: CIRecord, _ isIncomplete: Bool) {
        let rules = CoreSample.rules([], required: [.name, .serialNumber], placeholders: Self.placeholders)
        #expect(rules.read(record, suspects: Self.suspects).isIncomplete == isIncomplete)
    }

    @Test func aMalformedValueIsNotEmpty() {
        let rules = CoreSample.rules([], required: [.uuid])
        #expect(!rules.read(CIRecord(uuid: "11223344")).isIncomplete)
        #expect(rules.read(CIRecord(uuid: " ")).isIncomplete)
    }

    @Test func lifecycles() {
        let ended = Self.rules.read(AssetRecord(lifecycleRaw: "RETIRED"))
        #expect(ended.phase == .retired && ended.isLifecycleMapped)
        let unmapped = Self.rules.read(AssetRecord(lifecycleRaw: "on loan"))
        #expect(unmapped.phase == .inUse && !unmapped.isLifecycleMapped)
        let strange = Self.rules.read(CIRecord(lifecycleRaw: "on loan"))
        #expect(!strange.isRetired && !strange.isLifecycleMapped)
    }

    @Test func theIdentityOfAnAssetIsWhatIsUsable() {
        let record = AssetRecord(
            assetTag: "t", serialNumber: "s", otherSerials: ["o", "hot", "000", ""], uuid: CoreSample.otherUUID,
            macAddresses: ["N/A", CoreSample.mac], cloudResourceID: " i-1 ")
        let identity = Self.rules.read(record, suspects: Self.suspects).identity
        #expect(identity.serial == "S" && identity.otherSerials == ["O"])
        #expect(identity.uuid == nil && identity.macs == [CoreSample.mac])
        #expect(identity.assetTag == "T" && identity.cloudResourceID == "i-1")
    }
}
