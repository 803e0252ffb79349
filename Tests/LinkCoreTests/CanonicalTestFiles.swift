import FoundationEssentials
import LinkCore

/// Files that some tests read when they are there.
enum CanonicalTestFiles {
    /// The text of the file that this path names from the nearest folder above which has it.
    static func text(_ path: String, from file: String = #filePath) -> String? {
        var folder = URL(fileURLWithPath: file).deletingLastPathComponent()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            if let text = try? String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8) { return text }
        }
        return nil
    }

    /// The text of the migration that brings these rows, whatever its number.
    private static func seed(_ name: String, from file: String = #filePath) -> String? {
        let top = URL(fileURLWithPath: file).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folder = top.appendingPathComponent("sql/migrations")
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return names?.first { $0.hasSuffix("_seed_\(name)") }
            .flatMap { try? String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }
    }

    /// The rows of the INSERT statements of a seed: what stands between quotes, `true`, `false`, or `nil`.
    static func seedRows(_ name: String) -> [[String?]] {
        let lines = (seed(name) ?? "").split(separator: "\n")
        return lines.filter { $0.hasPrefix("    (") }.map { line in
            var fields: [String?] = []
            var rest = line.drop { $0 != "(" }.dropFirst()
            while !rest.isEmpty {
                rest = rest.drop { $0 == " " || $0 == "," || $0 == ")" }
                guard let first = rest.first else { break }
                if first == "'" {
                    var field = ""
                    rest.removeFirst()
                    while let quote = rest.firstIndex(of: "'") {
                        field += rest[..<quote]
                        rest = rest[rest.index(after: quote)...]
                        guard rest.first == "'" else { break }
                        field += "'"
                        rest.removeFirst()
                    }
                    fields.append(field)
                } else {
                    let word = rest.prefix { $0.isLetter }
                    if word.isEmpty { break }
                    fields.append(word == "NULL" ? nil : String(word))
                    rest = rest[word.endIndex...]
                }
            }
            return fields
        }
    }

    /// The shipped placeholders, numbered from 1.
    static func placeholders() -> [Placeholder] {
        seedRows("placeholders.sql").enumerated().compactMap { index, row in
            guard row.count == 5, let kind = row[0].flatMap(IdentifierKind.init), let value = row[1] else { return nil }
            return Placeholder(
                id: index + 1, kind: kind, value: value, isPattern: row[2] == "true", manufacturer: row[3])
        }
    }

    /// The shipped manufacturer aliases.
    static func aliases() -> [String: String] {
        let rows = seedRows("manufacturers.sql").compactMap { row in
            row[0].flatMap { alias in row[1].map { (alias, $0) } }
        }
        return Dictionary(rows) { first, _ in first }
    }

    /// The shipped life-cycle states.
    static func lifecycle() -> [LifecycleMapping] {
        seedRows("lifecycle.sql").compactMap { row in
            guard row.count == 4, let side = row[0].flatMap(LifecycleMapping.Side.init), let raw = row[2],
                let meaning = row[3]
            else { return nil }
            return LifecycleMapping(side: side, source: row[1], rawState: raw, meaning: meaning)
        }
    }
}

/// The code points where Unicode has assigned anything that can matter here: not the ideographs, not private use.
let notableScalars: [Unicode.Scalar] = [
    0...0x33FF, 0xA000...0xABFF, 0xAC00...0xAC7F, 0xD780...0xD7FF, 0xF900...0x16FFF, 0x18D00...0x1FFFF,
    0x2F800...0x2FA1F,
    0xE0000...0xE01FF,
].flatMap { (range: ClosedRange<UInt32>) in range.compactMap(Unicode.Scalar.init) }

/// Random numbers that come again with their seed (SplitMix64).
struct CanonicalTestRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Some text: plain, marked, spaced, controlled, or of any scalars at all.
    mutating func text() -> String {
        let pools: [[ClosedRange<UInt32>]] = [
            [0x20...0x7E], [0...0x7F], [0x20...0x24F, 0x300...0x36F], [0x1100...0x11FF, 0xAC00...0xD7A3],
            [0x2000...0x206F, 0x20...0x7A], [0x370...0x3FF, 0x1F00...0x1FFF, 0x300...0x345],
            [0...0xD7FF, 0xE000...0x10FFFF],
        ]
        let pool = pools.randomElement(using: &self) ?? []
        var text = ""
        for _ in 0..<Int.random(in: 0...24, using: &self) {
            guard let range = pool.randomElement(using: &self),
                let scalar = Unicode.Scalar(UInt32.random(in: range, using: &self))
            else { continue }
            text.unicodeScalars.append(scalar)
        }
        return text
    }
}
