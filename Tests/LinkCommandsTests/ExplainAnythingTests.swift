import Testing

/// `explain` answers for assets, and for records that have no state.
@Suite struct ExplainAnythingTests {
    @Test func linkedAsset() async throws {
        let outcome = await run("explain", "--asset", "A-1", "-d", try await smallFleet(), width: 110)
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(
            outcome.out.prefix(2) == [
                "Asset itam/A-1 is linked since 2026-01-01 00:00; its phase is in use.", "1 CI is linked to it.",
            ])
        #expect(outcome.text.contains("cmdb/100  web-01  linked        linked  SN-1    itam/A-1"))
        #expect(outcome.out.last == "What to do: Nothing: this is as it should be.")
    }

    @Test func endedAssetAndItsStaleLink() async throws {
        let outcome = await run("explain", "--asset", "A-2", "-d", try await smallFleet(), width: 110)
        #expect(outcome.out[1] == "An ended asset is linked to nothing; 1 link to it went stale.")
        #expect(outcome.text.contains("What to do: Retire the CI, or correct the asset's life-cycle state"))
    }

    @Test func assetThatNothingMatches() async throws {
        let database = try await smallFleet()
        let silent = await run("explain", "--asset", "A-5", "-d", database)
        #expect(silent.out[1] == "It shows no identifier that a CI could match.")
        try await execute(
            """
            UPDATE assetlink_internal.asset SET evidence = '[{"k": "serial", "a": "serial_number", "r": "sn-5", "c": "SN-5"}]'
            WHERE asset_ref = 905
            """, database)
        #expect(
            await run("explain", "--asset", "A-5", "-d", database).out[1] == "No CI has any of its identifiers.")
        try await execute(
            """
            UPDATE assetlink_internal.asset SET evidence = '[{"k": "serial", "a": "serial_number", "r": "x", "s": "malformed"}]'
            WHERE asset_ref = 905
            """, database)
        let useless = await run("explain", "--asset", "A-5", "-d", database)
        #expect(useless.out[1] == "None of its identifiers can be used, so no CI can match it.")
        #expect(useless.text.contains("not used: malformed"))
        let conflicted = await run("explain", "--asset", "A-3", "-d", database)
        #expect(conflicted.text.contains("Conflict 601, duplicate_asset, with asset itam/A-4, ci cmdb/103."))
    }

    @Test func recordsThatAreNotThere() async throws {
        let database = try await smallFleet()
        try await execute(
            """
            INSERT INTO cmdb.ci (ci_id, ci_class) VALUES (500, 'server');
            INSERT INTO assetlink_internal.held_change
            SELECT source_id, '500', now(), 1 FROM assetlink_internal.source WHERE name = 'cmdb';
            INSERT INTO assetlink_internal.source_status
            SELECT source_id, 'held', 'its changes would end 70 links', now() FROM assetlink_internal.source WHERE name = 'cmdb';
            INSERT INTO assetlink_internal.dead_letter (feed, source_id, key, error_code, error_text)
            SELECT 'cmdb', source_id, '501', '22P02', 'serials is no list' FROM assetlink_internal.source WHERE name = 'cmdb';
            UPDATE assetlink_internal.ci SET deleted_at = '2026-05-01Z' WHERE ci_ref = 802;
            DELETE FROM assetlink_internal.ci_decision WHERE ci_ref = 802;
            """, database)
        let held = await run("explain", "500", "-d", database)
        #expect(held.code == 0)
        #expect(held.out.first == "CI cmdb/500 is held back, so nothing was decided about it.")
        #expect(held.text.contains("1 of it in the log, by trigger since "))
        #expect(held.text.contains("Its changes would end 70 links since "))
        let rejected = await run("explain", "cmdb/501", "-d", database)
        #expect(rejected.out.first == "CI cmdb/501 could not be read, so nothing was decided about it.")
        #expect(rejected.text.contains("Serials is no list (22P02) since "))
        let deleted = await run("explain", "101", "--json", "-d", database)
        #expect(
            deleted.text.contains(#""side": "ci", "source": "cmdb", "id": "101", "summary": "CI cmdb/101 was deleted"#))
        // A resync of everything is no trace of a record that nobody ever heard of.
        #expect(await run("explain", "cmdb/999", "-d", database).code == 1)
    }

    @Test func everyRecordIsAnswered() async throws {
        try await liveFleet { database in
            try await execute("UPDATE cmdb.ci SET state = 'retired' WHERE ci_id = 9", database)
            try await executeUntil(
                "SELECT reason = 'ci_retired' FROM assetlink.ci_state WHERE ci_id = '9'", database)
            try await execute("DELETE FROM cmdb.ci WHERE ci_id = 2", database)
            try await executeUntil("SELECT count(*) = 0 FROM assetlink.ci_state WHERE ci_id = '2'", database)
            for ci in 1...9 where ci != 4 {
                let outcome = await run("explain", "cmdb/\(ci)", "-d", database, width: 120)
                #expect(outcome.code == 0, "\(outcome.errors)")
                #expect(outcome.out.count >= 3, "\(outcome.text)")
                #expect(ci == 2 || outcome.text.contains("What to do: "), "\(outcome.text)")
            }
            #expect(await run("explain", "9", "-d", database).text.contains("It is retired in its source"))
            #expect(await run("explain", "cmdb/2", "-d", database).out.first?.contains("was deleted") == true)
            for asset in 1...7 {
                let outcome = await run("explain", "--asset", "itam/\(asset)", "-d", database, width: 120)
                #expect(outcome.code == 0 && outcome.text.contains("What to do: "), "\(outcome.text)\(outcome.errors)")
            }
            let near = await run("orphans", "--details", "-d", database)
            #expect(near.code == 0, "\(near.errors)")
        }
    }
}
