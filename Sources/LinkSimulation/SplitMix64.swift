/// Sebastiano Vigna's SplitMix64: the same seed gives the same run on every machine.
///
/// Not a `RandomNumberGenerator`: a simulation takes several numbers a step, and a debug build should not spend its time
/// in generic code.
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, the bound.
    mutating func below(_ bound: Int) -> Int { Int(next() >> 1) % bound }
    /// True this often in a hundred.
    mutating func percent(_ chance: Int) -> Bool { below(100) < chance }
    /// True with this probability.
    mutating func chance(_ probability: Double) -> Bool { below(1_000_000) < Int(probability * 1_000_000) }
}
