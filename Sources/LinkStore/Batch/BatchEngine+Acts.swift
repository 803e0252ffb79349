import LinkCore
import Logging
import Postgres

/// An operator's act as stored.
struct Act {
    var id: Int64
    var kind: String
    var ci: CIName?
    var asset: AssetName?
    var linkID: Int64?
    var conflictID: Int64?
    var deadLetterID: Int64?
    var source: Int32?
    var identifier: KindValue?
    var reason: String
    var actor: String
    var expiresAt: Timestamp?

    /// Who acted, of a row of acts alone in its query's reach: given names are a trusted front end's word.
    static let actor = "coalesce(given_name || ' (' || decided_by || ')', decided_by)"

    static func statement(_ ids: [Int64]) -> Statement {
        Statement(
            """
            SELECT a.act_id, a.kind, a.ci_source_id, a.ci_id, a.asset_source_id, a.asset_id, a.link_id, a.conflict_id,
                   a.dead_letter_id, a.source_id, a.identifier_kind, a.identifier_value, a.reason,
                   \(actor), a.expires_at
            FROM unnest($1::bigint[]) AS k (id)
            JOIN assetlink_internal.act AS a ON a.act_id = k.id
            ORDER BY a.act_id
            """, [.refs(ids)])
    }

    init(_ row: Row) throws(PostgresError) {
        var columns = Columns(row)
        id = try columns.int8()
        kind = try columns.text()
        let ciSource = try columns.int4OrNil()
        let ciID = try columns.textOrNil()
        if let ciSource, let ciID { ci = CIName(source: ciSource, id: ciID) }
        let assetSource = try columns.int4OrNil()
        let assetID = try columns.textOrNil()
        if let assetSource, let assetID { asset = AssetName(source: assetSource, id: assetID) }
        linkID = try columns.int8OrNil()
        conflictID = try columns.int8OrNil()
        deadLetterID = try columns.int8OrNil()
        source = try columns.int4OrNil()
        let kindText = try columns.textOrNil()
        let value = try columns.textOrNil()
        if let identifierKind = kindText.flatMap(IdentifierKind.init(rawValue:)), let value {
            identifier = KindValue(identifierKind, value)
        }
        reason = try columns.text()
        actor = try columns.text()
        expiresAt = try columns.timeOrNil()
    }
}

/// A pin or block in force.
struct PairInForce {
    var kind: String
    var ci: CIName
    var asset: AssetName
    var actID: Int64
    var expiresAt: Timestamp?
}

extension BatchEngine {
    /// Takes operators' acts and expiries in: what is in force changes, and what they touch is looked at again.
    func takeActs(_ batch: inout Batch) async throws {
        guard !batch.work.acts.isEmpty || !batch.work.expiries.isEmpty else { return }
        let first = try await flush([
            Act.statement(batch.work.acts.keys.sorted()),
            Statement(
                "SELECT ci_source_id, ci_id FROM assetlink_internal.pair_in_force WHERE act_id = ANY ($1::bigint[])",
                [.refs(batch.work.expiries.keys.sorted())]),
            LaterActs.statement(batch.work.acts.keys.sorted()),
        ])
        let acts = try first[0].map { try Act($0) }
        let later = try LaterActs(first[2])
        var touched = Set(acts.compactMap(\.ci))
        for row in first[1] { touched.insert(CIName(source: try row.int4(0), id: try row.text(1))) }
        var pairs = try await pairs(of: touched)
        for (id, cause) in batch.work.expiries.sorted(by: { $0.key < $1.key }) {
            for pair in pairs.filter({ $0.actID == id }) { end(pair, "expired", cause, &pairs, &batch) }
        }
        for act in acts {
            var cause = batch.work.acts[act.id] ?? .system
            cause.actor = act.actor
            cause.isExempt = true
            cause.source = nil
            try await take(act, cause, later, &pairs, &batch)
        }
        let names = Set(touched)
        try await noteCIs(names, &batch)
    }

    private func pairs(of cis: Set<CIName>) async throws -> [PairInForce] {
        let list = Array(cis)
        let rows = try await flush(
            Statement(
                """
                SELECT p.kind, p.ci_source_id, p.ci_id, p.asset_source_id, p.asset_id, p.act_id, p.expires_at
                FROM unnest($1::integer[], $2::text[]) AS k (source, id)
                CROSS JOIN LATERAL (
                    SELECT * FROM assetlink_internal.pair_in_force AS p
                    WHERE p.ci_source_id = k.source AND p.ci_id = k.id OFFSET 0) AS p
                """, [.int4s(list.map(\.source)), .texts(list.map(\.id))]))
        return try rows.map { row in
            var columns = Columns(row)
            return PairInForce(
                kind: try columns.text(), ci: CIName(source: try columns.int4(), id: try columns.text()),
                asset: AssetName(source: try columns.int4(), id: try columns.text()), actID: try columns.int8(),
                expiresAt: try columns.timeOrNil())
        }
    }

    private func end(
        _ pair: PairInForce, _ reason: String, _ cause: Cause, _ pairs: inout [PairInForce], _ batch: inout Batch
    ) {
        pairs.removeAll { $0.actID == pair.actID }
        batch.plan.endedPairs.append((pair, reason, cause))
        batch.work.touchedBy[pair.ci] = cause
    }

    private func take(
        _ act: Act, _ cause: Cause, _ later: LaterActs, _ pairs: inout [PairInForce], _ batch: inout Batch
    ) async throws {
        var audit = AuditRow(act.kind, cause: cause)
        audit.reason = act.reason
        audit.ciID = act.ci?.id
        audit.ciSource = act.ci.flatMap { batch.sources[$0.source]?.name }
        audit.assetID = act.asset?.id
        audit.assetSource = act.asset.flatMap { batch.sources[$0.source]?.name }
        audit.linkID = act.linkID
        audit.evidence = JSONText.object([
            "act": String(act.id), "conflict": act.conflictID.map { String($0) },
            "dead_letter": act.deadLetterID.map { String($0) },
            "source": act.source.flatMap { batch.sources[$0] }.map { JSONText.string($0.name) },
            "kind": act.identifier.map { JSONText.string($0.kind.rawValue) },
            "value": act.identifier.map { JSONText.string($0.value) },
        ])
        batch.plan.audit.append(audit)
        if let ci = act.ci { batch.work.touchedBy[ci] = cause }
        switch act.kind {
        case "pin", "block", "unpin", "unblock": takePair(act, cause, later, &pairs, &batch)
        case "requeue": break
        case "close_stale_link":
            if let id = act.linkID { batch.plan.operatorCloses[id] = (.closedByOperator, cause) }
        case "set_composite", "unset_composite":
            guard let asset = act.asset, !later.overrule(act) else { return }
            batch.plan.marks[asset] = act.kind == "set_composite" ? act.id : .some(nil)
            try await noteAsset(asset, cause, &batch)
        case "trust_identifier", "distrust_identifier":
            guard let value = act.identifier else { return }
            batch.plan.trust[value] = act.kind == "trust_identifier" ? act.id : .some(nil)
            batch.work.values[value] = cause
            batch.work.rulesChanged = true
        case "resolve_conflict": break
        case "approve_held", "drop_held":
            guard let source = act.source else { return approveActivation(&batch) }
            if act.kind == "approve_held" {
                var range = BulkRange(.release, id: 0, source: source, cause: "approved")
                range.approved = true
                add(range, to: &batch)
                for index in batch.ranges.indices
                where batch.ranges[index].source == source && [.holders, .value].contains(batch.ranges[index].kind) {
                    batch.ranges[index].approved = true
                }
            } else {
                batch.plan.dropHeld.insert(source)
            }
            batch.plan.statuses[source] = .some(nil)
            batch.sources[source]?.status = .ok
        case "replay_dead_letter":
            if let id = act.deadLetterID { try await replay(id, cause, &batch) }
        case "set_write_back", "unset_write_back": batch.plan.changesWriteBack = true
        default: break
        }
    }

    /// Pins and blocks: of two acts the one with the higher number counts, in whatever order their transactions were
    /// committed and whichever batches took them in.
    private func takePair(
        _ act: Act, _ cause: Cause, _ later: LaterActs, _ pairs: inout [PairInForce], _ batch: inout Batch
    ) {
        guard let ci = act.ci else { return }
        for old in pairs where old.ci == ci && old.actID < act.id {
            if let reason = act.ends(old.kind, of: old.asset) { end(old, reason, cause, &pairs, &batch) }
        }
        guard act.kind == "pin" || act.kind == "block", let asset = act.asset else { return }
        let pair = PairInForce(kind: act.kind, ci: ci, asset: asset, actID: act.id, expiresAt: act.expiresAt)
        batch.plan.newPairs.append(pair)
        if let (reason, later, actor) = later.end(of: act) {
            var cause = cause
            cause.json = batch.work.acts[later]?.json ?? cause.json
            cause.actor = actor
            end(pair, reason, cause, &pairs, &batch)
        } else {
            pairs.append(pair)
        }
    }

    /// CIs by name: they are decided again.
    private func noteCIs(_ names: Set<CIName>, _ batch: inout Batch) async throws {
        guard !names.isEmpty else { return }
        let list = Array(names)
        let rows = try await flush(
            Statement(
                """
                SELECT c.ci_ref, c.source_id, c.key
                FROM unnest($1::integer[], $2::text[]) AS k (source, id)
                CROSS JOIN LATERAL (
                    SELECT * FROM assetlink_internal.ci AS c
                    WHERE c.source_id = k.source AND c.key = k.id OFFSET 0) AS c
                """, [.int4s(list.map(\.source)), .texts(list.map(\.id))]))
        for row in rows {
            let name = CIName(source: try row.int4(1), id: try row.text(2))
            batch.work.cis[try row.int8(0)] = batch.work.touchedBy[name] ?? .system
        }
    }

    private func noteAsset(_ name: AssetName, _ cause: Cause, _ batch: inout Batch) async throws {
        let rows = try await flush(
            Statement(
                "SELECT asset_ref FROM assetlink_internal.asset WHERE source_id = $1 AND key = $2",
                [.int4(name.source), .text(name.id)]))
        if let row = rows.first { batch.work.assetsAgain[try row.int8(0)] = cause }
    }

    private func replay(_ id: Int64, _ cause: Cause, _ batch: inout Batch) async throws {
        let rows = try await flush(
            Statement(
                """
                UPDATE assetlink_internal.dead_letter SET replayed_at = clock_timestamp()
                WHERE id = $1 AND replayed_at IS NULL RETURNING source_id, key, feed, raw
                """, [.int8(id)]))
        guard let row = rows.first else { return }
        if let source = try row.int4OrNil(0), let key = try row.textOrNil(1) {
            var cause = Cause(source: source, json: cause.json, actor: cause.actor)
            cause.isRetry = true
            batch.work.add(source, key, cause)
        } else if let raw = try row.textOrNil(3) {
            // It goes back into the feed it came from, and into a later batch through the log.
            _ = try await flush(
                Statement(
                    "SELECT assetlink_internal.take_notification($1, $2)", [.text(try row.text(2)), .text(raw)]))
        }
    }
}
