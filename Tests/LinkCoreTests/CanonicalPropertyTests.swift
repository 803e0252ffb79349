import FoundationEssentials
import Testing

@testable import LinkCore

@Suite struct CanonicalPropertyTests {
    @Test func readingACanonicalValueAgainGivesThatValue() {
        let seed: UInt64 = .random(in: 0 ... .max)
        print("seed \(seed)")
        var random = CanonicalTestRandom(seed: seed)
        for _ in 0..<20_000 { checkIdempotence(random.text()) }
    }

    @Test func everyScalarReadsTheSameTwice() {
        for scalar in notableScalars {
            guard case .value(let value) = Canonical.read("a\(scalar)b \(scalar)", as: .serial) else { continue }
            if Canonical.serial(value).utf8.elementsEqual(value.utf8) { continue }
            Issue.record("U+\(String(scalar.value, radix: 16))")
        }
    }

    private func checkIdempotence(_ text: String) {
        for kind in IdentifierKind.allCases {
            guard case .value(let value) = Canonical.read(text, as: kind) else { continue }
            if kind == .name, value.hasSuffix(".") || value.last?.isWhitespace == true { continue }
            guard case .value(let again) = Canonical.read(value, as: kind),
                again.utf8.elementsEqual(value.utf8)
            else {
                Issue.record("\(kind) \(text.debugDescription)")
                continue
            }
        }
    }

    /// A line of the file of real machines, by the names that it has there.
    private struct Machine: Decodable {
        var uuid: String?
        var asset_tag: String?
        var macs: [String]?
        var serial_number: String?
        var serial_quality: String?
    }

    @Test func realMachinesAreRead() throws {
        guard let text = CanonicalTestFiles.text("shared/data/machines.ndjson") else {
            print("skipped: shared/data/machines.ndjson is not there")
            return
        }
        let index = PlaceholderIndex(CanonicalTestFiles.placeholders(), aliases: CanonicalTestFiles.aliases())
        var lines = 0
        var suppressed: [String] = []
        for line in text.split(separator: "\n") {
            let machine = try JSONDecoder().decode(Machine.self, from: Data(line.utf8))
            lines += 1
            checkIdempotence(machine.uuid ?? "")
            checkIdempotence(machine.asset_tag ?? "")
            for mac in machine.macs ?? [] { checkIdempotence(mac) }
            let serial = machine.serial_number ?? ""
            checkIdempotence(serial)
            guard case .value(let value) = Canonical.read(serial, as: .serial) else { continue }
            let match = index.match(kind: .serial, raw: serial, canonical: value, manufacturer: nil)
            let quality = machine.serial_quality
            if quality == "usable", match != nil { suppressed.append(serial) }
            if quality == "placeholder" { #expect(match != nil, "\(serial)") }
            if quality == "vm" { #expect(match == nil, "\(serial)") }
        }
        #expect(lines == 3728)
        #expect(suppressed == [])
    }
}
