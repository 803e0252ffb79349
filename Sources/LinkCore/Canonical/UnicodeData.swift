/// The tables of `UnicodeTables`, unpacked once, and what is asked of them.
struct UnicodeData: Sendable {
    /// Unpacked at first use: a fleet of plain ASCII identifiers never needs it.
    static let shared = UnicodeData()

    /// A range of code points with one value.
    private struct Range {
        var first: UInt32
        var last: UInt32
        var value: UInt8
    }

    private let decomposed: [UInt32]
    private let decompositionStarts: [Int]
    private let decompositionScalars: [UInt32]
    private let combining: [Range]
    private let formats: [Range]
    private let composites: [UInt64: UInt32]

    private init() {
        var keys: [UInt32] = []
        var starts = [0]
        var scalars: [UInt32] = []
        var numbers = PackedNumbers(UnicodeTables.decompositions)
        var key: UInt32 = 0
        var before: UInt32 = 0
        while let delta = numbers.next(), let length = numbers.next() {
            key += delta
            keys.append(key)
            var scalar = before
            for index in 0..<length {
                scalar = numbers.next(after: scalar)
                if index == 0 { before = scalar }
                scalars.append(scalar)
            }
            starts.append(scalars.count)
        }
        decomposed = keys
        decompositionStarts = starts
        decompositionScalars = scalars
        combining = Self.ranges(UnicodeTables.combining, valued: true)
        formats = Self.ranges(UnicodeTables.formats, valued: false)
        composites = Self.composites()
    }

    private static func ranges(_ table: StaticString, valued: Bool) -> [Range] {
        var numbers = PackedNumbers(table)
        var result: [Range] = []
        var first: UInt32 = 0
        while let delta = numbers.next(), let extent = numbers.next() {
            first += delta
            let value = valued ? UInt8(truncatingIfNeeded: numbers.next() ?? 0) : 1
            result.append(Range(first: first, last: first + extent, value: value))
        }
        return result
    }

    private static func composites() -> [UInt64: UInt32] {
        var numbers = PackedNumbers(UnicodeTables.compositions)
        var result: [UInt64: UInt32] = [:]
        var (composite, first, second): (UInt32, UInt32, UInt32) = (0, 0, 0)
        while let delta = numbers.next() {
            composite += delta
            first = numbers.next(after: first)
            second = numbers.next(after: second)
            result[pair(first, second)] = composite
        }
        return result
    }

    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    /// The full compatibility decomposition, or `nil` for what is its own (Hangul syllables are not asked here).
    func decomposition(of scalar: UInt32) -> ArraySlice<UInt32>? {
        guard scalar >= 0xA0 else { return nil }
        var (low, high) = (0, decomposed.count)
        while low < high {
            let middle = (low + high) / 2
            if decomposed[middle] < scalar { low = middle + 1 } else { high = middle }
        }
        guard low < decomposed.count, decomposed[low] == scalar else { return nil }
        return decompositionScalars[decompositionStarts[low]..<decompositionStarts[low + 1]]
    }

    /// The canonical combining class; 0 for a starter.
    func combiningClass(of scalar: UInt32) -> UInt8 {
        scalar < 0x300 ? 0 : Self.value(of: scalar, in: combining)
    }

    /// The primary composite of two scalars, if they have one (Hangul is not asked here).
    func composite(of first: UInt32, _ second: UInt32) -> UInt32? { composites[Self.pair(first, second)] }

    /// Whether the general category is Cc (controls, a set that never changes) or Cf (formats).
    func isControlOrFormat(_ scalar: UInt32) -> Bool {
        scalar < 0x20 || (0x7F..<0xA0).contains(scalar) || Self.value(of: scalar, in: formats) != 0
    }

    private static func value(of scalar: UInt32, in ranges: [Range]) -> UInt8 {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].last < scalar { low = middle + 1 } else { high = middle }
        }
        guard low < ranges.count, ranges[low].first <= scalar else { return 0 }
        return ranges[low].value
    }
}

/// Reads the numbers that the table generator packs: base 32, low digit first, the last digit below 32.
private struct PackedNumbers {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// A `StaticString` that is no single scalar points to bytes that live as long as the program.
    init(_ table: StaticString) {
        bytes = UnsafeBufferPointer(start: table.utf8Start, count: table.utf8CodeUnitCount)
    }

    /// The next number, or `nil` at the end.
    mutating func next() -> UInt32? {
        var number: UInt32 = 0
        var shift: UInt32 = 0
        while position < bytes.count {
            let digit = Self.digit(bytes[position])
            position += 1
            number |= (digit & 31) << shift
            guard digit >= 32 else { return number }
            shift += 5
        }
        return nil
    }

    /// The next number read as a signed difference to `previous`.
    mutating func next(after previous: UInt32) -> UInt32 {
        let number = next() ?? 0
        return number & 1 == 0 ? previous &+ number >> 1 : previous &- (number >> 1 + 1)
    }

    private static func digit(_ byte: UInt8) -> UInt32 {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x61...0x7A: UInt32(byte - 0x61) + 10
        case 0x41...0x5A: UInt32(byte - 0x41) + 36
        case 0x2D: 62
        default: 63
        }
    }
}
