import Testing

@testable import LinkCore

@Suite struct CanonicalHexadecimalTests {
    @Test(arguments: [
        ("4C4C4544-0038-3310-8054-C3C04F35344A", "44454c4c003833108054c3c04f35344a"),
        ("{44454C4C-3800-1033-8054-C3C04F35344A}", "44454c4c003833108054c3c04f35344a"),
        ("VMware-42 21 e3 da 44 14 5a a6-56 48 2b 0a 28 53 42 4c", "4221e3da1444a65a56482b0a2853424c"),
        ("4221E3DA-4414-5AA6-5648-2B0A2853424C", "4221e3da1444a65a56482b0a2853424c"),
        ("  vmware-4221e3da44145aa656482b0a2853424c\r", "4221e3da1444a65a56482b0a2853424c"),
        ("\u{A0}33221100-5544-7766-8899-AABBCCDDEEFF\u{3000}", "00112233445566778899aabbccddeeff"),
        ("00112233-4455-6677-8899-aabbccddeeff", "00112233445566778899aabbccddeeff"),
        ("03000200-0400-0500-0006-000700080009", "00020003000400050006000700080009"),
        ("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "ffffffffffffffffffffffffffffffff"),
    ])
    func uuids(raw: String, canonical: String) {
        #expect(Canonical.read(raw, as: .uuid) == .value(canonical))
    }

    @Test(arguments: [
        "2", "Not Settable", "{}", "---", "VMware-", "4C4C4544-0038-3310-8054-C3C04F35344",
        "4C4C4544-0038-3310-8054-C3C04F35344A0", "4C4C4544:0038:3310:8054:C3C04F35344A",
        "4C4C4544-0038-3310-8054-C3C04F35344A\0", "４C4C4544-0038-3310-8054-C3C04F35344A", "é",
        "00000000-2093bfe3-e53b-4fc3-9cb1-9217ea6228c7", "4C4C4544-0038-3310-8054-C3C04F35344A VMware-",
    ])
    func malformedUUIDs(raw: String) {
        #expect(Canonical.read(raw, as: .uuid) == .malformed)
    }

    @Test func theFourFormsOfAUUIDAreOne() {
        let seed: UInt64 = .random(in: 0 ... .max)
        print("seed \(seed)")
        var random = CanonicalTestRandom(seed: seed)
        for _ in 0..<2000 {
            let octets = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
            let swappedFirst = [3, 2, 1, 0].map { octets[$0] } + octets[4...]
            let swappedOthers = octets[0..<4] + [5, 4, 7, 6].map { octets[$0] } + octets[8...]
            let swappedBoth = swappedFirst[0..<4] + [5, 4, 7, 6].map { octets[$0] } + octets[8...]
            let forms = [octets, swappedFirst, Array(swappedOthers), Array(swappedBoth)].map { form in
                form.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            }
            for form in forms { #expect(Canonical.read(form.uppercased(), as: .uuid) == .value(forms.min() ?? "")) }
        }
    }

    @Test(arguments: [
        "00:1A:2b:3C:4d:5E", "00-1a-2b-3c-4d-5e", "001a.2b3c.4d5e", "00 1A 2B 3C 4D 5E", " 001A2B3C4D5E\r\n",
        "00\u{A0}1a2b 3c4d5e",
    ])
    func macAddresses(raw: String) {
        #expect(Canonical.read(raw, as: .mac) == .value("00:1a:2b:3c:4d:5e"))
    }

    @Test(arguments: [
        "0:1a:2b:3c:4d:5e", "00:1a:2b:3c:4d", "00:1a:2b:ff:fe:3c:4d:5e", "eth0", "00:1a:2b:3c:4d:5g", ":",
        "00/1a2b3c4d5e",
        "80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1", "é", "００1a2b3c4d5e",
    ])
    func malformedMACAddresses(raw: String) {
        #expect(Canonical.read(raw, as: .mac) == .malformed)
    }

    @Test(arguments: [nil, "", " ", "\u{3000}\t"] as [String?]) func emptyValues(raw: String?) {
        #expect(Canonical.read(raw, as: .uuid) == .empty)
        #expect(Canonical.read(raw, as: .mac) == .empty)
    }
}
