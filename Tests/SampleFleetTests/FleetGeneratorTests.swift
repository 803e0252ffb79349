import LinkCore
import SampleFleet
import Testing

@Suite struct FleetGeneratorTests {
    static let fleet = Array(FleetGenerator(machines: 5_000, seed: 7))
    static let rows = fleet.reduce(into: FleetRows()) { $0.append($1.rows) }

    @Test func theSameSeedGivesTheSameFleet() {
        let again = Array(FleetGenerator(machines: 5_000, seed: 7))
        #expect(again == Self.fleet)
        #expect(Array(FleetGenerator(machines: 5_000, seed: 8)) != Self.fleet)
    }

    @Test func aLargerFleetBeginsWithTheSmaller() {
        let small = FleetGenerator(machines: 300, seed: 7).flatMap(\.machines)
        let large = Self.fleet.flatMap(\.machines)
        #expect(small.count == 300)
        #expect(Array(large.prefix(300)) == small)
    }

    @Test func itHasExactlyAsManyMachinesAsAskedFor() {
        for count in [0, 1, 17, 1_000] {
            #expect(FleetGenerator(machines: count, seed: 3).flatMap(\.machines).count == count)
        }
    }

    @Test func aSeedHasOneFleetForEver() {
        let lines = FleetGenerator(machines: 300, seed: 1).flatMap(\.machines).map { $0.jsonLine() }
        var digest = SplitMix64(seed: 0, salt: lines.joined(separator: "\n"))
        #expect(digest.next() == 14_359_868_624_818_417_255)
    }

    @Test(arguments: [
        (SerialQuality.usable, 0.656), (.missing, 0.269), (.placeholder, 0.056), (.virtual, 0.015),
    ])
    func serialsAreAsDirtyAsRealOnes(quality: SerialQuality, share: Double) {
        let qualities = Self.fleet.flatMap(\.qualities)
        let found = Double(qualities.count { $0 == quality }) / Double(qualities.count)
        #expect(abs(found - share) < max(0.03, share / 10), "\(quality): \(found)")
    }

    @Test func qualitiesAreThoseOfTheSerials() {
        for (machine, quality) in zip(Self.fleet.flatMap(\.machines), Self.fleet.flatMap(\.qualities)) {
            let serial = machine.serialNumber ?? ""
            #expect(serial.allSatisfy(\.isWhitespace) == (quality == .missing))
            #expect(serial.hasPrefix("VMware-") == (quality == .virtual))
        }
    }

    @Test func everyKindOfDirtIsThere() {
        let cis = Self.rows.cis.map(\.record)
        let serials = cis.compactMap(\.serialNumber)
        #expect(serials.contains { $0.hasSuffix("\r") })
        #expect(serials.contains { $0.hasSuffix("     ") && $0.first?.isLetter == true })
        #expect(serials.contains { $0 != $0.uppercased() })
        let macs = cis.flatMap(\.macAddresses)
        #expect(macs.contains { $0.utf8.count == 59 }, "no 20-octet address")
        #expect(macs.contains { $0.contains("-") })
        let holders = Dictionary(grouping: serials) { $0 }.mapValues(\.count)
        #expect(holders.contains { $0.value > 5 && $0.key.contains("-") && $0.value <= 12 }, "no part number")
        let uuids = Set(cis.compactMap { $0.uuid?.lowercased() })
        #expect(uuids.contains("03000200-0400-0500-0006-000700080009"))
    }

    @Test func mostThingsStandOnBothSidesAndSomeOnOne() {
        let assets = Set(Self.rows.assets.map(\.key)), cis = Set(Self.rows.cis.map(\.key))
        let both = Double(assets.intersection(cis).count)
        #expect(both / Double(cis.count) > 0.65)
        #expect(Double(cis.subtracting(assets).count) / Double(cis.count) > 0.05)
        #expect(Double(assets.subtracting(cis).count) / Double(assets.count) > 0.05)
        let states = Set(Self.rows.assets.compactMap(\.record.lifecycleRaw))
        #expect(states.isSuperset(of: ["In use", "In stock", "Retired", "Missing", "In maintenance"]))
        #expect(Self.rows.assets.contains { $0.key.hasSuffix("-import") })
        #expect(Self.rows.cis.contains { $0.key.hasSuffix("-agentless") })
    }

    @Test func idsAreUniqueAndParentsAreOfTheSameUnit() {
        #expect(Set(Self.rows.assets.map(\.key)).count == Self.rows.assets.count)
        #expect(Set(Self.rows.cis.map(\.key)).count == Self.rows.cis.count)
        for unit in Self.fleet {
            let keys = Set(unit.rows.cis.map(\.key) + unit.rows.assets.map(\.key))
            #expect(unit.machines.compactMap(\.parent?.id).allSatisfy { $0.hasPrefix("m-") })
            #expect(keys.count >= unit.machines.count)
        }
    }
}
