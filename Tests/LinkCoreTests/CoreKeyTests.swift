import LinkCore
import Testing

/// What an entry makes of both sides (section 5); the keys of the two are equal where they share something.
struct CoreKeyRow: CustomStringConvertible, Sendable {
    let title: String
    let entry: IdentifierEntry
    var ci = CIRecord()
    var ciKeys: [[String?]] = []
    var asset = AssetRecord()
    var assetKeys: [[String?]] = []

    var description: String { title }

    private static func typed(_ pairs: (String, String)...) -> [TypedSerial] {
        pairs.map { TypedSerial(type: $0, value: $1) }
    }

    static let regular: [CoreKeyRow] = [
        CoreKeyRow(
            title: "serial", entry: .regular(1, .serialNumber), ci: CIRecord(serialNumber: " s-1"), ciKeys: [["S-1"]],
            asset: AssetRecord(serialNumber: "S-1", otherSerials: ["X"]), assetKeys: [["S-1"]]),
        CoreKeyRow(
            title: "nothing", entry: .regular(1, .serialNumber), ci: CIRecord(serials: typed(("standard", "S"))),
            asset: AssetRecord(otherSerials: ["S"])),
        CoreKeyRow(
            title: "by asset attribute", entry: .regular(1, .uuid, .assetTag),
            ci: CIRecord(uuid: CoreSample.uuid, assetTag: "t"),
            ciKeys: [["T", CoreSample.canonical(CoreSample.uuid, .uuid)]],
            asset: AssetRecord(assetTag: "T", uuid: CoreSample.uuid.uppercased()),
            assetKeys: [["T", CoreSample.canonical(CoreSample.uuid, .uuid)]]),
        CoreKeyRow(
            title: "all must be usable", entry: .regular(1, .uuid, .assetTag), ci: CIRecord(assetTag: "t"),
            asset: AssetRecord(assetTag: "T", uuid: "none of those")),
        CoreKeyRow(
            title: "unlike attributes",
            entry: IdentifierEntry(
                priority: 1, .regular([AttributePair(ci: .name, asset: .assetTag)], allowNull: false)),
            ci: CIRecord(name: "at-1"), ciKeys: [["AT-1"]], asset: AssetRecord(assetTag: "AT-1", name: "x"),
            assetKeys: [["AT-1"]]),
        CoreKeyRow(
            title: "a member of attributes", entry: .regular(1, .member("rack")),
            ci: CIRecord(attributes: ["rack": " R1 ", "Rack": "no"]), ciKeys: [["R1"]],
            asset: AssetRecord(attributes: ["rack": "r1"]), assetKeys: [["r1"]]),
        CoreKeyRow(
            title: "a null is part of the key", entry: .regular(1, .name, .assetTag, allowNull: true),
            ci: CIRecord(assetTag: "t"), ciKeys: [["T", nil]], asset: AssetRecord(assetTag: "T", name: " "),
            assetKeys: [["T", nil]]),
        CoreKeyRow(
            title: "a null is no value", entry: .regular(1, .name, .assetTag, allowNull: true),
            ci: CIRecord(name: "n", assetTag: "t"), ciKeys: [["T", "n"]], asset: AssetRecord(assetTag: "T"),
            assetKeys: [["T", nil]]),
        CoreKeyRow(
            title: "one must identify", entry: .regular(1, .name, .assetTag, allowNull: true), ci: CIRecord(name: "n"),
            asset: AssetRecord(assetTag: "0000", name: "n")),
        CoreKeyRow(
            title: "nulls alone", entry: .regular(1, .name, .model, allowNull: true),
            ci: CIRecord(name: "n", model: "m"), asset: AssetRecord(name: "n", model: "m")),
    ]

    static let conditions: [CoreKeyRow] = [
        CoreKeyRow(
            title: "when it is so, and among them",
            entry: IdentifierEntry(
                priority: 1, .regular([AttributePair(.serialNumber)], allowNull: false),
                when: [Condition(.manufacturer, ["DELL"]), Condition(.ciClass, ["Box"])],
                among: [Condition(.assetClass, ["server", "Blade"])]),
            ci: CIRecord(ciClass: " box", serialNumber: "s", manufacturer: "dell"), ciKeys: [["S"]],
            asset: AssetRecord(serialNumber: "s", assetClass: "BLADE "), assetKeys: [["S"]]),
        CoreKeyRow(
            title: "not among them",
            entry: IdentifierEntry(
                priority: 1, .regular([AttributePair(.serialNumber)], allowNull: false),
                among: [Condition(.assetClass, ["server"]), Condition(.member("rack"), ["r1"])]),
            ci: CIRecord(serialNumber: "s"), ciKeys: [["S"]],
            asset: AssetRecord(serialNumber: "s", assetClass: "server")),
        CoreKeyRow(
            title: "members of a list in attributes",
            entry: .lookup(1, .member("wwns"), types: ["node"]),
            ci: CIRecord(lists: ["wwns": typed((" Node", " a "), ("port", "b"), ("node", ""))]), ciKeys: [["a"]],
            asset: AssetRecord(lists: ["wwns": typed(("NODE", "a"), ("node", "B"), ("x", "c"))]),
            assetKeys: [["B"], ["a"]]),
        CoreKeyRow(
            title: "all members of a list in attributes", entry: .lookup(1, .member("wwns"), exactCount: true),
            ci: CIRecord(lists: ["wwns": typed(("", "b"), ("x", "a"))]), ciKeys: [["a", "b"]],
            asset: AssetRecord(lists: ["other": typed(("", "b"))])),
        CoreKeyRow(
            title: "columns of one side",
            entry: IdentifierEntry(
                priority: 1, .regular([AttributePair(ci: .ciClass, asset: .assetClass)], allowNull: false)),
            ci: CIRecord(ciClass: "box "), ciKeys: [["box"]], asset: AssetRecord(assetClass: "box"),
            assetKeys: [["box"]]),
    ]

    static let lists: [CoreKeyRow] = [
        CoreKeyRow(
            title: "any serial", entry: .lookup(1, .serials),
            ci: CIRecord(serialNumber: "s", serials: typed(("bios", "b"), ("", "x"), ("bios", " S"))),
            ciKeys: [["B"], ["S"], ["X"]], asset: AssetRecord(serialNumber: "s", otherSerials: ["o", "S", "0000"]),
            assetKeys: [["O"], ["S"]]),
        CoreKeyRow(
            title: "serials of types", entry: .lookup(1, .serials, types: ["bios", "system"]),
            ci: CIRecord(
                serialNumber: "s", serials: typed((" BIOS\t", "b"), ("board", "x"), ("bios 2", "y"), ("system", "0"))),
            ciKeys: [["B"]], asset: AssetRecord(serialNumber: "s", otherSerials: ["b"]), assetKeys: [["B"], ["S"]]),
        CoreKeyRow(
            title: "the serial number is of type standard", entry: .lookup(1, .serials, types: ["standard"]),
            ci: CIRecord(serialNumber: "s", serials: typed(("Standard", "t"), ("bios", "b"))),
            ciKeys: [["S"], ["T"]]),
        CoreKeyRow(
            title: "trimmed of any white space", entry: .lookup(1, .serials, types: ["bios"]),
            ci: CIRecord(serials: typed(("\u{A0}bios\u{2003}", "b"))), ciKeys: [["B"]]),
        CoreKeyRow(
            title: "any MAC", entry: .lookup(1, .macAddresses),
            ci: CIRecord(macAddresses: [CoreSample.otherMAC, "02-00-00-00-00-01", "02:00"]),
            ciKeys: [[CoreSample.mac], [CoreSample.otherMAC]], asset: AssetRecord(macAddresses: ["020000000001"]),
            assetKeys: [[CoreSample.mac]]),
        CoreKeyRow(
            title: "the set of MACs", entry: .lookup(1, .macAddresses, exactCount: true),
            ci: CIRecord(macAddresses: [CoreSample.otherMAC, "020000000001", CoreSample.mac, ""]),
            ciKeys: [[CoreSample.mac, CoreSample.otherMAC]], asset: AssetRecord(macAddresses: [CoreSample.mac]),
            assetKeys: [[CoreSample.mac]]),
        CoreKeyRow(
            title: "no set", entry: .lookup(1, .macAddresses, exactCount: true), ci: CIRecord(macAddresses: [""])),
        CoreKeyRow(
            title: "the set of serials of types",
            entry: .lookup(1, .serials, types: ["standard", "bios"], exactCount: true),
            ci: CIRecord(serialNumber: "z", serials: typed(("bios", "b"), ("board", "a"))), ciKeys: [["B", "Z"]],
            asset: AssetRecord(serialNumber: "z", otherSerials: ["b"]), assetKeys: [["B", "Z"]]),
        CoreKeyRow(
            title: "a member with attributes", entry: .hybrid(1, .name, list: .serials, types: ["bios"]),
            ci: CIRecord(name: "N.", serialNumber: "s", serials: typed(("bios", "b"), ("bios", "c"))),
            ciKeys: [["n", "B"], ["n", "C"]], asset: AssetRecord(serialNumber: "s", name: "n"),
            assetKeys: [["n", "S"]]),
        CoreKeyRow(
            title: "no member, or no attribute", entry: .hybrid(1, .name, list: .serials), ci: CIRecord(name: "n"),
            asset: AssetRecord(serialNumber: "s")),
        CoreKeyRow(
            title: "dependent, without the parent yet", entry: .regular(1, .position, isDependent: true),
            ci: CIRecord(parentCIID: "p", position: "3"), ciKeys: [["3"]],
            asset: AssetRecord(parentAssetID: "p", position: "3"), assetKeys: [["3"]]),
    ]
}

@Suite struct CoreKeyTests {
    @Test(arguments: CoreKeyRow.regular + CoreKeyRow.lists + CoreKeyRow.conditions) func keys(_ row: CoreKeyRow) throws
    {
        let zeros = [IdentifierKind.serial, .assetTag].map {
            Placeholder(id: 1, kind: $0, value: "0+", isPattern: true)
        }
        let rules = CoreSample.rules([row.entry], placeholders: zeros)
        let entry = try #require(rules.read(row.ci).entries.first)
        let ours = entry.keys.sorted(by: MatchKey.precedes)
        let theirs = rules.read(row.asset).keys.sorted(by: MatchKey.precedes)
        #expect(ours.map(\.values) == row.ciKeys)
        #expect(theirs.map(\.values) == row.assetKeys)
        #expect((ours + theirs).allSatisfy { $0.space == entry.entry.space })
    }

    @Test func anEntryThatIsNotForACIIsNotInItsRule() {
        let entry = IdentifierEntry(
            priority: 1, .regular([AttributePair(.serialNumber)], allowNull: false),
            when: [Condition(.manufacturer, ["dell inc."])])
        let rules = CoreSample.rules([entry, .regular(2, .uuid)], aliases: ["dell inc.": "dell"])
        #expect(rules.read(CIRecord(manufacturer: "Dell")).entries.map(\.entry.priority) == [1, 2])
        for maker in ["hp", "", nil] {
            let reading = rules.read(CIRecord(serialNumber: "s", manufacturer: maker))
            #expect(reading.entries.map(\.entry.priority) == [2])
            #expect(reading.reads.isEmpty)
        }
    }

    @Test func theParentComesFirstInADependentKey() {
        let rules = CoreSample.rules([.regular(1, .serialNumber), .regular(2, .position, isDependent: true)])
        let reading = rules.read(CIRecord(serialNumber: "s", position: "3"))
        let linked = Case(reading: reading, parent: .linked("itam/p")).allKeys.map(\.values)
        #expect(linked == [["S"], ["itam/p", "3"]])
        #expect(Case(reading: reading, parent: .notLinked).allKeys.map(\.values) == [["S"]])
        #expect(Case(reading: reading, parent: .ring).allKeys.map(\.values) == [["S"]])
    }

    @Test func keysAreOrderedByTheirBytes() {
        func key(_ values: String?...) -> MatchKey { MatchKey(space: 0, values: values) }
        let ordered = [key(nil, "z"), key("A"), key("A", nil), key("A", "B"), key("B", "A"), key("a"), key("\u{E9}")]
        #expect(ordered.reversed().sorted(by: MatchKey.precedes) == ordered)
        for (earlier, later) in zip(ordered, ordered.dropFirst()) {
            #expect(MatchKey.precedes(earlier, later) && !MatchKey.precedes(later, earlier))
        }
        #expect(!MatchKey.precedes(key("A", nil), key("A", nil)))
    }
}
