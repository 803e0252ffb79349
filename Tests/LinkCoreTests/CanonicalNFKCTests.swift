import FoundationEssentials
import Glibc
import Testing

@testable import LinkCore

@Suite struct CanonicalNFKCTests {
    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("\u{1E9B}\u{323}", "\u{1E69}"), ("\u{FDFA}", "صلى الله عليه وسلم"), ("Å", "\u{C5}"),
        ("\u{AC00}\u{11A8}", "\u{AC01}"), ("\u{AC01}\u{11A8}", "\u{AC01}\u{11A8}"), ("\u{1100}\u{1161}", "\u{AC00}"),
        ("a\u{315}\u{300}\u{5AE}\u{62}", "\u{E0}\u{5AE}\u{315}b"), ("\u{9C7}\u{9BE}", "\u{9CB}"),
        ("\u{958}", "\u{915}\u{93C}"),
    ])
    func normalForm(text: String, expected: String) {
        #expect(Array(NFKC.normalize(text).unicodeScalars) == Array(expected.unicodeScalars))
    }

    /// Unicode's own test data, as Debian's package `unicode-data` has it.
    @Test func unicodesOwnTest() {
        guard let text = Self.normalizationTest() else {
            print("skipped: NormalizationTest.txt of unicode-data is not there, or cannot be unpacked")
            return
        }
        var part = ""
        var ofThemselves: Set<UInt32> = []
        var count = 0
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("@") {
                part = String(line.prefix(6))
                continue
            }
            let columns = line.split(separator: ";").prefix(5).map { column in
                column.split(separator: " ").compactMap { UInt32($0, radix: 16).flatMap(Unicode.Scalar.init) }
            }
            for column in columns where NFKC.normalize(column) != columns[3] { Issue.record("\(line)") }
            if part == "@Part1" { ofThemselves.insert(columns[0][0].value) }
            count += 1
        }
        #expect(count > 18_000)
        // Whatever part 1 does not list is its own normal form.
        for scalar in notableScalars where !ofThemselves.contains(scalar.value) {
            if NFKC.normalize(CollectionOfOne(scalar)) != [scalar] {
                Issue.record("U+\(String(scalar.value, radix: 16))")
            }
        }
    }

    /// The categories and the white space that the serial rule names, against the standard library's own tables.
    @Test func controlsFormatsAndWhiteSpace() {
        for scalar in notableScalars {
            let code = scalar.value
            let properties = scalar.properties
            if properties.isWhitespace != WhiteSpace.contains(scalar) { Issue.record("U+\(String(code, radix: 16))") }
            // What the table's version does not know yet is no difference.
            guard let age = properties.age, age.major <= 15 else { continue }
            let isDropped = [.control, .format].contains(properties.generalCategory)
            if isDropped != UnicodeData.shared.isControlOrFormat(code) { Issue.record("U+\(String(code, radix: 16))") }
        }
        #expect(
            ScalarSet.whiteSpace
                == ScalarSet(
                    (UInt32(0)...0xFFFF).filter { code in
                        Unicode.Scalar(code).map(WhiteSpace.contains) ?? false
                    }.map { $0...$0 }))
    }

    private static func normalizationTest() -> String? {
        let path = "/usr/share/unicode/NormalizationTest.txt"
        if let text = try? String(contentsOfFile: path, encoding: .utf8) { return text }
        guard FileManager.default.fileExists(atPath: path + ".bz2") else { return nil }
        guard let unpacked = popen("bzip2 -dc \(path).bz2 2>/dev/null", "r") else { return nil }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&buffer, 1, buffer.count, unpacked), count > 0 { bytes += buffer[..<count] }
        return pclose(unpacked) == 0 ? String(decoding: bytes, as: UTF8.self) : nil
    }
}
