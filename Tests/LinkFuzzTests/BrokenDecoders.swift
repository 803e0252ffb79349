import LinkTesting

/// Decoders with the faults that the fuzzer is there to find.
enum BrokenDecoders {
    static let all = [trusting, forgetful, endless]

    /// Believes the length that it is told: reads beyond the end, and traps.
    static let trusting = FuzzTarget("broken-trusting") { bytes in
        guard bytes.count >= 2, bytes[0] == UInt8(ascii: "L") else { return "no list" }
        let sum = (0..<Int(bytes[1])).reduce(0) { $0 + Int(bytes[2 + $1]) }
        return sum > 0 ? "a list" : "a list of nothing"
    }

    /// Loses an escape on the way back: what it reads of its own writing is another text.
    static let forgetful = FuzzTarget("broken-forgetful") { bytes in
        let (escape, feed, letter) = (UInt8(ascii: "\\"), UInt8(ascii: "\n"), UInt8(ascii: "n"))
        let written = bytes.replacing([escape], with: [escape, escape]).replacing([feed], with: [escape, letter])
        let read = written.replacing([escape, letter], with: [feed]).replacing([escape, escape], with: [escape])
        try FuzzFinding.unless(read == bytes, "the round trip changes the text")
        return "same"
    }

    /// Never comes back from a name that refers back to what stands before it.
    static let endless = FuzzTarget("broken-endless", limit: 2) { bytes in
        var at = 0
        while at < bytes.count { at = bytes[at] < 0x80 ? at + 1 : max(0, at - Int(bytes[at] & 0x7F)) }
        return "a name"
    }
}
