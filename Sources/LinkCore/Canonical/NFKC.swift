/// Normalization form KC of Unicode (UAX #15): compatibility decomposition, canonical order, composition.
package enum NFKC {
    /// The normal form.
    ///
    /// Time grows with the length only (times its logarithm for a run of combining marks).
    package static func normalize(_ scalars: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
        let data = UnicodeData.shared
        var decomposed: [UInt32] = []
        for scalar in scalars { decompose(scalar.value, into: &decomposed, data) }
        var classes = decomposed.map(data.combiningClass(of:))
        order(&decomposed, &classes)
        return compose(decomposed, classes, data).compactMap(Unicode.Scalar.init)
    }

    /// The normal form of a string.
    package static func normalize(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        result.append(contentsOf: normalize(text.unicodeScalars))
        return String(result)
    }

    private static func decompose(_ scalar: UInt32, into result: inout [UInt32], _ data: UnicodeData) {
        if Hangul.syllables.contains(scalar) {
            let index = scalar - Hangul.syllables.lowerBound
            result.append(Hangul.leading + index / (Hangul.vowels * Hangul.trails))
            result.append(Hangul.vowel + index / Hangul.trails % Hangul.vowels)
            if index % Hangul.trails != 0 { result.append(Hangul.trail + index % Hangul.trails) }
        } else if let parts = data.decomposition(of: scalar) {
            result.append(contentsOf: parts)
        } else {
            result.append(scalar)
        }
    }

    /// Sorts each run of combining marks by class; equal classes keep their order.
    private static func order(_ scalars: inout [UInt32], _ classes: inout [UInt8]) {
        var start = 0
        while start < scalars.count {
            guard classes[start] != 0 else {
                start += 1
                continue
            }
            var end = start + 1
            while end < scalars.count, classes[end] != 0 { end += 1 }
            if end - start > 1 {
                let sorted = (start..<end).sorted { (classes[$0], $0) < (classes[$1], $1) }
                let run = sorted.map { (scalars[$0], classes[$0]) }
                for (offset, mark) in run.enumerated() { (scalars[start + offset], classes[start + offset]) = mark }
            }
            start = end
        }
    }

    private static func compose(_ scalars: [UInt32], _ classes: [UInt8], _ data: UnicodeData) -> [UInt32] {
        var result: [UInt32] = []
        result.reserveCapacity(scalars.count)
        var starter: Int?
        var lastClass = -1  // of what stands between the starter and here; -1 = nothing
        for (scalar, combiningClass) in zip(scalars, classes) {
            if let starter, lastClass < Int(combiningClass),
                let composite = composite(of: result[starter], scalar, data)
            {
                result[starter] = composite
                continue
            }
            if combiningClass == 0 {
                starter = result.count
                lastClass = -1
            } else {
                lastClass = Int(combiningClass)
            }
            result.append(scalar)
        }
        return result
    }

    private static func composite(of first: UInt32, _ second: UInt32, _ data: UnicodeData) -> UInt32? {
        if Hangul.leadings.contains(first), Hangul.vowelRange.contains(second) {
            let index = (first - Hangul.leading) * Hangul.vowels + second - Hangul.vowel
            return Hangul.syllables.lowerBound + index * Hangul.trails
        }
        if Hangul.syllables.contains(first), (first - Hangul.syllables.lowerBound) % Hangul.trails == 0,
            Hangul.trailRange.contains(second)
        {
            return first + second - Hangul.trail
        }
        return data.composite(of: first, second)
    }

    /// The arithmetic of Hangul syllables (The Unicode Standard, section 3.12).
    private enum Hangul {
        static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
        static let leading: UInt32 = 0x1100
        static let leadings: Range<UInt32> = 0x1100..<0x1113
        static let vowel: UInt32 = 0x1161
        static let vowelRange: Range<UInt32> = 0x1161..<0x1176
        /// One before the first trailing consonant: "no trailing consonant" has index 0.
        static let trail: UInt32 = 0x11A7
        static let trailRange: Range<UInt32> = 0x11A8..<0x11C3
        static let vowels: UInt32 = 21
        static let trails: UInt32 = 28
    }
}
