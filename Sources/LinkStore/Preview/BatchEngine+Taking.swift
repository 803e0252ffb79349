import LinkCore
import Postgres

/// A preview copies what it changes before it does, and leaves out what nobody would see in its report.
extension BatchEngine {
    /// Copies records whose rows the next statement changes; nothing but in a preview.
    func taking(_ part: Shadow.Part, _ refs: [Int64]) -> [Statement] {
        guard let shadow, !refs.isEmpty else { return [] }
        return [shadow.take(part, refs)]
    }

    /// Copies records of which keys go or what is derived changes; keys that are only added need no copy.
    func takingChanged(
        _ assets: [(AssetRef, AssetChange)], _ cis: [(CIRef, CIChange)], _ diff: AssetKeyDiff
    ) -> [Statement] {
        guard shadow != nil else { return [] }
        let refs = Set(diff.removed.map(\.ref) + diff.moved.map(\.row.ref) + derived(assets).map(\.0))
        return taking(.asset, refs.sorted()) + taking(.ci, derived(cis).map(\.0))
    }

    /// Assets of which the rules make something else than is stored, as far as decisions ask for it; all but in a preview.
    func derived(_ assets: [(AssetRef, AssetChange)]) -> [(AssetRef, AssetChange)] {
        guard shadow != nil else { return assets }
        return assets.filter { _, change in
            change.standing != change.stored.standing || change.isComposite != change.stored.isComposite
                || change.reading.map { $0.identity.stored != change.stored.identity } ?? false
        }
    }

    /// CIs that follow their parents by another rule than before; all but in a preview.
    func derived(_ cis: [(CIRef, CIChange)]) -> [(CIRef, CIChange)] {
        guard let shadow else { return cis }
        return cis.filter { _, change in
            guard let before = shadow.inForce, let row = change.row else { return true }
            let old = before.rule(of: before.resolve(row.record.ciClass).name)
            let new = change.reading?.rule
            return old?.name != new?.name && (old?.hasDependentEntries == true || new?.hasDependentEntries == true)
        }
    }
}
