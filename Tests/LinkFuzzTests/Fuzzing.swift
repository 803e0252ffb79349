import Glibc
import LinkTesting
import Testing

/// Looks for inputs that a decoder cannot stand, each time in a process of its own.
struct Fuzzing {
    /// An input that failed.
    struct Found: Sendable, CustomStringConvertible {
        var target: String
        var seed: UInt64
        /// As small as it could be made.
        var input: [UInt8]
        /// What does not hold; nil where the process died of it.
        var reason: String?

        var description: String {
            """
            \(target) cannot stand an input of \(input.count) bytes: \
            \(reason ?? "the process died of it (a trap, no end, or too much memory)")
                as text: \(String(decoding: input, as: UTF8.self).debugDescription)
                as hex:  \(Corpus.hex(input))
            Found with: deploy/fuzz --only \(target) --seed \(seed)
            When it is mended, keep the input: echo \(Corpus.hex(input)) >Tests/LinkFuzzTests/Corpus/\(target)/NAME.hex
            """
        }
    }

    var target: FuzzTarget
    var seed: UInt64
    var seconds: Double
    var database = ""

    /// Tries the corpus and what is made of it.
    ///
    /// - Returns: what failed, or nil; and what the process said of its work.
    func run(corpus: [[UInt8]]) async throws -> (found: Found?, words: String) {
        let scratch = try FuzzScratch()
        defer { scratch.remove() }
        let order = FuzzOrder(
            target: target.name, work: .search(seconds: seconds), seed: seed, corpus: corpus, database: database,
            scratch: scratch)
        if await Self.survives(order) { return (nil, words(scratch) ?? "") }
        guard let input = scratch.read(.input) else {
            throw FuzzFinding("\(target.name): \(words(scratch) ?? "the process died before the first input")")
        }
        let reason = words(scratch)
        scratch.clear(.outcome)
        let small = await shrink(input, order)
        return (Found(target: target.name, seed: seed, input: small.input, reason: small.reason ?? reason), "")
    }

    /// Makes a failing input smaller; the process that tries may die of each step, and is started again from there.
    private func shrink(_ input: [UInt8], _ order: FuzzOrder) async -> (input: [UInt8], reason: String?) {
        var order = order
        var best = input
        var reason: String?
        let end = ContinuousClock.now + .seconds(60)
        order.scratch.write(best, to: .best)
        // The first order tries the input less nothing: a death there is one of the input itself.
        while ContinuousClock.now < end {
            order.work = .shrink(best)
            let isOver = await Self.survives(order)
            reason = isOver ? words(order.scratch) ?? reason : nil
            let next = (isOver ? order.scratch.read(.best) : order.scratch.read(.input)) ?? best
            let isSmaller = next.count < best.count || (next.count == best.count && next != best)
            if isSmaller { best = next }
            if isOver || !isSmaller { break }
        }
        return (best, reason)
    }

    private func words(_ scratch: FuzzScratch) -> String? {
        scratch.read(.outcome).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Carries out an order in another process; false where that died, or found something.
    private static func survives(_ order: FuzzOrder) async -> Bool {
        // Its stack tells nothing that the input does not, and takes seconds to print.
        setenv("SWIFT_BACKTRACE", "enable=no", 1)
        var survived = false
        // The death of the process is what is asked here, not yet a failure of this test.
        await withKnownIssue("the process may die", isIntermittent: true) {
            let result = await #expect(processExitsWith: .success) { [order] in
                // What was found stands in the scratch files.
                exit(await order.perform(try FuzzTargets.named(order.target)) ? EXIT_SUCCESS : EXIT_FAILURE)
            }
            survived = result != nil
        }
        return survived
    }
}
