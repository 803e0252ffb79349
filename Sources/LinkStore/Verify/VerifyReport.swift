/// What a full comparison found; nothing is written.
package struct VerifyReport: Sendable {
    /// Records compared, by side.
    package var assets = 0
    package var cis = 0
    /// Stored records that differ from their source, are gone there, or are not stored yet.
    package var sourceDifferences = 0
    /// Records whose stored keys, standing or values are not what the rules make of them.
    package var derivedDifferences = 0
    /// CIs whose stored decision is not the decision made from scratch.
    package var decisionDifferences = 0
    /// Stored figures and relations that contradict each other.
    package var contradictions = 0
    /// The first of each, in words.
    package var examples: [String] = []

    /// Whether everything is as it must be.
    package var isClean: Bool {
        sourceDifferences + derivedDifferences + decisionDifferences + contradictions == 0
    }

    /// Keeps the first fifty.
    mutating func note(_ example: String) { if examples.count < 50 { examples.append(example) } }

    /// Adds what was found elsewhere.
    mutating func add(_ other: VerifyReport) {
        assets += other.assets
        cis += other.cis
        sourceDifferences += other.sourceDifferences
        derivedDifferences += other.derivedDifferences
        decisionDifferences += other.decisionDifferences
        contradictions += other.contradictions
        for example in other.examples { note(example) }
    }
}
