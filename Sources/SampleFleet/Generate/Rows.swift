package import LinkCore

/// An asset as the register holds it; `key` is its natural id there.
package struct AssetRow: Hashable, Sendable {
    package var key: String
    /// What a binding would show of it; `lifecycleRaw` is the state, `parentAssetID` a key.
    package var record: AssetRecord
    /// The second half of a two-part state, as "Available" of "In stock".
    package var substate: String?
    package var owner: String?
    package var site: String?
    package var purchasedDaysAgo: Int
    package var warrantyDays: Int

    package init(key: String, record: AssetRecord) {
        self.key = key
        self.record = record
        purchasedDaysAgo = 0
        warrantyDays = 1_095
    }
}

/// A CI as discovery left it in the CMDB; `key` is its natural id there.
package struct CIRow: Hashable, Sendable {
    package var key: String
    /// What a binding would show of it; `parentCIID` is a key.
    package var record: CIRecord
    /// What its file says of a parent that it does not number.
    package var parentHint: Machine.Parent?
    /// Hours since it was last discovered; nil: never.
    package var discoveredHoursAgo: Int?

    package init(key: String, record: CIRecord) {
        self.key = key
        self.record = record
    }
}

/// What a unit of the fleet puts into the two databases.
package struct FleetRows: Hashable, Sendable {
    package var assets: [AssetRow] = []
    package var cis: [CIRow] = []

    package init() {}

    /// Adds another unit's rows.
    package mutating func append(_ other: FleetRows) {
        assets += other.assets
        cis += other.cis
    }
}
