import LinkCore
import Logging
import Postgres

extension BatchEngine {
    /// Writes records and match keys; who is reached by that is read in the same flush (engine point 11).
    func write(_ batch: inout Batch) async throws {
        guard let rules else { return }
        let assets = batch.assets.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        for (ref, change) in batch.cis {
            if let reading = change.reading {
                batch.cis[ref]?.evidence = Evidence.ci(reading, rules: rules, spaceIDs: spaceIDs)
            }
        }
        let cis = batch.cis.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        var diff = batch.keyDiff
        if diff.isStale { diff = diff.renewed { assetKeyDiff(rules, batch) } }
        if !batch.isRekeying { try await findChangedViews(&diff, &batch) }
        noteHood(assets, diff, &batch)

        var list = takingChanged(assets, cis, diff)
        list += [
            RecordWriter.upsertAssets(assets, time: batch.time),
            RecordWriter.deriveAssets(derived(assets), time: batch.time),
            RecordWriter.upsertCIs(cis, time: batch.time), RecordWriter.deriveCIs(derived(cis)),
        ].compactMap { $0 }
        let buried = assets.filter { $0.1.standing == .deleted && $0.1.stored.standing != .deleted }.map(\.0)
        if !buried.isEmpty { list.append(RecordWriter.buryAssets(buried, time: batch.time)) }
        let forgotten = assets.filter(\.1.isForgotten).map(\.0)
        if !forgotten.isEmpty { list.append(RecordWriter.forgetAssets(forgotten)) }
        let buriedCIs = cis.filter(\.1.isDeleted).map(\.0)
        if !buriedCIs.isEmpty { list.append(RecordWriter.buryCIs(buriedCIs, time: batch.time)) }
        list += assetKeyStatements(diff) + ciKeyStatements(cis, rules) + pairStatements(batch)
        let written = list.count
        let asked = batch.isRekeying ? [] : reachStatements(batch)
        list += asked.map(\.statement)
        guard !list.isEmpty else { return }
        let rows = try await flush(list)
        try noteReach(zip(asked.map(\.reach), rows[written...]), &batch)
        try await findChangedSharedViews(&batch)
    }

    func assetKeyDiff(_ rules: CompiledRuleSet, _ batch: Batch) -> AssetKeyDiff {
        var diff = AssetKeyDiff()
        for (ref, change) in batch.assets {
            let (was, standing) = (change.stored.standing, change.standing)
            let old = change.stored.isStored ? change.stored.keys : []
            let kept = change.isForgotten ? [] : change.stored.keys
            let new = change.reading.map { storedKeys($0, change, rules, batch) } ?? kept
            for key in old {
                if !new.contains(key) {
                    diff.remove(key, was, of: ref, change)
                } else if was != standing {
                    diff.move(key, from: was, to: standing, of: ref, change)
                }
            }
            for key in new where !old.contains(key) { diff.add(key, standing, of: ref, change) }
        }
        return diff
    }

    func storedKeys(
        _ reading: AssetReading, _ change: AssetChange, _ rules: CompiledRuleSet, _ batch: Batch
    ) -> Set<StoredKey> {
        // A dropped source's records match nothing any more.
        if change.source.isDropped { return [] }
        var result = ownKeys(reading, rules)
        guard hasDependents, let parent = change.row?.record.parentAssetID,
            !batch.hood.assetRing.contains(change.name)
        else { return result }
        for var key in reading.keys where rules.spaces[key.space].isDependent {
            key.values.insert("\(change.source.name)/\(parent)", at: 0)
            result.insert(storedKey(key, rules))
        }
        return result
    }

    /// The keys of an asset by its own values.
    func ownKeys(_ reading: AssetReading, _ rules: CompiledRuleSet) -> Set<StoredKey> {
        var result: Set<StoredKey> = []
        for key in reading.keys where !rules.spaces[key.space].isDependent { result.insert(storedKey(key, rules)) }
        return result
    }

    func storedKey(_ key: MatchKey, _ rules: CompiledRuleSet) -> StoredKey {
        StoredKey(space: spaceIDs[key.space], key: KeyText.of(key, in: rules.spaces[key.space]))
    }

    private func assetKeyStatements(_ diff: AssetKeyDiff) -> [Statement] {
        var list: [Statement] = []
        func named(_ rows: [AssetKeyRow]) -> [Parameter] {
            [.int4s(rows.map { diff.keys[$0.number].key.space }), .texts(rows.map { diff.keys[$0.number].key.key })]
        }
        let (moved, removed, added) = (diff.moved, diff.removed, diff.added)
        if !moved.isEmpty {
            list.append(
                Statement(
                    """
                    UPDATE assetlink_internal.asset_key AS y SET standing = k.standing::smallint
                    FROM unnest($1::integer[], $2::text[], $3::integer[], $4::bigint[], $5::integer[])
                        AS k (space, key, was, ref, standing)
                    WHERE y.space_id = k.space AND y.key = k.key AND y.standing = k.was::smallint
                        AND y.asset_ref = k.ref
                    """,
                    named(moved.map(\.row)) + [
                        .smallInts(moved.map(\.from.rawValue)), .refs(moved.map(\.row.ref)),
                        .smallInts(moved.map(\.row.standing.rawValue)),
                    ]))
        }
        if !removed.isEmpty {
            list.append(
                Statement(
                    """
                    DELETE FROM assetlink_internal.asset_key AS y
                    USING unnest($1::integer[], $2::text[], $3::integer[], $4::bigint[]) AS k (space, key, standing, ref)
                    WHERE y.space_id = k.space AND y.key = k.key AND y.standing = k.standing::smallint
                        AND y.asset_ref = k.ref
                    """,
                    named(removed) + [.smallInts(removed.map(\.standing.rawValue)), .refs(removed.map(\.ref))]))
        }
        if !added.isEmpty {
            list.append(
                Statement(
                    """
                    INSERT INTO assetlink_internal.asset_key (space_id, key, standing, asset_ref, source_id)
                    SELECT * FROM unnest($1::integer[], $2::text[], $3::integer[], $4::bigint[], $5::integer[])
                    """,
                    named(added) + [
                        .smallInts(added.map(\.standing.rawValue)), .refs(added.map(\.ref)),
                        .int4s(added.map(\.source)),
                    ]))
        }
        return list
    }

    private func ciKeyStatements(_ cis: [(CIRef, CIChange)], _ rules: CompiledRuleSet) -> [Statement] {
        var gone: [(StoredKey, CIRef)] = []
        var here: [(StoredKey, CIRef)] = []
        for (ref, change) in cis {
            let new = change.isDeleted ? [] : change.reading.map { storedKeys($0, rules) } ?? []
            // Keys by the parent's asset are kept by the step that knows it, for rules that have such entries.
            let isDependant = !change.isDeleted && change.reading?.rule?.hasDependentEntries == true
            let old = isDependant ? change.stored.keys.filter { !isDependent($0.space, rules) } : change.stored.keys
            gone += old.subtracting(new).map { ($0, ref) }
            here += new.subtracting(old).map { ($0, ref) }
        }
        return ciKeyStatements(gone: gone, here: here)
    }

    /// The keys of a CI by its own values; those by its parent's link are kept by the step that knows it.
    func storedKeys(_ reading: CIReading, _ rules: CompiledRuleSet) -> Set<StoredKey> {
        guard !reading.isRetired else { return [] }
        var result: Set<StoredKey> = []
        for entry in reading.entries where !entry.entry.isDependent {
            for key in entry.keys { result.insert(storedKey(key, rules)) }
        }
        return result
    }

    func isDependent(_ space: Int32, _ rules: CompiledRuleSet) -> Bool {
        spaceIndex[space].map { rules.spaces[$0].isDependent } ?? false
    }

    func ciKeyStatements(gone: [(StoredKey, CIRef)], here: [(StoredKey, CIRef)]) -> [Statement] {
        // Only to find who is to be decided again: in a preview whoever reads the key is, one way or the other.
        if shadow != nil { return [] }
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
    private func noteHood(_ assets: [(AssetRef, AssetChange)], _ diff: AssetKeyDiff, _ batch: inout Batch) {
        if batch.hasPairs {
            let rows =
                diff.removed.filter { $0.standing == .eligible } + diff.added.filter { $0.standing == .eligible }
                + diff.moved.filter { $0.from == .eligible || $0.row.standing == .eligible }.map(\.row)
            batch.hood.eligibleChanged = Set(rows.map(\.number)).map { diff.keys[$0].key }
        }
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
