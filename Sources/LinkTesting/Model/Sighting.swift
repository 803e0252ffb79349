import LinkCore

/// What became of one value of a record (domain.md section 3).
enum Sighting: Hashable {
    case empty
    /// On the list of placeholders, or not readable as its kind.
    case placeholder
    /// Read or held by too many.
    case suspect
    case usable(ExactText)
}

/// A key of an entry: equal keys mean "the same by this entry"; what stands where: `CIOutcome.matchedOn`.
typealias EntryKey = [ExactText]

/// An entry with what would otherwise be worked out again for every record.
struct PreparedEntry {
    let entry: IdentifierEntry
    let signature: String
    let pairs: [AttributePair]

    var priority: Int { entry.priority }
    var isDependent: Bool { entry.isDependent }
    var lookup: Lookup? { entry.lookup }

    init(_ entry: IdentifierEntry) {
        self.entry = entry
        signature = entry.signature
        pairs = entry.orderedAttributes
    }

    /// Whether it reads values of a kind.
    func compares(_ kind: IdentifierKind) -> Bool {
        lookup?.list.kind == kind || pairs.contains { $0.kind == kind }
    }
}

/// What one entry reads of one record, of either side.
struct EntrySightings {
    let entry: PreparedEntry
    /// In the order of the signature.
    var singles: [(kind: IdentifierKind, sighting: Sighting)]
    var members: [Sighting]
    /// Of an asset: whether it is one of those among which the entry looks.
    var isMeant = true

    /// Every value with its kind.
    var all: [(kind: IdentifierKind, sighting: Sighting)] {
        guard let list = entry.lookup?.list else { return singles }
        return singles + members.map { (list.kind, $0) }
    }

    /// The usable values of a kind.
    func usable(_ kind: IdentifierKind) -> Set<ExactText> {
        var values: Set<ExactText> = []
        for case (kind, .usable(let value)) in all { values.insert(value) }
        return values
    }

    /// The record's keys of the entry; of a dependent one only with the asset that it hangs on.
    func keys(parent: RecordKey?) -> Set<EntryKey> {
        guard isMeant else { return [] }
        var start: EntryKey = []
        if entry.isDependent {
            guard let parent else { return [] }
            start.append(ExactText(parent.description))
        }
        guard let values = singleValues else { return [] }
        start += values
        guard let lookup = entry.lookup else { return values.isEmpty ? [] : [start] }
        let members = usableMembers
        if lookup.exactCount { return members.isEmpty ? [] : [start + members.sorted()] }
        return Set(members.map { start + [$0] })
    }

    /// Whether it has what a dependent entry needs, the parent aside.
    var hasOwnKey: Bool { !keys(parent: RecordKey("any", "parent")).isEmpty }

    private var usableMembers: Set<ExactText> {
        var values: Set<ExactText> = []
        for case .usable(let value) in members { values.insert(value) }
        return values
    }

    /// The values of the attributes, `nil` where they make no key.
    private var singleValues: [ExactText]? {
        var allowNull = false
        if case .regular(_, let allows) = entry.entry.comparison { allowNull = allows }
        var values: [ExactText] = []
        var hasIdentifying = false
        for (kind, sighting) in singles {
            if case .usable(let value) = sighting {
                values.append(value)
                if kind.isIdentifying { hasIdentifying = true }
            } else if allowNull {
                values.append("")
            } else {
                return nil
            }
        }
        return allowNull && !hasIdentifying ? nil : values
    }
}
