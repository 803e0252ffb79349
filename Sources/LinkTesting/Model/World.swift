package import LinkCore

/// An asset as last read.
package struct WorldAsset: Hashable, Sendable {
    package var record: AssetRecord
    /// It was deleted; its identifiers are still kept.
    package var isDeleted: Bool

    package init(_ record: AssetRecord, isDeleted: Bool = false) {
        self.record = record
        self.isDeleted = isDeleted
    }
}

/// A CI as last read.
package struct WorldCI: Hashable, Sendable {
    package var record: CIRecord
    /// It was deleted; its identifiers are still kept.
    package var isDeleted: Bool

    package init(_ record: CIRecord, isDeleted: Bool = false) {
        self.record = record
        self.isDeleted = isDeleted
    }
}

/// A CI and an asset that an operator has said something about.
package struct WorldPair: Hashable, Sendable {
    package var ci: RecordKey
    package var asset: RecordKey

    package init(ci: RecordKey, asset: RecordKey) {
        self.ci = ci
        self.asset = asset
    }
}

/// A canonical value of a kind.
package struct WorldValue: Hashable, Sendable {
    package var kind: IdentifierKind
    package var canonical: ExactText

    package init(_ kind: IdentifierKind, _ canonical: ExactText) {
        self.kind = kind
        self.canonical = canonical
    }
}

/// What happens to the table of a source while nobody reads it: each row's last state, `nil` for one that is gone.
package struct Shelf: Sendable {
    package var assets: [RecordKey: AssetRecord?] = [:]
    package var cis: [RecordKey: CIRecord?] = [:]
}

/// Everything a decision is a function of (domain.md, first paragraph).
package struct World: Sendable {
    package var assets: [RecordKey: WorldAsset]
    package var cis: [RecordKey: WorldCI]
    /// The asset sources that a CI source is matched against; absent or `nil` = all.
    package var bindings: [String: Set<String>?]
    /// Pins in force: asset by CI.
    package var pins: [RecordKey: RecordKey]
    /// Blocks in force.
    package var blocks: Set<WorldPair>
    /// The pins and blocks in force that have an end.
    package var ending: Set<WorldPair> = []
    /// Assets that an operator has marked composite.
    package var composites: Set<RecordKey>
    /// Values that an operator has declared trusted.
    package var trusted: Set<WorldValue>
    package var ruleSet: RuleSet
    /// The sources of assets; others are of CIs.
    package var assetSources: Set<String> = ["itam", "lab"]
    /// The sources that are not read any more, with what became of their rows since.
    package var detached: [String: Shelf] = [:]
    /// The detached sources whose records were dropped.
    package var dropped: Set<String> = []

    package init(
        assets: [RecordKey: WorldAsset] = [:], cis: [RecordKey: WorldCI] = [:],
        bindings: [String: Set<String>?] = [:], pins: [RecordKey: RecordKey] = [:], blocks: Set<WorldPair> = [],
        composites: Set<RecordKey> = [], trusted: Set<WorldValue> = [],
        ruleSet: RuleSet = RuleSet(version: 1, classes: DefaultRules.classes)
    ) {
        self.assets = assets
        self.cis = cis
        self.bindings = bindings
        self.pins = pins
        self.blocks = blocks
        self.composites = composites
        self.trusted = trusted
        self.ruleSet = ruleSet
    }

    /// Whether CIs of a source are matched against assets of a source.
    package func isBound(ciSource: String, assetSource: String) -> Bool {
        if dropped.contains(assetSource) { return false }
        guard let bound = bindings[ciSource] ?? nil else { return true }
        return bound.contains(assetSource)
    }

    /// Whether the asset is a stack, or a chassis registered as one: by its record or by an operator.
    package func isComposite(_ asset: RecordKey) -> Bool {
        composites.contains(asset) || assets[asset]?.record.isComposite == true
    }
}
