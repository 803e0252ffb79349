import LinkTesting
import Testing

@testable import LinkCommands

/// Decisions by file: read as CSV is, checked as a whole.
@Suite(.serialized) struct CSVTests {
    @Test func fieldsAreReadAsRFC4180HasThem() throws {
        let lines = try CSV.read("a,b\r\n\"x, \"\"y\"\"\nz\",\n\n ,\"\"")
        #expect(lines.map(\.fields) == [["a", "b"], ["x, \"y\"\nz", ""], [" ", ""]])
        #expect(lines.map(\.number) == [1, 2, 5])
        #expect(CSV.line(["a", nil, "x, \"y\"", ""]) == #"a,,"x, ""y""","""#)
        #expect(throws: Failure.self) { try CSV.read("a\n\"b") }
        #expect(throws: Failure.self) { try CSV.read("\"a\"b") }
        #expect(throws: Failure.self) { try CSV.read("a\"b") }
    }

    @Test(arguments: [
        ("", "empty"), ("ci,asset\n1,2", "column action"), ("action,ci,what\n", "no column what"),
        ("action,ci,ci\n", "twice"), ("action,ci\npin,1", "gives no reason"),
        ("action,ci,reason\nhug,1,r", "no action hug"),
        ("action,ci,reason\npin,1,r", "needs an asset"), ("action,ci,reason,until\nunpin,1,r,2099-01-01", "no until"),
        ("action,ci,reason\nunpin,,r", "names no CI"), ("action,ci,reason\nunpin,1", "2 fields"),
    ])
    func aWrongFileIsRefused(_ text: String, _ words: String) {
        let error = #expect(throws: Failure.self) { try DecisionLine.read(text, defaultReason: nil) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func aFileIsTakenWholeOrNotAtAll() async throws {
        try await liveFleet { database in
            let good = try temporaryFile("action,ci,asset,reason\npin,web-2,T-2,rack\nblock,web-1,T-1,\"swap, done\"\n")
            let bad = try temporaryFile("action,ci,asset\npin,web-2,T-2\npin,web-99,T-1\npin,web-1,T-99\n")
            let refused = await run("decisions", "load", bad, "--reason", "r", "-d", database)
            #expect(refused.code == 1)
            #expect(refused.text.contains("Line 3: There is no CI web-99."))
            #expect(refused.text.contains("Line 4: There is no asset T-99."))
            #expect(refused.out.last == "2 lines of 3 cannot be done; nothing was recorded.")
            let dry = await run("decisions", "load", good, "--dry-run", "-d", database)
            #expect(dry.out == ["2 decisions would be recorded."])
            #expect(await run("decisions", "--ended", "-d", database).out.isEmpty)
            let loaded = await run("decisions", "load", good, "-d", database)
            #expect(loaded.out == ["2 decisions recorded and taken up."], "\(loaded.errors)")
            #expect(await run("audit", "--action", "pin", "-d", database).out.count == 2)
            #expect(await run("audit", "--action", "block", "-d", database, width: 160).text.contains("swap, done"))
        }
    }
}
