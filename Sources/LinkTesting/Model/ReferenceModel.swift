import LinkCore

/// The oracle: domain.md sections 2 to 7 as the simplest possible code.
///
/// It looks at everything, remembers nothing, and shares no code with the engine but the vocabulary, the canonical forms
/// and the entry's signature. Where it and the engine differ, one of them has misread the page.
package struct ReferenceModel {
    /// All that follows from a world.
    package static func decide(_ world: World) -> Outcome {
        let survey = Survey(world)
        // A claim by a dependent entry depends only on links nearer the root of the asset tree: every pass gets one
        // level more right, and the pass that changes nothing is the answer.
        var known = verdicts(survey, links: [:])
        var settlement = Settlement(survey, known)
        var passes = 0
        while true {
            known.merge(verdicts(survey, links: settlement.links, onlyDependent: true)) { _, new in new }
            let next = Settlement(survey, known)
            let isSettled = next.links == settlement.links
            settlement = next
            if isSettled { break }
            passes += 1
            precondition(passes <= world.assets.count + 1, "a rule has a dependent entry before another one")
        }
        return Report(survey, settlement).outcome
    }

    private static func verdicts(
        _ survey: Survey, links: [RecordKey: RecordKey], onlyDependent: Bool = false
    ) -> [RecordKey: Verdict] {
        var verdicts: [RecordKey: Verdict] = [:]
        for ci in survey.cis.values where !onlyDependent || ci.hasDependentEntry {
            verdicts[ci.key] = Evaluation.verdict(survey, ci, parentLink: ci.parent.flatMap { links[$0] })
        }
        return verdicts
    }
}
