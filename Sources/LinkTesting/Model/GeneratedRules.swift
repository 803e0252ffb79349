package import LinkCore

/// The rules of generated worlds: the shipped classes, some of every entry type, small tables, a small K.
package enum GeneratedRules {
    /// Ten times the same serial is common here.
    package static let hotSerial = "SN-HOT"

    package static func ruleSet(_ features: Set<WorldFeature>) -> RuleSet {
        var rules = RuleSet(
            version: 1, classes: DefaultRules.classes + classes, placeholders: placeholders,
            lifecycle: lifecycle, manufacturerAliases: ["dell inc.": "dell", "hpe": "hp"], suspectLimits: [:])
        guard features.contains(.suspects) else { return rules }
        rules.suspectLimits = [.serial: 3, .uuid: 3, .mac: 4]
        rules.classes = rules.classes.map { item in
            var item = item
            // One of a class that others inherit from, and one above it that it stands before.
            if item.name == "network_gear" { item.suspectLimits = [.serial: 2, .assetTag: 2] }
            if item.name == "switch" { item.suspectLimits = [.serial: 5] }
            return item
        }
        return rules
    }

    /// Classes with the entry types that no shipped rule has.
    package static let classes: [CIClass] = [
        CIClass(name: "appliance", parent: "hardware", rule: .own(appliance)),
        CIClass(name: "strict_server", parent: "server", rule: .own(strict)),
        CIClass(name: "card", parent: "module", rule: .own(card)),
        CIClass(name: "shelf", parent: "appliance"),
        CIClass(name: "array", parent: "appliance", rule: .own(array)),
        CIClass(name: "brand_server", parent: "server", rule: .own(brand)),
    ]

    private static let appliance = IdentificationRule(
        name: "appliance",
        entries: [
            IdentifierEntry(priority: 5, .hybrid([AttributePair(.name)], Lookup(.serials, types: ["system"]))),
            IdentifierEntry(
                priority: 15, .regular([AttributePair(.name), AttributePair(.assetTag)], allowNull: true)),
            IdentifierEntry(
                priority: 20, .lookup(Lookup(.serials, types: ["system", "bios", "standard", "chassis"]))),
            IdentifierEntry(priority: 25, .lookup(Lookup(.macAddresses))),
            IdentifierEntry(priority: 35, .regular([AttributePair(ci: .name, asset: .assetTag)], allowNull: false)),
        ])

    private static let strict = IdentificationRule(
        name: "strict_server",
        entries: [
            IdentifierEntry(
                priority: 10, .regular([AttributePair(.serialNumber), AttributePair(.uuid)], allowNull: false)),
            IdentifierEntry(priority: 12, .lookup(Lookup(.serials, exactCount: true))),
            IdentifierEntry(priority: 30, .regular([AttributePair(.member("rack"))], allowNull: false)),
        ], required: [.name, .manufacturer])

    private static let card = IdentificationRule(
        name: "card",
        entries: [
            IdentifierEntry(priority: 10, .regular([AttributePair(.assetTag)], allowNull: false)),
            IdentifierEntry(priority: 20, .lookup(Lookup(.serials)), isDependent: true),
            IdentifierEntry(
                priority: 30, .hybrid([AttributePair(.position)], Lookup(.macAddresses)), isDependent: true),
            IdentifierEntry(
                priority: 40, .regular([AttributePair(.position), AttributePair(.uuid)], allowNull: true),
                isDependent: true),
            IdentifierEntry(priority: 50, .regular([AttributePair(.position)], allowNull: false), isDependent: true),
        ])

    /// Lists in `attributes`.
    private static let array = IdentificationRule(
        name: "array",
        entries: [
            IdentifierEntry(
                priority: 10, .hybrid([AttributePair(.name)], Lookup(.member("ports"), types: ["fc", "iscsi"]))),
            IdentifierEntry(priority: 20, .lookup(Lookup(.member("ports"), types: ["fc"], exactCount: true))),
            IdentifierEntry(priority: 22, .lookup(Lookup(.member("ports")))),
            IdentifierEntry(priority: 30, .regular([AttributePair(.serialNumber)], allowNull: false)),
        ])

    /// Conditions on either side.
    private static let brand = IdentificationRule(
        name: "brand_server",
        entries: [
            IdentifierEntry(
                priority: 10, .regular([AttributePair(.assetTag)], allowNull: false),
                when: [Condition(.manufacturer, ["Dell Inc."])]),
            IdentifierEntry(
                priority: 20, .regular([AttributePair(.serialNumber)], allowNull: false),
                among: [Condition(.assetClass, ["Server", "blade "])]),
            IdentifierEntry(
                priority: 25, .lookup(Lookup(.serials)),
                when: [Condition(.manufacturer, ["hp"]), Condition(.ciClass, ["BRAND_server"])],
                among: [Condition(.manufacturer, ["HPE", "dell"])]),
            IdentifierEntry(priority: 30, .regular([AttributePair(.uuid)], allowNull: false)),
        ],
        related: [RelatedEntry("software", attributes: ["name", "version"])])

    package static let placeholders: [Placeholder] = [
        Placeholder(id: 1, kind: .serial, value: "Default string"),
        Placeholder(id: 2, kind: .serial, value: "0+", isPattern: true),
        Placeholder(id: 3, kind: .serial, value: "SN-1", manufacturer: "Dell Inc."),
        Placeholder(id: 4, kind: .uuid, value: "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"),
        Placeholder(id: 5, kind: .assetTag, value: "No Asset Tag"),
        Placeholder(id: 6, kind: .mac, value: "00:00:00:00:00:00"),
        Placeholder(id: 7, kind: .name, value: "localhost"),
    ]

    package static let lifecycle: [LifecycleMapping] =
        LifecyclePhase.allCases.map { LifecycleMapping(side: .asset, rawState: $0.rawValue, meaning: $0.rawValue) } + [
            LifecycleMapping(side: .asset, rawState: "archived", meaning: "retired"),
            LifecycleMapping(side: .asset, source: "lab", rawState: "archived", meaning: "in_stock"),
            LifecycleMapping(side: .asset, rawState: "In Stock/Pending disposal", meaning: "disposed"),
            LifecycleMapping(side: .ci, rawState: "operational", meaning: "active"),
            LifecycleMapping(side: .ci, rawState: "retired", meaning: "retired"),
            LifecycleMapping(side: .ci, source: "edge", rawState: "decommissioned", meaning: "retired"),
        ]
}
