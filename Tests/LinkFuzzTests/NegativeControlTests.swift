import LinkTesting
import Testing

/// The fuzzer finds the faults that it is there for: a check that cannot fail is no check.
@Suite struct FuzzNegativeControlTests {
    /// Looks for the fault from an input without it.
    private func find(_ target: FuzzTarget, from input: String) async throws -> Fuzzing.Found {
        let fuzzing = Fuzzing(target: target, seed: 1, seconds: 20)
        let (found, words) = try await fuzzing.run(corpus: [Array(input.utf8)])
        return try #require(found, "it was not found: \(words)")
    }

    @Test func aTrapIsFoundAndItsInputTold() async throws {
        let found = try await find(BrokenDecoders.trusting, from: "L\u{1}x")
        #expect(found.reason == nil)
        // The smallest such input: a list of something in two bytes, the second plain.
        #expect(found.input == Array("La".utf8))
        #expect("\(found)".contains("deploy/fuzz --only broken-trusting --seed 1"))
    }

    @Test func aBrokenRoundTripIsFound() async throws {
        let found = try await find(BrokenDecoders.forgetful, from: "a\\b\nc")
        #expect(found.reason == "the round trip changes the text")
        #expect(found.input == Array("\\n".utf8))
    }

    @Test func whatNeverEndsIsFound() async throws {
        let found = try await find(BrokenDecoders.endless, from: "\u{3}abc")
        #expect(found.reason == nil)
        #expect(found.input.count == 1)
    }
}
