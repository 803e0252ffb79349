/// A set of Unicode scalars as sorted ranges that neither touch nor overlap.
struct ScalarSet: Hashable, Sendable {
    private(set) var ranges: [ClosedRange<UInt32>]

    /// The union of the ranges.
    init(_ ranges: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    /// Every scalar.
    static let any = ScalarSet([0...0x10FFFF])
    /// ASCII digits.
    static let digits = ScalarSet([0x30...0x39])
    /// ASCII letters (folded), digits and the underscore.
    static let wordCharacters = ScalarSet([0x30...0x39, 0x5F...0x5F, 0x61...0x7A])
    /// White_Space.
    static let whiteSpace = ScalarSet([
        0x09...0x0D, 0x20...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
        0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
    ])

    /// Every scalar that is not in the set.
    var inverted: ScalarSet {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { gaps.append(next...0x10FFFF) }
        return ScalarSet(gaps)
    }

    /// Whether a scalar is in the set.
    func contains(_ scalar: UInt32) -> Bool {
        ranges.contains { $0.contains(scalar) }
    }

    /// The folded forms of a range's scalars.
    ///
    /// A range too long to go through is taken to hold its own folded forms.
    static func folded(_ range: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
        guard range.count <= 4096 else { return [range] }
        return range.map { fold($0)...fold($0) }
    }

    /// Case folding as patterns use it: the lower-case form where that is one scalar, else the scalar itself.
    static func fold(_ scalar: UInt32) -> UInt32 {
        if scalar < 0x80 { return (0x41...0x5A).contains(scalar) ? scalar + 0x20 : scalar }
        guard let mapping = Unicode.Scalar(scalar)?.properties.lowercaseMapping.unicodeScalars,
            mapping.count == 1, let first = mapping.first
        else { return scalar }
        return first.value
    }
}
