import LinkTesting
import Testing

/// The conflict queue, from the list to the end of a conflict.
@Suite(.serialized) struct ConflictTests {
    @Test func aDuplicateAssetIsToldApartAndResolved() async throws {
        try await liveFleet { database in
            let number = try await conflict("duplicate_asset", database)
            let show = await run("conflicts", "show", number, "-d", database, width: 120)
            #expect(show.out.first?.hasPrefix("Conflict \(number): duplicate_asset, on SER-0003, opened ") == true)
            #expect(show.out[1].contains("TAG") && show.out[1].contains("LIFE CYCLE") && !show.out[1].contains("MAKER"))
            #expect(show.text.contains("Suggested: keep itam/3, because it is in_use, the next one in_stock"))
            let dry = await run(
                "conflicts", "resolve", number, "--keep", "itam/3", "--reason", "r", "--dry-run", "-d", database)
            #expect(dry.out == ["would block CI cmdb/3 from itam/4", "would pin CI cmdb/3 to itam/3"])
            #expect(await run("decisions", "--ended", "-d", database).out.isEmpty)
            let done = await run(
                "conflicts", "resolve", number, "--keep", "itam/3", "--reason", "r", "-d", database, width: 120)
            #expect(done.out.prefix(2) == ["block CI cmdb/3 from itam/4", "pin CI cmdb/3 to itam/3"], "\(done.errors)")
            #expect(done.out.contains("CI cmdb/3 is linked to asset itam/3 (manual)."))
            #expect(done.text.contains("open → closed"))
            let late = await run("conflicts", "resolve", number, "--keep", "itam/3", "--reason", "r", "-d", database)
            #expect(late.code == 1 && late.errors.contains("was closed"))
        }
    }

    @Test func ofTwoCIsTheOneDiscoveredLastIsSuggested() async throws {
        try await liveFleet { database in
            let number = try await conflict("duplicate_ci", database)
            let show = await run("conflicts", "show", number, "-d", database, width: 120)
            #expect(show.text.contains("Suggested: keep cmdb/6, because it was discovered last"))
            let wrong = await run("conflicts", "resolve", number, "--keep", "itam/5", "--reason", "r", "-d", database)
            #expect(wrong.code == 1)
            let done = await run(
                "conflicts", "resolve", number, "--keep", "cmdb/6", "--reason", "r", "--json", "-d", database)
            #expect(done.text.contains(#""taken_up": true"#), "\(done.errors)")
            #expect(await run("explain", "web-6", "--json", "-d", database).text.contains(#""state":"linked""#))
        }
    }

    @Test func aConflictWhoseCauseGoesAwayClosesItself() async throws {
        try await liveFleet { database in
            let number = try await conflict("duplicate_asset", database)
            try await execute("UPDATE itam.asset SET serial_number = 'SER-0004' WHERE asset_tag = 'T-4'", database)
            try await executeUntil(
                "SELECT closed_at IS NOT NULL FROM assetlink.conflict WHERE conflict_id = \(number)", database)
            let show = await run("conflicts", "show", number, "-d", database)
            #expect(show.text.contains("(resolved)"), "\(show.text)")
        }
    }

    private func conflict(_ kind: String, _ database: String) async throws -> String {
        let list = await run("conflicts", "--kind", kind, "-d", database)
        return String(try #require(list.out.dropFirst().first).drop { $0 == " " }.prefix { $0.isNumber })
    }
}
