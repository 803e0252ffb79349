/// A point in time: microseconds since 1970-01-01 00:00 UTC, PostgreSQL's own resolution.
package typealias Timestamp = Int64

/// An asset as its source shows it: the columns of an asset binding, raw (contract.md, Sources).
package struct AssetRecord: Hashable, Sendable {
    package var assetTag: String?
    package var serialNumber: String?
    package var otherSerials: [String]
    package var uuid: String?
    package var macAddresses: [String]
    package var name: String?
    package var manufacturer: String?
    package var model: String?
    package var assetClass: String?
    package var lifecycleRaw: String?
    package var parentAssetID: String?
    package var position: String?
    package var cloudResourceID: String?
    package var isComposite: Bool
    package var lifecycleSince: Timestamp?
    /// The members of `attributes` that the active rule set names, as `->>` shows them.
    package var attributes: [String: String]
    /// The members of `attributes` that the active rule set names as lists.
    package var lists: [String: [TypedValue]]

    package init(
        assetTag: String? = nil, serialNumber: String? = nil, otherSerials: [String] = [], uuid: String? = nil,
        macAddresses: [String] = [], name: String? = nil, manufacturer: String? = nil, model: String? = nil,
        assetClass: String? = nil, lifecycleRaw: String? = nil, parentAssetID: String? = nil,
        position: String? = nil, cloudResourceID: String? = nil, isComposite: Bool = false,
        lifecycleSince: Timestamp? = nil, attributes: [String: String] = [:], lists: [String: [TypedValue]] = [:]
    ) {
        self.assetTag = assetTag
        self.serialNumber = serialNumber
        self.otherSerials = otherSerials
        self.uuid = uuid
        self.macAddresses = macAddresses
        self.name = name
        self.manufacturer = manufacturer
        self.model = model
        self.assetClass = assetClass
        self.lifecycleRaw = lifecycleRaw
        self.parentAssetID = parentAssetID
        self.position = position
        self.cloudResourceID = cloudResourceID
        self.isComposite = isComposite
        self.lifecycleSince = lifecycleSince
        self.attributes = attributes
        self.lists = lists
    }
}

/// A member of a list with the type its discovery gave it; of serials it is `system`, `bios`, `chassis` and the like.
package struct TypedValue: Hashable, Sendable {
    package var type: String
    package var value: String

    package init(type: String, value: String) {
        self.type = type
        self.value = value
    }

    /// The type, trimmed and lower case.
    var plainType: String { WhiteSpace.trimmed(type).lowercased() }
}

/// A serial number with its type.
package typealias TypedSerial = TypedValue

/// A CI as its source shows it: the columns of a CI binding, raw (contract.md, Sources).
package struct CIRecord: Hashable, Sendable {
    package var ciClass: String?
    package var name: String?
    package var serialNumber: String?
    package var serials: [TypedSerial]
    package var uuid: String?
    package var assetTag: String?
    /// The MAC addresses of its network adapters.
    package var macAddresses: [String]
    package var manufacturer: String?
    package var model: String?
    package var cloudResourceID: String?
    package var parentCIID: String?
    package var position: String?
    package var lifecycleRaw: String?
    package var lastDiscoveredAt: Timestamp?
    package var discoverySource: String?
    /// The members of `attributes` that the active rule set names, as `->>` shows them.
    package var attributes: [String: String]
    /// The members of `attributes` that the active rule set names as lists.
    package var lists: [String: [TypedValue]]

    package init(
        ciClass: String? = nil, name: String? = nil, serialNumber: String? = nil, serials: [TypedSerial] = [],
        uuid: String? = nil, assetTag: String? = nil, macAddresses: [String] = [], manufacturer: String? = nil,
        model: String? = nil, cloudResourceID: String? = nil, parentCIID: String? = nil, position: String? = nil,
        lifecycleRaw: String? = nil, lastDiscoveredAt: Timestamp? = nil, discoverySource: String? = nil,
        attributes: [String: String] = [:], lists: [String: [TypedValue]] = [:]
    ) {
        self.ciClass = ciClass
        self.name = name
        self.serialNumber = serialNumber
        self.serials = serials
        self.uuid = uuid
        self.assetTag = assetTag
        self.macAddresses = macAddresses
        self.manufacturer = manufacturer
        self.model = model
        self.cloudResourceID = cloudResourceID
        self.parentCIID = parentCIID
        self.position = position
        self.lifecycleRaw = lifecycleRaw
        self.lastDiscoveredAt = lastDiscoveredAt
        self.discoverySource = discoverySource
        self.attributes = attributes
        self.lists = lists
    }
}
