import LinkCore
import Logging
import Postgres

/// A CI under decision in this batch.
///
/// A class: every step walks over all of them.
final class CIDecision {
    let facts: CIFacts
    let verdict: Verdict?
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

    init(facts: CIFacts, verdict: Verdict? = nil, state: CIState, cause: Cause) {
        self.facts = facts
        self.verdict = verdict
        self.state = state
        self.cause = cause
    }

    /// As it was decided before: the claim and its evidence are kept.
    init(_ facts: CIFacts, keeping old: StoredDecision, state: CIState, cause: Cause) {
        self.facts = facts
        verdict = nil
        rule = old.rule
        priority = old.priority
        space = old.space
        matchedOn = old.matchedOn
        claim = old.claim
        rank = old.rank
        isManual = old.isManual
        candidate = old.candidate
        self.state = state
        self.cause = cause
    }

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
        let (known, records) = try await ciStatesAndRecords(refs, &batch)
        var facts = known
        let drifted = facts.filter(\.isDrifted)
        if !drifted.isEmpty, !isVerifying, shadow == nil {
            try await mend(drifted.map(\.ref), &batch)
            facts = try await ciStates(refs, batch)
        }
        let rings = try await parentRings(facts, records, rules, batch)
        var cases: [(CIFacts, Case)] = []
        cases.reserveCapacity(facts.count)
        for fact in facts {
            guard !fact.isDeleted, let reading = reading(of: fact, records, rules, batch) else {
                batch.decisions[fact.ref] = removed(fact, batch)
                continue
            }
            if isVerifying { batch.readings[fact.ref] = reading }
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
            let verdict = item.decide(
                view: { views[index][$0] ?? .nothing },
                identity: { batch.hood.infos[$0]?.identity ?? AssetIdentity() })
            batch.decisions[fact.ref] = decided(fact, item, verdict, rules, batch)
        }
    }

    /// The reading of a CI: the batch's own, or made of the stored record; `nil` when the record is gone.
    private func reading(
        of fact: CIFacts, _ records: [CIRef: StoredCIRecord], _ rules: CompiledRuleSet, _ batch: Batch
    ) -> CIReading? {
        if let reading = batch.cis[fact.ref]?.reading { return reading }
        guard let record = records[fact.ref] else { return nil }
        let suspects = record.suspects
        return CIReading(
            record.row.record, source: batch.sources[fact.name.source]?.name ?? "",
            reader: ValueReader(rules: rules) { suspects.contains($0) })
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
        let decision = CIDecision(facts: fact, verdict: verdict, state: .orphaned, cause: cause(of: fact, batch))
        decision.candidate = verdict.candidate
        decision.isManual = verdict.isManual
        if let entry = verdict.entry {
            decision.rule = verdict.rule
            decision.priority = entry.priority
            decision.space = spaceIDs[entry.space]
            decision.matchedOn = KeyText.matchedOn(verdict.matchedOn)
            // A comparison writes no audit.
            if !isVerifying { decision.evidence = auditEvidence(item, verdict, entry, batch) }
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

    /// What settling reads of assets that no candidate query has read.
    func assetInfos(_ refs: Set<AssetRef>) -> Statement {
        Statement(
            """
            SELECT a.asset_ref, a.source_id, a.key, a.identity, a.evidence::text, a.standing, a.composite
            FROM unnest($1::bigint[]) AS k (ref)
            CROSS JOIN LATERAL (
                SELECT asset_ref, source_id, key, identity, evidence, standing, composite
                FROM assetlink_internal.asset WHERE asset_ref = k.ref OFFSET 0) AS a
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
    private func parentRings(
        _ facts: [CIFacts], _ records: [CIRef: StoredCIRecord], _ rules: CompiledRuleSet, _ batch: Batch
    ) async throws -> Set<CIRef> {
        let asked = facts.filter { fact in
            guard fact.parent != nil else { return false }
            let ciClass = (batch.cis[fact.ref]?.row ?? records[fact.ref]?.row)?.record.ciClass
            return rules.rule(of: rules.resolve(ciClass).name)?.hasDependentEntries == true
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
                        CROSS JOIN LATERAL (
                            SELECT ci_ref, source_id, parent_ci_id FROM assetlink_internal.ci
                            WHERE source_id = up.source_id AND key = up.parent AND deleted_at IS NULL OFFSET 0) AS c
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
                for key in item.keys(of: entry) { new.insert(storedKey(key, rules)) }
            }
            let was = old[fact.ref] ?? []
            gone += was.subtracting(new).map { ($0, fact.ref) }
            here += new.subtracting(was).map { ($0, fact.ref) }
        }
        let list = ciKeyStatements(gone: gone, here: here)
        if !list.isEmpty { _ = try await flush(list) }
    }
}
