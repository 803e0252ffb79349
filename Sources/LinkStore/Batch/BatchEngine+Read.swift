import LinkCore
import Logging
import Postgres

extension BatchEngine {
    /// Folds published events, reads what changed, and what is stored of it.
    func read(_ batch: inout Batch) async throws {
        try await foldEvents(&batch)
        holdRecords(&batch)
        rejectLongKeys(&batch)
        tried = batch.work.pieces
        try await setPoisonAside(&batch)
        if let only = trial { batch.work.keep(only) }
        var plan: [(SourceInfo, [String])] = []
        var list: [Statement] = []
        for (id, keys) in batch.work.records.sorted(by: { $0.key < $1.key }) {
            guard let source = batch.sources[id], !keys.isEmpty else { continue }
            let sorted = keys.keys.sorted()
            plan.append((source, sorted))
            if !source.isDropped { list.append(reader.read(source, keys: sorted)) }
            list.append(
                source.side == .asset
                    ? StoredRecords.assets(source: id, keys: sorted) : StoredRecords.cis(source: id, keys: sorted))
        }
        let assetRefs = batch.work.assetsAgain.keys.sorted()
        let ciRefs = batch.work.cisAgain.keys.sorted()
        let again = list.count
        let forgotten = batch.work.tombstones.keys.sorted()
        if !forgotten.isEmpty { list.append(StoredRecords.assets(refs: forgotten)) }
        if !assetRefs.isEmpty { list += [reader.storedAssets(assetRefs), StoredRecords.assets(refs: assetRefs)] }
        if !ciRefs.isEmpty { list += [storedCIs(ciRefs), StoredRecords.cis(refs: ciRefs)] }
        guard !list.isEmpty else { return }
        let results: [Rows]
        do {
            results = try await flush(list)
        } catch {
            // A value that the query cannot work out is its record's trouble: that record is looked for.
            if error.isOfQuery, !error.isOfValue, let index = error.statementIndex, let source = sourceOf(index, plan) {
                throw StoreError.brokenSource(source: source, error)
            }
            throw error
        }
        var next = 0
        for (source, keys) in plan {
            let fresh = source.isDropped ? nil : results[next]
            if fresh != nil { next += 1 }
            if source.side == .asset {
                try takeAssets(source, keys, fresh, results[next], &batch)
            } else {
                try takeCIs(source, keys, fresh, results[next], &batch)
            }
            next += 1
        }
        next = again
        if !forgotten.isEmpty {
            try takeForgotten(results[next], &batch)
            next += 1
        }
        if !assetRefs.isEmpty {
            try takeAssetsAgain(results[next], results[next + 1], &batch)
            next += 2
        }
        if !ciRefs.isEmpty { try takeCIsAgain(results[next], results[next + 1], &batch) }
    }

    /// Which source's reading the failed statement was; a stored-rows statement is nobody's fault.
    private func sourceOf(_ index: Int, _ plan: [(SourceInfo, [String])]) -> Int32? {
        var next = 0
        for (source, _) in plan {
            if source.isDropped {
                next += 1
                continue
            }
            if next == index { return source.id }
            next += 2
        }
        return nil
    }

    func storedCIs(_ refs: [CIRef]) -> Statement {
        Statement(
            """
            SELECT b.key, \(reader.storedCIList)
            FROM unnest($1::bigint[]) AS k (ref)
            CROSS JOIN LATERAL (SELECT * FROM assetlink_internal.ci WHERE ci_ref = k.ref OFFSET 0) AS b
            """, [.refs(refs)])
    }

    /// Keys of held and broken sources wait; of a held one, records that are new may pass (engine point 14).
    private func holdRecords(_ batch: inout Batch) {
        for (id, keys) in batch.work.records {
            guard let source = batch.sources[id] else { continue }
            if batch.lockedOut.contains(id) {
                // They wait where the keys of a broken source do; a range of their own brings them back.
                batch.plan.park(id, keys: Array(keys.keys))
                if !keys.isEmpty, !batch.ranges.contains(where: { $0.kind == .release && $0.source == id }) {
                    add(BulkRange(.release, id: 0, source: id, cause: "locked"), to: &batch)
                }
                batch.work.records[id] = [:]
            } else if source.status == .broken || batch.heldWhole.contains(id) {
                let waiting = keys.filter { !$0.value.isExempt }
                batch.plan.park(id, keys: Array(waiting.keys))
                batch.work.records[id] = keys.filter { $0.value.isExempt }
            } else if source.status == .held {
                batch.held.insert(id)
            }
        }
    }

    /// An id that no index can hold is a dead letter of its own, and nobody else's trouble.
    private func rejectLongKeys(_ batch: inout Batch) {
        for (id, keys) in batch.work.records {
            for (key, _) in keys where key.utf8.count > 512 {
                batch.work.records[id]?[key] = nil
                batch.plan.deadLetters.append(
                    DeadLetter(
                        feed: batch.sources[id]?.name ?? "?", source: id, key: String(key.prefix(200)), raw: key,
                        code: "id_too_long",
                        text:
                            "The id has \(key.utf8.count) bytes; at most 512 can be stored. Give the record a shorter id."
                    ))
            }
        }
    }

    private func takeAssets(
        _ source: SourceInfo, _ keys: [String], _ fresh: Rows?, _ stored: Rows, _ batch: inout Batch
    ) throws {
        guard let rules else { return }
        let valueReader = ValueReader(rules: rules) { _ in false }
        var rows: [String: AssetRow] = [:]
        for row in fresh.map(Array.init) ?? [] {
            var columns = Columns(row)
            let key = try columns.text()
            let read = try reader.asset(&columns, key: key)
            if rows.updateValue(read, forKey: key) != nil { noteDuplicate(source, key, &batch) }
        }
        for row in stored {
            var columns = Columns(row)
            let key = try columns.text()
            let old = try StoredRecords.asset(&columns)
            let fresh = rows[key]
            let isForced = batch.work.isForced(source.id, key)
            if fresh == nil && (!old.isStored || old.standing == .deleted && !source.isDropped) { continue }
            if fresh?.digest == SourceReader.tooLarge {
                rejectLarge(source, key, &batch)
                continue
            }
            if let fresh, old.isStored, old.digest == fresh.digest, old.standing != .deleted, !isForced {
                batch.plan.same += 1
                continue
            }
            if batch.held.contains(source.id), old.isStored, batch.work.records[source.id]?[key]?.isExempt != true {
                batch.plan.park(source.id, keys: [key])
                continue
            }
            let cause = batch.work.records[source.id]?[key] ?? .system
            let reading = fresh.map { AssetReading($0.record, source: source.name, reader: valueReader) }
            let standing: Standing = reading.map { $0.phase.isEnded ? .ended : .eligible } ?? .deleted
            batch.assets[old.ref] = AssetChange(
                source: source, key: key, stored: old, row: fresh, reading: reading, standing: standing,
                isComposite: (fresh?.record.isComposite ?? old.isComposite)
                    || mark(old.hasMark, AssetName(source: source.id, id: key), batch),
                hasNewRaw: fresh != nil, isForgotten: source.isDropped, cause: cause)
        }
    }

    private func takeCIs(
        _ source: SourceInfo, _ keys: [String], _ fresh: Rows?, _ stored: Rows, _ batch: inout Batch
    ) throws {
        guard let rules else { return }
        let valueReader = ValueReader(rules: rules) { _ in false }
        var rows: [String: CIRow] = [:]
        for row in fresh.map(Array.init) ?? [] {
            var columns = Columns(row)
            let key = try columns.text()
            let read = try reader.ci(&columns, key: key)
            if rows.updateValue(read, forKey: key) != nil { noteDuplicate(source, key, &batch) }
        }
        for row in stored {
            var columns = Columns(row)
            let key = try columns.text()
            let old = try StoredRecords.ci(&columns)
            let fresh = rows[key]
            if fresh == nil && (!old.isStored || old.isDeleted) { continue }
            if fresh?.digest == SourceReader.tooLarge {
                rejectLarge(source, key, &batch)
                continue
            }
            if let fresh, old.isStored, old.digest == fresh.digest, !old.isDeleted,
                !batch.work.isForced(source.id, key)
            {
                batch.plan.same += 1
                // Freshness is no change: it is noted, nothing is decided (engine point 10).
                if fresh.record.lastDiscoveredAt != old.lastDiscoveredAt {
                    batch.plan.discovered.append((old.ref, fresh.record.lastDiscoveredAt, fresh.record.discoverySource))
                }
                continue
            }
            if batch.held.contains(source.id), old.isStored, batch.work.records[source.id]?[key]?.isExempt != true {
                batch.plan.park(source.id, keys: [key])
                continue
            }
            let cause = batch.work.records[source.id]?[key] ?? .system
            batch.cis[old.ref] = CIChange(
                source: source, key: key, stored: old, row: fresh,
                reading: fresh.map { CIReading($0.record, source: source.name, reader: valueReader) },
                isDeleted: fresh == nil, hasNewRaw: fresh != nil, cause: cause)
        }
    }

    private func noteDuplicate(_ source: SourceInfo, _ key: String, _ batch: inout Batch) {
        batch.plan.deadLetters.append(
            DeadLetter(
                feed: source.name, source: source.id, key: key, raw: nil, code: "duplicate_id",
                text: "The source's query shows this id more than once; one of the rows was taken. "
                    + "Make the id of the binding unique."))
    }

    /// Assets touched without a change of their record: a flipped value, a composite mark, a change of rules.
    func takeAssetsAgain(_ raw: Rows, _ stored: Rows, _ batch: inout Batch) throws {
        guard let rules else { return }
        let valueReader = ValueReader(rules: rules) { _ in false }
        for (index, row) in stored.enumerated() {
            var columns = Columns(row)
            let key = try columns.text()
            let old = try StoredRecords.asset(&columns)
            guard let source = batch.sources[try columns.int4()] else { continue }
            var rawColumns = Columns(raw[index])
            guard try rawColumns.text() == key else { throw StoreError.corrupt("assets read in two orders") }
            let read = try reader.asset(&rawColumns, key: key)
            let reading = AssetReading(read.record, source: source.name, reader: valueReader)
            if let known = batch.assets[old.ref] {
                guard known.row == nil, !known.isForgotten else { continue }
                batch.assets[old.ref]?.row = read
                batch.assets[old.ref]?.reading = reading
                continue
            }
            let isGone = old.standing == .deleted
            batch.assets[old.ref] = AssetChange(
                source: source, key: key, stored: old, row: read, reading: reading,
                standing: isGone ? .deleted : reading.phase.isEnded ? .ended : .eligible,
                isComposite: read.record.isComposite || mark(old.hasMark, AssetName(source: source.id, id: key), batch),
                hasNewRaw: false, cause: batch.work.assetsAgain[old.ref] ?? .system)
        }
    }

    /// Tombstones whose time is over.
    private func takeForgotten(_ stored: Rows, _ batch: inout Batch) throws {
        for row in stored {
            var columns = Columns(row)
            let key = try columns.text()
            let old = try StoredRecords.asset(&columns)
            guard let source = batch.sources[try columns.int4()], batch.assets[old.ref] == nil,
                old.standing == .deleted
            else { continue }
            batch.assets[old.ref] = AssetChange(
                source: source, key: key, stored: old, standing: .deleted, isComposite: old.isComposite,
                hasNewRaw: false, isForgotten: true, cause: batch.work.tombstones[old.ref] ?? .system)
        }
    }

    private func mark(_ stored: Bool, _ name: AssetName, _ batch: Batch) -> Bool {
        if let new = batch.plan.marks[name] { return new != nil }
        return stored
    }

    func takeCIsAgain(_ raw: Rows, _ stored: Rows, _ batch: inout Batch) throws {
        guard let rules else { return }
        let valueReader = ValueReader(rules: rules) { _ in false }
        for (index, row) in stored.enumerated() {
            var columns = Columns(row)
            let key = try columns.text()
            let old = try StoredRecords.ci(&columns)
            guard let source = batch.sources[try columns.int4()], batch.cis[old.ref] == nil, !old.isDeleted else {
                continue
            }
            var rawColumns = Columns(raw[index])
            guard try rawColumns.text() == key else { throw StoreError.corrupt("CIs read in two orders") }
            let read = try reader.ci(&rawColumns, key: key)
            batch.cis[old.ref] = CIChange(
                source: source, key: key, stored: old, row: read,
                reading: CIReading(read.record, source: source.name, reader: valueReader), isDeleted: false,
                hasNewRaw: false, cause: batch.work.cisAgain[old.ref] ?? .system)
        }
    }
}

extension PostgresError {
    /// Whether the query of a source is at fault, and not a lock, an operator, want of room or the connection.
    var isOfQuery: Bool {
        code == .server && !isRetriable && !isConnectionFailure
            && !["53", "55", "57", "58"].contains { sqlState?.hasPrefix($0) == true }
    }

    /// Whether a value is: then a record fails, not the query.
    var isOfValue: Bool { ["21", "22"].contains { sqlState?.hasPrefix($0) == true } }
}
