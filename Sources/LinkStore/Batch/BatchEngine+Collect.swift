import LinkCore
import Logging
import Postgres

extension BatchEngine {
    /// Sorts log rows into work; a live lane that is too long becomes a range (engine point 5).
    func collect(_ rows: [LogRow], into batch: inout Batch) async throws {
        if rows.count > limits.live {
            var range = BulkRange(.log, id: nextRangeID(batch), cause: "backlog")
            range.from = cursor.snapshot.text
            range.to = batch.start.snapshot.text
            batch.ranges.append(range)
            batch.work.oldestLoggedAt = rows.first?.loggedAt
            logger.info("backlog goes to the bulk lane", metadata: ["range": "\(range.id)"])
        } else {
            sort(rows, into: &batch)
        }
        try await takeRange(&batch)
    }

    private func nextRangeID(_ batch: Batch) -> Int64 {
        max(batch.ranges.map(\.id).max() ?? 0, batch.id * 1_000) + 1
    }

    func add(_ range: BulkRange, to batch: inout Batch) {
        var range = range
        range.id = nextRangeID(batch)
        batch.ranges.append(range)
    }

    /// One log row at a time: what it asks to be looked at.
    func sort(_ rows: [LogRow], into batch: inout Batch) {
        for row in rows {
            let source = row.source.flatMap { batch.sources[$0] }
            let cause = Cause(row: row, sourceName: source?.name)
            batch.work.rows += 1
            batch.work.note(row.loggedAt)
            switch row.topic {
            case .record:
                guard let source, let key = row.key else { continue }
                if row.event != nil { batch.work.events.append(row) }
                batch.work.add(source.id, key, cause)
            case .source:
                guard let source else { continue }
                if row.cause == "detach" {
                    // What was learned stays as it is, unless it is to be dropped.
                    guard row.record?.contains("\"keep\": false") == true else { continue }
                    batch.plan.statuses[source.id] = (status: "dropped", detail: "Detached; its records are dropped.")
                    batch.sources[source.id]?.status = .dropped
                } else if row.cause == "attach", source.status != .ok {
                    batch.plan.statuses[source.id] = .some(nil)
                    batch.sources[source.id]?.status = .ok
                }
                let isRead = batch.ranges.contains { $0.kind == .read && $0.source == source.id && $0.after == nil }
                if !isRead || row.cause == "attach" || row.cause == "detach" {
                    add(
                        BulkRange(
                            .read, id: 0, source: source.id, cause: row.cause,
                            force: row.cause == "attach" || row.cause == "detach"),
                        to: &batch)
                }
            case .act: if let id = row.key.flatMap({ Int64($0) }) { batch.work.acts[id] = cause }
            case .expiry: if let id = row.key.flatMap({ Int64($0) }) { batch.work.expiries[id] = cause }
            // Only wakes: the number of the newest version says what is in force.
            case .rules: break
            case .ci: if let ref = row.key.flatMap({ Int64($0) }) { batch.work.cis[ref] = cause }
            case .link: if let id = row.key.flatMap({ Int64($0) }) { batch.work.links[id] = cause }
            case .tombstone: if let ref = row.key.flatMap({ Int64($0) }) { batch.work.tombstones[ref] = cause }
            case .discovery:
                isDiscoveryDue = true
                batch.work.discovery = cause
            }
        }
    }

    /// Whether a range can be worked on now: its source is neither locked nor broken, and what would end too many links
    /// is approved.
    func isRunnable(_ range: BulkRange, _ batch: Batch) -> Bool {
        guard let source = range.source else { return range.held == nil }
        switch range.kind {
        case .read, .release: return !batch.lockedOut.contains(source) && batch.sources[source]?.status != .broken
        case .holders, .value: return range.approved || batch.sources[source]?.status != .held
        case .log, .reevaluate: return true
        }
    }

    /// A page of the oldest open range: after the live lane, so that nobody starves.
    private func takeRange(_ batch: inout Batch) async throws {
        // A range of a source that cannot be read just now waits without holding up the others.
        guard let first = batch.ranges.firstIndex(where: { isRunnable($0, batch) }) else { return }
        let index = assetsFirst(first, batch)
        batch.ranges.swapAt(0, index)
        var range = batch.ranges[0]
        let before = range.done
        let isOver: Bool
        switch range.kind {
        case .log: isOver = try await takeLog(&range, &batch)
        case .read: isOver = try await takeRead(&range, &batch)
        case .reevaluate: isOver = try await takeActivation(&range, &batch)
        case .holders: isOver = try await takeHolders(&range, &batch)
        case .value: isOver = try await takeValue(&range, &batch)
        case .release: isOver = try await takeRelease(&range, &batch)
        }
        #if DEBUG
            Failpoint.inBulkRange.reach()
        #endif
        if range.kind == .reevaluate { batch.work.rulesChanged = true }
        batch.work.rows += range.done - before
        batch.ranges.removeFirst()
        // Round robin: the others have their turn.
        if !isOver { batch.ranges.append(range) }
        if isOver || range.done / 50_000 != before / 50_000 {
            logger.info(
                isOver ? "bulk range done" : "bulk range under way",
                metadata: [
                    "range": "\(range.id)", "kind": "\(range.kind.rawValue)", "cause": "\(range.cause)",
                    "source": "\(range.source.flatMap { batch.sources[$0]?.name } ?? "-")", "done": "\(range.done)",
                ])
        }
    }

    /// CIs are read once the assets are: otherwise each is decided twice, and audited as an orphan in between.
    private func assetsFirst(_ index: Int, _ batch: Batch) -> Int {
        func isRead(_ range: BulkRange, of side: SourceInfo.Side) -> Bool {
            range.kind == .read && range.source.flatMap { batch.sources[$0]?.side } == side
        }
        guard isRead(batch.ranges[index], of: .ci) else { return index }
        return batch.ranges.firstIndex { isRead($0, of: .asset) && isRunnable($0, batch) } ?? index
    }

    private func takeLog(_ range: inout BulkRange, _ batch: inout Batch) async throws -> Bool {
        let rows = try await flush(ChangeLog.page(of: range, limit: pace.page)).compactMap { try LogRow($0) }
        sort(rows, into: &batch)
        batch.work.rows -= rows.count  // counted by the range's progress
        if let last = rows.last { range.after = "\(last.xid)/\(last.seq)" }
        range.done += rows.count
        return rows.count < pace.page
    }

    /// Phase 0: every stored record of the source is read again; phase 1: what the source has beyond them.
    private func takeRead(_ range: inout BulkRange, _ batch: inout Batch) async throws -> Bool {
        guard let source = range.source.flatMap({ batch.sources[$0] }) else { return true }
        if range.force {
            batch.work.forced.insert(source.id)
            batch.work.rulesChanged = true
        }
        let cause = Cause(
            source: source.id,
            json: JSONText.object(["source": JSONText.string(source.name), "by": JSONText.string(range.cause)]),
            isExempt: source.isDetached || range.approved)
        if range.phase == 0 {
            if range.after == nil, !range.approved, try await isSuspiciouslyEmpty(source, &batch) { return true }
            let table = source.side == .asset ? "asset" : "ci"
            // A dropped source loses its tombstones too.
            let live =
                source.side != .asset ? "deleted_at IS NULL" : source.isDropped ? "true" : "standing <> 2"
            let rows = try await flush(
                Statement(
                    """
                    SELECT key FROM assetlink_internal.\(table)
                    WHERE source_id = $1 AND key > $2 COLLATE "C" AND \(live) ORDER BY source_id, key LIMIT $3
                    """, [.int4(source.id), .text(range.after ?? ""), .int8(Int64(pace.page))]))
            for row in rows { batch.work.add(source.id, try row.text(0), cause) }
            range.done += rows.count
            range.after = try rows.isEmpty ? nil : rows[rows.count - 1].text(0)
            if rows.count < pace.page {
                range.phase = 1
                range.after = nil
            }
            return false
        }
        if source.isDetached { return true }
        let rows: Rows
        do {
            rows = try await flush(reader.page(source, after: range.after, limit: pace.page))
        } catch {
            guard error.isOfQuery else { throw error }
            throw StoreError.brokenSource(source: source.id, error)
        }
        for row in rows where try !row.bool(1) { batch.work.add(source.id, try row.text(0), cause) }
        range.done += rows.count
        if !rows.isEmpty { range.after = try rows[rows.count - 1].text(0) }
        return rows.count < pace.page
    }

    /// A source of more than 50 records that reads empty is held, not believed (engine point 14).
    private func isSuspiciouslyEmpty(_ source: SourceInfo, _ batch: inout Batch) async throws -> Bool {
        guard !source.isDetached, !source.isPublished, source.status != .held else { return false }
        let table = source.side == .asset ? "asset" : "ci"
        let live = source.side == .asset ? "standing <> 2" : "deleted_at IS NULL"
        do {
            let rows = try await flush([
                reader.isEmpty(source),
                Statement(
                    """
                    SELECT count(*) FROM (
                        SELECT FROM assetlink_internal.\(table) WHERE source_id = $1 AND \(live) LIMIT 51) AS x
                    """, [.int4(source.id)]),
            ])
            guard try rows[0].first?.bool(0) == true, try rows[1].first?.int8(0) ?? 0 > 50 else { return false }
        } catch {
            guard error.isOfQuery else { throw error }
            throw StoreError.brokenSource(source: source.id, error)
        }
        batch.plan.hold(
            source.id, keys: [""],
            detail: "The source reads empty, but more than 50 of its records are known. Look at its tables, then "
                + "approve_held (believe it) or drop_held (forget it).")
        return true
    }

    func takeHolders(_ range: inout BulkRange, _ batch: inout Batch) async throws -> Bool {
        guard let space = range.space, let key = range.key else { return true }
        let rows = try await flush(
            Statement(
                """
                SELECT ci_ref FROM assetlink_internal.ci_key
                WHERE space_id = $1 AND key = $2 AND ci_ref > $3 ORDER BY ci_ref LIMIT $4
                """,
                [
                    .int4(space), .text(key), .int8(range.after.flatMap { Int64($0) } ?? 0),
                    .int8(Int64(pace.page)),
                ]))
        let cause = Cause(source: range.source, json: range.cause, isExempt: range.approved)
        for row in rows {
            let ref = try row.int8(0)
            batch.work.cis[ref] = cause
            range.after = String(ref)
        }
        range.done += rows.count
        return rows.count < pace.page
    }

    func takeValue(_ range: inout BulkRange, _ batch: inout Batch) async throws -> Bool {
        guard let kind = range.valueKind, let value = range.key else { return true }
        let isAssets = range.phase == 0 || range.phase == 3
        let rows = try await flush(
            Statement(
                isAssets
                    ? """
                    SELECT asset_ref FROM assetlink_internal.asset_value
                    WHERE kind = $1 AND value = $2 AND asset_ref > $3 ORDER BY asset_ref LIMIT $4
                    """
                    : """
                    SELECT ci_ref FROM assetlink_internal.ci_value
                    WHERE kind = $1 AND value = $2 AND ci_ref > $3 ORDER BY ci_ref LIMIT $4
                    """,
                [
                    .text(kind), .text(value), .int8(range.after.flatMap { Int64($0) } ?? 0),
                    .int8(Int64(pace.page)),
                ]))
        let cause = Cause(source: range.source, json: range.cause, isExempt: range.approved)
        for row in rows {
            let ref = try row.int8(0)
            if isAssets { batch.work.assetsAgain[ref] = cause } else { batch.work.cisAgain[ref] = cause }
            range.after = String(ref)
        }
        range.done += rows.count
        batch.work.rulesChanged = true
        guard rows.count < pace.page else { return false }
        if range.phase == 1 || range.phase == 3 { return true }
        range.phase += 1
        range.after = nil
        return false
    }

    /// Held keys go through the planner again; approved ones are exempt from the breaker.
    private func takeRelease(_ range: inout BulkRange, _ batch: inout Batch) async throws -> Bool {
        guard let source = range.source.flatMap({ batch.sources[$0] }) else { return true }
        let rows = try await flush(
            Statement(
                """
                DELETE FROM assetlink_internal.held_change AS h
                USING (SELECT key FROM assetlink_internal.held_change WHERE source_id = $1 ORDER BY key LIMIT $2) AS k
                WHERE h.source_id = $1 AND h.key = k.key
                RETURNING h.key
                """, [.int4(source.id), .int8(Int64(pace.page))]))
        let cause = Cause(
            source: source.id,
            json: JSONText.object(["source": JSONText.string(source.name), "by": JSONText.string(range.cause)]),
            isExempt: range.approved)
        for row in rows {
            let key = try row.text(0)
            if key.isEmpty {
                var read = BulkRange(.read, id: 0, source: source.id, cause: range.cause)
                read.approved = range.approved
                add(read, to: &batch)
            } else {
                batch.work.records[source.id, default: [:]][key] = cause
            }
        }
        range.done += rows.count
        return rows.count < pace.page
    }
}
