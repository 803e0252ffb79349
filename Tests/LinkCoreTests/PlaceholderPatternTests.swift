import Testing

@testable import LinkCore

@Suite struct PlaceholderPatternTests {
    private func matches(_ pattern: String, _ value: String) throws -> Bool {
        try PatternMatcher([PatternParser.parse(pattern)]).matches(value) == [0]
    }

    @Test(arguments: [
        ("abc", ["abc", "ABC", "aBc"], ["", "ab", "abcd", "xabc", "abc "]),
        ("a.c", ["abc", "A\nC", "aéc"], ["ac", "abbc"]),
        ("a|bc|", ["a", "bc", ""], ["abc"]),
        ("^a$", ["a"], ["aa"]),
        ("\\Aa\\Z", ["a"], ["ba"]),
        ("^a|b$", ["a", "b"], ["ab", "axb"]),
        ("a^b", [], ["ab", "a"]),
        ("a$b", [], ["ab", "a"]),
        ("$^", [""], ["a"]),
        ("(^a)?b", ["ab", "b"], ["a"]),
        ("x*", ["", "x", "XXXX"], ["y", "xxy"]),
        ("x+?", ["x", "xx"], ["", "xy"]),
        ("(ab){2,3}", ["abab", "ababab"], ["ab", "abababab"]),
        ("a{2}", ["aa"], ["a", "aaa"]),
        ("a{2,}b", ["aab", "aaaaab"], ["ab"]),
        ("a{0}b", ["b"], ["ab"]),
        ("(?:a|b)*c", ["c", "ababc"], ["abab"]),
        ("[a-c]x", ["ax", "Cx"], ["dx"]),
        ("[A-C]x", ["ax", "CX"], ["dx"]),
        ("[^a-c]", ["d", "é", "D"], ["a", "B", ""]),
        ("[]x]", ["]", "x"], ["a"]),
        ("[^]x]", ["a"], ["]", "X"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[\\d.-]+", ["1.2-3"], ["a"]),
        ("[!-/:-@[-`{-~\\s]+", ["- .. *", "[]^_`{|}~"], ["-a-", ""]),
        ("\\d\\D\\w\\W\\s\\S", ["1a_- x", "0-Z- 9"], ["aa_- x"]),
        ("\\.\\*\\\\\\/", [".*\\/"], ["a*\\/"]),
        ("é+", ["é", "É"], ["e"]),
        ("[à-é]", ["É", "è"], ["ê"]),
        ("k", ["k", "K", "\u{212A}"], ["x"]),
        ("(a*)*b", ["b", "aab"], ["a"]),
        ("(|a)+", ["", "aaa"], ["b"]),
    ])
    func whole(pattern: String, hits: [String], misses: [String]) throws {
        for hit in hits { #expect(try matches(pattern, hit), "\(pattern) \(hit)") }
        for miss in misses { #expect(try !matches(pattern, miss), "\(pattern) \(miss)") }
    }

    @Test(arguments: [
        "", "(", ")", "a)", "(a", "[", "[a", "[]", "[b-a]", "[\\d-z]", "a{", "a{x}", "a{2,1}", "a{256}", "*", "+a",
        "a**",
        "a+{2}", "^*", "\\", "\\b", "(.)\\1*", "(?i)a", "(?=a)", "(?<n>a)", "[[:alpha:]]", "a++", "\\q", "[\\", "|*",
        String(repeating: "a", count: 1001), String(repeating: "(", count: 60) + String(repeating: ")", count: 60),
    ])
    func invalid(pattern: String) {
        #expect(throws: PatternError.self) { try PatternParser.parse(pattern) }
    }

    @Test(arguments: ["(((a{255}){255}){255}){255}", ".*a.{30}", "(.*a){255}.{255}"])
    func whatIsTooLargeIsRefused(pattern: String) throws {
        let syntax = try PatternParser.parse(pattern)
        #expect(throws: PatternError.self) { try PatternMatcher([syntax]) }
    }

    @Test func timeGrowsWithTheLengthOnly() throws {
        let value = String(repeating: "a", count: 100_000)
        for pattern in ["(a+)+b", "(a|aa)+b", "(a*)*b", "(.*.*)*b", "(a|a)*b"] {
            #expect(try !matches(pattern, value))
            #expect(try matches(pattern, value + "b"))
        }
    }

    @Test func noTextMakesTheParserCrash() {
        let seed: UInt64 = .random(in: 0 ... .max)
        print("seed \(seed)")
        var random = CanonicalTestRandom(seed: seed)
        let alphabet = Array("ab0-^$.|()[]{}*+?\\,19dDwWsSAZé")
        for _ in 0..<2000 {
            let length = Int.random(in: 0...14, using: &random)
            let pattern = String((0..<length).compactMap { _ in alphabet.randomElement(using: &random) })
            let index = PlaceholderIndex(
                [Placeholder(id: 1, kind: .serial, value: pattern, isPattern: true)], aliases: [:])
            _ = index.match(kind: .serial, raw: random.text(), canonical: "AB0", manufacturer: nil)
        }
    }
}
