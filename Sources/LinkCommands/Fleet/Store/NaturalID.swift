import SampleFleet

/// The number of a record in the reference schemas, made of its natural id: the same record at every load.
///
/// Far above the numbers that the tables count up by themselves.
enum NaturalID {
    /// `m-0000123` of a sample fleet is 1000000123; anything else is spread over the numbers of sixteen digits.
    static func number(_ key: String) -> Int64 {
        if key.hasPrefix("m-"), let digits = Int64(key.dropFirst(2)), (0..<1_000_000_000).contains(digits) {
            return 1_000_000_000 + digits
        }
        var dice = SplitMix64(seed: 0, salt: key)
        let first: UInt64 = 1_000_000_000_000_000
        return Int64(first + dice.next() % (9 * first))
    }
}
