import LinkTesting
import Testing

/// What the program writes for each command, to a terminal of 80 columns and to a pipe, as it was kept.
///
/// `ASSETLINK_REGENERATE=1` writes the files anew; read the difference before it is committed.
@Suite struct GoldenTests {
    @Test func reading() async throws {
        let database = try await goldenFleet()
        for (name, command) in Self.reads { try await check(name, command, database) }
    }

    @Test func acting() async throws {
        let database = try await goldenFleet()
        for (name, command) in Self.acts { try await check(name, command, database, terminalOnly: true) }
    }

    @Test func mistakes() async throws {
        let database = try await goldenFleet()
        let before = try await count(database)
        var text = ""
        for command in Self.mistakes { text += try await transcript(command, database, columns: 80) }
        try PublishedFile("Tests/LinkCommandsTests/Golden/mistakes.txt").expect(text)
        #expect(try await count(database) == before, "a refused command has left something behind")
    }

    @Test func aFileWithMistakes() async throws {
        let database = try await goldenFleet()
        let before = try await count(database)
        let path = try temporaryFile(
            """
            action,ci,asset,reason,until
            pin,web-02,A-5,seen in the rack,2099-01-31
            pin,web-99,A-5,no such CI,
            pin,A-5,web-02,the wrong way round,
            block,web-02,A-99,no such asset,
            pin,web-02,A-5,long past,2020-01-01
            unpin,sw-01,,never pinned,
            requeue,web-02,,look again,

            """)
        var text = ""
        for flags in [["--dry-run"], []] {
            text += try await transcript(["decisions", "load", path] + flags, database, columns: 80)
            text += try await transcript(["decisions", "load", path] + flags, database, columns: nil)
        }
        try PublishedFile("Tests/LinkCommandsTests/Golden/decisions-load.txt").expect(
            text.replacing(path, with: "decisions.csv"))
        #expect(try await count(database) == before, "a file that is refused has left something behind")
    }

    @Test func noColourWhereNobodyWantsIt() async throws {
        let database = try await goldenFleet()
        let plain = try await output(["status"], database, columns: 80, ["NO_COLOR": "1"]).text
        #expect(!plain.contains("\u{1B}"))
        #expect(try await output(["status"], database, columns: 80, [:]).text.contains("\u{1B}["))
        #expect(try await !output(["status"], database, columns: nil, [:]).text.contains("\u{1B}"))
        #expect(try await !output(["status", "--no-color"], database, columns: 80, [:]).text.contains("\u{1B}"))
    }

    private static let reads: [(String, [String])] = [
        ("status", ["status"]), ("coverage", ["coverage"]), ("coverage-by-class", ["coverage", "--by-class"]),
        ("coverage-by-source", ["coverage", "--by-source"]), ("explain-linked", ["explain", "cmdb/100"]),
        ("explain-placeholder", ["explain", "db-01"]), ("explain-conflict", ["explain", "sw-01"]),
        ("explain-excluded", ["explain", "vm-01"]), ("explain-rejected", ["explain", "cmdb/900"]),
        ("explain-asset", ["explain", "--asset", "A-3"]), ("orphans", ["orphans"]),
        ("orphans-details", ["orphans", "--details"]), ("orphans-causes", ["orphans", "causes"]),
        ("orphans-page", ["orphans", "--limit", "1"]),
        ("orphans-csv", ["orphans", "--csv", "--reason", "no_matching_asset"]),
        ("unlinked", ["unlinked"]), ("stale", ["stale"]), ("conflicts", ["conflicts"]),
        ("conflicts-show", ["conflicts", "show", "601"]), ("links", ["links"]), ("suspects", ["suspects"]),
        ("audit", ["audit"]), ("audit-verify", ["audit", "verify"]), ("decisions", ["decisions"]),
        ("dead-letters", ["dead-letters"]), ("held", ["held"]), ("sources", ["sources"]),
        ("sources-check", ["sources", "check", "itam"]), ("write-back", ["sources", "write-back"]),
        ("write-back-failures", ["sources", "write-back", "failures"]),
        ("help-write-back-set", ["help", "sources", "write-back", "set"]), ("history", ["history", "cmdb/100"]),
        ("history-asset", ["history", "--asset", "A-2"]), ("changes", ["changes", "--since", "2026-01-01"]),
        ("impact", ["impact", "A-1"]), ("rules-show", ["rules", "show"]),
        ("rules-show-class", ["rules", "show", "server"]),
        ("rules-history", ["rules", "history"]),
        ("migrate", ["migrate", "--dry-run"]),
        ("migrate-plan", ["migrate", "plan"]), ("retention-plan", ["retention", "plan"]),
        ("retention-plan-days", ["retention", "plan", "--days", "1"]), ("help", ["--help"]),
        ("help-pin", ["help", "pin"]),
        ("version", ["--version"]),
    ]

    private static let acts: [(String, [String])] = [
        ("pin", ["pin", "web-02", "A-5", "--reason", "seen in the rack"]),
        ("pin-again", ["pin", "web-02", "A-4", "--reason", "no, this one"]),
        ("pin-excluded", ["pin", "vm-01", "A-5", "--reason", "it is hardware"]),
        ("pin-ended", ["pin", "db-02", "A-2", "--reason", "the same still"]),
        ("unpin", ["unpin", "web-02", "--reason", "no"]),
        ("pin-blocked", ["pin", "web-02", "A-3", "--reason", "it is the same"]),
        ("block-pinned", ["block", "web-02", "A-3", "--reason", "it is not"]),
        ("block", ["block", "cmdb/100", "A-1", "--reason", "not this one", "--until", "2099-01-31"]),
        ("unblock", ["unblock", "cmdb/100", "A-1", "--reason", "it was"]),
        ("requeue", ["requeue", "cmdb/100", "--reason", "look again"]),
        ("close-stale", ["close-stale", "702", "--reason", "gone"]),
        ("composite", ["composite", "A-1", "--reason", "a stack"]),
        ("conflicts-resolve", ["conflicts", "resolve", "601", "--keep", "A-3", "--reason", "the label says so"]),
        ("trust", ["trust", "serial", "SN-3", "--reason", "real"]),
        ("distrust", ["distrust", "serial", "SN-3", "--reason", "not real"]),
        ("resync", ["resync", "itam", "--reason", "once a year"]),
        ("write-back-set", ["sources", "write-back", "set", "itam", "seen_as", "--reason", "for the portal"]),
        ("write-back-unset", ["sources", "write-back", "unset", "cmdb", "--reason", "not any more"]),
        ("held-approve", ["held", "approve", "cmdb", "--reason", "meant"]),
        ("dead-letters-replay", ["dead-letters", "replay", "1", "--reason", "corrected"]),
    ]

    private static let mistakes: [[String]] = [
        [], ["orphan"], ["explian", "web-02"], ["conflicts", "shwo", "601"], ["orphans", "--reasn", "no_identifier"],
        ["orphans", "--reason", "no_matching_assets"], ["orphans", "--class", "linux_sever"],
        ["orphans", "--source", "cmbd"], ["orphans", "--limit", "0"], ["orphans", "--after", "x y"],
        ["explain"], ["explain", "web"], ["explain", "nobody"], ["explain", "--asset", "nothing"],
        ["pin", "web-02", "A-5"], ["pin", "web-02", "A-5", "--reason", " "], ["pin", "A-5", "web-02", "--reason", "r"],
        ["pin", "web-02", "--reason", "r"], ["pin", "web-99", "A-5", "--reason", "r"],
        ["pin", "web-02", "A-99", "--reason", "r"],
        ["pin", "web-02", "A-5", "--reason", "r", "--until", "2020-01-01"],
        ["pin", "web-02", "A-5", "--reason", "r", "--until", "soon"], ["unpin", "web-02", "--reason", "r"],
        ["unblock", "web-02", "A-5", "--reason", "r"], ["requeue", "nobody", "--reason", "r"],
        ["close-stale", "1", "--reason", "r"], ["composite", "T-0", "--reason", "r"],
        ["conflicts", "show", "1"], ["conflicts", "resolve", "1", "--keep", "A-3", "--reason", "r"],
        ["conflicts", "resolve", "601", "--keep", "A-5", "--reason", "r"], ["trust", "serail", "X", "--reason", "r"],
        ["held", "approve", "nobody", "--reason", "r"], ["dead-letters", "replay", "999", "--reason", "r"],
        ["resync", "nobody", "--reason", "r"], ["sources", "check", "nobody"], ["history", "nobody"],
        ["sources", "write-back", "set", "cmdb", "asset_ref", "--reason", " "],
        ["sources", "write-back", "set", "cmbd", "asset_ref", "--reason", "r"],
        ["sources", "write-back", "set", "cmdb", "serial_number", "--reason", "r"],
        ["sources", "write-back", "set", "cmdb", "asset", "--reason", "r"],
        ["sources", "write-back", "set", "itam_events", "x", "--reason", "r"],
        ["sources", "write-back", "unset", "itam", "--reason", "r"], ["sources", "write-back", "st"],
        ["impact", "nothing"], ["coverage", "--by-class", "--by-source"], ["rules", "show", "severs"],
    ]

    private func check(
        _ name: String, _ command: [String], _ database: String, terminalOnly: Bool = false
    ) async throws {
        var text = try await transcript(command, database, columns: 80)
        // An act is done once; what it says to a pipe differs in nothing but the width.
        if !terminalOnly { text += try await transcript(command, database, columns: nil) }
        try PublishedFile("Tests/LinkCommandsTests/Golden/\(name).txt").expect(text)
    }

    /// The command as it was typed, what it wrote, and how it ended.
    private func transcript(_ command: [String], _ database: String, columns: UInt16?) async throws -> String {
        let (text, code) = try await output(command, database, columns: columns, [:])
        let words = command.map { $0.allSatisfy { !$0.isWhitespace } && !$0.isEmpty ? $0 : "'\($0)'" }
        let place = columns.map { "a terminal of \($0) columns" } ?? "a pipe"
        return "$ assetlinkctl \(words.joined(separator: " "))\t# \(place)\n\(Steady.text(text))# ends with \(code)\n\n"
    }

    private func output(
        _ command: [String], _ database: String, columns: UInt16?, _ variables: [String: String]
    ) async throws -> (text: String, code: CInt) {
        let environment = programEnvironment(database).merging(variables) { $1 }
        let child = try await ChildProcess.start(
            [try BuiltProgram.path("assetlinkctl")] + command, environment: environment, columns: columns)
        guard case .exited(let code) = try await child.ended() else {
            throw ChildProcess.Failure(description: "\(command) was killed")
        }
        return (Self.withoutProgress(child.output.replacing("\r\n", with: "\n")), code)
    }

    /// A slow machine shows bars that a fast one does not: a line that is wiped again.
    private static func withoutProgress(_ text: String) -> String {
        var parts = text.split(separator: "\r\u{1B}[K", omittingEmptySubsequences: false)
        let first = parts.removeFirst()
        return String(first) + parts.filter { $0.contains("\n") }.joined()
    }

    private func count(_ database: String) async throws -> String {
        await run("audit", "--csv", "--all", "-d", database).text
            + run("decisions", "--ended", "--csv", "--all", "-d", database).text
    }

    private func goldenFleet(_ name: String = #function) async throws -> String {
        let database = try await smallFleet(name)
        try await execute(
            """
            INSERT INTO assetlink_internal.dead_letter (at, feed, source_id, key, error_code, error_text)
            SELECT '2026-05-06T07:08:09Z', 'cmdb', source_id, '900', '22P02', 'serials is no list'
            FROM assetlink_internal.source WHERE name = 'cmdb';
            INSERT INTO assetlink_internal.suspect_value VALUES ('serial', 'SN-3', '2026-05-06T07:08:09Z');
            INSERT INTO assetlink_internal.held_change
            SELECT source_id, '901', '2026-05-06T07:08:09Z', 1 FROM assetlink_internal.source WHERE name = 'cmdb';
            INSERT INTO assetlink_internal.source_status
            SELECT source_id, 'held', 'its changes would end 70 links', '2026-05-06T07:08:09Z'
            FROM assetlink_internal.source WHERE name = 'cmdb';
            INSERT INTO assetlink_internal.act (kind, ci_source_id, ci_id, asset_source_id, asset_id, reason, decided_at)
            SELECT 'block', c.source_id, '101', a.source_id, 'A-3', 'not the same', '2026-05-06T07:08:09Z'
            FROM assetlink_internal.source c, assetlink_internal.source a WHERE c.name = 'cmdb' AND a.name = 'itam';
            INSERT INTO assetlink_internal.pair_in_force
            SELECT 'block', ci_source_id, ci_id, asset_source_id, asset_id, act_id FROM assetlink_internal.act WHERE ci_id = '101';
            INSERT INTO assetlink_internal.asset_value VALUES ('serial', 'SN-90', 905, true);
            UPDATE assetlink_internal.ci SET serial_number = 'SN-9O' WHERE ci_ref = 802;
            ALTER TABLE cmdb.ci ADD COLUMN asset_ref text; ALTER TABLE itam.asset ADD COLUMN seen_as text;
            DO $$ BEGIN PERFORM assetlink.set_write_back('cmdb', 'asset_ref', 'for the portal', 'itam'); END $$;
            INSERT INTO assetlink_internal.write_back_retry
            SELECT source_id, '102', 3, '2026-05-06T07:08:09Z', '2026-05-06T07:08:49Z', '23514',
                'new row for relation "ci" violates check constraint "asset_ref_known"'
            FROM assetlink_internal.source WHERE name = 'cmdb';
            """, database)
        return database
    }
}

/// Output without what differs from run to run, in as many columns as before.
enum Steady {
    static func text(_ text: String) -> String {
        var text = text.replacing(/20[0-9]{2}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}/) { match in
            // The times of the fixture are part of what is shown.
            fixed(match.output) ? String(match.output) : "YYYY-MM-DD HH:MM:SS"
        }
        text = text.replacing(/20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}/) { match in
            fixed(match.output) ? String(match.output) : "YYYY-MM-DD HH:MM"
        }
        text = text.replacing(/\b[0-9]+(\.[0-9]+)? (ms|s|min)\b/) { _ in "N s" }
        // The schema's version changes with every migration.
        text = text.replacing(/up to date: version [0-9]+/) { _ in "up to date: version N" }
        return text.replacing(/(\b[0-9]{2}:[0-9]{2}:[0-9]{2}|HH:MM:SS)(\.[0-9]+)?/) { _ in "HH:MM:SS" }
    }

    private static func fixed(_ time: Substring) -> Bool {
        ["2026-01-0", "2026-02-0", "2026-03-0", "2026-05-06", "2099-01"].contains { time.hasPrefix($0) }
    }
}
