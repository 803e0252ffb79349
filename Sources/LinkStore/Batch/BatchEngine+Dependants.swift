import LinkCore
import Postgres

extension BatchEngine {
    /// Whether any rule asks for the parent's asset.
    var hasDependents: Bool { rules?.spaces.contains(where: \.isDependent) ?? false }

    /// Children of CIs whose linked asset changed, when their rule asks for the parent's.
    func dependants(_ batch: inout Batch) async throws -> [CIRef] {
        guard hasDependents else { return [] }
        var parents: [CIName] = []
        for decision in batch.decisions.values {
            let ref = decision.facts.ref
            let linked = decision.facts.isDeleted ? nil : decision.linked
            if let followed = batch.hood.followed[ref] {
                // Decided in an earlier round too: its children know that answer, not the stored one.
                guard followed != linked else { continue }
            } else {
                let old = decision.facts.stored?.state == .linked ? decision.facts.stored?.claim : nil
                guard old != linked || batch.cis[ref] != nil else { continue }
            }
            batch.hood.followed[ref] = .some(linked)
            parents.append(decision.facts.name)
        }
        let unknown = parents.filter { batch.hood.children[$0] == nil }
        if !unknown.isEmpty {
            for name in unknown { batch.hood.children[name] = [] }
            try noteChildren(try await flush(children(of: unknown)), &batch)
        }
        for decision in batch.decisions.values where decision.cause.isRules {
            // What follows from a decision by other rules is theirs too.
            for child in batch.hood.children[decision.facts.name] ?? [] where batch.work.cis[child] == nil {
                batch.work.cis[child] = decision.cause
            }
        }
        return parents.flatMap { batch.hood.children[$0] ?? [] }
    }

    /// The children of CIs, as far as their rule asks for the parent's asset.
    func children(of names: [CIName]) -> Statement {
        Statement(
            """
            SELECT k.source, k.id, c.ci_ref
            FROM unnest($1::integer[], $2::text[]) AS k (source, id)
            LEFT JOIN LATERAL (
                SELECT c.ci_ref, c.rule FROM assetlink_internal.ci AS c
                WHERE c.source_id = k.source AND c.parent_ci_id = k.id AND c.deleted_at IS NULL OFFSET 0
            ) AS c ON c.rule = ANY ($3::text[])
            """,
            [
                .int4s(names.map(\.source)), .texts(names.map(\.id)), .texts(rules?.dependentRules ?? []),
            ])
    }

    /// Takes the answer to ``children(of:)``: who has none is known too.
    func noteChildren(_ rows: Rows, _ batch: inout Batch) throws {
        for row in rows {
            let name = CIName(source: try row.int4(0), id: try row.text(1))
            var known = batch.hood.children[name] ?? []
            if let ref = try row.int8OrNil(2) { known.append(ref) }
            batch.hood.children[name] = known
        }
    }
}
