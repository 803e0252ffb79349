import LinkCore
import Logging
import Postgres

extension BatchEngine {
    /// Brings the holders of suspect-able values up to date, finds whose verdict flips, and reads their holders again
    /// (domain.md section 3; neighbourhood point 7); who holds the batch's keys is read along, as no verdict may flip.
    func settleValues(_ batch: inout Batch) async throws {
        guard let rules else { return }
        var list = writeValues(batch)
        list += trustStatements(batch)
        var looked: [KindValue: Cause] = batch.work.values
        // A value that nobody new holds on a side can lose its verdict by that side, never get it.
        var onAssets = Set(batch.work.values.keys)
        var onCIs = onAssets
        for change in batch.assets.values {
            let new = change.reading?.holds ?? []
            for value in change.stored.holds.union(new) { looked[value] = change.cause }
            guard change.counts else { continue }
            onAssets.formUnion(change.stored.isCounted ? new.subtracting(change.stored.holds) : new)
        }
        for change in batch.cis.values {
            let new = change.values
            for value in change.stored.reads.union(new) { looked[value] = change.cause }
            guard change.counts else { continue }
            onCIs.formUnion(
                change.stored.isCounted ? new.subtracting(change.stored.reads).union(regrouped(change)) : new)
        }
        // Another limit makes other verdicts of the same holders.
        if batch.work.rulesChanged, !batch.work.keepsLimits {
            onAssets.formUnion(looked.keys)
            onCIs.formUnion(looked.keys)
        }
        let values = Array(looked.keys)
        let written = list.count
        if !values.isEmpty { list.append(verdicts(values, onAssets, onCIs, rules)) }
        batch.keyDiff = assetKeyDiff(rules, batch)
        let keys = batch.isRekeying ? [] : Array(batch.keyDiff.keys.indices)
        if !keys.isEmpty { list.append(firstHolders(of: keys, batch.keyDiff)) }
        guard !list.isEmpty else { return }
        let rows = try await flush(list)
        if !keys.isEmpty { try noteHolders(of: keys, rows[rows.count - 1], &batch.keyDiff) }
        guard !values.isEmpty else { return }
        var flipped: [(KindValue, Bool)] = []
        for row in rows[written] {
            let value = values[Int(try row.int8(0)) - 1]
            let isSuspect = try row.bool(1) && !row.bool(2)
            if isSuspect { batch.suspects.insert(value) }
            if isSuspect != (try row.bool(3)) { flipped.append((value, isSuspect)) }
        }
        guard !flipped.isEmpty else { return readSuspects(&batch) }
        try await flip(flipped, looked, &batch)
        readSuspects(&batch)
    }

    /// Whether too many hold each value, counted no further than K, and only where the verdict may differ from the one in
    /// force; by source and class only where all of them together have more than the smallest K.
    private func verdicts(
        _ values: [KindValue], _ onAssets: Set<KindValue>, _ onCIs: Set<KindValue>, _ rules: CompiledRuleSet
    ) -> Statement {
        let limits = Set(values.map(\.kind)).flatMap { kind in rules.suspectLimits(kind).map { (kind, $0) } }
        return Statement(
            """
            SELECT k.ord, w.is_over,
                   w.is_over AND EXISTS (
                       SELECT FROM assetlink_internal.trusted_value AS t WHERE t.kind = k.kind AND t.value = k.value),
                   c.is_suspect
            FROM unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $5::boolean[], $6::boolean[])
                WITH ORDINALITY AS k (kind, value, most, least, on_assets, on_cis, ord)
            CROSS JOIN LATERAL (
                SELECT s.is_suspect,
                       CASE WHEN k.most > 0 AND (k.on_assets OR s.is_suspect) THEN (SELECT count(*) FROM (
                           SELECT FROM assetlink_internal.asset_value AS v
                           WHERE v.kind = k.kind AND v.value = k.value AND v.counted LIMIT k.most + 1) AS x)
                           ELSE 0 END AS assets,
                       CASE WHEN k.least > 0 AND (k.on_cis OR s.is_suspect) THEN (SELECT count(*) FROM (
                           SELECT FROM assetlink_internal.ci_value AS v
                           WHERE v.kind = k.kind AND v.value = k.value AND v.counted LIMIT k.least + 1) AS x)
                           ELSE 0 END AS cis
                FROM (SELECT (SELECT true FROM assetlink_internal.suspect_value AS t
                              WHERE t.kind = k.kind AND t.value = k.value) IS NOT NULL AS is_suspect OFFSET 0) AS s
                OFFSET 0) AS c
            CROSS JOIN LATERAL (
                SELECT CASE
                    WHEN c.assets > k.most THEN true
                    WHEN c.cis <= k.least THEN false
                    ELSE EXISTS (
                        SELECT FROM unnest($7::text[], $8::text[], $9::integer[]) AS g (kind, class, most)
                        CROSS JOIN assetlink_internal.source AS s
                        WHERE g.kind = k.kind AND s.side = 'ci' AND g.most < (SELECT count(*) FROM (
                            SELECT FROM assetlink_internal.ci_value AS v
                            WHERE v.kind = k.kind AND v.value = k.value AND v.source_id = s.source_id
                                AND v.limit_class = g.class AND v.counted LIMIT g.most + 1) AS x))
                    END AS is_over
                OFFSET 0) AS w
            """,
            [
                .texts(values.map(\.kind.rawValue)), .texts(values.map(\.value)),
                .smallInts(values.map { rules.suspectLimit($0.kind) }),
                .smallInts(values.map { rules.suspectLimits($0.kind).map(\.most).min() ?? 0 }),
                .boolArray(values.map { onAssets.contains($0) }),
                .boolArray(values.map { onCIs.contains($0) }),
                .texts(limits.map(\.0.rawValue)), .texts(limits.map(\.1.className)),
                .smallInts(limits.map(\.1.most)),
            ])
    }

    /// The class whose K a value of the CI counts for now; empty = that of the kind.
    private func limitClass(_ value: KindValue, _ change: CIChange) -> String {
        guard let rules, let name = change.reading?.className else { return "" }
        return rules.limitClass(value.kind, of: name)
    }

    /// The values that the CI read before, too, and that count for another class's K now.
    private func regrouped(_ change: CIChange) -> Set<KindValue> {
        change.values.intersection(change.stored.reads)
            .filter { limitClass($0, change) != change.stored.limitClasses[$0] ?? "" }
    }

    /// A row of `asset_value` or `ci_value`; of a CI its whole key, or of a value that many hold all rows would be read.
    private struct ValueRow {
        var value: KindValue
        var ref: Int64
        var counts = false
        var source: Int32?
        var limitClass = ""
    }

    private func writeValues(_ batch: Batch) -> [Statement] {
        var (gone, here, rewritten): ([ValueRow], [ValueRow], [Int64]) = ([], [], [])
        for (ref, change) in batch.assets {
            let kept = change.isForgotten ? [] : change.stored.holds
            let new = change.reading?.holds ?? (change.standing == .deleted ? kept : [])
            gone += change.stored.holds.subtracting(new).map { ValueRow(value: $0, ref: ref) }
            let isSame = change.stored.isCounted == change.counts
            if !isSame || !change.stored.holds.isSubset(of: new) { rewritten.append(ref) }
            here += (isSame ? new.subtracting(change.stored.holds) : new).map {
                ValueRow(value: $0, ref: ref, counts: change.counts)
            }
        }
        let list = taking(.asset, rewritten) + valueStatements(.asset, gone, here)
        (gone, here, rewritten) = ([], [], [])
        for (ref, change) in batch.cis {
            let new = change.values
            let moved = regrouped(change)
            gone += change.stored.reads.subtracting(new).union(moved).map {
                ValueRow(
                    value: $0, ref: ref, source: change.source.id, limitClass: change.stored.limitClasses[$0] ?? "")
            }
            let isSame = change.stored.isCounted == change.counts
            if !isSame || !moved.isEmpty || !change.stored.reads.isSubset(of: new) { rewritten.append(ref) }
            here += (isSame ? new.subtracting(change.stored.reads).union(moved) : new).map {
                ValueRow(
                    value: $0, ref: ref, counts: change.counts, source: change.source.id,
                    limitClass: limitClass($0, change))
            }
        }
        return list + taking(.ci, rewritten) + valueStatements(.ci, gone, here)
    }

    private func valueStatements(_ side: SourceInfo.Side, _ gone: [ValueRow], _ here: [ValueRow]) -> [Statement] {
        func named(_ rows: [ValueRow]) -> [Parameter] {
            [.texts(rows.map(\.value.kind.rawValue)), .texts(rows.map(\.value.value)), .refs(rows.map(\.ref))]
        }
        func grouped(_ rows: [ValueRow]) -> [Parameter] {
            [.int4Array(rows.map(\.source)), .texts(rows.map(\.limitClass))]
        }
        var list: [Statement] = []
        if !gone.isEmpty {
            list.append(
                side == .asset
                    ? Statement(
                        """
                        DELETE FROM assetlink_internal.asset_value AS v
                        USING unnest($1::text[], $2::text[], $3::bigint[]) AS k (kind, value, ref)
                        WHERE v.kind = k.kind AND v.value = k.value AND v.asset_ref = k.ref
                        """, named(gone))
                    : Statement(
                        """
                        DELETE FROM assetlink_internal.ci_value AS v
                        USING unnest($1::text[], $2::text[], $3::bigint[], $4::integer[], $5::text[])
                            AS k (kind, value, ref, source, class)
                        WHERE v.kind = k.kind AND v.value = k.value AND v.source_id = k.source
                            AND v.limit_class = k.class AND v.ci_ref = k.ref
                        """, named(gone) + grouped(gone)))
        }
        guard !here.isEmpty else { return list }
        list.append(
            side == .asset
                ? Statement(
                    """
                    INSERT INTO assetlink_internal.asset_value (kind, value, asset_ref, counted)
                    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[])
                    ON CONFLICT (kind, value, asset_ref) DO UPDATE SET counted = excluded.counted
                    """, named(here) + [.boolArray(here.map(\.counts))])
                : Statement(
                    """
                    INSERT INTO assetlink_internal.ci_value (kind, value, ci_ref, counted, source_id, limit_class)
                    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[], $5::integer[], $6::text[])
                    ON CONFLICT (kind, value, source_id, limit_class, ci_ref) DO UPDATE SET counted = excluded.counted
                    """, named(here) + [.boolArray(here.map(\.counts))] + grouped(here)))
        return list
    }

    private func trustStatements(_ batch: Batch) -> [Statement] {
        batch.plan.trust.map { value, act in
            guard let act else {
                return Statement(
                    "DELETE FROM assetlink_internal.trusted_value WHERE kind = $1 AND value = $2",
                    [.text(value.kind.rawValue), .text(value.value)])
            }
            return Statement(
                "INSERT INTO assetlink_internal.trusted_value (kind, value, act_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                [.text(value.kind.rawValue), .text(value.value), .int8(act)])
        }
    }

    /// Writes the new verdicts and reads the holders again; too many of them go to the bulk lane.
    private func flip(_ flipped: [(KindValue, Bool)], _ causes: [KindValue: Cause], _ batch: inout Batch) async throws {
        let on = flipped.filter(\.1).map(\.0)
        let off = flipped.filter { !$0.1 }.map(\.0)
        let all = on + off
        let most = Int64(limits.holders + 1)
        let named: [Parameter] = [.texts(all.map(\.kind.rawValue)), .texts(all.map(\.value)), .int8(most)]
        func holders(_ side: String) -> Statement {
            Statement(
                """
                SELECT k.ord, v.\(side)_ref
                FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (kind, value, ord)
                CROSS JOIN LATERAL (
                    SELECT \(side)_ref FROM assetlink_internal.\(side)_value
                    WHERE kind = k.kind AND value = k.value LIMIT $3) AS v
                """, named)
        }
        let rows = try await flush([
            Statement(
                """
                INSERT INTO assetlink_internal.suspect_value (kind, value, since)
                SELECT k.kind, k.value, $3 FROM unnest($1::text[], $2::text[]) AS k (kind, value) ON CONFLICT DO NOTHING
                """, [.texts(on.map(\.kind.rawValue)), .texts(on.map(\.value)), .timestamptz(batch.time)]),
            Statement(
                """
                DELETE FROM assetlink_internal.suspect_value AS s
                USING unnest($1::text[], $2::text[]) AS k (kind, value)
                WHERE s.kind = k.kind AND s.value = k.value
                """, [.texts(off.map(\.kind.rawValue)), .texts(off.map(\.value))]),
            holders("asset"), holders("ci"),
        ])
        var counts: [Int: Int] = [:]
        for row in Array(rows[2]) + Array(rows[3]) { counts[Int(try row.int8(0)), default: 0] += 1 }
        for (index, value) in all.enumerated() {
            var audit = AuditRow(
                index < on.count ? "identifier_suspect" : "identifier_cleared", cause: causes[value] ?? .system)
            audit.evidence = JSONText.object([
                "kind": JSONText.string(value.kind.rawValue), "value": JSONText.string(value.value),
            ])
            batch.plan.audit.append(audit)
            guard counts[index + 1] ?? 0 > limits.holders else { continue }
            var range = BulkRange(.value, id: 0, source: causes[value]?.source, cause: causes[value]?.json ?? "{}")
            range.valueKind = value.kind.rawValue
            range.key = value.value
            range.phase = index < on.count ? 2 : 0
            add(range, to: &batch)
        }
        for row in rows[2] where counts[Int(try row.int8(0))] ?? 0 <= limits.holders {
            let ref = try row.int8(1)
            if needsReading(ref, batch) { batch.work.assetsAgain[ref] = causes[all[Int(try row.int8(0)) - 1]] }
        }
        for row in rows[3] where counts[Int(try row.int8(0))] ?? 0 <= limits.holders {
            let ref = try row.int8(1)
            if batch.cis[ref] == nil { batch.work.cisAgain[ref] = causes[all[Int(try row.int8(0)) - 1]] }
        }
        let assetRefs = batch.work.assetsAgain.keys.filter { needsReading($0, batch) }.sorted()
        let ciRefs = batch.work.cisAgain.keys.filter { batch.cis[$0] == nil }.sorted()
        guard !assetRefs.isEmpty || !ciRefs.isEmpty else { return }
        let again = try await flush([
            reader.storedAssets(assetRefs), StoredRecords.assets(refs: assetRefs), storedCIs(ciRefs),
            StoredRecords.cis(refs: ciRefs),
        ])
        batch.keyDiff.isStale = true
        try takeAssetsAgain(again[0], again[1], &batch)
        try takeCIsAgain(again[2], again[3], &batch)
        try await learnSuspects(&batch)
    }

    /// Not in the batch yet, or in it as a tombstone, whose keys are those it had and must now be made anew.
    private func needsReading(_ ref: AssetRef, _ batch: Batch) -> Bool {
        guard let change = batch.assets[ref] else { return true }
        return change.row == nil && !change.isForgotten
    }

    /// Holders read again have other values too: which of those are suspect is looked up, not counted.
    private func learnSuspects(_ batch: inout Batch) async throws {
        var values: Set<KindValue> = []
        for change in batch.assets.values { values.formUnion(change.reading?.holds ?? []) }
        for change in batch.cis.values { values.formUnion(change.reading?.reads ?? []) }
        let rows = try await flush(Self.suspects(among: Array(values)))
        batch.suspects = Set(try rows.compactMap { KindValue(stored: try $0.text(0)) })
    }

    /// Those of the values that are suspect, as `kind:value`.
    static func suspects(among values: [KindValue]) -> Statement {
        Statement(
            """
            SELECT s.kind || ':' || s.value
            FROM unnest($1::text[], $2::text[]) AS k (kind, value)
            CROSS JOIN LATERAL (
                SELECT * FROM assetlink_internal.suspect_value AS s
                WHERE s.kind = k.kind AND s.value = k.value OFFSET 0) AS s
            """, [.texts(values.map(\.kind.rawValue)), .texts(values.map(\.value))])
    }

    /// Records that hold a suspect value are read once more, now that the verdicts are known.
    func readSuspects(_ batch: inout Batch) {
        guard let rules, !batch.suspects.isEmpty else { return }
        // Other readings make other keys.
        batch.keyDiff.isStale = true
        let suspects = batch.suspects
        let valueReader = ValueReader(rules: rules) { suspects.contains($0) }
        for (ref, change) in batch.assets {
            guard let row = change.row, let reading = change.reading, !reading.holds.isDisjoint(with: suspects) else {
                continue
            }
            batch.assets[ref]?.reading = AssetReading(row.record, source: change.source.name, reader: valueReader)
        }
        for (ref, change) in batch.cis {
            guard let row = change.row, let reading = change.reading, !reading.reads.isDisjoint(with: suspects) else {
                continue
            }
            batch.cis[ref]?.reading = CIReading(row.record, source: change.source.name, reader: valueReader)
        }
    }
}
