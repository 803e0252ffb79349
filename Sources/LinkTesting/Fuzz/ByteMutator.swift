/// Changes bytes without knowing what they mean: bits, numbers, pieces, tokens.
package struct ByteMutator: FuzzMutator {
    /// Inputs grow no longer than this.
    package static let longest = 2048

    /// Words of the language that is read, put in now and then.
    private let tokens: [[UInt8]]

    package init(tokens: [String] = []) {
        self.tokens = tokens.map { Array($0.utf8) }
    }

    package func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = input
        // Mostly one change, now and then many.
        for _ in 0...(random.percent(60) ? 0 : random.below(8)) { change(&bytes, other, &random) }
        return bytes.count > Self.longest ? Array(bytes.prefix(Self.longest)) : bytes
    }

    private func change(_ bytes: inout [UInt8], _ other: [UInt8], _ random: inout SplitMix64) {
        let at = random.below(bytes.count + 1)
        let end = min(bytes.count, at + 1 + random.below(random.percent(90) ? 8 : 128))
        switch random.below(12) {
        case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8(random.below(8))
        case 1 where at < bytes.count: bytes[at] = UInt8(random.below(256))
        case 2: bytes.removeSubrange(min(at, end)..<end)
        case 3: bytes.insert(contentsOf: bytes[min(at, end)..<end], at: random.below(bytes.count + 1))
        case 4: bytes.removeLast(bytes.count - at)
        case 5: repeatPiece(&bytes, min(at, end)..<end, &random)
        case 6: bytes.insert(contentsOf: Self.integer(&random), at: at)
        case 7: overwrite(&bytes, at, Self.integer(&random))
        case 8: bytes.insert(contentsOf: Array(Self.text(&random).utf8), at: at)
        case 9 where !other.isEmpty:
            let start = random.below(other.count)
            let piece = other[start..<min(other.count, start + 1 + random.below(64))]
            bytes.insert(contentsOf: piece, at: at)
        case 10: changeNumber(&bytes, &random)
        default:
            guard !tokens.isEmpty else { return bytes.insert(UInt8(random.below(256)), at: at) }
            bytes.insert(contentsOf: random.pick(tokens), at: at)
        }
    }

    private func overwrite(_ bytes: inout [UInt8], _ at: Int, _ piece: [UInt8]) {
        bytes.replaceSubrange(at..<min(bytes.count, at + piece.count), with: piece)
    }

    /// What is linear stays quick when a piece is there a hundred times.
    private func repeatPiece(_ bytes: inout [UInt8], _ range: Range<Int>, _ random: inout SplitMix64) {
        let piece = Array(bytes[range])
        for _ in 0..<(1 << random.below(random.percent(20) ? 9 : 4)) where bytes.count < Self.longest {
            bytes.insert(contentsOf: piece, at: range.upperBound)
        }
    }

    /// Replaces a decimal number by one that programs stumble over.
    private func changeNumber(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) }
        guard !digits.isEmpty else { return }
        let start = random.pick(digits)
        let end = bytes[start...].firstIndex { !(0x30...0x39).contains($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Array(random.pick(Self.numbers).utf8))
    }

    /// Numbers at the borders of what fits.
    package static let numbers = [
        "0", "1", "-1", "00", "127", "255", "256", "32767", "65535", "65536", "2147483647", "2147483648",
        "-2147483648", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "18446744073709551615", "18446744073709551616", "1e999", "-0", "0.1", "NaN", "1e-400",
    ]

    /// Two, four or eight bytes in network order: a length, a count or an offset at the border of what fits.
    private static func integer(_ random: inout SplitMix64) -> [UInt8] {
        let values: [UInt64] = [
            0, 1, 2, 4, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE,
            0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max,
        ]
        let value = random.percent(80) ? random.pick(values) : UInt64(random.below(64))
        let width = random.pick([2, 4, 4, 4, 8])
        return (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - $0))) }
    }

    /// A scalar or two: ASCII that languages use, spaces beyond ASCII, marks that combine, what changes its length.
    package static func text(_ random: inout SplitMix64) -> String {
        switch random.below(4) {
        case 0: return String(random.pick(Array("\"'\\:;,.=@/?#&%$*+-(){}[]|^<>! \t\r\n")))
        case 1: return random.pick(awkward)
        case 2: return String(random.pick(Array("0123456789abcdefABCDEFxyzXYZ")))
        default:
            let limit = random.pick([0x80, 0x800, 0x3000, 0x11000, 0x11_0000])
            return Unicode.Scalar(UInt32(random.below(limit))).map { String(Character($0)) } ?? "\u{FFFD}"
        }
    }

    private static let awkward = [
        "\u{0}", "\u{7F}", "\u{85}", "\u{A0}", "\u{AD}", "\u{130}", "\u{131}", "\u{DF}", "\u{149}", "\u{345}",
        "\u{300}", "\u{301}\u{323}", "\u{3A3}", "\u{1E9E}", "\u{200B}", "\u{200D}", "\u{202E}", "\u{2028}", "\u{212A}",
        "\u{FB03}", "\u{FDFA}", "\u{FEFF}", "\u{FF10}", "\u{FF21}", "\u{1100}\u{1161}\u{11A8}", "\u{AC00}\u{11A8}",
        "\u{1D400}", "\u{1F600}", "\u{E0001}", "\u{10FFFF}", "A\u{30A}", "\u{9}\u{20}",
    ]
}
