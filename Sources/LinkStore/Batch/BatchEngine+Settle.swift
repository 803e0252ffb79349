import LinkCore
import Logging
import Postgres

/// An asset and a CI source: claims are settled per pair.
struct SettlementPair: Hashable {
    var asset: AssetRef
    var source: Int32
}

/// A claim as stored, with what its CI's state is.
private struct StoredClaim {
    var claim: Claim
    var state: CIState
    var reason: StateReason?
}

extension BatchEngine {
    /// Settles every asset that gained or lost a claim, whose claims changed rank or method, or whose composite mark
    /// changed; claimants that were not decided again join the batch only where their outcome changes.
    func settle(_ refs: [CIRef], _ batch: inout Batch) async throws {
        var pairs: [SettlementPair: Cause] = [:]
        var redecided: [SettlementPair: Int] = [:]
        var claims: [SettlementPair: [Claim]] = [:]
        for ref in refs {
            guard let decision = batch.decisions[ref] else { continue }
            let source = decision.facts.name.source
            if let old = decision.facts.stored?.claim {
                let pair = SettlementPair(asset: old, source: source)
                pairs[pair] = pairs[pair] ?? decision.cause
            }
            if let asset = decision.claim {
                let pair = SettlementPair(asset: asset, source: source)
                pairs[pair] = pairs[pair] ?? decision.cause
            }
        }
        for ref in batch.hood.compositeChanged {
            for source in batch.sources.values where source.side == .ci {
                let pair = SettlementPair(asset: ref, source: source.id)
                pairs[pair] = pairs[pair] ?? batch.hood.assetCause[ref] ?? .system
            }
        }
        guard !pairs.isEmpty else { return }
        // Everyone decided in this batch counts with the claim it has now, in whichever round it was decided.
        for decision in batch.decisions.values {
            let source = decision.facts.name.source
            if let old = decision.facts.stored?.claim {
                redecided[SettlementPair(asset: old, source: source), default: 0] += 1
            }
            if let asset = decision.claim {
                claims[SettlementPair(asset: asset, source: source), default: []].append(
                    Claim(ci: decision.facts.ref, isManual: decision.isManual, rank: decision.rank ?? 0))
            }
        }
        let list = Array(pairs.keys)
        let stored = try await storedClaims(
            list, most: list.map { (redecided[$0] ?? 0) + 2 }, beside: ahead(refs, batch), &batch)
        var join: [CIRef: SettlementPair] = [:]
        var everyone: [SettlementPair] = []
        var settled: [SettlementPair: Settlement] = [:]
        for (index, pair) in list.enumerated() {
            guard let info = batch.hood.infos[pair.asset] else { continue }
            let others = stored[index].filter { batch.decisions[$0.claim.ci] == nil }
            let wasComposite =
                batch.assets[pair.asset].map { $0.stored.isStored ? $0.stored.isComposite : info.isComposite }
                ?? info.isComposite
            let before: Settlement.Mode =
                wasComposite ? .composite : stored[index].first?.claim.isManual == true ? .manual : .automatic
            let settlement = Settlement(
                isComposite: info.isComposite, strongest: others.map(\.claim) + (claims[pair] ?? []))
            settled[pair] = settlement
            if settlement.mode != before {
                everyone.append(pair)
            } else {
                for other in others where isChanged(other, settlement) { join[other.claim.ci] = pair }
            }
        }
        if !everyone.isEmpty {
            let all = try await storedClaims(everyone, most: everyone.map { _ in Int(Int32.max) }, &batch)
            for (index, pair) in everyone.enumerated() {
                guard let settlement = settled[pair] else { continue }
                for other in all[index]
                where batch.decisions[other.claim.ci] == nil && isChanged(other, settlement) {
                    join[other.claim.ci] = pair
                }
            }
        }
        for fact in try await ciStates(Array(join.keys), batch) {
            guard let pair = join[fact.ref], let old = fact.stored else { continue }
            // Decided as before; only what the others claim has changed.
            batch.decisions[fact.ref] = CIDecision(
                fact, keeping: old, state: .linked, cause: pairs[pair] ?? .system)
        }
        for (ref, decision) in batch.decisions {
            guard let asset = decision.claim,
                let settlement = settled[SettlementPair(asset: asset, source: decision.facts.name.source)]
            else { continue }
            let claim = Claim(ci: ref, isManual: decision.isManual, rank: decision.rank ?? 0)
            let reason = settlement.conflict(of: claim)
            decision.state = reason == nil ? .linked : .conflicted
            decision.reason = reason
            decision.conflict = reason.map { reason in
                let name = batch.hood.infos[asset]?.name
                return ConflictName(
                    kind: reason,
                    identity: "\(name.flatMap { batch.sources[$0.source]?.name } ?? "")/\(name?.id ?? "") "
                        + "\(batch.sources[decision.facts.name.source]?.name ?? "")",
                    matchedOn: decision.matchedOn, asset: asset, ciSource: decision.facts.name.source)
            }
        }
    }

    private func isChanged(_ other: StoredClaim, _ settlement: Settlement) -> Bool {
        let reason = settlement.conflict(of: other.claim)
        return reason != other.reason || (reason == nil) != (other.state == .linked)
    }

    /// What later steps of a round will ask for goes along: the children of its CIs, and numbers for new links.
    private func ahead(_ refs: [CIRef], _ batch: Batch) -> (children: Statement?, numbers: Statement?) {
        guard !isVerifying else { return (nil, nil) }
        var names: [CIName] = []
        var new = 0
        for ref in refs {
            guard let decision = batch.decisions[ref] else { continue }
            names.append(decision.facts.name)
            if let claim = decision.claim, claim != decision.facts.link?.asset { new += 1 }
        }
        return (
            hasDependents && !names.isEmpty ? children(of: names) : nil,
            new > linkIDs.count ? Self.linkNumbers(new - linkIDs.count) : nil
        )
    }

    /// The strongest stored claims of each pair, and what is known of its asset.
    private func storedClaims(
        _ pairs: [SettlementPair], most: [Int], beside ahead: (children: Statement?, numbers: Statement?) = (nil, nil),
        _ batch: inout Batch
    ) async throws -> [[StoredClaim]] {
        let unknown = Set(pairs.map(\.asset)).filter { batch.hood.infos[$0] == nil }
        let infos = unknown.isEmpty ? nil : assetInfos(unknown)
        var rows = try await flush([claims(pairs, most)] + [infos, ahead.children, ahead.numbers].compactMap { $0 })[
            ...]
        var result = Array(repeating: [StoredClaim](), count: pairs.count)
        for row in rows.removeFirst() {
            var columns = Columns(row)
            let index = Int(try columns.int8()) - 1
            let claim = Claim(ci: try columns.int8(), isManual: try columns.bool(), rank: try columns.int())
            result[index].append(
                StoredClaim(
                    claim: claim, state: CIState(rawValue: try columns.text()) ?? .orphaned,
                    reason: try columns.textOrNil().flatMap(StateReason.init(rawValue:))))
        }
        if infos != nil {
            for row in rows.removeFirst() {
                var columns = Columns(row)
                try noteInfo(&columns, &batch)
            }
        }
        if ahead.children != nil { try noteChildren(rows.removeFirst(), &batch) }
        if ahead.numbers != nil { for row in rows.removeFirst() { linkIDs.append(try row.int8(0)) } }
        return result
    }

    private func claims(_ pairs: [SettlementPair], _ most: [Int]) -> Statement {
        Statement(
            """
            SELECT k.ord, d.ci_ref, d.claim_manual, coalesce(d.claim_rank, 0), d.state, d.reason
            FROM unnest($1::bigint[], $2::integer[], $3::integer[]) WITH ORDINALITY AS k (asset, source, most, ord)
            CROSS JOIN LATERAL (
                SELECT d.ci_ref, d.claim_manual, d.claim_rank, d.state, d.reason
                FROM assetlink_internal.ci_decision AS d
                WHERE d.claim_asset = k.asset AND d.source_id = k.source
                ORDER BY d.claim_asset, d.source_id, d.claim_manual DESC, d.claim_rank, d.ci_ref
                LIMIT k.most
            ) AS d
            ORDER BY k.ord, d.claim_manual DESC, d.claim_rank, d.ci_ref
            """,
            [.refs(pairs.map(\.asset)), .int4s(pairs.map(\.source)), .smallInts(most)])
    }
}
