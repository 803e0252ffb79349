import LinkCore
import Testing

/// Which rule a class has (section 4), and how entries are made ready.
@Suite struct CoreRuleSetTests {
    private static func own(_ name: String, _ entries: IdentifierEntry..., required: [Attribute] = []) -> CIClass.Rule {
        .own(IdentificationRule(name: name, entries: entries, required: required))
    }

    private static let rules = CompiledRuleSet(
        RuleSet(
            version: 7,
            classes: [
                CIClass(name: "ci", parent: nil, rule: .none, agedAfterDays: 90),
                CIClass(name: "hardware", parent: "CI", rule: own("hardware", .regular(10, .serialNumber))),
                CIClass(name: "Server", parent: "hardware", agedAfterDays: 30),
                CIClass(name: "linux", parent: "server"),
                CIClass(
                    name: "blade", parent: "Server", rule: own("blade", .regular(40, .assetTag), required: [.name])),
                CIClass(name: "small_blade", parent: "blade"),
                CIClass(name: "guest", parent: "linux", rule: .none),
                CIClass(name: "nested_guest", parent: "guest"),
                CIClass(name: "part", parent: "hardware", rule: own("part", .regular(1, .position, isDependent: true))),
                CIClass(name: "ring_a", parent: "ring_b", agedAfterDays: 1), CIClass(name: "ring_b", parent: "ring_a"),
                CIClass(name: "lost", parent: "nowhere"),
                CIClass(name: "bare", parent: "hardware", rule: own("bare")),
            ]))

    /// The class, the rule that it has, and the days after which it is aged.
    private static let derived: [(String, String?, Int)] = [
        ("ci", nil, 90), ("hardware", "hardware", 90), ("server", "hardware", 30), ("linux", "hardware", 30),
        ("blade", "blade", 30), ("small_blade", "blade", 30), ("guest", nil, 30), ("nested_guest", nil, 30),
        ("part", "part", 90), ("ring_a", nil, 1), ("ring_b", nil, 1), ("lost", nil, 60), ("bare", "bare", 90),
    ]

    @Test(arguments: derived) func theNearestRule(_ name: String, _ rule: String?, _ days: Int) {
        #expect(Self.rules.rule(of: name)?.name == rule)
        #expect(Self.rules.agedAfterDays(name) == days)
    }

    @Test func anOwnRuleInheritsNothing() throws {
        let blade = try #require(Self.rules.rule(of: "small_blade"))
        #expect(blade.entries.map(\.priority) == [40])
        #expect(blade.required == [.name])
        #expect(Self.rules.rule(of: "hardware")?.required == [])
        #expect(Self.rules.rule(of: "bare")?.entries.isEmpty == true)
    }

    @Test(arguments: [
        ("server", "server", true), (" SERVER\t", "server", true), ("Small_Blade", "small_blade", true),
        ("\u{A0}linux\u{3000}", "linux", true), ("toaster", "ci", false), ("", "ci", false), ("  ", "ci", false),
        (nil, "ci", false), ("ci", "ci", true),
    ]) func classesByName(_ raw: String?, _ name: String, _ isKnown: Bool) {
        let found = Self.rules.resolve(raw)
        #expect(found == (name, isKnown))
        #expect(Self.rules.read(CIRecord(ciClass: raw)).className == name)
    }

    @Test func anUnknownClassHasTheRuleOfTheRoot() {
        #expect(Self.rules.read(CIRecord(ciClass: "toaster")).rule == nil)
        let open = CoreSample.rules([.regular(10, .serialNumber)])
        #expect(open.read(CIRecord(ciClass: "toaster")).rule?.name == "ci")
        let rootless = CompiledRuleSet(RuleSet(version: 1, classes: []))
        #expect(rootless.read(CIRecord(ciClass: "toaster")).rule == nil)
    }

    @Test func whatTheSetKnowsOfItself() {
        #expect(Self.rules.version == 7)
        #expect(Self.rules.dependentRules == ["part"])
        #expect(Self.rules.suspectLimit(.serial) == 5)
        #expect(Self.rules.suspectLimit(.mac) == 0)
        let pair = AttributePair(ci: .member("slot"), asset: .member("bay"))
        let entry = IdentifierEntry(priority: 1, .hybrid([pair], Lookup(.serials)))
        #expect(
            CoreSample.rules([entry], required: [.member("owner"), .name]).attributeMembers == ["slot", "bay", "owner"])
    }

    @Test func entriesStandByPriority() {
        let rules = CoreSample.rules([.regular(30, .uuid), .regular(10, .serialNumber), .lookup(20, .serials)])
        #expect(rules.rule(of: "ci")?.entries.map(\.priority) == [10, 20, 30])
    }

    // MARK: Key spaces

    @Test func entriesThatReadAssetsAlikeShareASpace() throws {
        let rules = CompiledRuleSet(RuleSet(version: 1, classes: DefaultRules.classes))
        let server = try #require(rules.rule(of: "server"))
        let blade = try #require(rules.rule(of: "blade_server"))
        #expect(server.entries.map(\.space) == blade.entries.map(\.space))
        // Other types of serials are another entry all the same.
        #expect(server.entries[1].signature != blade.entries[1].signature)
        #expect(rules.rule(of: "module")?.entries[0].space == server.entries[0].space)
        #expect(Set(server.entries.map(\.space)).count == 5)
        #expect(rules.spaces.count == 7)
        // The CI side does not matter; what the asset's serial is compared with does.
        let unlike = IdentifierEntry(
            priority: 2, .regular([AttributePair(ci: .name, asset: .serialNumber)], allowNull: false))
        #expect(CoreSample.rules([.regular(1, .serialNumber), unlike]).spaces.count == 1)
        #expect(CoreSample.rules([.regular(1, .serialNumber), .lookup(2, .serials)]).spaces.count == 2)
    }

    @Test func theOrderOfClassesDoesNotMatter() {
        let forth = CompiledRuleSet(RuleSet(version: 1, classes: DefaultRules.classes))
        let back = CompiledRuleSet(RuleSet(version: 1, classes: DefaultRules.classes.reversed()))
        #expect(forth.spaces == back.spaces)
    }

    /// Stored: they must not move.
    private static let signatures: [(String, IdentifierEntry)] = [
        ("serial_number", .regular(1, .serialNumber)), ("asset_tag+name", .regular(1, .name, .assetTag)),
        ("asset_tag+name?", .regular(1, .name, .assetTag, allowNull: true)),
        ("serials[any]", .lookup(1, .serials, types: ["bios"])),
        ("mac_addresses[all]", .lookup(1, .macAddresses, exactCount: true)),
        ("name+serials[any]", .hybrid(1, .name, list: .serials)),
        ("parent/position", .regular(1, .position, isDependent: true)),
        (
            "parent/attributes.bay+mac_addresses[any]",
            .hybrid(1, .member("bay"), list: .macAddresses, isDependent: true)
        ),
        ("attributes.\"a+uuid\"", .regular(1, .member("a+uuid"))),
        ("attributes.a+uuid", .regular(1, .uuid, .member("a"))),
        ("attributes.\"a?\"", .regular(1, .member("a?"))),
    ]

    @Test(arguments: signatures) func signaturesOfSpaces(_ text: String, _ entry: IdentifierEntry) {
        #expect(CoreSample.rules([entry]).spaces.map(\.signature) == [text])
    }

    @Test func everySpaceHasASignatureOfItsOwn() {
        let entries = Self.signatures.enumerated().map { number, sample in
            IdentifierEntry(priority: number, sample.1.comparison, isDependent: sample.1.isDependent)
        }
        let rules = CoreSample.rules(entries)
        #expect(Set(rules.spaces.map(\.signature)).count == entries.count)
        #expect(rules.spaces.count == entries.count)
    }

    @Test func aKeyHasItsValuesInTheOrderOfTheSignature() throws {
        let entry = IdentifierEntry.regular(1, .member("Z"), .member("a b"))
        #expect(entry.signature == "regular(attributes.\"a b\",attributes.Z)")
        let reading = CoreSample.rules([entry]).read(CIRecord(attributes: ["Z": "last", "a b": "first"]))
        #expect(reading.entries.flatMap(\.keys).map(\.values) == [["first", "last"]])
    }

    @Test func twoRulesOfOneNameAreTwoRules() {
        let rules = CompiledRuleSet(
            RuleSet(
                version: 1,
                classes: [
                    CIClass(name: "a", parent: nil, rule: Self.own("same", .regular(1, .uuid))),
                    CIClass(name: "b", parent: nil, rule: Self.own("same", .regular(1, .assetTag))),
                ]))
        #expect(rules.rule(of: "a")?.entries.map(\.signature) == ["regular(uuid)"])
        #expect(rules.rule(of: "b")?.entries.map(\.signature) == ["regular(asset_tag)"])
    }

    @Test(arguments: [
        Attribute.name, .serialNumber, .uuid, .assetTag, .manufacturer, .model, .cloudResourceID, .position,
        .member("rack"), .member("a.b"), .member("attributes.x"),
    ]) func attributesByName(_ attribute: Attribute) {
        #expect(Attribute(signature: attribute.signature) == attribute)
    }

    @Test(arguments: ["", "serial", "attributes", "attributes.", "Name"]) func namesThatAreNoAttribute(_ name: String) {
        #expect(Attribute(signature: name) == nil)
    }
}
