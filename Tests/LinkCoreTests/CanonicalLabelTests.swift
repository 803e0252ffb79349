import Testing

@testable import LinkCore

@Suite struct CanonicalLabelTests {
    @Test(arguments: [
        ("C83T54J", "C83T54J"),
        ("  czj1020f01 \t", "CZJ1020F01"),
        ("VMware-56 4d 60 49", "VMWARE-56 4D 60 49"),
        ("IBM,  02-101A", "IBM, 02-101A"),
        ("NA\r", "NA"),
        ("AB\0\u{1}CD\u{7F}", "ABCD"),
        ("A \u{1} B", "A B"),
        ("A\tB\nC", "ABC"),
        ("..CN701638BM00EW.                  ", "..CN701638BM00EW."),
        ("S123", "S123"),
        ("00003001", "00003001"),
        ("\u{A0}ab\u{2003}\u{3000}cd\u{2028}", "AB CD"),
        ("ｓｎ－１２", "SN-12"),
        ("ﬁx", "FIX"),
        ("straße", "STRASSE"),
        ("i\u{307}ı", "İI"),
        ("e\u{301}", "É"),
        ("e\u{200D}\u{301}", "É"),
        ("\u{FEFF}ab\u{AD}c\u{200B}\u{E0041}", "ABC"),
        ("①²", "12"),
        ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"),
        ("㎒", "MHZ"),
    ])
    func serialsAndAssetTags(raw: String, canonical: String) {
        for kind in [IdentifierKind.serial, .assetTag] {
            let reading = Canonical.read(raw, as: kind)
            #expect(reading == .value(canonical))
            // String equality takes equivalent texts as equal; keys are compared as bytes.
            if case .value(let value) = reading { #expect(Array(value.utf8) == Array(canonical.utf8)) }
        }
    }

    @Test(arguments: [nil, "", " ", "\t\r\n", "\0", " \u{1} ", "\u{200B}\u{FEFF}", "\u{3000}"] as [String?])
    func emptyLabels(raw: String?) {
        #expect(Canonical.read(raw, as: .serial) == .empty)
        #expect(Canonical.read(raw, as: .assetTag) == .empty)
    }

    @Test func whatIsLongerThanAnIndexHoldsIsMalformed() {
        let longest = String(repeating: "A", count: Canonical.maximumLength)
        for kind in [IdentifierKind.serial, .assetTag, .cloudResourceID, .attribute] {
            #expect(Canonical.read(longest, as: kind) == .value(longest))
            #expect(Canonical.read("  \(longest)\u{A0}", as: kind) == .value(longest))
            #expect(Canonical.read(longest + "A", as: kind) == .malformed)
        }
        #expect(Canonical.read(String(repeating: "é", count: 501), as: .name) == .malformed)
        #expect(Canonical.read(String(repeating: "\u{FDFA}", count: 100_000), as: .serial) == .malformed)
        #expect(Canonical.read("a" + String(repeating: "\u{300}\u{323}", count: 100_000), as: .serial) == .malformed)
    }

    @Test(arguments: [
        (" Web01.Example.COM. ", "web01.example.com"), ("db1", "db1"), ("ÄRGER", "ärger"), ("a..", "a."),
        ("a .", "a "),
    ])
    func names(raw: String, canonical: String) {
        #expect(Canonical.read(raw, as: .name) == .value(canonical))
    }

    @Test(arguments: ["", " ", ".", " . "]) func emptyNames(raw: String) {
        #expect(Canonical.read(raw, as: .name) == .empty)
    }

    @Test(arguments: [
        ("Hewlett-Packard ", "hp"), ("HPE", "hp"), ("hp", "hp"), ("Dell Inc.         ", "dell"), ("Sun", "sun"),
    ])
    func manufacturers(raw: String, canonical: String) {
        let aliases = ["hewlett-packard": "hp", "hpe": "hp", "dell inc.": "dell"]
        #expect(Canonical.read(raw, as: .manufacturer, aliases: aliases) == .value(canonical))
    }

    @Test func exactKindsAreTrimmedOnly() {
        for kind in [IdentifierKind.cloudResourceID, .attribute] {
            #expect(Canonical.read("\u{3000} i-0A  b\t", as: kind) == .value("i-0A  b"))
            #expect(Canonical.read(" \n", as: kind) == .empty)
        }
    }

    @Test func theShippedAliasesAreInTheirOwnCanonicalForm() {
        let aliases = CanonicalTestFiles.aliases()
        #expect(aliases.count > 250)
        for (alias, name) in aliases {
            #expect(Canonical.manufacturer(alias, aliases: [:]) == alias)
            #expect(Canonical.manufacturer(name, aliases: aliases) == name)
        }
    }
}
