import LinkCore
import Postgres

/// What a batch's record changes reach (engine point 11).
struct Neighbourhood {
    /// Keys whose view differs before and after: their holders are decided again.
    var viewChanged: [(key: StoredKey, cause: Cause)] = []
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
    /// Keys that many assets share, and their views before the batch writes.
    var shared: [(key: StoredKey, cause: Cause)] = []
    var sharedViews: [String] = []
    /// Who is reached beside the changed records.
    var reached: Set<CIRef> = []
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

/// In which way CIs are reached by what a batch changes.
enum Reach {
    case holders, blocked, candidates, linked, pinned
    /// What is read of those that are decided in any case.
    case states, records
}

extension BatchEngine {
    /// Finds who is reached; of each way only what can reach anybody is asked.
    func reachStatements(_ batch: Batch) -> [(reach: Reach, statement: Statement)] {
        let hood = batch.hood
        var list: [(Reach, Statement)] = []
        if !hood.viewChanged.isEmpty { list.append((.holders, keyHolders(hood.viewChanged))) }
        if batch.hasPairs, !hood.eligibleChanged.isEmpty {
            // Blocks are few: begin with them, not with the holders of the keys.
            list.append(
                (
                    .blocked,
                    Statement(
                        """
                        SELECT DISTINCT c.ci_ref
                        FROM assetlink_internal.pair_in_force AS p
                        CROSS JOIN LATERAL (
                            SELECT ci_ref FROM assetlink_internal.ci
                            WHERE source_id = p.ci_source_id AND key = p.ci_id OFFSET 0) AS c
                        JOIN assetlink_internal.ci_key AS y ON y.ci_ref = c.ci_ref
                        JOIN unnest($1::integer[], $2::text[]) AS k (space, key)
                            ON k.space = y.space_id AND k.key = y.key
                        WHERE p.kind = 'block'
                            AND EXISTS (SELECT FROM assetlink_internal.pair_in_force WHERE kind = 'block')
                        """, [.int4s(hood.eligibleChanged.map(\.space)), .texts(hood.eligibleChanged.map(\.key))])
                ))
        }
        if !hood.guardChanged.isEmpty {
            list.append((.candidates, decided("candidate_asset", hood.guardChanged)))
        }
        if !hood.movedAssets.isEmpty { list.append((.linked, decided("link_asset", hood.movedAssets))) }
        if batch.hasPairs, !hood.movedAssets.isEmpty {
            list.append(
                (
                    .pinned,
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
                        [
                            .int4s(hood.movedNames.map(\.source)), .texts(hood.movedNames.map(\.id)),
                            .refs(hood.movedAssets),
                        ])
                ))
        }
        let known = Array(Set(batch.cis.keys).union(batch.work.cis.keys))
        if !known.isEmpty { list.append((.states, statesStatement(known, batch))) }
        let missing = unread(known, batch)
        if !missing.isEmpty { list.append((.records, recordsStatement(missing))) }
        return list
    }

    /// The CIs of whose decision a column names one of the assets.
    private func decided(_ column: String, _ assets: [AssetRef]) -> Statement {
        Statement(
            """
            SELECT k.ref, d.ci_ref
            FROM unnest($1::bigint[]) AS k (ref)
            CROSS JOIN LATERAL (
                SELECT ci_ref FROM assetlink_internal.ci_decision WHERE \(column) = k.ref OFFSET 0) AS d
            """, [.refs(assets)])
    }

    /// Holders of keys, of each one more than a batch takes.
    func keyHolders(_ keys: [(key: StoredKey, cause: Cause)]) -> Statement {
        Statement(
            """
            SELECT k.ord, y.ci_ref
            FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS k (space, key, ord)
            CROSS JOIN LATERAL (
                SELECT ci_ref FROM assetlink_internal.ci_key WHERE space_id = k.space AND key = k.key LIMIT $3) AS y
            """, [.int4s(keys.map(\.key.space)), .texts(keys.map(\.key.key)), .int8(Int64(limits.holders) + 1)])
    }

    /// Takes the answers to ``reachStatements(_:)``.
    func noteReach(_ answers: some Sequence<(Reach, Rows)>, _ batch: inout Batch) throws {
        for (reach, rows) in answers {
            switch reach {
            case .holders: try noteKeyHolders(batch.hood.viewChanged, rows, &batch)
            case .blocked: for row in rows { batch.hood.reached.insert(try row.int8(0)) }
            case .candidates, .linked, .pinned:
                for row in rows {
                    let ref = try row.int8(1)
                    batch.hood.reached.insert(ref)
                    if batch.work.cis[ref] == nil { batch.work.cis[ref] = batch.hood.assetCause[try row.int8(0)] }
                }
            case .states: try noteStates(rows, &batch)
            case .records: try noteRecords(rows, &batch)
            }
        }
    }

    /// Takes the answer to ``keyHolders(_:)``; too many holders go to the bulk lane.
    func noteKeyHolders(
        _ keys: [(key: StoredKey, cause: Cause)], _ rows: Rows, _ batch: inout Batch
    ) throws {
        var holders: [Int64: [CIRef]] = [:]
        for row in rows { holders[try row.int8(0), default: []].append(try row.int8(1)) }
        for (number, cis) in holders {
            let (key, cause) = keys[Int(number) - 1]
            if cis.count > limits.holders {
                var range = BulkRange(.holders, id: 0, source: cause.source, cause: cause.json)
                range.space = key.space
                range.key = key.key
                add(range, to: &batch)
                continue
            }
            for ref in cis {
                batch.hood.reached.insert(ref)
                if batch.work.cis[ref] == nil { batch.work.cis[ref] = cause }
            }
        }
    }

    /// CIs to decide again: those of the changed records and everybody their changes reach.
    func neighbourhood(_ batch: Batch) -> [CIRef] {
        Array(Set(batch.cis.keys).union(batch.work.cis.keys).union(batch.hood.reached))
    }
}
