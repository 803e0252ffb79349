/// One column of a binding, or one member of its `attributes`, that a rule reads.
package enum Attribute: Hashable, Sendable {
    case name, serialNumber, uuid, assetTag, manufacturer, model, cloudResourceID, position, lifecycleRaw
    /// Of CIs only.
    case ciClass
    /// Of assets only.
    case assetClass
    case member(String)

    /// The kind that values of this *asset* attribute are read as; both sides of a pair are read so (section 5).
    package var kind: IdentifierKind {
        switch self {
        case .serialNumber: .serial
        case .assetTag: .assetTag
        case .uuid: .uuid
        case .name: .name
        case .manufacturer: .manufacturer
        case .cloudResourceID: .cloudResourceID
        case .model, .position, .lifecycleRaw, .ciClass, .assetClass, .member: .attribute
        }
    }

    /// Whether CIs have it.
    package var isOfCIs: Bool { self != .assetClass }
    /// Whether assets have it.
    package var isOfAssets: Bool { self != .ciClass }

    /// The columns of the bindings that a rule can name; beside them, any member of `attributes`.
    package static let columns: [Attribute] = [
        .name, .serialNumber, .uuid, .assetTag, .manufacturer, .model, .cloudResourceID, .position, .lifecycleRaw,
        .ciClass, .assetClass,
    ]
}

/// A CI attribute and the asset attribute that it must equal.
package struct AttributePair: Hashable, Sendable {
    package var ci: Attribute
    package var asset: Attribute

    package init(ci: Attribute, asset: Attribute) {
        self.ci = ci
        self.asset = asset
    }

    /// The same attribute on both sides.
    package init(_ both: Attribute) { self.init(ci: both, asset: both) }

    /// Both sides are read as the asset attribute's kind.
    package var kind: IdentifierKind { asset.kind }
}

/// A multi-valued list that a lookup entry reads.
package enum LookupList: Hashable, Sendable, CaseIterable {
    /// CI: `serials`, with `serial_number` as type `standard`; asset: its serial number and other serials.
    case serials
    /// CI: the MACs of its network adapters; asset: `mac_addresses`.
    case macAddresses
    /// A member of `attributes`, on both sides a JSON array of objects with `type` and `value`, or of plain texts.
    case member(String)

    /// The lists that every binding has.
    package static let allCases: [LookupList] = [.serials, .macAddresses]

    /// The kind of the members.
    package var kind: IdentifierKind {
        switch self {
        case .serials: .serial
        case .macAddresses: .mac
        case .member: .attribute
        }
    }
}

/// What a lookup entry compares.
package struct Lookup: Hashable, Sendable {
    package var list: LookupList
    /// Only members of these types (trimmed, lower case), or all.
    ///
    /// The serials of assets have no types: the filter is for the CI's. Members of `attributes` have them on both sides.
    package var types: Set<String>?
    /// The whole set of usable members is the key, so the sets must be equal.
    package var exactCount: Bool

    package init(_ list: LookupList, types: Set<String>? = nil, exactCount: Bool = false) {
        self.list = list
        self.types = types
        self.exactCount = exactCount
    }
}

/// Records that an entry is for: the attribute's canonical value is one of these, whatever its case.
package struct Condition: Hashable, Sendable {
    package var attribute: Attribute
    /// As written; each is read as the attribute's kind.
    package var values: Set<String>

    package init(_ attribute: Attribute, _ values: Set<String>) {
        self.attribute = attribute
        self.values = values
    }
}

/// One identifier entry of a rule (domain.md section 5).
package struct IdentifierEntry: Hashable, Sendable {
    /// What is compared.
    ///
    /// A hybrid entry has attributes and a lookup.
    package enum Comparison: Hashable, Sendable {
        case regular([AttributePair], allowNull: Bool)
        case lookup(Lookup)
        case hybrid([AttributePair], Lookup)
    }

    /// Lower is stronger; ranks of different rules compare by this number.
    package var priority: Int
    package var comparison: Comparison
    /// A dependent entry matches only among the assets whose parent is the asset linked to the CI's direct parent.
    package var isDependent: Bool
    /// What a CI must show for the entry to be in its rule at all.
    package var when: [Condition]
    /// What an asset must show to have a key of the entry.
    package var among: [Condition]

    package init(
        priority: Int, _ comparison: Comparison, isDependent: Bool = false, when: [Condition] = [],
        among: [Condition] = []
    ) {
        self.priority = priority
        self.comparison = comparison
        self.isDependent = isDependent
        self.when = when
        self.among = among
    }

    /// Single attributes compared; empty for a pure lookup.
    package var attributes: [AttributePair] {
        switch comparison {
        case .regular(let pairs, _), .hybrid(let pairs, _): pairs
        case .lookup: []
        }
    }

    /// The list compared, if any.
    package var lookup: Lookup? {
        switch comparison {
        case .regular: nil
        case .lookup(let lookup), .hybrid(_, let lookup): lookup
        }
    }
}

/// Rows of a CI (software, disks …) that are matched within it once it is identified; they never identify it.
package struct RelatedEntry: Hashable, Sendable {
    /// The rows' own class, as discovery names it.
    package var className: String
    /// The values by which a row is the same row.
    package var attributes: [String]

    package init(_ className: String, attributes: [String]) {
        self.className = className
        self.attributes = attributes
    }
}

/// The identification rule of a class: entries in strictly increasing priority.
package struct IdentificationRule: Hashable, Sendable {
    /// The class that the rule was written for: its name in every explanation.
    package var name: String
    package var entries: [IdentifierEntry]
    /// A CI with one of these empty is `incomplete`.
    package var required: [Attribute]
    package var related: [RelatedEntry]

    package init(
        name: String, entries: [IdentifierEntry], required: [Attribute] = [], related: [RelatedEntry] = []
    ) {
        self.name = name
        self.entries = entries.sorted { $0.priority < $1.priority }
        self.required = required
        self.related = related
    }
}

/// A class of the tree (domain.md section 4).
package struct CIClass: Hashable, Sendable {
    /// A class without a rule of its own has its nearest ancestor's; `none` excludes.
    package enum Rule: Hashable, Sendable {
        case inherited
        case none
        case own(IdentificationRule)
    }

    package var name: String
    package var parent: String?
    package var rule: Rule
    /// Days without discovery after which a link shows as aged; `nil` = the nearest ancestor's.
    package var agedAfterDays: Int?
    /// K of its own for CIs of the class and of those below that set none; 0 = off, absent = the nearest ancestor's.
    package var suspectLimits: [IdentifierKind: Int]

    package init(
        name: String, parent: String?, rule: Rule = .inherited, agedAfterDays: Int? = nil,
        suspectLimits: [IdentifierKind: Int] = [:]
    ) {
        self.name = name
        self.parent = parent
        self.rule = rule
        self.agedAfterDays = agedAfterDays
        self.suspectLimits = suspectLimits
    }
}

/// A value that means "not filled in" (domain.md section 3).
package struct Placeholder: Hashable, Sendable {
    /// Its row, as evidence names it ("placeholder 17").
    package var id: Int
    package var kind: IdentifierKind
    /// An exact value (compared after canonicalisation) or a pattern that must match the whole value.
    package var value: String
    package var isPattern: Bool
    /// Only for this manufacturer, or for all.
    package var manufacturer: String?
    /// Why it is there, for people.
    package var note: String?

    package init(
        id: Int, kind: IdentifierKind, value: String, isPattern: Bool = false, manufacturer: String? = nil,
        note: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.value = value
        self.isPattern = isPattern
        self.manufacturer = manufacturer
        self.note = note
    }
}

/// One row of a life-cycle map: a raw state of one source (or of any) and what it means.
package struct LifecycleMapping: Hashable, Sendable {
    package enum Side: String, Hashable, Sendable {
        case asset, ci
    }

    package var side: Side
    /// The source it is for; `nil` = any.
    ///
    /// A row for the source beats a row for any.
    package var source: String?
    package var rawState: String
    /// A `LifecyclePhase` raw value for assets; `active` or `retired` for CIs.
    package var meaning: String

    package init(side: Side, source: String? = nil, rawState: String, meaning: String) {
        self.side = side
        self.source = source
        self.rawState = rawState
        self.meaning = meaning
    }
}

/// Everything a decision depends on beside the records and the operators: one immutable version.
package struct RuleSet: Sendable {
    package var version: Int64
    package var classes: [CIClass]
    package var placeholders: [Placeholder]
    package var lifecycle: [LifecycleMapping]
    /// Manufacturer alias (trimmed, lower case) to the name it stands for (lower case).
    package var manufacturerAliases: [String: String]
    /// K: a value of the kind held by more than K records of a side is suspect; 0 or absent = off (section 3).
    ///
    /// For CIs of classes that set none of their own.
    package var suspectLimits: [IdentifierKind: Int]

    package init(
        version: Int64, classes: [CIClass], placeholders: [Placeholder] = [], lifecycle: [LifecycleMapping] = [],
        manufacturerAliases: [String: String] = [:], suspectLimits: [IdentifierKind: Int] = [.serial: 5, .uuid: 5]
    ) {
        self.version = version
        self.classes = classes
        self.placeholders = placeholders
        self.lifecycle = lifecycle
        self.manufacturerAliases = manufacturerAliases
        self.suspectLimits = suspectLimits
    }
}
