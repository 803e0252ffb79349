import LinkCore

/// Suspect values (domain.md section 3, last paragraph).
extension Survey {
    /// The values that too many read or hold, less the trusted ones.
    func findSuspects() -> Set<WorldValue> {
        var suspects: Set<WorldValue> = []
        for counts in readersBySource.values + [holdersOfEach] {
            for (value, count) in counts where count > limit(value.kind) && !world.trusted.contains(value) {
                suspects.insert(value)
            }
        }
        return suspects
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

    /// K, without end where it is off; only identifying kinds have one.
    private func limit(_ kind: IdentifierKind) -> Int {
        let limit = world.ruleSet.suspectLimits[kind] ?? 0
        return kind.isIdentifying && limit > 0 ? limit : Int.max
    }

    /// By CI source: how many active CIs of classes that are not excluded read a value by their rules.
    private var readersBySource: [String: [WorldValue: Int]] {
        var counts: [String: [WorldValue: Int]] = [:]
        for ci in cis.values where ci.isInScope {
            for value in usableValues(ci.sightings.flatMap(\.all)) {
                counts[ci.key.source, default: [:]][value, default: 0] += 1
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
