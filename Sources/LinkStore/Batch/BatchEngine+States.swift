import LinkCore
import Postgres

/// A CI as the decision sees it: its record, its stored decision, and what its open link's pair looks like.
///
/// A class, because decisions are copied about with what they were made of.
final class CIFacts {
    let ref: CIRef
    let name: CIName
    let isDeleted: Bool
    let stored: StoredDecision?
    let pin: PinState?
    let hasBlocks: Bool
    let parent: CIRef?
    let parentAsset: String?
    /// `nil` too once an operator has closed it.
    var link: LinkState?

    /// Decodes a row of ``BatchEngine/ciStates(_:)``.
    init(_ columns: inout Columns) throws(PostgresError) {
        ref = try columns.int8()
        name = CIName(source: try columns.int4(), id: try columns.text())
        isDeleted = try columns.bool()
        let state = try columns.textOrNil().flatMap(CIState.init(rawValue:))
        let reason = try columns.textOrNil().flatMap(StateReason.init(rawValue:))
        let claim = try columns.int8OrNil()
        let rank = try columns.intOrNil()
        let isManual = try columns.boolOrNil() ?? false
        let candidate = try columns.int8OrNil()
        let rule = try columns.textOrNil()
        let priority = try columns.intOrNil()
        let space = try columns.int4OrNil()
        let matchedOn = try columns.textOrNil()
        let conflict = try columns.int8OrNil()
        stored = state.map {
            StoredDecision(
                state: $0, reason: reason, claim: claim, rank: rank, isManual: isManual, candidate: candidate,
                rule: rule, priority: priority, space: space, matchedOn: matchedOn, conflict: conflict)
        }
        let hasPin = try columns.bool()
        let pinned = try columns.int8OrNil()
        let pinStanding = try columns.intOrNil()
        let pinActor = try columns.textOrNil()
        pin = hasPin ? PinState(asset: pinned, isEligible: pinStanding == 0, actor: pinActor ?? "?") : nil
        hasBlocks = try columns.bool()
        parent = try columns.int8OrNil()
        parentAsset = try columns.textOrNil()
        link = try LinkState(&columns)
    }
}

/// A pin in force and its asset.
struct PinState {
    var asset: AssetRef?
    var isEligible: Bool
    var actor: String
}

/// The open link of a CI with what section 7 reads about its pair.
struct LinkState {
    var id: Int64
    var asset: AssetRef
    var assetName: AssetName
    var standing: Standing
    var stale: StaleReason?
    var isManual: Bool
    var isBlocked: Bool
    /// How the newest ended pin of the pair ended.
    var endedPin: String?

    /// Decodes the last columns of ``BatchEngine/ciStates(_:)``; `nil` without an open link.
    init?(_ columns: inout Columns) throws(PostgresError) {
        let id = try columns.int8OrNil()
        let asset = try columns.int8OrNil()
        let source = try columns.int4OrNil()
        let key = try columns.textOrNil()
        let standing = try columns.intOrNil().flatMap(Standing.init(rawValue:))
        let status = try columns.textOrNil()
        let reason = try columns.textOrNil().flatMap(StaleReason.init(rawValue:))
        isManual = try columns.boolOrNil() ?? false
        isBlocked = try columns.bool()
        endedPin = try columns.textOrNil()
        guard let id, let asset, let source, let key, let standing else { return nil }
        self.id = id
        self.asset = asset
        assetName = AssetName(source: source, id: key)
        self.standing = standing
        stale = status == "stale" ? reason ?? .inConflict : nil
    }
}

/// A row of `ci_decision`.
struct StoredDecision: Equatable {
    var state: CIState
    var reason: StateReason?
    var claim: AssetRef?
    var rank: Int?
    var isManual: Bool
    var candidate: AssetRef?
    var rule: String?
    var priority: Int?
    var space: Int32?
    var matchedOn: String?
    var conflict: Int64?
}

/// The record of a CI that is decided, as stored, and which of its values are suspect.
struct StoredCIRecord {
    var row: CIRow
    var suspects: Set<KindValue>
}

extension BatchEngine {
    /// What deciding and linking CIs needs to know beside their records.
    func ciStates(_ refs: [CIRef], _ batch: Batch) async throws -> [CIFacts] {
        guard !refs.isEmpty else { return [] }
        return try await flush(statesStatement(refs, batch)).map { row throws(PostgresError) in
            var columns = Columns(row)
            return try CIFacts(&columns)
        }
    }

    /// The same with the records of those that the batch has not read itself; what was read ahead is used up.
    func ciStatesAndRecords(
        _ refs: [CIRef], _ batch: inout Batch
    ) async throws -> (facts: [CIFacts], records: [CIRef: StoredCIRecord]) {
        let rest = refs.filter { batch.hood.facts[$0] == nil }
        if !rest.isEmpty {
            let missing = unread(rest, batch)
            let records = missing.isEmpty ? [] : [recordsStatement(missing)]
            let rows = try await flush([statesStatement(rest, batch)] + records)
            try noteStates(rows[0], &batch)
            if !missing.isEmpty { try noteRecords(rows[1], &batch) }
        }
        let facts = refs.compactMap { batch.hood.facts.removeValue(forKey: $0) }
        let records = batch.hood.records
        batch.hood.records = [:]
        return (facts, records)
    }

    /// Those whose record has to be read: what the batch has read itself was read with the same rules and verdicts.
    func unread(_ refs: [CIRef], _ batch: Batch) -> [CIRef] { refs.filter { batch.cis[$0] == nil } }

    func noteStates(_ rows: Rows, _ batch: inout Batch) throws {
        for row in rows {
            var columns = Columns(row)
            let facts = try CIFacts(&columns)
            batch.hood.facts[facts.ref] = facts
        }
    }

    func noteRecords(_ rows: Rows, _ batch: inout Batch) throws {
        for row in rows {
            var columns = Columns(row)
            let ref = try columns.int8()
            let key = try columns.text()
            let record = try reader.ci(&columns, key: key)
            let suspects = Set(try columns.texts().compactMap { KindValue(stored: $0) })
            batch.hood.records[ref] = StoredCIRecord(row: record, suspects: suspects)
        }
    }

    func recordsStatement(_ refs: [CIRef]) -> Statement {
        Statement(
            """
            SELECT b.ci_ref, b.key, \(reader.storedCIList), \(Self.suspects(of: "ci"))
            FROM unnest($1::bigint[]) AS k (ref)
            CROSS JOIN LATERAL (SELECT * FROM assetlink_internal.ci WHERE ci_ref = k.ref OFFSET 0) AS b
            """, [.refs(refs)])
    }

    /// Which values of record `b` are suspect, as `kind:value`.
    ///
    /// - Parameter side: `asset` or `ci`.
    static func suspects(of side: String) -> String {
        """
        ARRAY(SELECT s.kind || ':' || s.value
              FROM assetlink_internal.\(side)_value AS v
              JOIN assetlink_internal.suspect_value AS s ON s.kind = v.kind AND s.value = v.value
              WHERE v.\(side)_ref = b.\(side)_ref)
        """
    }

    /// While no pin and no block is in force, nobody's are looked for.
    ///
    /// Columns that nobody asks for are not read: of a statement for one row most of the time goes into setting it up.
    func statesStatement(_ refs: [CIRef], _ batch: Batch) -> Statement {
        Statement(batch.hasPairs ? Self.statesWithPairs : Self.statesWithoutPairs, [.refs(refs)])
    }

    private static let statesWithPairs = states(
        pin: "pin.act_id IS NOT NULL, pa.asset_ref, pa.standing, pin.actor",
        isBlocked: { also in
            """
            EXISTS (SELECT FROM assetlink_internal.pair_in_force AS p
                    WHERE p.kind = 'block' AND p.ci_source_id = b.source_id AND p.ci_id = b.key\(also))
            """
        },
        pins: """
            LEFT JOIN LATERAL (
                SELECT p.act_id, p.asset_source_id, p.asset_id,
                       coalesce(t.given_name || ' (' || t.decided_by || ')', t.decided_by) AS actor
                FROM assetlink_internal.pair_in_force AS p
                JOIN assetlink_internal.act AS t USING (act_id)
                WHERE p.kind = 'pin' AND p.ci_source_id = b.source_id AND p.ci_id = b.key
                OFFSET 0
            ) AS pin ON true
            LEFT JOIN LATERAL (
                SELECT asset_ref, standing FROM assetlink_internal.asset
                WHERE source_id = pin.asset_source_id AND key = pin.asset_id OFFSET 0
            ) AS pa ON true
            """)

    private static let statesWithoutPairs = states(
        pin: "false, NULL::bigint, NULL::integer, NULL::text", isBlocked: { _ in "false" }, pins: "")

    private static func states(pin: String, isBlocked: (String) -> String, pins: String) -> String {
        """
        SELECT b.ci_ref, b.source_id, b.key, b.deleted_at IS NOT NULL,
               d.state, d.reason, d.claim_asset, d.claim_rank, d.claim_manual, d.candidate_asset, d.rule,
               d.entry_priority, d.entry_space, d.matched_on::text, d.conflict_id,
               \(pin), \(isBlocked("")),
               parent.ci_ref, parent.asset,
               d.link_id, la.asset_ref, la.source_id, la.key, la.standing, d.link_status, d.link_reason,
               d.link_manual, \(isBlocked(" AND p.asset_source_id = la.source_id AND p.asset_id = la.key")),
               CASE WHEN d.link_manual THEN (
                   SELECT e.reason
                   FROM assetlink_internal.act AS t
                   JOIN assetlink_internal.act_end AS e USING (act_id)
                   WHERE t.kind = 'pin' AND t.ci_source_id = b.source_id AND t.ci_id = b.key
                       AND t.asset_source_id = la.source_id AND t.asset_id = la.key
                       AND NOT EXISTS (SELECT FROM assetlink_internal.pair_in_force AS p
                           WHERE p.kind = 'pin' AND p.ci_source_id = b.source_id AND p.ci_id = b.key
                               AND p.asset_source_id = la.source_id AND p.asset_id = la.key)
                   ORDER BY t.act_id DESC LIMIT 1) END
        FROM unnest($1::bigint[]) AS k (ref)
        CROSS JOIN LATERAL (
            SELECT ci_ref, source_id, key, deleted_at, parent_ci_id
            FROM assetlink_internal.ci WHERE ci_ref = k.ref OFFSET 0
        ) AS b
        LEFT JOIN LATERAL (
            SELECT state, reason, claim_asset, claim_rank, claim_manual, candidate_asset, rule, entry_priority, entry_space,
                   matched_on, conflict_id, link_id, link_asset, link_status, link_reason, link_manual
            FROM assetlink_internal.ci_decision WHERE ci_ref = k.ref OFFSET 0
        ) AS d ON true
        LEFT JOIN LATERAL (
            SELECT asset_ref, source_id, key, standing
            FROM assetlink_internal.asset WHERE asset_ref = d.link_asset OFFSET 0
        ) AS la ON true
        \(pins)
        LEFT JOIN LATERAL (
            SELECT p.ci_ref, CASE WHEN pd.state = 'linked' THEN (
                SELECT s.name || '/' || x.key
                FROM assetlink_internal.asset AS x
                JOIN assetlink_internal.source AS s ON s.source_id = x.source_id
                WHERE x.asset_ref = pd.claim_asset) END AS asset
            FROM assetlink_internal.ci AS p
            LEFT JOIN LATERAL (
                SELECT state, claim_asset FROM assetlink_internal.ci_decision WHERE ci_ref = p.ci_ref OFFSET 0
            ) AS pd ON true
            WHERE p.source_id = b.source_id AND p.key = b.parent_ci_id AND p.deleted_at IS NULL
            OFFSET 0
        ) AS parent ON true
        """
    }
}
