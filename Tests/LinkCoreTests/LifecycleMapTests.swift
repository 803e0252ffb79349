import Testing

@testable import LinkCore

@Suite struct LifecycleMapTests {
    private let map = LifecycleMap([
        LifecycleMapping(side: .asset, rawState: "Retired ", meaning: "retired"),
        LifecycleMapping(side: .asset, rawState: "retired/sold", meaning: "disposed"),
        LifecycleMapping(side: .asset, source: "snow", rawState: "stock", meaning: "in_stock"),
        LifecycleMapping(side: .asset, rawState: "stock", meaning: "planned"),
        LifecycleMapping(side: .asset, rawState: "odd", meaning: "gone"),
        LifecycleMapping(side: .ci, rawState: "7", meaning: "retired"),
        LifecycleMapping(side: .ci, source: "other", rawState: "7", meaning: "active"),
        LifecycleMapping(side: .ci, rawState: "absent", meaning: "in_use"),
    ])

    @Test(
        arguments: [
            (nil, .inUse, true), ("", .inUse, true), (" \t\u{A0}", .inUse, true), (" / ", .inUse, true),
            ("RETIRED", .retired, true), (" retired / ", .retired, true), ("Retired / Sold", .disposed, true),
            ("retired/recycled", .inUse, false), ("odd", .inUse, false), ("7", .inUse, false),
            ("in use", .inUse, false),
        ] as [(String?, LifecyclePhase, Bool)])
    func assets(raw: String?, phase: LifecyclePhase, isMapped: Bool) {
        #expect(map.phase(rawState: raw, source: "any") == (phase, isMapped))
    }

    @Test func aRowForTheSourceBeatsARowForAny() {
        #expect(map.phase(rawState: "Stock", source: "snow") == (.inStock, true))
        #expect(map.phase(rawState: "Stock", source: "ralph") == (.planned, true))
        #expect(map.ciRetired(rawState: "7", source: "snow") == (true, true))
        #expect(map.ciRetired(rawState: "7", source: "other") == (false, true))
    }

    @Test func cis() {
        #expect(map.ciRetired(rawState: nil, source: "x") == (false, true))
        #expect(map.ciRetired(rawState: " ", source: "x") == (false, true))
        #expect(map.ciRetired(rawState: "retired", source: "x") == (false, false))
        #expect(map.ciRetired(rawState: "absent", source: "x") == (false, false))
        #expect(map.invalid.map(\.meaning) == ["gone", "in_use"])
    }

    @Test func rowsThatDisagreeAreDecidedInAnyOrderAlike() {
        let rows = ["retired", "disposed", "in_use"].map {
            LifecycleMapping(side: .asset, rawState: "x", meaning: $0)
        }
        for order in [rows, rows.reversed()] {
            #expect(LifecycleMap(order).phase(rawState: "x", source: "") == (.disposed, true))
        }
    }

    @Test func theSeedIsWellFormed() {
        let rows = CanonicalTestFiles.lifecycle()
        #expect(rows.count == CanonicalTestFiles.seedRows("lifecycle.sql").count)
        #expect(rows.count > 250)
        let map = LifecycleMap(rows)
        #expect(map.invalid == [])
        for row in rows {
            #expect(row.rawState == WhiteSpace.trimmed(row.rawState).lowercased())
            switch row.side {
            case .asset: #expect(map.phase(rawState: row.rawState, source: "").phase.rawValue == row.meaning)
            case .ci:
                let retired = map.ciRetired(rawState: row.rawState, source: "").retired
                #expect((retired ? "retired" : "active") == row.meaning)
            }
        }
        #expect(Set(rows.map { "\($0.side) \($0.rawState)" }).count == rows.count)
    }
}
