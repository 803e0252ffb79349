import LinkCore
import Logging
import Postgres

/// A CI under decision in this batch.
struct CIDecision {
    var facts: CIFacts
    var verdict: Verdict?
    /// The claim's evidence as stored: of a fresh verdict, or kept from before.
    var rule: String?
    var priority: Int?
    var space: Int32?
    var matchedOn: String?
    /// Raw and canonical values of the deciding entry, for the audit.
    var evidence: String?
    var claim: AssetRef?
    var rank: Int?
    var isManual = false
    var candidate: AssetRef?
    var state: CIState
    var reason: StateReason?
    var conflict: ConflictName?
    var conflictID: Int64?
    var cause: Cause

    var linked: AssetRef? { state == .linked ? claim : nil }
}

/// The identity of a conflict (domain.md section 6).
struct ConflictName: Hashable {
    var kind: StateReason
    var identity: String
    var matchedOn: String?
    var ci: CIRef?
    var asset: AssetRef?
    var ciSource: Int32?

    func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(identity)
    }
    static func == (a: ConflictName, b: ConflictName) -> Bool { a.kind == b.kind && a.identity == b.identity }
}

/// An asset that a candidate query or a settlement read.
struct AssetInfo {
    var name: AssetName
    var identity: AssetIdentity
    var evidence: String
    var standing: Standing
    var isComposite: Bool
}

extension BatchEngine {
    /// Decides CIs by their own evidence; claims are settled afterwards.
    func decide(_ refs: [CIRef], _ batch: inout Batch) async throws {
        guard let rules else { return }
        var facts = try await ciStates(refs)
        let drifted = facts.filter(\.isDrifted)
        if !drifted.isEmpty, !isVerifying {
            try await mend(drifted.map(\.ref), &batch)
            facts = try await ciStates(refs)
        }
        let rings = try await parentRings(facts, rules)
        var cases: [(CIFacts, Case)] = []
        for fact in facts {
            guard !fact.isDeleted else {
                batch.decisions[fact.ref] = removed(fact, batch)
                continue
            }
            let suspects = fact.suspects
            let reading = CIReading(
                fact.row.record, source: batch.sources[fact.name.source]?.name ?? "",
                reader: ValueReader(rules: rules) { suspects.contains($0) })
            let pin = fact.pin.flatMap { $0.isEligible ? $0.asset : nil }
            var parent = ParentLink.notLinked
            if rings.contains(fact.ref) {
                parent = .ring
            } else if let ref = fact.parent, let decided = batch.decisions[ref] {
                if let name = decided.linked.flatMap({ batch.hood.infos[$0]?.name }) {
                    parent = .linked("\(batch.sources[name.source]?.name ?? "")/\(name.id)")
                }
            } else if let asset = fact.parentAsset {
                parent = .linked(asset)
            }
            cases.append((fact, Case(reading: reading, pin: pin, parent: parent)))
        }
        let views = try await candidates(cases, rules, &batch)
        if !isVerifying { try await writeDependentKeys(cases, rules) }
        for (index, (fact, item)) in cases.enumerated() {
            let infos = batch.hood.infos
            let verdict = item.decide(
                view: { views[index][$0] ?? .nothing }, identity: { infos[$0]?.identity ?? AssetIdentity() })
            batch.decisions[fact.ref] = decided(fact, item, verdict, rules, batch)
        }
    }

    private func cause(of fact: CIFacts, _ batch: Batch) -> Cause {
        batch.cis[fact.ref]?.cause ?? batch.work.cis[fact.ref] ?? batch.work.touchedBy[fact.name] ?? .system
    }

    private func removed(_ fact: CIFacts, _ batch: Batch) -> CIDecision {
        CIDecision(facts: fact, state: .excluded, cause: cause(of: fact, batch))
    }

    private func decided(
        _ fact: CIFacts, _ item: Case, _ verdict: Verdict, _ rules: CompiledRuleSet, _ batch: Batch
    ) -> CIDecision {
        var decision = CIDecision(facts: fact, verdict: verdict, state: .orphaned, cause: cause(of: fact, batch))
        decision.candidate = verdict.candidate
        decision.isManual = verdict.isManual
        if let entry = verdict.entry {
            decision.rule = verdict.rule
            decision.priority = entry.priority
            decision.space = spaceIDs[entry.space]
            decision.matchedOn = KeyText.matchedOn(verdict.matchedOn)
            decision.evidence = auditEvidence(item, verdict, entry, batch)
        }
        switch verdict.outcome {
        case .excluded(let reason): (decision.state, decision.reason) = (.excluded, reason)
        case .orphaned(let reason): (decision.state, decision.reason) = (.orphaned, reason)
        case .conflicted(let reason):
            (decision.state, decision.reason) = (.conflicted, reason)
            decision.conflict = ownConflict(fact, verdict, reason, batch)
        case .claim(let asset):
            decision.claim = asset
            decision.rank = verdict.isManual ? nil : verdict.entry?.priority
            decision.state = .linked
        }
        return decision
    }

    private func ownConflict(_ fact: CIFacts, _ verdict: Verdict, _ reason: StateReason, _ batch: Batch) -> ConflictName
    {
        let matched = KeyText.matchedOn(verdict.matchedOn)
        if reason == .duplicateAsset {
            return ConflictName(
                kind: reason, identity: "\(verdict.entry?.signature ?? "") \(matched)", matchedOn: matched)
        }
        return ConflictName(
            kind: reason, identity: "\(batch.sources[fact.name.source]?.name ?? "")/\(fact.name.id)",
            matchedOn: matched, ci: fact.ref)
    }

    /// "Entry, canonical key and raw values on both sides" (domain.md section 9).
    private func auditEvidence(_ item: Case, _ verdict: Verdict, _ entry: CompiledEntryRef, _ batch: Batch) -> String {
        let ours = item.reading.entries.first { $0.entry.priority == entry.priority }?.values ?? []
        return JSONText.object([
            "rule": JSONText.string(verdict.rule), "entry": String(entry.priority),
            "compares": JSONText.string(entry.signature), "matched_on": KeyText.matchedOn(verdict.matchedOn),
            "ci": Evidence.asset(ours.filter { $0.usable != nil }),
            "asset": verdict.candidate.flatMap { batch.hood.infos[$0]?.evidence },
        ])
    }

    /// What holds each key of each CI, two at most, less what is blocked for it.
    private func candidates(
        _ cases: [(CIFacts, Case)], _ rules: CompiledRuleSet, _ batch: inout Batch
    ) async throws -> [[MatchKey: KeyView]] {
        var asked: [(index: Int, key: MatchKey)] = []
        for (index, (_, item)) in cases.enumerated() where !item.reading.isRetired {
            for key in Set(item.allKeys) { asked.append((index, key)) }
        }
        var views = Array(repeating: [MatchKey: KeyView](), count: cases.count)
        guard !asked.isEmpty else { return views }
        let facts = asked.map { cases[$0.index].0 }
        var pairs: [(Int32, Int32)] = []
        for source in Set(facts.map(\.name.source)) where batch.sources[source]?.assetSources != nil {
            pairs += batch.assetSources(of: source).map { (source, $0) }
        }
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
                                           SELECT FROM assetlink_internal.asset AS a
                                           JOIN assetlink_internal.pair_in_force AS p
                                               ON p.asset_source_id = a.source_id AND p.asset_id = a.key
                                           WHERE a.asset_ref = y.asset_ref AND p.kind = 'block'
                                               AND p.ci_source_id = k.source AND p.ci_id = k.ci))
                                   ORDER BY y.space_id, y.key, y.standing, y.asset_ref
                                   LIMIT 2) AS refs,
                               k.blocks AND EXISTS (
                                   SELECT FROM assetlink_internal.pair_in_force AS p
                                   JOIN assetlink_internal.asset AS a ON a.source_id = p.asset_source_id AND a.key = p.asset_id
                                   JOIN assetlink_internal.asset_key AS y ON y.asset_ref = a.asset_ref
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
                    .int4s(asked.map { spaceIDs[$0.key.space] }),
                    .texts(asked.map { KeyText.of($0.key, in: rules.spaces[$0.key.space]) }),
                    .int4s(facts.map(\.name.source)), .texts(facts.map(\.name.id)), .boolArray(facts.map(\.hasBlocks)),
                    .boolArray(facts.map { batch.sources[$0.name.source]?.assetSources != nil }),
                    .int4s(pairs.map(\.0)), .int4s(pairs.map(\.1)),
                ]))
        for row in rows {
            var columns = Columns(row)
            let (index, key) = asked[Int(try columns.int8()) - 1]
            let refs = try columns.int8s()
            views[index][key] = KeyView(
                eligible: refs, hasBlocked: try columns.bool(), hasEnded: try columns.bool(),
                hasDeleted: try columns.bool())
            try noteInfo(&columns, &batch)
        }
        return views
    }

    /// What settling reads of assets that no candidate query has read.
    func assetInfos(_ refs: Set<AssetRef>) -> Statement {
        Statement(
            """
            SELECT a.asset_ref, a.source_id, a.key, a.identity, a.evidence::text, a.standing, a.composite
            FROM unnest($1::bigint[]) AS k (ref)
            CROSS JOIN LATERAL (SELECT * FROM assetlink_internal.asset WHERE asset_ref = k.ref OFFSET 0) AS a
            """, [.refs(refs)])
    }

    func noteInfo(_ columns: inout Columns, _ batch: inout Batch) throws {
        guard let ref = try columns.int8OrNil() else { return }
        batch.hood.infos[ref] = AssetInfo(
            name: AssetName(source: try columns.int4(), id: try columns.text()),
            identity: AssetIdentity(stored: try columns.texts()), evidence: try columns.text(),
            standing: Standing(rawValue: try columns.int()) ?? .deleted, isComposite: try columns.bool())
    }

    /// CIs on a ring of CI parents, among those whose rule has dependent entries: dependent entries do not apply to them.
    private func parentRings(_ facts: [CIFacts], _ rules: CompiledRuleSet) async throws -> Set<CIRef> {
        let asked = facts.filter { fact in
            fact.parent != nil
                && rules.rule(of: rules.resolve(fact.row.record.ciClass).name)?.hasDependentEntries == true
        }
        guard !asked.isEmpty else { return [] }
        let rows = try await flush(
            Statement(
                """
                SELECT k.ref
                FROM unnest($1::bigint[]) AS k (ref)
                CROSS JOIN LATERAL (
                    WITH RECURSIVE up (ref, source_id, parent, depth) AS (
                        SELECT c.ci_ref, c.source_id, c.parent_ci_id, 0
                        FROM assetlink_internal.ci AS c WHERE c.ci_ref = k.ref
                        UNION
                        SELECT c.ci_ref, c.source_id, c.parent_ci_id, up.depth + 1
                        FROM up
                        JOIN assetlink_internal.ci AS c
                            ON c.source_id = up.source_id AND c.key = up.parent AND c.deleted_at IS NULL
                        WHERE up.depth < 1000 AND (up.depth = 0 OR up.ref <> k.ref)
                    )
                    SELECT FROM up WHERE up.ref = k.ref AND up.depth > 0 LIMIT 1
                ) AS ring
                """, [.refs(asked.map(\.ref))]))
        return Set(try rows.map { try $0.int8(0) })
    }

    /// Dependent keys start with the parent's asset: they are known only now.
    private func writeDependentKeys(_ cases: [(CIFacts, Case)], _ rules: CompiledRuleSet) async throws {
        let dependent = cases.filter { $0.1.reading.rule?.hasDependentEntries == true }
        guard !dependent.isEmpty, spaceIDs.indices.contains(where: { rules.spaces[$0].isDependent }) else { return }
        let rows = try await flush(
            Statement(
                """
                SELECT y.ci_ref, y.space_id, y.key
                FROM unnest($1::bigint[]) AS k (ref)
                CROSS JOIN LATERAL (
                    SELECT * FROM assetlink_internal.ci_key WHERE ci_ref = k.ref OFFSET 0) AS y
                WHERE y.space_id = ANY ($2::integer[])
                """,
                [
                    .refs(dependent.map(\.0.ref)),
                    .int4s(rules.spaces.indices.filter { rules.spaces[$0].isDependent }.map { spaceIDs[$0] }),
                ]))
        var old: [CIRef: Set<StoredKey>] = [:]
        for row in rows {
            old[try row.int8(0), default: []].insert(StoredKey(space: try row.int4(1), key: try row.text(2)))
        }
        var gone: [(StoredKey, CIRef)] = []
        var here: [(StoredKey, CIRef)] = []
        for (fact, item) in dependent {
            var new: Set<StoredKey> = []
            for entry in item.reading.entries where entry.entry.isDependent && !item.reading.isRetired {
                for key in item.keys(of: entry) {
                    new.insert(
                        StoredKey(space: spaceIDs[key.space], key: KeyText.of(key, in: rules.spaces[key.space])))
                }
            }
            let was = old[fact.ref] ?? []
            gone += was.subtracting(new).map { ($0, fact.ref) }
            here += new.subtracting(was).map { ($0, fact.ref) }
        }
        let list = ciKeyStatements(gone: gone, here: here)
        if !list.isEmpty { _ = try await flush(list) }
    }
}
