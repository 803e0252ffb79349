import Testing

@testable import LinkCommands

/// Texts of records on a page.
@Suite struct HTMLTests {
    @Test func nothingIsReadAsMarkup() {
        // Each mark makes one character with what stands before it, which a browser reads all the same.
        let escaped = HTML.escape("<\u{301}a href=\"\u{301}&>\u{338}")
        #expect(escaped.utf8.elementsEqual("&lt;\u{301}a href=&quot;\u{301}&amp;&gt;\u{338}".utf8))
    }
}
