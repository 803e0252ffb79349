import LinkCore
import Postgres

/// A key of a CI that is looked for among the assets.
private struct AskedKey {
    /// Which of the cases asks.
    var index: Int
    var key: MatchKey
    /// Which of the distinct keys it is.
    var number: Int
}

/// An asset that holds a key.
struct KeyHolder: Equatable {
    var standing: Standing
    var asset: AssetRef
    var source: Int32
}

extension KeyView {
    /// What all holders of a key look like to a CI that has no blocks and is bound to these sources (`nil`: all).
    fileprivate init(_ holders: [KeyHolder], bound: [Int32]?) {
        self.init()
        for holder in holders {
            if let bound, !bound.contains(holder.source) { continue }
            switch holder.standing {
            case .eligible: if eligible.count < 2 { eligible.append(holder.asset) }
            case .ended: hasEnded = true
            case .deleted: hasDeleted = true
            }
        }
    }
}

extension BatchEngine {
    /// Holders of a key that one probe reads; of keys that more share, only what matters is probed for.
    static let fewHolders = 8

    /// What holds each key of each CI, two at most, less what is blocked for it.
    func candidates(
        _ cases: [(CIFacts, Case)], _ rules: CompiledRuleSet, _ batch: inout Batch
    ) async throws -> [[MatchKey: KeyView]] {
        var keys: [StoredKey] = []
        var numbers: [StoredKey: Int] = [:]
        var asked: [AskedKey] = []
        for (index, (_, item)) in cases.enumerated() where !item.reading.isRetired {
            for key in Set(item.allKeys) {
                let stored = storedKey(key, rules)
                let number = numbers[stored] ?? keys.count
                if number == keys.count {
                    keys.append(stored)
                    numbers[stored] = number
                }
                asked.append(AskedKey(index: index, key: key, number: number))
            }
        }
        var views = Array(repeating: [MatchKey: KeyView](), count: cases.count)
        guard !asked.isEmpty else { return views }
        let holders = try await holders(keys, &batch)
        var bound: [Int32: [Int32]] = [:]
        for source in batch.sources.values where source.assetSources != nil {
            bound[source.id] = batch.assetSources(of: source.id)
        }
        var rest: [AskedKey] = []
        for item in asked {
            let fact = cases[item.index].0
            if fact.hasBlocks || holders[item.number].count > Self.fewHolders {
                rest.append(item)
            } else {
                views[item.index][item.key] = KeyView(holders[item.number], bound: bound[fact.name.source])
            }
        }
        if !rest.isEmpty { try await probe(rest, keys, cases, bound, &views, &batch) }
        return views
    }

    /// The first holders of each key, eligible ones first; what the eligible ones are comes along, once each.
    private func holders(_ keys: [StoredKey], _ batch: inout Batch) async throws -> [[KeyHolder]] {
        // What the audit shows is large, and a comparison writes none.
        let evidence = isVerifying ? "''::text" : "a.evidence::text"
        let rows = try await flush(
            Statement(
                """
                WITH held AS MATERIALIZED (
                    SELECT k.ord, y.standing, y.asset_ref, y.source_id
                    FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS k (space, key, ord)
                    CROSS JOIN LATERAL (
                        SELECT y.standing, y.asset_ref, y.source_id
                        FROM assetlink_internal.asset_key AS y
                        WHERE y.space_id = k.space AND y.key = k.key
                        ORDER BY y.space_id, y.key, y.standing, y.asset_ref LIMIT $3) AS y
                )
                SELECT h.ord, h.standing, h.asset_ref, h.source_id, NULL::text, NULL::text[], NULL::text, NULL::boolean
                FROM held AS h
                UNION ALL
                SELECT NULL, a.standing, a.asset_ref, a.source_id, a.key, a.identity, \(evidence), a.composite
                FROM (SELECT DISTINCT asset_ref FROM held WHERE standing = 0) AS h
                CROSS JOIN LATERAL (
                    SELECT asset_ref, source_id, key, identity, evidence, standing, composite
                    FROM assetlink_internal.asset WHERE asset_ref = h.asset_ref OFFSET 0) AS a
                """,
                [.int4s(keys.map(\.space)), .texts(keys.map(\.key)), .int8(Int64(Self.fewHolders + 1))]))
        var result = Array(repeating: [KeyHolder](), count: keys.count)
        for row in rows {
            var columns = Columns(row)
            let number = try columns.int8OrNil()
            let standing = Standing(rawValue: try columns.int()) ?? .deleted
            let asset = try columns.int8()
            let source = try columns.int4()
            if let number {
                result[Int(number) - 1].append(KeyHolder(standing: standing, asset: asset, source: source))
            } else {
                batch.hood.infos[asset] = AssetInfo(
                    name: AssetName(source: source, id: try columns.text()),
                    identity: AssetIdentity(stored: try columns.texts()), evidence: try columns.text(),
                    standing: standing, isComposite: try columns.bool())
            }
        }
        return result
    }

    /// Keys of CIs with blocks, and keys that many assets share: each is probed for what matters, never counted.
    private func probe(
        _ asked: [AskedKey], _ keys: [StoredKey], _ cases: [(CIFacts, Case)], _ bound: [Int32: [Int32]],
        _ views: inout [[MatchKey: KeyView]], _ batch: inout Batch
    ) async throws {
        let facts = asked.map { cases[$0.index].0 }
        let pairs = bound.flatMap { source, assets in assets.map { (source, $0) } }
        let rows = try await flush(
            Statement(
                """
                SELECT q.ord, q.refs, q.blocked, q.ended, q.deleted, a.asset_ref, a.source_id, a.key, a.identity,
                       a.evidence::text, a.standing, a.composite
                FROM (
                    SELECT k.ord, e.refs, e.blocked, row_number() OVER (PARTITION BY e.refs[1] ORDER BY k.ord) AS nth,
                           EXISTS (SELECT FROM assetlink_internal.asset_key AS y
                                   WHERE y.space_id = k.space AND y.key = k.key AND y.standing = 1
                                       AND (NOT k.bound OR EXISTS (
                                           SELECT FROM unnest($7::integer[], $8::integer[]) AS m (ci, asset)
                                           WHERE m.ci = k.source AND m.asset = y.source_id))) AS ended,
                           EXISTS (SELECT FROM assetlink_internal.asset_key AS y
                                   WHERE y.space_id = k.space AND y.key = k.key AND y.standing = 2
                                       AND (NOT k.bound OR EXISTS (
                                           SELECT FROM unnest($7::integer[], $8::integer[]) AS m (ci, asset)
                                           WHERE m.ci = k.source AND m.asset = y.source_id))) AS deleted
                    FROM unnest($1::integer[], $2::text[], $3::integer[], $4::text[], $5::boolean[], $6::boolean[])
                        WITH ORDINALITY AS k (space, key, source, ci, blocks, bound, ord)
                    CROSS JOIN LATERAL (
                        SELECT ARRAY(
                                   SELECT y.asset_ref
                                   FROM assetlink_internal.asset_key AS y
                                   WHERE y.space_id = k.space AND y.key = k.key AND y.standing = 0
                                       AND (NOT k.bound OR EXISTS (
                                           SELECT FROM unnest($7::integer[], $8::integer[]) AS m (ci, asset)
                                           WHERE m.ci = k.source AND m.asset = y.source_id))
                                       AND NOT (k.blocks AND EXISTS (
                                           SELECT FROM (
                                               SELECT source_id, key FROM assetlink_internal.asset
                                               WHERE asset_ref = y.asset_ref OFFSET 0) AS a
                                           JOIN assetlink_internal.pair_in_force AS p
                                               ON p.asset_source_id = a.source_id AND p.asset_id = a.key
                                           WHERE p.kind = 'block'
                                               AND p.ci_source_id = k.source AND p.ci_id = k.ci))
                                   ORDER BY y.space_id, y.key, y.standing, y.asset_ref
                                   LIMIT 2) AS refs,
                               k.blocks AND EXISTS (
                                   SELECT FROM assetlink_internal.pair_in_force AS p
                                   CROSS JOIN LATERAL (
                                       SELECT asset_ref FROM assetlink_internal.asset
                                       WHERE source_id = p.asset_source_id AND key = p.asset_id OFFSET 0) AS a
                                   CROSS JOIN LATERAL (
                                       SELECT * FROM assetlink_internal.asset_key
                                       WHERE asset_ref = a.asset_ref OFFSET 0) AS y
                                   WHERE p.kind = 'block' AND p.ci_source_id = k.source AND p.ci_id = k.ci
                                       AND y.space_id = k.space AND y.key = k.key AND y.standing = 0
                                       AND (NOT k.bound OR EXISTS (
                                           SELECT FROM unnest($7::integer[], $8::integer[]) AS m (ci, asset)
                                           WHERE m.ci = k.source AND m.asset = y.source_id))) AS blocked
                        OFFSET 0
                    ) AS e
                    OFFSET 0
                ) AS q
                -- What an asset is comes once, with the first key that it shares.
                LEFT JOIN LATERAL (
                    SELECT * FROM assetlink_internal.asset WHERE q.nth = 1 AND asset_ref = q.refs[1] OFFSET 0
                ) AS a ON true
                """,
                [
                    .int4s(asked.map { keys[$0.number].space }), .texts(asked.map { keys[$0.number].key }),
                    .int4s(facts.map(\.name.source)), .texts(facts.map(\.name.id)), .boolArray(facts.map(\.hasBlocks)),
                    .boolArray(facts.map { bound[$0.name.source] != nil }),
                    .int4s(pairs.map(\.0)), .int4s(pairs.map(\.1)),
                ]))
        for row in rows {
            var columns = Columns(row)
            let item = asked[Int(try columns.int8()) - 1]
            let refs = try columns.int8s()
            views[item.index][item.key] = KeyView(
                eligible: refs, hasBlocked: try columns.bool(), hasEnded: try columns.bool(),
                hasDeleted: try columns.bool())
            try noteInfo(&columns, &batch)
        }
    }
}
