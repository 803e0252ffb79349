import LinkCore
import LinkTesting
import Testing

/// The text that names an entry by what it compares: stored, so it must not move.
@Suite struct ModelSignatureTests {
    private static let samples: [(String, IdentifierEntry)] = [
        ("regular(serial_number)", entry(.regular([AttributePair(.serialNumber)], allowNull: false))),
        (
            "regular(serial_number=name)",
            entry(.regular([AttributePair(ci: .serialNumber, asset: .name)], allowNull: false))
        ),
        (
            "regular(name,uuid;allow_null)",
            entry(.regular([AttributePair(.uuid), AttributePair(.name)], allowNull: true))
        ),
        (
            "lookup(serials;types=bios,chassis,standard,system)",
            entry(.lookup(Lookup(.serials, types: ["system", "bios", "standard", "chassis"])))
        ),
        ("lookup(mac_addresses;exact)", entry(.lookup(Lookup(.macAddresses, exactCount: true)))),
        ("hybrid(name;serials)", entry(.hybrid([AttributePair(.name)], Lookup(.serials)))),
        (
            "dependent:regular(position)",
            IdentifierEntry(priority: 20, .regular([AttributePair(.position)], allowNull: false), isDependent: true)
        ),
        (
            "lookup(attributes.wwns;types=node;exact)",
            entry(.lookup(Lookup(.member("wwns"), types: ["node"], exactCount: true)))
        ),
        (
            "regular(uuid) among asset_class=\"a b\",c and model=x",
            IdentifierEntry(
                priority: 10, .regular([AttributePair(.uuid)], allowNull: false),
                when: [Condition(.manufacturer, ["dell"])],
                among: [Condition(.model, ["x"]), Condition(.assetClass, ["c", "a b"])])
        ),
        ("regular(attributes.rack)", entry(.regular([AttributePair(.member("rack"))], allowNull: false))),
        (
            "regular(attributes.\"a,\"\"b\")",
            entry(.regular([AttributePair(.member("a,\"b"))], allowNull: false))
        ),
    ]

    private static func entry(_ comparison: IdentifierEntry.Comparison) -> IdentifierEntry {
        IdentifierEntry(priority: 10, comparison)
    }

    @Test(arguments: samples) func text(_ sample: (String, IdentifierEntry)) {
        #expect(sample.1.signature == sample.0)
    }

    @Test(arguments: samples) func thePriorityIsNoPartOfIt(_ sample: (String, IdentifierEntry)) {
        var moved = sample.1
        moved.priority += 1
        #expect(moved.signature == sample.0)
    }

    @Test func attributesAreSortedByAssetAttribute() {
        let pairs = [
            AttributePair(ci: .assetTag, asset: .name), AttributePair(ci: .uuid, asset: .assetTag),
            AttributePair(ci: .model, asset: .assetTag),
        ]
        let signature = Self.entry(.regular(pairs, allowNull: false)).signature
        #expect(signature == "regular(model=asset_tag,uuid=asset_tag,asset_tag=name)")
        #expect(Self.entry(.regular(pairs.reversed(), allowNull: false)).signature == signature)
    }
}
