import LinkCore
import LinkStore
package import Postgres

/// What the database says, in the terms in which the model answers; for comparison.
package struct StoredOutcome: Sendable {
    package var ciStates: [RecordKey: CIOutcome] = [:]
    package var assetStates: [RecordKey: AssetOutcome] = [:]
    package var activeLinks: [RecordKey: RecordKey] = [:]
    /// Open conflicts as `kind identity`.
    package var conflicts: Set<String> = []

    package init() {}

    /// Reads the public relations.
    package static func read(_ connection: PostgresConnection) async throws -> StoredOutcome {
        var result = StoredOutcome()
        let states = try await connection.query(
            """
            SELECT ci_source, ci_id, state, reason, asset_source, asset_id, method, rule, entry_priority::integer,
                   ARRAY(SELECT k::text FROM jsonb_array_elements(matched_on) AS k)
            FROM assetlink.ci_state
            """)
        for row in states {
            var columns = Columns(row)
            let key = RecordKey(try columns.text(), try columns.text())
            var outcome = CIOutcome(state: CIState(rawValue: try columns.text()) ?? .orphaned)
            outcome.reason = try columns.textOrNil().flatMap(StateReason.init(rawValue:))
            let source = try columns.textOrNil()
            if let source, let id = try columns.textOrNil() {
                outcome.asset = RecordKey(source, id)
            } else if source == nil {
                columns.skip()
            }
            outcome.method = try columns.textOrNil().flatMap(LinkMethod.init(rawValue:))
            outcome.rule = try columns.textOrNil()
            outcome.entryPriority = try columns.intOrNil()
            let matched = try columns.texts()
            if outcome.rule != nil { outcome.matchedOn = matched.map { [$0] } }
            result.ciStates[key] = outcome
        }
        for row in try await connection.query(
            "SELECT asset_source, asset_id, state, ci_count::integer, lifecycle_phase FROM assetlink.asset_state")
        {
            var columns = Columns(row)
            let key = RecordKey(try columns.text(), try columns.text())
            result.assetStates[key] = AssetOutcome(
                state: AssetState(rawValue: try columns.text()) ?? .unlinked, ciCount: try columns.int(),
                phase: LifecyclePhase(rawValue: try columns.text()) ?? .inUse)
        }
        for row in try await connection.query(
            "SELECT ci_source, ci_id, asset_source, asset_id FROM assetlink.link WHERE status = 'active'")
        {
            var columns = Columns(row)
            let ci = RecordKey(try columns.text(), try columns.text())
            result.activeLinks[ci] = RecordKey(try columns.text(), try columns.text())
        }
        for row in try await connection.query(
            "SELECT kind || ' ' || identity FROM assetlink_internal.conflict WHERE closed_at IS NULL")
        {
            result.conflicts.insert(try row.text(0))
        }
        return result
    }

    /// Where this differs from what the model decides, in words; empty = nowhere.
    package func differences(from model: Outcome) -> [String] {
        var out: [String] = []
        let wanted = model.ciStates.mapValues { outcome in
            var outcome = outcome
            outcome.matchedOn = outcome.matchedOn.map { $0.map { [Self.text($0)] }.sorted { $0[0] < $1[0] } }
            return outcome
        }
        let have = ciStates.mapValues { outcome in
            var outcome = outcome
            outcome.matchedOn = outcome.matchedOn.map {
                $0.map { [Self.nullsAsEmpty($0[0])] }.sorted { $0[0] < $1[0] }
            }
            return outcome
        }
        for key in Set(wanted.keys).union(have.keys).sorted() where wanted[key] != have[key] {
            out.append("CI \(key.source)/\(key.id): model \(describe(wanted[key])), database \(describe(have[key]))")
        }
        for key in Set(model.assetStates.keys).union(assetStates.keys).sorted()
        where model.assetStates[key] != assetStates[key] {
            out.append(
                "asset \(key.source)/\(key.id): model \(model.assetStates[key].map { "\($0)" } ?? "nothing"), "
                    + "database \(assetStates[key].map { "\($0)" } ?? "nothing")")
        }
        for key in Set(model.activeLinks.keys).union(activeLinks.keys).sorted()
        where model.activeLinks[key] != activeLinks[key] {
            out.append("link of \(key.source)/\(key.id)")
        }
        let conflictsWanted = Set(model.conflicts.map(Self.text))
        for name in conflictsWanted.symmetricDifference(conflicts.map(Self.nullsAsEmpty)).sorted() {
            out.append("conflict \(name) is \(conflictsWanted.contains(name) ? "missing" : "too many")")
        }
        return out
    }

    private func describe(_ outcome: CIOutcome?) -> String {
        guard let outcome else { return "nothing" }
        return [
            outcome.state.rawValue, outcome.reason?.rawValue, outcome.asset.map { "\($0.source)/\($0.id)" },
            outcome.method?.rawValue, outcome.rule, outcome.entryPriority.map { String($0) },
            outcome.matchedOn.map { "\($0)" },
        ].compactMap { $0 }.joined(separator: " ")
    }

    /// The model writes a tolerated null as the empty string.
    static func nullsAsEmpty(_ text: String) -> String {
        text.replacing("[null", with: "[\"\"").replacing(", null", with: ", \"\"")
    }

    private static func text(_ key: [String]) -> String { JSONText.array(key.map { JSONText.string($0) }) }

    /// As the engine writes a conflict's identity.
    static func text(_ identity: ConflictIdentity) -> String {
        switch identity {
        case .duplicateAsset(let signature, let key): "duplicate_asset \(signature) [\(text(key))]"
        case .contradictingEvidence(let ci): "contradicting_evidence \(ci.source)/\(ci.id)"
        case .duplicateCI(let asset, let source): "duplicate_ci \(asset.source)/\(asset.id) \(source)"
        case .assetAlreadyLinked(let asset, let source):
            "asset_already_linked \(asset.source)/\(asset.id) \(source)"
        }
    }
}
