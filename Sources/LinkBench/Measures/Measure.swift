/// One thing that is measured: ours and its baseline in turn, within each round.
protocol Measure: SendableMetatype {
    /// How it is asked for.
    static var name: String { get }
    /// What it does, for `--help`.
    static var summary: String { get }

    /// Takes it; a finding has one value a round.
    static func run(_ bench: Bench) async throws -> [Finding]
}

/// All measures, in the order they are taken in.
enum Measures {
    static let all: [any Measure.Type] = [
        FirstLink.self, Drain.self, Verify.self, Lists.self, Export.self, Latency.self, Reader.self, RoundTrips.self,
        Cost.self, Writers.self, Synchronous.self, Profile.self, SharedValue.self, Flip.self, Memory.self,
        Activation.self,
    ]

    /// Their names.
    static var names: [String] {
        var names: [String] = []
        for measure in all { names.append(measure.name) }
        return names
    }

    /// One line each.
    static var help: String {
        var lines: [String] = []
        for measure in all { lines.append("  \(measure.name): \(measure.summary)") }
        return lines.joined(separator: "\n")
    }
}
