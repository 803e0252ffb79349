import LinkCore

/// Suspect values (domain.md section 3, last paragraph).
extension Survey {
    /// The values that too many read or hold, less the trusted ones.
    func findSuspects() -> Set<WorldValue> {
        var suspects: Set<WorldValue> = []
        for (value, count) in holdersOfEach where count > limit(value.kind) { suspects.insert(value) }
        for (group, counts) in readersByGroup {
            for (value, count) in counts where count > group.most { suspects.insert(value) }
        }
        return suspects.subtracting(world.trusted)
    }

    /// The sightings with their suspect values marked.
    func suppressed(_ sightings: EntrySightings) -> EntrySightings {
        var result = sightings
        result.singles = sightings.singles.map { ($0.kind, suppressed($0.sighting, $0.kind)) }
        if let kind = sightings.entry.lookup?.list.kind {
            result.members = sightings.members.map { suppressed($0, kind) }
        }
        return result
    }

    private func suppressed(_ sighting: Sighting, _ kind: IdentifierKind) -> Sighting {
        guard case .usable(let value) = sighting else { return sighting }
        return suspects.contains(WorldValue(kind, value)) ? .suspect : sighting
    }

    /// CIs of one source that are counted together, and how many of them may read a value.
    private struct Readers: Hashable {
        let source: String
        /// The class that sets K; `nil` = the kind's.
        let className: String?
        let most: Int
    }

    /// K, without end where it is off; only identifying kinds have one.
    private func limit(_ kind: IdentifierKind) -> Int {
        usable(world.ruleSet.suspectLimits[kind] ?? 0, kind)
    }

    private func usable(_ limit: Int, _ kind: IdentifierKind) -> Int {
        kind.isIdentifying && limit > 0 ? limit : Int.max
    }

    /// How many active CIs of classes that are not excluded read a value by their rules.
    private var readersByGroup: [Readers: [WorldValue: Int]] {
        let tree = ClassTree(world.ruleSet.classes)
        var counts: [Readers: [WorldValue: Int]] = [:]
        for ci in cis.values where ci.isInScope {
            for value in usableValues(ci.sightings.flatMap(\.all)) {
                let own = tree.suspectLimit(value.kind, of: ci.record.ciClass)
                let group = Readers(
                    source: ci.key.source, className: own?.className,
                    most: own.map { usable($0.most, value.kind) } ?? limit(value.kind))
                counts[group, default: [:]][value, default: 0] += 1
            }
        }
        return counts
    }

    /// How many eligible assets that are not composite hold a value, all sources together.
    private var holdersOfEach: [WorldValue: Int] {
        var counts: [WorldValue: Int] = [:]
        for asset in assets.values where asset.isEligible && !asset.isComposite {
            for value in usableValues(reader.identifiers(of: asset.record)) { counts[value, default: 0] += 1 }
        }
        return counts
    }

    private func usableValues(_ sightings: [(kind: IdentifierKind, sighting: Sighting)]) -> Set<WorldValue> {
        var values: Set<WorldValue> = []
        for case (let kind, .usable(let value)) in sightings { values.insert(WorldValue(kind, value)) }
        return values
    }
}
