import LinkCore
import Postgres

/// CIs that an open range will decide again, and has not yet.
private enum Waiting {
    /// Everybody beyond a position: other rules are in force.
    case all(after: CIRef)
    /// Who reads a value that counts no more.
    case holders(kind: String, value: String, after: CIRef, cause: Cause)

    var cause: Cause {
        switch self {
        case .all: .rules
        case .holders(_, _, _, let cause): cause
        }
    }
}

extension BatchEngine {
    /// CIs that wait for their turn and claim, or will claim, an asset that is settled now: they are decided with it.
    ///
    /// A claim as it was before must not be weighed against one as it is now, or a link would move that neither moves.
    /// Where more wait than a batch takes, they stay as they are until it is their turn.
    func joinWaiting(_ round: inout [CIRef], _ batch: inout Batch) async throws {
        for waiting in waiting(batch) {
            var looked: Set<AssetRef> = []
            var fresh = round
            var room = limits.holders
            while !fresh.isEmpty {
                var claimed: Set<AssetRef> = []
                for ref in fresh {
                    guard let decision = batch.decisions[ref] else { continue }
                    claimed.formUnion([decision.claim, decision.facts.stored?.claim].compactMap(\.self))
                }
                let assets = claimed.subtracting(looked).sorted()
                guard !assets.isEmpty else { break }
                looked.formUnion(assets)
                let found = try await claimants(of: assets, waiting, most: room + 1)
                guard found.count <= room else { break }
                fresh = found.filter { batch.decisions[$0] == nil }
                room -= fresh.count
                for ref in fresh { batch.work.cis[ref] = batch.work.cis[ref] ?? waiting.cause }
                if !fresh.isEmpty { try await decide(fresh, &batch) }
                round += fresh
            }
        }
    }

    private func waiting(_ batch: Batch) -> [Waiting] {
        batch.ranges.compactMap { range in
            let after = range.after.flatMap { Int64($0) } ?? 0
            switch range.kind {
            case .reevaluate where range.phase == ActivationPhase.decisions && range.held == nil:
                return .all(after: after)
            case .value where range.phase == 2 && isRunnable(range, batch):
                guard let kind = range.valueKind, let value = range.key else { return nil }
                let cause = Cause(source: range.source, json: range.cause, isExempt: range.approved)
                return .holders(kind: kind, value: value, after: after, cause: cause)
            default: return nil
            }
        }
    }

    /// Those who wait and claim one of the assets as it was before, or share a key with one as it is now.
    private func claimants(of assets: [AssetRef], _ waiting: Waiting, most: Int) async throws -> [CIRef] {
        let statement: Statement
        switch waiting {
        case .all(let after):
            statement = Statement(
                """
                SELECT DISTINCT w.ci_ref
                FROM unnest($1::bigint[]) AS k (ref)
                CROSS JOIN LATERAL (
                    (SELECT d.ci_ref FROM assetlink_internal.ci_decision AS d
                     WHERE d.claim_asset = k.ref AND d.ci_ref > $2 LIMIT $3)
                    UNION ALL
                    (SELECT y.ci_ref
                     FROM (SELECT space_id, key FROM assetlink_internal.asset_key
                           WHERE asset_ref = k.ref OFFSET 0) AS a
                     CROSS JOIN LATERAL (
                         SELECT ci_ref FROM assetlink_internal.ci_key
                         WHERE space_id = a.space_id AND key = a.key AND ci_ref > $2 LIMIT $3) AS y)
                ) AS w
                LIMIT $3
                """, [.refs(assets), .int8(after), .int8(Int64(most))])
        case .holders(let kind, let value, let after, _):
            statement = Statement(
                """
                SELECT d.ci_ref
                FROM unnest($1::bigint[]) AS k (ref)
                CROSS JOIN LATERAL (
                    SELECT d.ci_ref FROM assetlink_internal.ci_decision AS d
                    WHERE d.claim_asset = k.ref AND d.ci_ref > $2 OFFSET 0) AS d
                WHERE EXISTS (
                    SELECT FROM (
                        SELECT v.kind, v.value FROM assetlink_internal.ci_value AS v
                        WHERE v.ci_ref = d.ci_ref OFFSET 0) AS v
                    WHERE v.kind = $4 AND v.value = $5)
                LIMIT $3
                """, [.refs(assets), .int8(after), .int8(Int64(most)), .text(kind), .text(value)])
        }
        return try await flush(statement).map { row throws(PostgresError) in try row.int8(0) }
    }
}
