/// A small generator with a seed: the same seed gives the same fleet on every machine and in every release.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence of a seed.
    package init(seed: UInt64) { state = seed }

    /// Starts a sequence of its own for a text, so that one record's dice do not depend on the records before it.
    package init(seed: UInt64, salt: String) {
        // FNV-1a: stable between runs, unlike `Hasher`.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in salt.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        state = seed ^ hash
    }

    /// The next 64 bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension SplitMix64 {
    /// A number of a range; not the standard library's, whose algorithm may change.
    mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    /// True with a probability in percent, to two decimals.
    mutating func chance(percent: Double) -> Bool { Double(next() % 10_000) < percent * 100 }

    /// One of a list that is not empty.
    mutating func pick<Element>(_ list: [Element]) -> Element { list[number(0...list.count - 1)] }

    /// One of a list by weight.
    mutating func weighted<Element>(_ list: [(Element, Int)]) -> Element {
        var rest = number(0...list.reduce(0) { $0 + $1.1 } - 1)
        for (element, weight) in list {
            if rest < weight { return element }
            rest -= weight
        }
        return list[list.count - 1].0
    }

    /// Fills a pattern: `#` a digit, `@` a letter, `*` either, `%` a hexadecimal digit; anything else as it is.
    ///
    /// Letters leave out I and O, as makers do; the first of `*` may be any.
    mutating func fill(_ pattern: String) -> String {
        let letters = Array("ABCDEFGHJKLMNPQRSTUVWXYZ")
        let digits = Array("0123456789")
        var text = ""
        for character in pattern {
            switch character {
            case "#": text.append(pick(digits))
            case "@": text.append(pick(letters))
            case "*": text.append(chance(percent: 45) ? pick(digits) : pick(letters))
            case "%": text.append(pick(Array("0123456789abcdef")))
            default: text.append(character)
            }
        }
        return text
    }
}
