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
    /// Children of CIs whose rule asks for the parent's asset, as far as they were looked up.
    var children: [CIName: [CIRef]] = [:]
    /// CIs read ahead, until they are decided.
    var facts: [CIRef: CIFacts] = [:]
    var records: [CIRef: StoredCIRecord] = [:]
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
        let known = Array(refs)
        let missing = unread(known, batch)
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
            // Who is decided in any case is read at once.
            statesStatement(known), recordsStatement(missing),
        ])
        try noteStates(rows[5], rows[6], &batch)
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
}
