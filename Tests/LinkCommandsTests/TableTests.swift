import LinkCommands
import Testing

/// How rows are laid out for people.
@Suite struct TableTests {
    private let table = Table(
        [.number("ID"), .text("NAME"), .fixed("SINCE"), .text("REMEDY", narrowest: 8)],
        [
            ["7", "web-01", "2026-01-02", "Register the asset, correct the identifiers, or pin."],
            ["1234", "a-name-that-is-quite-long.example.com", "2026-01-03", nil],
        ])

    @Test func allIsShownWhereThereIsRoom() {
        #expect(
            table.lines(width: 200) == [
                "  ID  NAME                                   SINCE       REMEDY",
                "   7  web-01                                 2026-01-02  "
                    + "Register the asset, correct the identifiers, or pin.",
                "1234  a-name-that-is-quite-long.example.com  2026-01-03",
            ])
    }

    @Test func theWidestTextsGiveWay() {
        #expect(
            table.lines(width: 60) == [
                "  ID  NAME                  SINCE       REMEDY",
                "   7  web-01                2026-01-02  Register the asset,…",
                "1234  a-name-that-is-quit…  2026-01-03",
            ])
    }

    @Test(arguments: [10, 20, 40, 60, 80, 132])
    func noLineIsWiderThanTheTerminal(width: Int) {
        for line in table.lines(width: width) { #expect(line.count <= width) }
    }

    @Test func wideCharactersTakeTwoColumns() {
        let table = Table([.text("NAME", narrowest: 4), .fixed("X")], [["サーバー", "1"], ["ab", "2"]])
        #expect(table.lines(width: 80) == ["NAME      X", "サーバー  1", "ab        2"])
        #expect(table.lines(width: 10) == ["NAME     X", "サーバ…  1", "ab       2"])
    }

    @Test func whatCouldSteerTheTerminalIsSpelledOut() {
        let table = Table([.text("NAME")], [["a\u{1B}[31mb\nc\u{202E}d"]])
        #expect(table.lines(width: 80) == ["NAME", "a\\u{1b}[31mb\\u{a}c\\u{202e}d"])
    }
}

/// What programs read.
@Suite struct JSONTests {
    @Test func textsAreEscaped() {
        #expect(JSON.string("a\"b\\c\n\t\u{1}é\u{2028}").text == #""a\"b\\c\n\t\u0001é\u2028""#)
    }

    @Test func valuesNest() {
        let value = JSON.object([
            ("a", .array([.integer(-1), .null, .bool(true)])), ("b", .raw("{\"c\": 1}")), ("d", .text(nil)),
        ])
        #expect(value.text == #"{"a": [-1, null, true], "b": {"c": 1}, "d": null}"#)
    }
}
