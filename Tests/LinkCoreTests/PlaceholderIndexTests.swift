import Testing

@testable import LinkCore

@Suite struct PlaceholderIndexTests {
    private static let shipped = PlaceholderIndex(
        CanonicalTestFiles.placeholders(), aliases: CanonicalTestFiles.aliases())

    private func match(
        _ index: PlaceholderIndex, _ kind: IdentifierKind, _ raw: String, manufacturer: String? = nil
    ) -> Int? {
        guard case .value(let canonical) = Canonical.read(raw, as: kind) else { return nil }
        return index.match(kind: kind, raw: raw, canonical: canonical, manufacturer: manufacturer)
    }

    @Test func exactOnesAreComparedAfterCanonicalisation() {
        let index = PlaceholderIndex(
            [
                Placeholder(id: 17, kind: .serial, value: "Default  string"),
                Placeholder(id: 18, kind: .uuid, value: "03000200-0400-0500-0006-000700080009"),
                Placeholder(id: 19, kind: .uuid, value: "2"),
                Placeholder(id: 20, kind: .mac, value: "0A-00-27-00-00-00"),
                Placeholder(id: 21, kind: .name, value: "LOCALHOST."),
                Placeholder(id: 22, kind: .attribute, value: "None"),
                Placeholder(id: 23, kind: .attribute, value: "\u{C5}"),
            ], aliases: [:])
        #expect(match(index, .serial, " default string\r") == 17)
        #expect(match(index, .assetTag, "default string") == nil)
        #expect(match(index, .uuid, "00020003-0004-0005-0006-000700080009") == 18)
        #expect(match(index, .uuid, "2") == nil)
        #expect(match(index, .mac, "0a00.2700.0000") == 20)
        #expect(match(index, .name, "localhost") == 21)
        #expect(match(index, .attribute, "None") == 22)
        #expect(match(index, .attribute, "none") == nil)
        #expect(match(index, .attribute, "\u{C5}") == 23)
        #expect(match(index, .attribute, "A\u{30A}") == nil)
        #expect(index.invalid.isEmpty)
    }

    @Test func patternsMatchTheWholeCanonicalOrTrimmedRawValue() {
        let index = PlaceholderIndex(
            [
                Placeholder(id: 1, kind: .serial, value: "0+", isPattern: true),
                Placeholder(id: 2, kind: .serial, value: "a\\tb", isPattern: true),
                Placeholder(id: 3, kind: .uuid, value: "(0{8}-).*", isPattern: true),
                Placeholder(id: 4, kind: .uuid, value: "f{32}", isPattern: true),
            ], aliases: [:])
        #expect(match(index, .serial, " 000\0 ") == 1)
        #expect(match(index, .serial, "A000") == nil)
        #expect(match(index, .serial, "0001") == nil)
        #expect(match(index, .serial, " A\tb ") == 2)
        #expect(match(index, .serial, "AB") == nil)
        #expect(match(index, .uuid, " 00000000-0000-0000-0000-000000000001") == 3)
        #expect(match(index, .uuid, "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF") == 4)
    }

    @Test func someAreForOneManufacturerOnly() {
        let aliases = ["hewlett-packard": "hp"]
        let index = PlaceholderIndex(
            [
                Placeholder(id: 5, kind: .serial, value: "ABC", manufacturer: "Hewlett-Packard "),
                Placeholder(id: 6, kind: .serial, value: "x+", isPattern: true, manufacturer: "Dell"),
                Placeholder(id: 7, kind: .serial, value: "xx", isPattern: false),
                Placeholder(id: 4, kind: .serial, value: "XX+", isPattern: true, manufacturer: "hp"),
            ], aliases: aliases)
        #expect(match(index, .serial, "abc", manufacturer: "hp") == 5)
        #expect(match(index, .serial, "abc", manufacturer: "dell") == nil)
        #expect(match(index, .serial, "abc") == nil)
        #expect(match(index, .serial, "xxx", manufacturer: "dell") == 6)
        #expect(match(index, .serial, "xxx") == nil)
        // Of several, the lowest id.
        #expect(match(index, .serial, "xx", manufacturer: "dell") == 6)
        #expect(match(index, .serial, "xx", manufacturer: "hp") == 4)
        #expect(match(index, .serial, "xx") == 7)
    }

    @Test func invalidPatternsAreReportedAndTheOthersHold() {
        let patterns = ["(", "y+", ".*a.{30}", "z+"]
        let placeholders = patterns.enumerated().map { index, pattern in
            Placeholder(id: index + 1, kind: .serial, value: pattern, isPattern: true)
        }
        let index = PlaceholderIndex(placeholders, aliases: [:])
        #expect(index.invalid.map(\.id) == [1, 3])
        #expect(index.invalid.allSatisfy { !$0.message.isEmpty })
        #expect(match(index, .serial, "yyy") == 2)
        #expect(match(index, .serial, "zzz") == 4)
    }

    @Test func manyPatternsHoldBesideEachOther() {
        let placeholders = (0..<40).flatMap { number in
            [
                Placeholder(id: number, kind: .serial, value: ".*word\(number)x.*", isPattern: true),
                Placeholder(id: 100 + number, kind: .serial, value: "AB\(number)-[0-9]{4,8}", isPattern: true),
            ]
        }
        let index = PlaceholderIndex(placeholders, aliases: [:])
        #expect(index.invalid == [])
        for number in 0..<40 {
            #expect(match(index, .serial, "a WORD39X and word\(number)x.") == number)
            #expect(match(index, .serial, "ab\(number)-12345") == 100 + number)
        }
        #expect(match(index, .serial, "word40x") == nil)
    }

    @Test func hugeValuesAreReadInGoodTime() {
        let index = Self.shipped
        let huge = String(repeating: "to be filled ", count: 100_000)
        #expect(index.match(kind: .serial, raw: huge, canonical: nil, manufacturer: nil) != nil)
    }

    @Test func theSeedIsWellFormed() {
        let placeholders = CanonicalTestFiles.placeholders()
        #expect(placeholders.count == CanonicalTestFiles.seedRows("placeholders.sql").count)
        #expect(placeholders.count > 150)
        let index = Self.shipped
        #expect(index.invalid == [])
        // Each exact one matters, is its own match, and stands there once.
        for placeholder in placeholders where !placeholder.isPattern {
            let id = match(index, placeholder.kind, placeholder.value, manufacturer: placeholder.manufacturer)
            #expect(id == placeholder.id, "\(placeholder.value)")
        }
    }

    @Test(arguments: [
        "To Be Filled By O.E.M.", "to be filled by o.e.m. by More String", "System Serial Number", "SystemSerialNumb",
        "Base Board Serial Number", "Unspecified System Serial Number", "Serial Number xxxxxx", "OEM_Serial", "0", "1",
        "00 00 00 00 00 00 00 00", "0000000000", "1111111", "888888", "xxxxxxxxxxx", "NNNNNNN", "SSSSSSSS    ", "N/A\r",
        "<BAD INDEX>", "<OUT OF SPEC><OUT OF SPEC>", ".....", "---", "******", "#########", "?", "(null string)",
        "Unknown (0)", "(none)", "[Empty]", "Not Specified", "1.0", "1.0.0", "-1", "Default string",
        "$(DEFAULT_STRING)",
        "MB-1234567890", "SN-123456fvgv3i0b8o5n6n7k", "123456789", "12345678901234567", "BSN12345678901234567",
        "Enter Serial", "Type2 - Board Serial Number", "PCA serial", "UNKNOWN", "oem", "BUILTIN", "FFFFFFFFFF",
    ])
    func knownBadSerials(raw: String) {
        let index = Self.shipped
        #expect(match(index, .serial, raw) != nil)
    }

    @Test(arguments: [
        "C83T54J", "1010110", "3001", "00003001", "AB1.2CD", "9.81.2.3", "22", "SGH327SZYD", "NONE123", "2222", "X1",
        "NA1234", "VMware-42 1b ba bd", "GoogleCloud-8EBFB6FCE14327F972567743E80E23DE", "FOC1234X0AB", "0X",
    ])
    func goodSerials(raw: String) {
        let index = Self.shipped
        #expect(match(index, .serial, raw) == nil)
    }

    @Test(arguments: ["No Asset Tag     ", "Chassis Board Asset Tag#", "free form asset tag", "00000", "---"])
    func knownBadAssetTags(raw: String) {
        let index = Self.shipped
        #expect(match(index, .assetTag, raw) != nil)
        #expect(match(index, .assetTag, "11111") == nil)
        #expect(match(index, .assetTag, "12345") == nil)
    }
}
