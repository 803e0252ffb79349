import LinkCore
import Logging
import Postgres

/// A row of `asset_key` that appears or goes.
struct AssetKeyRow: Hashable {
    var key: StoredKey
    var standing: Standing
    var ref: AssetRef
    var source: Int32
}

extension BatchEngine {
    /// Writes records and match keys, and finds the keys whose view differs before and after (engine point 11, 2).
    func write(_ batch: inout Batch) async throws {
        guard let rules else { return }
        let assets = batch.assets.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        for (ref, change) in batch.cis {
            if let reading = change.reading {
                batch.cis[ref]?.evidence = Evidence.ci(reading, rules: rules, spaceIDs: spaceIDs)
            }
        }
        let cis = batch.cis.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let (gone, here) = assetKeyDiff(assets, rules, &batch)
        let affected = Array(Set(gone.map(\.key)).union(here.map(\.key)))
        batch.hood.eligibleChanged = Array(
            Set(gone.filter { $0.standing == .eligible }.map(\.key))
                .union(here.filter { $0.standing == .eligible }.map(\.key)))

        var list: [Statement] = []
        let isLooking = !affected.isEmpty && !batch.isRekeying
        if isLooking { list.append(firstHolders(affected, batch)) }
        list += [
            RecordWriter.upsertAssets(assets, time: batch.time), RecordWriter.deriveAssets(assets, time: batch.time),
            RecordWriter.upsertCIs(cis, time: batch.time), RecordWriter.deriveCIs(cis),
        ].compactMap { $0 }
        let buried = assets.filter { $0.1.standing == .deleted && $0.1.stored.standing != .deleted }.map(\.0)
        if !buried.isEmpty { list.append(RecordWriter.buryAssets(buried, time: batch.time)) }
        let forgotten = assets.filter(\.1.isForgotten).map(\.0)
        if !forgotten.isEmpty { list.append(RecordWriter.forgetAssets(forgotten)) }
        let buriedCIs = cis.filter(\.1.isDeleted).map(\.0)
        if !buriedCIs.isEmpty { list.append(RecordWriter.buryCIs(buriedCIs, time: batch.time)) }
        list += assetKeyStatements(gone, here) + ciKeyStatements(cis, rules) + pairStatements(batch)
        guard !list.isEmpty else { return }
        let rows = try await flush(list)
        if isLooking { try await findChangedViews(affected, rows[0], gone, here, &batch) }
        noteHood(assets, &batch)
    }

    private func assetKeyDiff(
        _ assets: [(AssetRef, AssetChange)], _ rules: CompiledRuleSet, _ batch: inout Batch
    ) -> (gone: [AssetKeyRow], here: [AssetKeyRow]) {
        var gone: [AssetKeyRow] = []
        var here: [AssetKeyRow] = []
        for (ref, change) in assets {
            let old = change.stored.isStored ? change.stored.keys : []
            let kept = change.isForgotten ? [] : change.stored.keys
            let new = change.reading.map { storedKeys($0, change, rules, batch) } ?? kept
            // With another standing every row is another.
            let isSame = change.stored.isStored && change.stored.standing == change.standing
            for key in isSame ? old.subtracting(new) : old {
                gone.append(
                    AssetKeyRow(key: key, standing: change.stored.standing, ref: ref, source: change.source.id))
                if batch.hood.keyCause[key] == nil { batch.hood.keyCause[key] = change.cause }
            }
            for key in isSame ? new.subtracting(old) : new {
                here.append(AssetKeyRow(key: key, standing: change.standing, ref: ref, source: change.source.id))
                if batch.hood.keyCause[key] == nil { batch.hood.keyCause[key] = change.cause }
            }
        }
        return (gone, here)
    }

    func storedKeys(
        _ reading: AssetReading, _ change: AssetChange, _ rules: CompiledRuleSet, _ batch: Batch
    ) -> Set<StoredKey> {
        // A dropped source's records match nothing any more.
        if change.source.isDropped { return [] }
        var result: Set<StoredKey> = []
        for key in reading.keys {
            let space = rules.spaces[key.space]
            var key = key
            if space.isDependent {
                guard let parent = change.row?.record.parentAssetID, !batch.hood.assetRing.contains(change.name) else {
                    continue
                }
                key.values.insert("\(change.source.name)/\(parent)", at: 0)
            }
            result.insert(StoredKey(space: spaceIDs[key.space], key: KeyText.of(key, in: space)))
        }
        return result
    }

    private func assetKeyStatements(_ gone: [AssetKeyRow], _ here: [AssetKeyRow]) -> [Statement] {
        var list: [Statement] = []
        if !gone.isEmpty {
            list.append(
                Statement(
                    """
                    DELETE FROM assetlink_internal.asset_key AS y
                    USING unnest($1::integer[], $2::text[], $3::integer[], $4::bigint[]) AS k (space, key, standing, ref)
                    WHERE y.space_id = k.space AND y.key = k.key AND y.standing = k.standing::smallint
                        AND y.asset_ref = k.ref
                    """,
                    [
                        .int4s(gone.map(\.key.space)), .texts(gone.map(\.key.key)),
                        .smallInts(gone.map(\.standing.rawValue)), .refs(gone.map(\.ref)),
                    ]))
        }
        if !here.isEmpty {
            list.append(
                Statement(
                    """
                    INSERT INTO assetlink_internal.asset_key (space_id, key, standing, asset_ref, source_id)
                    SELECT * FROM unnest($1::integer[], $2::text[], $3::integer[], $4::bigint[], $5::integer[])
                    """,
                    [
                        .int4s(here.map(\.key.space)), .texts(here.map(\.key.key)),
                        .smallInts(here.map(\.standing.rawValue)), .refs(here.map(\.ref)), .int4s(here.map(\.source)),
                    ]))
        }
        return list
    }

    private func ciKeyStatements(_ cis: [(CIRef, CIChange)], _ rules: CompiledRuleSet) -> [Statement] {
        var gone: [(StoredKey, CIRef)] = []
        var here: [(StoredKey, CIRef)] = []
        for (ref, change) in cis {
            var new: Set<StoredKey> = []
            if let reading = change.reading, !change.isDeleted, !reading.isRetired {
                for key in reading.entries.filter({ !$0.entry.isDependent }).flatMap(\.keys) {
                    new.insert(
                        StoredKey(space: spaceIDs[key.space], key: KeyText.of(key, in: rules.spaces[key.space])))
                }
            }
            // Dependent keys hold the parent's asset and are kept by the step that knows it.
            let old = change.stored.keys.filter { !isDependent($0.space, rules) || change.isDeleted }
            gone += old.subtracting(new).map { ($0, ref) }
            here += new.subtracting(old).map { ($0, ref) }
        }
        return ciKeyStatements(gone: gone, here: here)
    }

    func isDependent(_ space: Int32, _ rules: CompiledRuleSet) -> Bool {
        spaceIndex[space].map { rules.spaces[$0].isDependent } ?? false
    }

    func ciKeyStatements(gone: [(StoredKey, CIRef)], here: [(StoredKey, CIRef)]) -> [Statement] {
        var list: [Statement] = []
        if !gone.isEmpty {
            list.append(
                Statement(
                    """
                    DELETE FROM assetlink_internal.ci_key AS y
                    USING unnest($1::integer[], $2::text[], $3::bigint[]) AS k (space, key, ref)
                    WHERE y.space_id = k.space AND y.key = k.key AND y.ci_ref = k.ref
                    """,
                    [.int4s(gone.map(\.0.space)), .texts(gone.map(\.0.key)), .refs(gone.map(\.1))]))
        }
        if !here.isEmpty {
            list.append(
                Statement(
                    """
                    INSERT INTO assetlink_internal.ci_key (space_id, key, ci_ref)
                    SELECT * FROM unnest($1::integer[], $2::text[], $3::bigint[])
                    """,
                    [.int4s(here.map(\.0.space)), .texts(here.map(\.0.key)), .refs(here.map(\.1))]))
        }
        return list
    }

    /// Pins and blocks must be in force before anybody is decided.
    private func pairStatements(_ batch: Batch) -> [Statement] {
        var list: [Statement] = []
        let ended = batch.plan.endedPairs
        if !ended.isEmpty {
            list.append(
                Statement(
                    "DELETE FROM assetlink_internal.pair_in_force WHERE act_id = ANY ($1::bigint[])",
                    [.refs(ended.map(\.pair.actID))]))
            list.append(
                Statement(
                    """
                    INSERT INTO assetlink_internal.act_end (act_id, ended_at, ended_by, reason)
                    SELECT k.id, $4, k.who, k.why FROM unnest($1::bigint[], $2::text[], $3::text[]) AS k (id, who, why)
                    ON CONFLICT DO NOTHING
                    """,
                    [
                        .refs(ended.map(\.pair.actID)), .texts(ended.map { $0.cause.actor ?? "assetlinkd" }),
                        .texts(ended.map(\.reason)), .timestamptz(batch.time),
                    ]))
        }
        let gone = Set(ended.map(\.pair.actID))
        let new = batch.plan.newPairs.filter { !gone.contains($0.actID) }
        if !new.isEmpty {
            list.append(
                Statement(
                    """
                    INSERT INTO assetlink_internal.pair_in_force (
                        kind, ci_source_id, ci_id, asset_source_id, asset_id, act_id, expires_at)
                    SELECT * FROM unnest(
                        $1::text[], $2::integer[], $3::text[], $4::integer[], $5::text[], $6::bigint[],
                        $7::timestamptz[])
                    """,
                    [
                        .texts(new.map(\.kind)), .int4s(new.map(\.ci.source)), .texts(new.map(\.ci.id)),
                        .int4s(new.map(\.asset.source)), .texts(new.map(\.asset.id)), .refs(new.map(\.actID)),
                        .timestamptzArray(new.map(\.expiresAt)),
                    ]))
        }
        for (name, act) in batch.plan.marks {
            list.append(
                act.map {
                    Statement(
                        """
                        INSERT INTO assetlink_internal.composite_mark (asset_source_id, asset_id, act_id)
                        VALUES ($1, $2, $3) ON CONFLICT (asset_source_id, asset_id) DO UPDATE SET act_id = excluded.act_id
                        """, [.int4(name.source), .text(name.id), .int8($0)])
                }
                    ?? Statement(
                        "DELETE FROM assetlink_internal.composite_mark WHERE asset_source_id = $1 AND asset_id = $2",
                        [.int4(name.source), .text(name.id)]))
        }
        return list
    }

    /// What the neighbourhood query needs to know of the changed assets.
    private func noteHood(_ assets: [(AssetRef, AssetChange)], _ batch: inout Batch) {
        for (ref, change) in assets {
            // With its source dropped, a deleted asset is no longer bound: the links to it end.
            let isMoved =
                !change.stored.isStored || change.stored.standing != change.standing || change.source.isDropped
            if isMoved {
                batch.hood.movedAssets.append(ref)
                batch.hood.movedNames.append(change.name)
            }
            if let reading = change.reading, reading.identity.stored != change.stored.identity {
                batch.hood.guardChanged.append(ref)
            }
            if change.stored.isStored, change.stored.isComposite != change.isComposite {
                batch.hood.compositeChanged.append(ref)
            }
            batch.hood.assetCause[ref] = change.cause
        }
    }
}
