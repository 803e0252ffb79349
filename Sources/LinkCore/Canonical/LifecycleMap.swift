/// What the raw life-cycle states of the sources mean (the domain rules, section 2).
///
/// A raw state is compared trimmed and case-insensitively; white space around `/` does not count, and neither does an
/// empty part, so `Retired / ` is `retired`. `state/substate` stands for itself: when only `state` is mapped, it is
/// unmapped, because a substate may take back what the state says, and the rules have no such step.
package struct LifecycleMap: Sendable {
    /// Rows whose meaning is none of their side's; they map nothing.
    package private(set) var invalid: [LifecycleMapping] = []

    private struct Key: Hashable {
        var source: String?
        var state: String
    }

    private var phases: [Key: LifecyclePhase] = [:]
    private var retirements: [Key: Bool] = [:]

    /// Prepares the rows.
    ///
    /// Where two rows say different things of one state, the first by meaning holds.
    package init(_ rows: [LifecycleMapping]) {
        for row in rows.sorted(by: { ($0.meaning, $0.rawState) < ($1.meaning, $1.rawState) }) {
            let key = Key(source: row.source, state: Self.normal(row.rawState))
            switch (row.side, LifecyclePhase(rawValue: row.meaning), row.meaning) {
            case (.asset, let phase?, _): phases[key] = phases[key] ?? phase
            case (.ci, _, "active"): retirements[key] = retirements[key] ?? false
            case (.ci, _, "retired"): retirements[key] = retirements[key] ?? true
            default: invalid.append(row)
            }
        }
    }

    /// The phase of an asset.
    ///
    /// Empty is `in_use`; an unmapped state is taken as `in_use`, and is to be shown.
    package func phase(rawState: String?, source: String) -> (phase: LifecyclePhase, isMapped: Bool) {
        let state = Self.normal(rawState ?? "")
        if state.isEmpty { return (.inUse, true) }
        let phase = Self.meaning(of: state, source, in: phases)
        return (phase ?? .inUse, phase != nil)
    }

    /// Whether a CI is retired.
    ///
    /// Empty is active; an unmapped state is taken as active, and is to be shown.
    package func ciRetired(rawState: String?, source: String) -> (retired: Bool, isMapped: Bool) {
        let state = Self.normal(rawState ?? "")
        if state.isEmpty { return (false, true) }
        let isRetired = Self.meaning(of: state, source, in: retirements)
        return (isRetired ?? false, isRetired != nil)
    }

    /// A row for the source beats a row for any.
    private static func meaning<Meaning>(of state: String, _ source: String, in table: [Key: Meaning]) -> Meaning? {
        table[Key(source: source, state: state)] ?? table[Key(source: nil, state: state)]
    }

    private static func normal(_ rawState: String) -> String {
        let state = WhiteSpace.trimmed(rawState).lowercased()
        guard state.utf8.contains(0x2F) else { return state }
        let parts = state.unicodeScalars.split(separator: "/").map { WhiteSpace.trimmed(String($0)) }
        return parts.filter { !$0.isEmpty }.joined(separator: "/")
    }
}
