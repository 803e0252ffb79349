import LinkTesting
import Postgres
import Testing

/// Pins, blocks and the other decisions of operators, beside a daemon that takes them up.
@Suite(.serialized) struct DecisionTests {
    @Test func aPinTakesEffectAndSaysWhatItDid() async throws {
        try await liveFleet { database in
            let outcome = await run("pin", "web-2", "T-2", "--reason", "seen in the rack", "-d", database, width: 100)
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.out.first?.hasPrefix("CI cmdb/2 is pinned to asset itam/2. (act ") == true)
            #expect(outcome.out.contains("CI cmdb/2 is linked to asset itam/2 (manual)."))
            #expect(outcome.text.contains("orphaned → linked") && outcome.text.contains("→ active"))
            let again = await run("pin", "web-2", "T-6", "--reason", "no, that one", "-d", database, width: 100)
            #expect(again.text.contains("Note: It replaces the pin on itam/2"))
            #expect(again.out.contains("CI cmdb/2 is linked to asset itam/6 (manual)."))
            let list = await run("decisions", "-d", database, width: 140)
            #expect(list.out.count == 2 && list.out[1].contains("cmdb/2  itam/6  in_force"))
            let unpin = await run("unpin", "cmdb/2", "--reason", "was wrong", "--json", "-d", database)
            #expect(unpin.text.contains(#""taken_up": true"#) && unpin.text.contains(#""state":"orphaned""#))
            #expect(await run("decisions", "-d", database).err == ["No pins or blocks."])
        }
    }

    @Test func whatHasNoEffectNowSaysSo() async throws {
        try await liveFleet { database in
            let excluded = await run("pin", "vm-7", "T-6", "--reason", "r", "-d", database, width: 200)
            #expect(excluded.text.contains("Note: The CI is excluded (class_excluded): the pin has no effect"))
            #expect(excluded.out.last == "No link or state changed.")
            let ended = await run("pin", "web-2", "T-8", "--reason", "r", "-d", database, width: 200)
            #expect(ended.text.contains("Note: The asset has ended (retired): the pin has no effect"))
            let stranger = await run("block", "web-2", "T-1", "--reason", "r", "-d", database, width: 200)
            #expect(stranger.text.contains("Note: The two are not linked now"))
            let pinned = await run("block", "web-2", "T-8", "--reason", "r", "-d", database, width: 200)
            #expect(pinned.text.contains("Note: It ends the pin of the pair"))
        }
    }

    @Test func aBlockEndsTheLinkUntilItIsTakenBack() async throws {
        try await liveFleet { database in
            let block = await run(
                "block", "web-1", "T-1", "--reason", "swapped", "--until", "2099-01-01", "-d", database, width: 120)
            #expect(block.out.contains("CI cmdb/1 is orphaned: blocked_by_operator."))
            #expect(block.text.contains("active → closed"))
            let unblock = await run("unblock", "web-1", "T-1", "--reason", "swapped back", "-d", database, width: 120)
            #expect(unblock.out.contains("CI cmdb/1 is linked to asset itam/1 (automatic)."))
            let requeue = await run("requeue", "web-1", "--reason", "look again", "-d", database)
            #expect(requeue.out.last == "No link or state changed.")
        }
    }

    @Test func staleLinksAndCompositeAssets() async throws {
        try await liveFleet { database in
            let composite = await run("composite", "T-5", "--reason", "a stack", "-d", database, width: 120)
            #expect(composite.out.first?.hasPrefix("Asset itam/5 is composite. (act ") == true)
            #expect(
                await run("explain", "web-5", "--json", "-d", database).text.contains(#""state":"linked""#))
            let off = await run("composite", "T-5", "--off", "--reason", "not a stack", "-d", database)
            #expect(off.code == 0)
            let stale = await run("stale", "--json", "-d", database)
            let number = stale.text.split(separator: #""link_id":"#)[1].prefix { $0.isNumber }
            let close = await run(
                "close-stale", String(number), "--reason", "gone for good", "-d", database, width: 120)
            #expect(close.text.contains("closed_by_operator"))
            let again = await run("close-stale", String(number), "--reason", "r", "-d", database)
            #expect(again.code == 1 && again.errors.contains("not stale"))
        }
    }

    @Test func wrongArgumentsChangeNothing() async throws {
        try await liveFleet { database in
            let swapped = await run("pin", "T-1", "web-1", "--reason", "r", "-d", database)
            #expect(swapped.code == 64)
            #expect(swapped.err.first?.contains("The CI comes first") == true)
            #expect(swapped.errors.contains("assetlinkctl pin 'web-1' 'T-1'"))
            let past = await run("pin", "web-1", "T-1", "--reason", "r", "--until", "2020-01-01", "-d", database)
            #expect(past.code == 1 && past.errors.contains("expired already"))
            let unknown = await run("pin", "web", "T-1", "--reason", "r", "-d", database)
            #expect(unknown.code == 1 && unknown.errors.contains("Did you mean cmdb/1 (web-1)"))
            let asset = await run("pin", "web-1", "T-99", "--reason", "r", "-d", database)
            #expect(asset.code == 1 && asset.errors.contains("There is no asset T-99."))
            #expect(await run("pin", "web-1", "T-1", "-d", database).code == 64)
            #expect(await run("pin", "web-1", "T-1", "--reason", " ", "-d", database).code == 64)
            #expect(await run("unpin", "web-1", "--reason", "r", "-d", database).errors.contains("is not pinned"))
            #expect(await run("decisions", "--ended", "-d", database).out.isEmpty)
        }
    }

    @Test func withoutADaemonItIsRecordedAtOnce() async throws {
        let database = try await smallFleet()
        let outcome = await run("pin", "web-02", "A-5", "--reason", "r", "--wait", "600", "-d", database)
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(outcome.out.count == 1 && outcome.text.hasPrefix("Recorded as act "))
        #expect(outcome.err == ["No daemon is at work: it will be applied as soon as one is."])
        #expect(await run("decisions", "-d", database).text.contains("pending"))
    }
}
