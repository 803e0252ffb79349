import Glibc
import LinkTesting
import Testing

/// Every decoder of bytes from outside, over its corpus and what is made of it.
///
/// `deploy/fuzz` runs the same for as long as asked.
@Suite struct FuzzTests {
    /// What the environment asks for.
    private static func setting(_ name: String) -> String? {
        getenv("ASSETLINK_FUZZ_\(name)").map { String(cString: $0) }
    }

    /// The decoders to try: all, or one.
    static var names: [String] {
        let only = setting("ONLY")
        return FuzzTargets.all.map(\.name).filter { only == nil || $0 == only }
    }

    @Test(arguments: names) func standsEveryInput(name: String) async throws {
        let target = try FuzzTargets.named(name)
        let seed = Self.setting("SEED").flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
        var fuzzing = Fuzzing(
            target: target, seed: seed, seconds: Self.setting("SECONDS").flatMap { Double($0) } ?? 2)
        if target.needsDatabase { fuzzing.database = try await migratedDatabase() }
        print("fuzz \(name): seed \(seed)")
        let (found, words) = try await fuzzing.run(corpus: Corpus.inputs(name))
        print("fuzz \(name): \(words)")
        #expect(found == nil, "\(found.map { "\($0)" } ?? "")")
    }

    @Test func everyDecoderHasACorpus() throws {
        #expect(try Corpus.names() == FuzzTargets.all.map(\.name).sorted())
        for target in FuzzTargets.all {
            #expect(try !Corpus.inputs(target.name).isEmpty, "\(target.name)")
        }
    }
}
