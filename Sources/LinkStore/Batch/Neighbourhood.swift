import LinkCore
import Postgres

/// What a batch's record changes reach (engine point 11).
struct Neighbourhood {
    /// Keys whose view differs before and after: their holders are decided again.
    var viewChanged: [StoredKey] = []
    /// Keys whose eligible set changed at all: their holders with a block in force are decided again.
    var eligibleChanged: [StoredKey] = []
    /// Assets whose identifying values changed: CIs that have them as candidate are decided again.
    var guardChanged: [AssetRef] = []
    /// Assets that appeared, ended, came back or went.
    var movedAssets: [AssetRef] = []
    var movedNames: [AssetName] = []
    var compositeChanged: [AssetRef] = []
    /// Assets on a ring of parents.
    var assetRing: Set<AssetName> = []
    var keyCause: [StoredKey: Cause] = [:]
    var assetCause: [AssetRef: Cause] = [:]
    /// Assets that candidate queries and settlements read.
    var infos: [AssetRef: AssetInfo] = [:]
    /// The linked asset with which a CI's dependants were decided last.
    var followed: [CIRef: AssetRef?] = [:]
}

/// A CI as the decision sees it: its record, its stored decision, and what its open link's pair looks like.
struct CIFacts {
    var ref: CIRef
    var name: CIName
    var isDeleted: Bool
    var row: CIRow
    var suspects: Set<KindValue>
    var stored: StoredDecision?
    var pin: PinState?
    var hasBlocks: Bool
    var parent: CIRef?
    var parentAsset: String?
    var link: LinkState?
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

extension BatchEngine {
    /// CIs to decide again: those of the changed records and everybody their changes reach.
    func neighbourhood(_ batch: inout Batch) async throws -> [CIRef] {
        let hood = batch.hood
        var refs = Set(batch.cis.keys).union(batch.work.cis.keys)
        let isQuiet =
            hood.viewChanged.isEmpty && hood.eligibleChanged.isEmpty && hood.guardChanged.isEmpty
            && hood.movedAssets.isEmpty
        if isQuiet { return Array(refs) }
        let most = Int64(limits.holders)
        let rows = try await flush([
            Statement(
                """
                SELECT k.ord, y.ci_ref
                FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS k (space, key, ord)
                CROSS JOIN LATERAL (
                    SELECT ci_ref FROM assetlink_internal.ci_key WHERE space_id = k.space AND key = k.key LIMIT $3) AS y
                """,
                [.int4s(hood.viewChanged.map(\.space)), .texts(hood.viewChanged.map(\.key)), .int8(most + 1)]),
            // Blocks are few: begin with them, not with the holders of the keys.
            Statement(
                """
                SELECT DISTINCT c.ci_ref
                FROM assetlink_internal.pair_in_force AS p
                JOIN assetlink_internal.ci AS c ON c.source_id = p.ci_source_id AND c.key = p.ci_id
                JOIN assetlink_internal.ci_key AS y ON y.ci_ref = c.ci_ref
                JOIN unnest($1::integer[], $2::text[]) AS k (space, key) ON k.space = y.space_id AND k.key = y.key
                WHERE p.kind = 'block' AND EXISTS (SELECT FROM assetlink_internal.pair_in_force WHERE kind = 'block')
                """, [.int4s(hood.eligibleChanged.map(\.space)), .texts(hood.eligibleChanged.map(\.key))]),
            Statement(
                """
                SELECT k.ref, d.ci_ref
                FROM unnest($1::bigint[]) AS k (ref)
                CROSS JOIN LATERAL (
                    SELECT ci_ref FROM assetlink_internal.ci_decision WHERE candidate_asset = k.ref OFFSET 0) AS d
                """, [.refs(hood.guardChanged)]),
            Statement(
                """
                SELECT k.ref, d.ci_ref
                FROM unnest($1::bigint[]) AS k (ref)
                CROSS JOIN LATERAL (
                    SELECT ci_ref FROM assetlink_internal.ci_decision WHERE link_asset = k.ref OFFSET 0) AS d
                """, [.refs(hood.movedAssets)]),
            Statement(
                """
                SELECT k.ref, c.ci_ref
                FROM unnest($1::integer[], $2::text[], $3::bigint[]) AS k (source, id, ref)
                CROSS JOIN LATERAL (
                    SELECT p.ci_source_id, p.ci_id FROM assetlink_internal.pair_in_force AS p
                    WHERE p.asset_source_id = k.source AND p.asset_id = k.id OFFSET 0) AS p
                CROSS JOIN LATERAL (
                    SELECT c.ci_ref FROM assetlink_internal.ci AS c
                    WHERE c.source_id = p.ci_source_id AND c.key = p.ci_id OFFSET 0) AS c
                """,
                [.int4s(hood.movedNames.map(\.source)), .texts(hood.movedNames.map(\.id)), .refs(hood.movedAssets)]),
        ])
        var holders: [Int64: [CIRef]] = [:]
        for row in rows[0] { holders[try row.int8(0), default: []].append(try row.int8(1)) }
        for (number, cis) in holders {
            let key = hood.viewChanged[Int(number) - 1]
            let cause = hood.keyCause[key]
            if cis.count > limits.holders {
                var range = BulkRange(.holders, id: 0, source: cause?.source, cause: cause?.json ?? "{}")
                range.space = key.space
                range.key = key.key
                add(range, to: &batch)
                continue
            }
            for ref in cis {
                refs.insert(ref)
                if batch.work.cis[ref] == nil { batch.work.cis[ref] = cause }
            }
        }
        for row in rows[1] { refs.insert(try row.int8(0)) }
        for index in 2...4 {
            for row in rows[index] {
                let ref = try row.int8(1)
                refs.insert(ref)
                if batch.work.cis[ref] == nil { batch.work.cis[ref] = hood.assetCause[try row.int8(0)] }
            }
        }
        return Array(refs)
    }

    /// Reads CIs with everything that deciding and linking them needs.
    func ciStates(_ refs: [CIRef]) async throws -> [CIFacts] {
        guard !refs.isEmpty else { return [] }
        let rows = try await flush(
            Statement(
                """
                SELECT b.ci_ref, b.source_id, b.key, b.deleted_at IS NOT NULL, \(reader.storedCIList),
                       ARRAY(SELECT s.kind || ':' || s.value
                             FROM assetlink_internal.ci_value AS v
                             JOIN assetlink_internal.suspect_value AS s ON s.kind = v.kind AND s.value = v.value
                             WHERE v.ci_ref = b.ci_ref),
                       d.state, d.reason, d.claim_asset, d.claim_rank, d.claim_manual, d.candidate_asset, d.rule,
                       d.entry_priority, d.entry_space, d.matched_on::text, d.conflict_id,
                       pin.act_id IS NOT NULL, pa.asset_ref, pa.standing, pin.actor,
                       EXISTS (SELECT FROM assetlink_internal.pair_in_force AS p
                               WHERE p.kind = 'block' AND p.ci_source_id = b.source_id AND p.ci_id = b.key),
                       parent.ci_ref, parent.asset,
                       d.link_id, la.asset_ref, la.source_id, la.key, la.standing, d.link_status, d.link_reason,
                       d.link_manual,
                       EXISTS (SELECT FROM assetlink_internal.pair_in_force AS p
                               WHERE p.kind = 'block' AND p.ci_source_id = b.source_id AND p.ci_id = b.key
                                   AND p.asset_source_id = la.source_id AND p.asset_id = la.key),
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
                CROSS JOIN LATERAL (SELECT * FROM assetlink_internal.ci WHERE ci_ref = k.ref OFFSET 0) AS b
                LEFT JOIN LATERAL (
                    SELECT * FROM assetlink_internal.ci_decision WHERE ci_ref = k.ref OFFSET 0
                ) AS d ON true
                LEFT JOIN LATERAL (
                    SELECT * FROM assetlink_internal.asset WHERE asset_ref = d.link_asset OFFSET 0
                ) AS la ON true
                LEFT JOIN LATERAL (
                    SELECT p.act_id, p.asset_source_id, p.asset_id,
                           coalesce(t.given_name || ' (' || t.decided_by || ')', t.decided_by) AS actor
                    FROM assetlink_internal.pair_in_force AS p
                    JOIN assetlink_internal.act AS t USING (act_id)
                    WHERE p.kind = 'pin' AND p.ci_source_id = b.source_id AND p.ci_id = b.key
                    OFFSET 0
                ) AS pin ON true
                LEFT JOIN LATERAL (
                    SELECT * FROM assetlink_internal.asset
                    WHERE source_id = pin.asset_source_id AND key = pin.asset_id OFFSET 0
                ) AS pa ON true
                LEFT JOIN LATERAL (
                    SELECT p.ci_ref, CASE WHEN pd.state = 'linked' THEN (
                        SELECT s.name || '/' || x.key
                        FROM assetlink_internal.asset AS x
                        JOIN assetlink_internal.source AS s ON s.source_id = x.source_id
                        WHERE x.asset_ref = pd.claim_asset) END AS asset
                    FROM assetlink_internal.ci AS p
                    LEFT JOIN assetlink_internal.ci_decision AS pd ON pd.ci_ref = p.ci_ref
                    WHERE p.source_id = b.source_id AND p.key = b.parent_ci_id AND p.deleted_at IS NULL
                    OFFSET 0
                ) AS parent ON true
                """, [.refs(refs)]))
        return try rows.map { try decodeState($0) }
    }

    private func decodeState(_ row: Row) throws -> CIFacts {
        var columns = Columns(row)
        let ref = try columns.int8()
        let name = CIName(source: try columns.int4(), id: try columns.text())
        let isDeleted = try columns.bool()
        let record = try reader.ci(&columns, key: name.id)
        let suspects = Set(try columns.texts().compactMap { KindValue(stored: $0) })
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
        let stored = state.map {
            StoredDecision(
                state: $0, reason: reason, claim: claim, rank: rank, isManual: isManual, candidate: candidate,
                rule: rule, priority: priority, space: space, matchedOn: matchedOn, conflict: conflict)
        }
        let hasPin = try columns.bool()
        let pinned = try columns.int8OrNil()
        let pinStanding = try columns.intOrNil()
        let pinActor = try columns.textOrNil()
        let pin = hasPin ? PinState(asset: pinned, isEligible: pinStanding == 0, actor: pinActor ?? "?") : nil
        let hasBlocks = try columns.bool()
        let parent = try columns.int8OrNil()
        let parentAsset = try columns.textOrNil()
        let linkID = try columns.int8OrNil()
        let linkAsset = try columns.int8OrNil()
        let linkSource = try columns.int4OrNil()
        let linkKey = try columns.textOrNil()
        let standing = try columns.intOrNil().flatMap(Standing.init(rawValue:))
        let status = try columns.textOrNil()
        let staleReason = try columns.textOrNil().flatMap(StaleReason.init(rawValue:))
        let linkManual = try columns.boolOrNil() ?? false
        let isBlocked = try columns.bool()
        let endedPin = try columns.textOrNil()
        var link: LinkState?
        if let linkID, let linkAsset, let linkSource, let linkKey, let standing {
            link = LinkState(
                id: linkID, asset: linkAsset, assetName: AssetName(source: linkSource, id: linkKey),
                standing: standing, stale: status == "stale" ? staleReason ?? .inConflict : nil,
                isManual: linkManual, isBlocked: isBlocked, endedPin: endedPin)
        }
        return CIFacts(
            ref: ref, name: name, isDeleted: isDeleted, row: record, suspects: suspects, stored: stored, pin: pin,
            hasBlocks: hasBlocks, parent: parent, parentAsset: parentAsset, link: link)
    }
}
