import Testing

/// `explain` tells each story in plain words.
@Suite struct ExplainTests {
    @Test func linked() async throws {
        let outcome = await run("explain", "cmdb/100", "-d", try await smallFleet(), width: 100)
        #expect(outcome.code == 0)
        #expect(
            outcome.out.prefix(3) == [
                "CI cmdb/100 \"web-01\" of class linux_server is linked since 2026-01-02 03:04.",
                "Its asset is itam/A-1, found by entry 10 of rule hardware on SN-1.",
                "The rule is that of class hardware, as linux_server has none of its own.",
            ])
        #expect(outcome.text.contains("10  regular       serial_number   sn-1  SN-1     matched"))
        #expect(outcome.out.last == "What to do: Nothing: this is as it should be.")
    }

    @Test func placeholderIsNamed() async throws {
        let outcome = await run("explain", "db-01", "-d", try await smallFleet(), width: 100)
        #expect(outcome.text.contains("What it has for identifiers are placeholders or unreadable."))
        #expect(outcome.text.contains("serial \"Test Placeholder\" is placeholder "))
        #expect(outcome.text.contains(" (test placeholder: as delivered); it was not used."))
        #expect(outcome.text.contains("uuid \"4c4c\" cannot be read as a uuid; it was not used."))
    }

    @Test func conflictNamesTheOthers() async throws {
        let outcome = await run("explain", "sw-01", "-d", try await smallFleet(), width: 100)
        #expect(
            outcome.text.contains("Entry 10 (serial_number) finds several assets, and nothing says which is right."))
        #expect(outcome.text.contains("2 assets have it"))
        #expect(outcome.text.contains("Conflict 601, duplicate_asset, with asset itam/A-3, asset itam/A-4."))
        #expect(outcome.text.contains("What to do: Conflict 601: Several assets match"))
    }

    @Test func decommissionedAssetWithItsStaleLink() async throws {
        let outcome = await run("explain", "105", "-d", try await smallFleet(), width: 100)
        #expect(outcome.out[1] == "It matches an asset that was retired or disposed of, and no other.")
        #expect(outcome.text.contains("only 1 ended asset has it"))
        #expect(outcome.text.contains("702  itam/A-2  stale   automatic  2026-01-02 03:04  assetlinkd"))
        #expect(outcome.text.contains("link_stale"))
    }

    @Test func pinThatWaitsIsShown() async throws {
        let database = try await smallFleet()
        try await execute("SELECT assetlink.pin('cmdb', '101', 'itam', 'A-5', 'looked at it on site')", database)
        let outcome = await run("explain", "web-02", "-d", database, width: 200)
        #expect(outcome.text.contains("pin itam/A-5 by postgres on "))
        #expect(outcome.text.contains(", not yet taken up: looked at it on site"))
    }

    @Test func excludedClassAndUnknownClass() async throws {
        let database = try await smallFleet()
        let machine = await run("explain", "vm-01", "-d", database)
        #expect(machine.text.contains("The rule is that of its class virtual_machine: none"))
        let toaster = await run("explain", "cmdb_events/100", "-d", database)
        #expect(toaster.text.contains("Its class toaster is not in assetlink.ci_class, so it counts as ci."))
    }

    @Test func ambiguousAndUnknownNames() async throws {
        let database = try await smallFleet()
        let ambiguous = await run("explain", "web-01", "-d", database)
        #expect(ambiguous.code == 1)
        #expect(
            ambiguous.err == [
                "assetlinkctl: web-01 may be any of cmdb/100 (web-01), cmdb_events/100 (web-01).",
                "  → Name one of them as source/id.",
            ])
        let unknown = await run("explain", "web", "-d", database)
        #expect(unknown.code == 1)
        #expect(unknown.err.first == "assetlinkctl: There is no CI web.")
        #expect(unknown.err.last?.hasPrefix("  → Did you mean cmdb/100 (web-01), cmdb/101 (web-02)") == true)
        #expect(
            await run("explain", "zzz", "-d", database).err.last
                == "  → Name it as source/id, by its id, or by its name.")
    }

    @Test func jsonHasEveryPart() async throws {
        let outcome = await run("explain", "--json", "sw-01", "-d", try await smallFleet())
        #expect(outcome.out.count == 1)
        #expect(
            outcome.text.hasPrefix(#"{"schema": "assetlinkctl/explain.v1", "ci": {"ci_source":"cmdb","ci_id":"103""#))
        for field in [
            "summary", "rule", "evidence", "conflicts", "links", "decisions", "audit", "suggestions", "remedy",
        ] {
            #expect(outcome.text.contains("\"\(field)\": "))
        }
    }
}
