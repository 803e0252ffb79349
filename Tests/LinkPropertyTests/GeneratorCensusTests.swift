import LinkCore
import LinkTesting
import Testing

/// A generator that never makes something proves nothing about it: everything there is must occur.
@Suite struct GeneratorCensusTests {
    @Test func everythingOccurs() {
        var census = Census()
        var missing = Self.wanted
        // What is rare takes more scripts than the rest, but not any number of them.
        for seed in UInt64(1)...240 where !missing.isEmpty {
            census.take(ScriptGenerator.script(seed: seed, size: 24, steps: 70))
            missing.removeAll { census.counts[$0] != nil }
        }
        #expect(missing.isEmpty, "in 240 scripts there is none of: \(missing.joined(separator: ", "))")
    }

    private static var wanted: [String] {
        var wanted = ["linked", "orphaned", "conflicted", "excluded"].map { "state \($0)" }
        wanted += StateReason.allCases.map { "reason \($0.rawValue)" }
        wanted += [.duplicateAsset, .contradictingEvidence, .duplicateCI, .assetAlreadyLinked].map {
            (kind: StateReason) in "conflict \(kind.rawValue)"
        }
        wanted += LinkMethod.allCases.map { "method \($0.rawValue)" }
        wanted += AssetState.allCases.map { "asset \($0.rawValue)" }
        wanted += LifecyclePhase.allCases.map { "phase \($0.rawValue)" }
        wanted += ["opened", "kept", "evidence", "restored", "superseded"].map { "link \($0)" }
        wanted += [.inConflict, .assetDecommissioned, .assetDeleted].flatMap { (reason: ModelLink.Reason) in
            ["link stale \(reason.rawValue)", "link stale still \(reason.rawValue)"]
        }
        wanted += ModelLink.Reason.allCases.filter { $0 != .inConflict && $0 != .superseded }
            .map { "link closed \($0.rawValue)" }
        wanted += RuleEdit.allCases.map { "rules \($0.rawValue)" }
        wanted += [
            "asset comes back", "CI comes back", "CI changes class", "CI changes parent", "asset_cycle", "ci_cycle",
            "pin_disagrees", "inherited asset", "composite with several CIs",
        ]
        wanted += ["itam", "lab", "cmdb", "edge"].map { "table \($0)" } + Script.ciSources.map { "removing \($0)" }
        wanted += [
            "write", "hold", "commit", "rollback", "prepare", "batches", "during", "stumble", "kill", "lose", "restart",
            "unseen", "rotate", "check",
        ].map { "step \($0)" }
        wanted += [
            "asset", "delete-asset", "forget-asset", "ci", "delete-ci", "pin", "pin-until", "unpin", "block",
            "block-until", "unblock", "expire", "composite", "single", "trust", "distrust", "requeue", "close-stale",
            "retire-stale", "rules", "truncate", "detach", "drop", "attach", "resync",
        ].map { "change \($0)" }
        for (rule, ranks) in [
            ("hardware", [10, 20, 30, 40, 50]), ("appliance", [5, 15, 20, 25, 35]), ("strict_server", [10, 12, 30]),
            ("card", [10, 20, 30, 40, 50]), ("stack_member", [10, 20]), ("module", [10, 20]), ("cloud_instance", [10]),
        ] {
            wanted += ranks.map { "entry \(rule) \($0)" }
        }
        return wanted
    }
}
