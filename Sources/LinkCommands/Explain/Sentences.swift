/// The plain sentences of `explain`.
enum Sentences {
    /// What the CI is and why.
    static func summary(_ ci: CIFacts, _ entries: [EntryFacts], pinnedBy: String?) -> [String] {
        let name = ci.name.map { " \"\($0)\"" } ?? ""
        let kind = ci.ciClass.map { $0.isEmpty ? " without a class" : " of class \($0)" } ?? " without a class"
        let reason = ci.reason.map { " (\($0))" } ?? ""
        return ["CI \(ci.label)\(name)\(kind) is \(ci.state) since \(ci.since)\(reason)."] + why(ci, entries, pinnedBy)
    }

    /// Which rule is in force and why that one.
    static func rule(_ ci: CIFacts) -> String {
        var text = ""
        if !ci.isKnownClass {
            let name = ci.ciClass ?? ""
            text = name.isEmpty ? "It has no class" : "Its class \(name) is not in assetlink.ci_class"
            text += ", so it counts as \(ci.knownClass). "
        }
        guard let ruleClass = ci.ruleClass else {
            return text + "No class above \(ci.knownClass) has a rule, so it is excluded."
        }
        let origin =
            ruleClass == ci.knownClass
            ? "The rule is that of its class \(ruleClass)"
            : "The rule is that of class \(ruleClass), as \(ci.knownClass) has none of its own"
        return text + origin + (ci.isExcludedClass ? ": none, such CIs are never linked by themselves." : ".")
    }

    /// One sentence per value that was not used.
    static func suppressions(_ entries: [EntryFacts]) -> [String] {
        var seen: Set<String> = []
        return entries.compactMap { entry in
            guard let reason = entry.suppressedBy, reason != "empty", let raw = entry.raw else { return nil }
            let explanation =
                switch reason {
                case "malformed": "cannot be read as a \(entry.kind ?? "value")"
                case "suspect": "is held by too many records to tell them apart (assetlink.suspect_identifier)"
                default: "is \(reason)" + (entry.placeholder.map { " (\($0))" } ?? "")
                }
            let sentence = "\(entry.kind ?? entry.reads) \"\(raw)\" \(explanation); it was not used."
            return seen.insert(sentence).inserted ? sentence : nil
        }
    }

    private static func why(_ ci: CIFacts, _ entries: [EntryFacts], _ pinnedBy: String?) -> [String] {
        let decisive = entries.first {
            ["several assets", "contradicted", "several CIs", "asset already linked"].contains($0.outcome)
        }
        let entry = decisive.map { "Entry \($0.priority) (\($0.reads))" } ?? "An entry of its rule"
        switch (ci.state, ci.reason) {
        case ("linked", _):
            guard let asset = ci.asset else { return [] }
            if ci.method == "manual" {
                return ["Its asset is \(asset), by a pin\(pinnedBy.map { " of \($0)" } ?? "")."]
            }
            let priority = ci.priority.map { "entry \($0) of rule \(ci.rule ?? "?")" } ?? "its rule"
            return ["Its asset is \(asset), found by \(priority)\(ci.matchedOn.map { " on \($0)" } ?? "")."]
        case ("excluded", "ci_retired"): return ["It is retired in its source, so it needs no asset."]
        case ("excluded", _):
            let inherited =
                ci.inheritedAsset.map { " It runs on asset \($0), that of its nearest linked ancestor." } ?? ""
            return ["CIs of its class are no hardware of their own and are never linked.\(inherited)"]
        case (_, "duplicate_asset"): return ["\(entry) finds several assets, and nothing says which is right."]
        case (_, "contradicting_evidence"):
            return ["\(entry) finds one asset, but a stronger identifier of the CI and that asset differ."]
        case (_, "duplicate_ci"): return ["\(entry) finds an asset that another CI claims at least as strongly."]
        case (_, "asset_already_linked"): return ["\(entry) finds an asset that an operator has pinned to another CI."]
        case (_, let reason): return reason.flatMap { orphaned[$0] }.map { [$0] } ?? []
        }
    }

    private static let orphaned = [
        "incomplete": "An attribute that its rule requires is empty.",
        "blocked_by_operator": "Every asset that it matches is blocked for it by an operator.",
        "asset_decommissioned": "It matches an asset that was retired or disposed of, and no other.",
        "asset_deleted": "It matches an asset that was deleted, and no other.",
        "no_matching_asset": "It has identifiers, but no asset has any of them.",
        "parent_cycle": "It would be found by its place in its parent, but its parents form a ring.",
        "parent_not_linked": "It would be found by its place in its parent, but that has no link.",
        "suspect_identifier": "Its identifiers are held by too many records to tell them apart.",
        "placeholder_identifier": "What it has for identifiers are placeholders or unreadable.",
        "no_identifier": "It has no value that its rule reads.",
    ]
}
